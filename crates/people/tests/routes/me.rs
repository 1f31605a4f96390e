//! `/me`: password, preferences, sessions.

use axum::http::Method;
use kairan_people::testing::{PASSWORD, Person, World, schema};
use kairan_storage::News;
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

/// R18
#[tokio::test]
async fn a_new_password_renews_this_session_and_ends_the_others() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let other = world.sign_in(&hana).await;
        let new = "あたらしいパスワードはながい";
        let change = async |current: &str, password: &str| {
            world.put(&hana, "/me/password", &json!({"current": current, "password": password})).await
        };
        change("ちがうパスワード", &format!("{new}です")).await.refused(403, "password.wrong");
        change(PASSWORD, "みじかい").await.refused(422, "fields.invalid");
        change(PASSWORD, "乙川二葉乙川二葉乙川二葉乙川二葉").await.refused(422, "fields.invalid");
        let reply = change(PASSWORD, &format!("{new}です")).await;
        assert_eq!(reply.status, 204);
        world.get(&other, "/session").await.refused(401, "session.missing");
        world.get(&hana, "/session").await.refused(401, "session.missing");
        let renewed = Person { cookie: reply.cookie.expect("a new token"), ..hana.clone() };
        assert_eq!(world.get(&renewed, "/session").await.expect(200)["session"], hana.session.to_string());
        world
            .anyone(Method::POST, "/session", &json!({"login": hana.login, "password": PASSWORD}))
            .await
            .refused(401, "signin.refused");
    })
    .await;
}

/// R6
#[tokio::test]
async fn guessing_ones_own_password_is_slowed_too() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        for _ in 0..10 {
            let body = json!({"password": "ちがうパスワード"});
            world.post(&world.owner, "/me/recovery-codes", &body).await.refused(403, "password.wrong");
        }
        world
            .post(&world.owner, "/me/recovery-codes", &json!({"password": PASSWORD}))
            .await
            .refused(429, "signin.slow");
    })
    .await;
}

#[tokio::test]
async fn preferences_are_kept_and_told_to_ones_other_devices() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let me = world.get(&world.owner, "/session").await.expect(200);
        assert_eq!(me["preferences"], json!({"language": null, "theme": null, "enter_sends": true}));
        let mut news = base.store.bus().listen();
        let wanted = json!({"language": "en", "theme": "dark", "enter_sends": false});
        assert_eq!(world.put(&world.owner, "/me/preferences", &wanted).await.expect(200), wanted);
        assert_eq!(world.get(&world.owner, "/session").await.expect(200)["preferences"], wanted);
        let mut own = false;
        while let Ok(item) = news.try_recv() {
            own |= matches!(item, News::Own(member) if member == world.owner.id);
        }
        assert!(own);
        world
            .put(
                &world.owner,
                "/me/preferences",
                &json!({"language": "fr", "theme": null, "enter_sends": true}),
            )
            .await
            .refused(422, "body.shape");
    })
    .await;
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sessions_only() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        base.clock.advance(1);
        let phone = world.sign_in(&hana).await;
        let list = world.get(&hana, "/me/sessions").await.expect(200);
        let ids = list
            .as_array()
            .expect("a list")
            .iter()
            .map(|s| (s["id"].clone(), s["current"].clone()))
            .collect::<Vec<_>>();
        assert_eq!(ids, [(json!(phone.session), json!(false)), (json!(hana.session), json!(true))]);
        assert_eq!(list[0]["address"], "127.0.0.1");
        // R24: another's session is as unknown as none
        let theirs = world.delete(&hana, &format!("/me/sessions/{}", world.owner.session)).await;
        let none = world.delete(&hana, "/me/sessions/0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f").await;
        theirs.refused(404, "not_found");
        assert_eq!(theirs.text, none.text);
        assert_eq!(world.delete(&hana, &format!("/me/sessions/{}", phone.session)).await.status, 204);
        world.get(&phone, "/session").await.refused(401, "session.missing");
        assert_eq!(world.get(&hana, "/me/sessions").await.expect(200).as_array().map(Vec::len), Some(1));
    })
    .await;
}

#[tokio::test]
async fn last_use_is_noted_once_a_minute_and_only_of_open_sessions() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let seen = async || -> Value {
            world.get(&world.owner, &format!("/members/{}", hana.id)).await.expect(200)["last_seen"].clone()
        };
        assert_eq!(seen().await, Value::Null);
        base.clock.advance(90_000);
        world.get(&hana, "/session").await.expect(200);
        let first = seen().await;
        assert!(first.is_i64());
        base.clock.advance(30_000);
        world.get(&hana, "/session").await.expect(200);
        assert_eq!(seen().await, first);
        world.delete(&hana, "/session").await;
        world.people.touch(hana.id, hana.session).await;
        assert_eq!(seen().await, Value::Null, "the mark goes with its session");
    })
    .await;
}
