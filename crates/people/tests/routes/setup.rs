//! `/welcome`, `/setup`.

use axum::Router;
use axum::http::Method;
use kairan_core::Refusal;
use kairan_people::Hooks;
use kairan_people::organisation::http::{Setup, setup_from_command_line};
use kairan_people::testing::{Browser, PASSWORD, World, schema, send};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

fn setup() -> Value {
    json!({
        "organisation": "みほん工務店", "family_name": "見本", "given_name": "大工", "family_kana": "ミホン",
        "given_kana": "だいく", "login": "Daiku", "password": PASSWORD,
    })
}

#[tokio::test]
async fn it_is_done_once_and_shows_recovery_codes() {
    both_engines(schema(), async |base| {
        let (people, app) = World::empty(&base, Hooks::default(), None, |_| Router::new());
        let welcome = send(&app, Method::GET, "/welcome", None, None).await.expect(200);
        assert_eq!(
            (&welcome["set_up"], &welcome["needs_code"], &welcome["organisation"]),
            (&json!(false), &json!(false), &Value::Null)
        );
        let reply = send(&app, Method::POST, "/setup", None, Some(&setup())).await;
        let cookie = reply.headers["set-cookie"].to_str().expect("text").to_owned();
        // R22, on plain HTTP for localhost
        assert!(
            cookie.starts_with("kairan=")
                && cookie.ends_with("; HttpOnly; SameSite=Lax")
                && !cookie.contains("Secure"),
            "{cookie}"
        );
        // R4: an owner goes on with a second factor, then with the browser they are at.
        let done = reply.body.clone();
        assert_eq!(done["recovery_codes"].as_array().map(Vec::len), Some(10));
        assert_eq!((&done["role"], &done["needs"]), (&json!("owner"), &json!("enrol_factor")));
        assert_eq!(done["name"], "見本 大工");
        assert_eq!(done["organisation"], json!({"name": "みほん工務店", "short_name": "みほん工務店"}));
        let me = Browser::new(&people).complete(&app, &people, reply, "daiku", None).await.expect(201);
        assert_eq!(me["member"]["role"], "owner");
        assert_eq!(me["member"]["family_kana"], "みほん");
        assert_eq!(me["login"], "daiku");
        send(&app, Method::POST, "/setup", None, Some(&setup())).await.refused(409, "setup.done");
        assert_eq!(
            send(&app, Method::GET, "/welcome", None, None).await.expect(200)["organisation"],
            "みほん工務店"
        );
    })
    .await;
}

#[tokio::test]
async fn two_at_once_found_one_organisation() {
    both_engines(schema(), async |base| {
        let (_, app) = World::empty(&base, Hooks::default(), None, |_| Router::new());
        let body = setup();
        let ask = || send(&app, Method::POST, "/setup", None, Some(&body));
        let (one, other, third) = tokio::join!(ask(), ask(), ask());
        let mut statuses = [one, other, third].map(|reply| reply.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 409, 409]);
    })
    .await;
}

#[tokio::test]
async fn faults_are_told_all_at_once() {
    both_engines(schema(), async |base| {
        let (_, app) = World::empty(&base, Hooks::default(), None, |_| Router::new());
        let mut body = setup();
        body["organisation"] = json!("");
        body["family_kana"] = json!("見本");
        body["login"] = json!("だいく");
        body["password"] = json!("short");
        let reply = send(&app, Method::POST, "/setup", None, Some(&body)).await;
        reply.refused(422, "fields.invalid");
        let fields = reply.body["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|e| e["field"].clone())
            .collect::<Vec<_>>();
        assert_eq!(fields, ["organisation", "family_kana", "login", "password"]);
    })
    .await;
}

#[tokio::test]
async fn the_code_keeps_strangers_out() {
    both_engines(schema(), async |base| {
        let (_, app) = World::empty(&base, Hooks::default(), Some("842-117"), |_| Router::new());
        assert_eq!(send(&app, Method::GET, "/welcome", None, None).await.expect(200)["needs_code"], true);
        let mut body = setup();
        for _ in 0..10 {
            send(&app, Method::POST, "/setup", None, Some(&body)).await.refused(403, "setup.code");
            body["code"] = json!("842-118");
        }
        // R6: guessing the code is slowed too
        body["code"] = json!("842-117");
        send(&app, Method::POST, "/setup", None, Some(&body)).await.refused(429, "signin.slow");
        base.clock.advance(60_000);
        assert_eq!(send(&app, Method::POST, "/setup", None, Some(&body)).await.status, 202);
    })
    .await;
}

#[tokio::test]
async fn the_command_line_does_the_same() {
    both_engines(schema(), async |base| {
        let (people, app) =
            World::empty(&base, Hooks::default(), Some("never asked here"), |_| Router::new());
        let asked: Setup = serde_json::from_value(setup()).expect("the same shape");
        let (_, codes) = setup_from_command_line(&people, asked).await.expect("founded");
        assert_eq!(codes.len(), 10);
        let again: Setup = serde_json::from_value(setup()).expect("the same shape");
        let refusal: Refusal = setup_from_command_line(&people, again).await.expect_err("once");
        assert_eq!(refusal.code.name, "setup.done");
        let sign_in = json!({"login": "daiku", "password": PASSWORD});
        // Nobody could make a code for the first device of an organisation, so it needs none; the next one does.
        let reply = send(&app, Method::POST, "/session", None, Some(&sign_in)).await;
        let reply = Browser::new(&people).complete(&app, &people, reply, "daiku", None).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    })
    .await;
}
