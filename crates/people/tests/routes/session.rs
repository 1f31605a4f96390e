//! `/session`, `/session/recover`, `/passwords/check`.

use axum::http::Method;
use kairan_core::Role;
use kairan_core::time::{DAY, HOUR, MINUTE};
use kairan_people::testing::{PASSWORD, World, schema};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

#[tokio::test]
async fn one_signs_in_by_login_or_staff_number() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        world
            .patch(&world.owner, &format!("/members/{}", hana.id), &json!({"staff_number": "Ａ０４１７"}))
            .await
            .expect(200);
        for login in [hana.login.as_str(), " A0417 ", "ａ０４１７", &hana.login.to_uppercase()] {
            let me = world
                .anyone(Method::POST, "/session", &json!({"login": login, "password": PASSWORD}))
                .await
                .expect(202);
            assert_eq!(me["name"], "乙川 二葉", "{login}");
        }
    })
    .await;
}

/// R7
#[tokio::test]
async fn unknown_user_and_wrong_password_are_told_alike() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let invited = json!({"family_name": "己本", "given_name": "三郎", "family_kana": "おのもと", "given_kana": "さぶろう", "kind": "employee", "login": "saburo"});
        world.post(&world.owner, "/members", &invited).await.expect(201);
        let try_as = async |login: &str| world.anyone(Method::POST, "/session", &json!({"login": login, "password": "ちがうパスワードをいれてみる"})).await;
        let wrong = try_as(&hana.login).await;
        wrong.refused(401, "signin.refused");
        for login in ["nobody", "saburo", "", "あ".repeat(500).as_str()] {
            let other = try_as(login).await;
            assert_eq!((wrong.status, &wrong.text), (other.status, &other.text), "{login}");
            assert_eq!(other.cookie, None);
        }
    })
    .await;
}

/// R6
#[tokio::test]
async fn guessing_is_slowed_and_nobody_is_locked_out() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let from = async |address: &str, password: &str| {
            let body = json!({"login": hana.login, "password": password}).to_string();
            let request = axum::http::Request::post("/api/v1/session")
                .header("origin", kairan_people::testing::ORIGIN)
                .header("content-type", "application/json")
                .header("x-forwarded-for", address)
                .body(body.into())
                .expect("a request");
            world.raw(request).await
        };
        for _ in 0..10 {
            from("203.0.113.9", "まちがったパスワードです").await.refused(401, "signin.refused");
        }
        let slow = from("203.0.113.9", PASSWORD).await;
        slow.refused(429, "signin.slow");
        assert_eq!(
            (&slow.body["facts"]["retry_after_ms"], slow.headers["retry-after"].to_str().ok()),
            (&json!(60_000), Some("60"))
        );
        assert_eq!(from("198.51.100.7", PASSWORD).await.status, 202, "the person elsewhere is not touched");
        base.clock.advance(MINUTE);
        assert_eq!(from("203.0.113.9", PASSWORD).await.status, 202);
    })
    .await;
}

/// R6: whoever comes in takes back their own try, and none of the strangers'.
#[tokio::test]
async fn coming_in_forgives_nobody_elses_failures() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let from = async |address: String, password: &str| {
            let body = json!({"login": hana.login, "password": password}).to_string();
            let request = axum::http::Request::post("/api/v1/session")
                .header("origin", kairan_people::testing::ORIGIN)
                .header("content-type", "application/json")
                .header("x-forwarded-for", address)
                .body(body.into())
                .expect("a request");
            world.raw(request).await
        };
        for stranger in 1..=29 {
            let wrong = from(format!("203.0.113.{stranger}"), "まちがったパスワードです").await;
            wrong.refused(401, "signin.refused");
        }
        assert_eq!(from("198.51.100.7".into(), PASSWORD).await.status, 202);
        from("203.0.113.30".into(), "まちがったパスワードです").await.refused(401, "signin.refused");
        from("203.0.113.31".into(), PASSWORD).await.refused(429, "signin.slow");
    })
    .await;
}

#[tokio::test]
async fn a_complete_session_needs_nothing() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let standing = world.get(&hana, "/session/standing").await.expect(200);
        assert_eq!(
            (
                &standing["needs"],
                &standing["name"],
                &standing["organisation"]["short_name"],
                &standing["role"]
            ),
            (&Value::Null, &json!("乙川 二葉"), &json!("みほんマート"), &json!("member"))
        );
        assert_eq!(standing["session"], json!(hana.session));
        world.anyone(Method::GET, "/session/standing", &json!({})).await.refused(401, "session.missing");
    })
    .await;
}

/// R18, R19
#[tokio::test]
async fn a_session_ends_by_time_and_by_sign_out() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let again = world.sign_in(&hana).await;
        assert_ne!(again.cookie, hana.cookie, "a new token for each sign-in");
        let reply = world.delete(&again, "/session").await;
        assert_eq!((reply.status.as_u16(), reply.cookie.as_deref()), (204, Some("kairan=")));
        world.get(&again, "/session").await.refused(401, "session.missing");
        world.get(&hana, "/session").await.expect(200);

        for _ in 0..23 {
            base.clock.advance(HOUR - MINUTE);
            world.get(&world.owner, "/session").await.expect(200);
        }
        base.clock.advance(HOUR);
        world.get(&world.owner, "/session").await.refused(401, "session.missing");
        world.get(&hana, "/session").await.expect(200);
        let owner = world.sign_in(&world.owner).await;
        base.clock.advance(HOUR);
        world.get(&owner, "/session").await.refused(401, "session.missing");
        base.clock.advance(14 * DAY);
        assert_eq!(
            world.people.close_sessions_over().await.expect("swept"),
            1,
            "an unused session is closed without being asked for"
        );
        world.get(&hana, "/session").await.refused(401, "session.missing");
    })
    .await;
}

/// R19: daily for those with powers, whatever they do meanwhile
#[tokio::test]
async fn a_privileged_session_lives_a_day() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let mut people = Vec::new();
        for role in [Role::Admin, Role::Auditor, Role::Hr] {
            people.push(world.with_role(&format!("{} さん", role.name()), role).await);
        }
        let member = world.member("乙川 二葉").await;
        for _ in 0..47 {
            base.clock.advance(HOUR / 2);
            for person in &people {
                world.get(person, "/session").await.expect(200);
            }
        }
        base.clock.advance(HOUR / 2);
        for person in &people {
            world.get(person, "/session").await.refused(401, "session.missing");
        }
        world.get(&member, "/session").await.expect(200);
    })
    .await;
}

/// R18
#[tokio::test]
async fn signing_in_again_ends_the_browsers_session_before() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let again = world.post(&hana, "/session", &world.credentials(&hana)).await;
        assert_eq!(again.status, 201);
        world.get(&hana, "/session").await.refused(401, "session.missing");
    })
    .await;
}

#[tokio::test]
async fn a_recovery_code_opens_once() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let issued =
            world.post(&hana, "/me/recovery-codes", &json!({"password": PASSWORD})).await.expect(200);
        let code = issued["recovery_codes"][3].as_str().expect("a code").to_lowercase().replace('-', " ");
        let recover = async |login: &str, code: &str, password: &str| {
            world
                .anyone(
                    Method::POST,
                    "/session/recover",
                    &json!({"login": login, "code": code, "password": password}),
                )
                .await
        };
        let new = "おぼえやすくて長いことばをえらぶ";
        recover("nobody", &code, new).await.refused(401, "recovery.refused");
        recover(&hana.login, "0000-0000-0000-0000", new).await.refused(401, "recovery.refused");
        recover(&world.owner.login, &code, new).await.refused(401, "recovery.refused");
        recover(&hana.login, &code, "みじかい").await.refused(422, "fields.invalid");
        let reply = recover(&hana.login, &code, new).await;
        assert_eq!(reply.status, 202);
        world.get(&hana, "/session").await.refused(401, "session.missing");
        recover(&hana.login, &code, new).await.refused(401, "recovery.refused");
        world
            .anyone(Method::POST, "/session", &json!({"login": hana.login, "password": PASSWORD}))
            .await
            .refused(401, "signin.refused");
        world
            .anyone(Method::POST, "/session", &json!({"login": hana.login, "password": new}))
            .await
            .expect(202);
    })
    .await;
}

/// R3
#[tokio::test]
async fn a_password_is_judged_before_it_is_sent_for_good() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let judge = async |password: &str| {
            world
                .anyone(Method::POST, "/passwords/check", &json!({"password": password, "login": "hanako"}))
                .await
                .expect(200)
        };
        let short = judge("あいうえお").await;
        assert_eq!(
            (&short["acceptable"], &short["length"], &short["code"]),
            (&json!(false), &json!(5), &json!("password.short"))
        );
        assert!(short["detail"].as_str().expect("words").contains("15文字以上"));
        assert_eq!(judge("hanakohanakohanako").await["code"], "password.personal");
        assert_eq!(judge("123456789012345").await["code"], "password.common");
        let fine = judge(PASSWORD).await;
        assert_eq!(
            (&fine["acceptable"], &fine["code"], &fine["detail"]),
            (&json!(true), &Value::Null, &Value::Null)
        );
        for _ in 0..200 {
            let reply = world.anyone(Method::POST, "/passwords/check", &json!({"password": "x"})).await;
            if reply.status == 429 {
                return;
            }
        }
        panic!("judging is not limited");
    })
    .await;
}

/// R22
#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let settings = kairan_people::Settings {
            public_origin: "https://kairan.example.jp".into(),
            setup_code: None,
            version: "0",
            sends_mail: false,
            push_services: Vec::new(),
            push_key: None,
        };
        let people =
            kairan_people::People::new(base.store.clone(), settings, kairan_people::Hooks::default());
        let entered = kairan_people::signin::commands::Entered {
            member: world.owner.id,
            session: world.owner.session,
            token: kairan_people::Token::new(people.surroundings()),
            life: HOUR,
        };
        let answer =
            kairan_people::signin::http::WithCookie::new(&people.settings, &entered, "").expect("a cookie");
        let response = axum::response::IntoResponse::into_response(answer);
        let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
        assert!(
            cookie.starts_with("__Host-kairan=")
                && cookie.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"),
            "{cookie}"
        );
    })
    .await;
}
