//! `/me/notifications` and `/me/push`.

use axum::http::Method;
use kairan_core::Seq;
use kairan_people::testing::{PASSWORD, Person, World, schema};
use kairan_storage::testing::both_engines;
use kairan_storage::{Error, Reader, Stream, events_after, params};
use serde_json::{Value, json};

/// The keys of RFC 8291, Appendix A.
const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn browser(number: u8) -> Value {
    json!({"endpoint": format!("https://push.example.jp/send/{number}"), "p256dh": P256DH, "auth": AUTH})
}

async fn turn_on(world: &World) {
    let settings = json!({
        "files": {"largest": 1_073_741_824, "per_member": null, "total": null},
        "push": {"on": true, "shows": "nothing"},
        "mail": {"on": true},
    });
    world.put(&world.owner, "/organisation/settings", &settings).await.expect(200);
}

async fn subscribed(world: &World, person: &Person) -> bool {
    world.get(person, "/me/notifications").await.expect(200)["push"]["subscribed"] == true
}

/// How many push secrets lie in the database, and what happened to a member's subscriptions.
async fn kept(world: &World, person: &Person) -> (i64, Vec<String>) {
    let stream = Stream::Member(person.id);
    let read = async move |reader: &mut Reader| -> Result<_, Error> {
        let row = reader.one("SELECT COUNT(*) FROM secrets WHERE kind = 'push'", params![]).await?;
        let events = events_after(reader, stream, Seq::START, 1_000).await?;
        let push = events.into_iter().filter(|event| event.kind.starts_with("push."));
        Ok((row.get(0)?, push.map(|event| event.kind + " " + &event.body).collect()))
    };
    world.base.store.read(read).await.expect("read")
}

/// R15, R76
#[tokio::test]
async fn nothing_can_be_subscribed_before_the_organisation_says_so() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let shown = world.get(&hana, "/me/notifications").await.expect(200);
        assert_eq!(
            shown,
            json!({
                "quiet_until": null, "mail": false, "mail_possible": false,
                "push": {"on": false, "key": null, "shows": "nothing", "subscribed": false},
            })
        );
        world.put(&hana, "/me/push", &browser(1)).await.refused(403, "push.off");
        turn_on(&world).await;
        let shown = world.get(&hana, "/me/notifications").await.expect(200);
        assert_eq!((&shown["push"]["on"], &shown["push"]["key"]), (&json!(true), &json!("a test's key")));
        let body = world.put(&hana, "/me/push", &browser(1)).await.expect(201);
        assert_eq!(body, json!({"id": hana.session}));
        world.put(&hana, "/me/push", &browser(1)).await.expect(200);
        assert!(subscribed(&world, &hana).await);
        assert!(!subscribed(&world, &world.owner).await, "another's session is another's");
        assert_eq!(kept(&world, &hana).await.1.len(), 1, "the same again is no event");
        // R36
        for bad in
            ["http://push.example.jp/x", "https://169.254.169.254/", "https://push.example.jp.evil.example/"]
        {
            let asked = json!({"endpoint": bad, "p256dh": P256DH, "auth": AUTH});
            world.put(&hana, "/me/push", &asked).await.refused(422, "push.service_unknown");
        }
        let asked = json!({"endpoint": "https://push.example.jp/x", "p256dh": AUTH, "auth": AUTH});
        world.put(&hana, "/me/push", &asked).await.refused(422, "fields.invalid");
    })
    .await;
}

/// R14, R20: however a session ends, its subscription ends in the same commit. Where its browser may be away, its device is
/// still reached for a wipe, by one address at most.
#[tokio::test]
async fn a_subscription_ends_with_its_session() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        turn_on(&world).await;
        let hana = world.member("乙川 二葉").await;
        let enter = async |number: u8| {
            let entered = world.sign_in(&hana).await;
            world.put(&entered, "/me/push", &browser(number)).await.expect(201);
            assert_eq!(kept(&world, &hana).await.0, 1, "the one kept before is gone");
            entered
        };
        let gone = async |how: &str, left: i64| {
            let (secrets, events) = kept(&world, &hana).await;
            assert_eq!(secrets, left, "{how}");
            let last = events.last().expect("an event");
            assert!(last.starts_with("push.unsubscribed") && last.contains("session_ended"), "{how}: {last}");
        };
        let entered = enter(1).await;
        world.delete(&entered, "/session").await;
        gone("signed out", 0).await;
        let entered = enter(2).await;
        world.delete(&hana, &format!("/me/sessions/{}", entered.session)).await;
        gone("ended from another session", 1).await;
        enter(3).await;
        let change = json!({"current": PASSWORD, "password": "あたらしいパスワードはながいです"});
        let reply = world.put(&hana, "/me/password", &change).await;
        assert_eq!(reply.status, 204);
        gone("the password changed", 1).await;
        let hana = Person { cookie: reply.cookie.expect("a new token"), ..hana.clone() };
        world.put(&hana, "/me/push", &browser(4)).await.expect(201);
        world
            .patch(&world.owner, &format!("/members/{}", hana.id), &json!({"role": "manager"}))
            .await
            .expect(200);
        gone("the role changed", 1).await;
        let mut login = world.credentials(&hana);
        login["password"] = json!("あたらしいパスワードはながいです");
        let again = world.anyone(Method::POST, "/session", &login).await;
        let cookie = again.cookie.clone().expect("a token");
        let again = Person {
            cookie,
            session: serde_json::from_value(again.expect(201)["session"].clone()).expect("id"),
            ..hana
        };
        world.put(&again, "/me/push", &browser(5)).await.expect(201);
        base.clock.advance(400 * kairan_core::time::DAY);
        assert!(world.people.close_sessions_over().await.expect("closed") >= 1);
        gone("its time was over", 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_renewed_subscription_takes_the_place_of_the_one_before_and_a_browser_has_one() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        turn_on(&world).await;
        let (hana, ichi) = (world.member("乙川 二葉").await, world.member("甲野 一").await);
        world.put(&hana, "/me/push", &browser(1)).await.expect(201);
        world.put(&hana, "/me/push", &browser(2)).await.expect(201);
        let (secrets, events) = kept(&world, &hana).await;
        assert_eq!((secrets, events.len()), (1, 2));
        // Somebody else signs in on the same browser, whose subscription stays the browser's.
        world.put(&ichi, "/me/push", &browser(2)).await.expect(201);
        let (secrets, events) = kept(&world, &hana).await;
        assert_eq!(secrets, 1);
        assert!(events[2].contains("moved"), "{events:?}");
        assert!(!subscribed(&world, &hana).await && subscribed(&world, &ichi).await);
        assert_eq!(world.delete(&ichi, "/me/push").await.status, 204);
        assert_eq!(world.delete(&ichi, "/me/push").await.status, 204, "again is harmless");
        assert_eq!(kept(&world, &ichi).await.0, 0);
        // Invariant 7: neither address nor keys are in the record.
        for event in [kept(&world, &hana).await.1, kept(&world, &ichi).await.1].concat() {
            assert!(!event.contains("/send/") && !event.contains(AUTH) && !event.contains(P256DH), "{event}");
        }
    })
    .await;
}

#[tokio::test]
async fn silence_and_mail_are_kept_and_mail_is_possible_only_with_everyones_word() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let soon = base.store.surroundings().now().plus_ms(3_600_000).ms();
        let put = async |body: Value| world.put(&hana, "/me/notifications", &body).await;
        let shown = put(json!({"quiet_until": soon, "mail": true})).await.expect(200);
        assert_eq!((&shown["quiet_until"], &shown["mail"]), (&json!(soon), &json!(true)));
        assert_eq!(put(json!({})).await.expect(200), shown, "what is not named stays");
        assert_eq!(shown["mail_possible"], false);
        turn_on(&world).await;
        assert_eq!(put(json!({})).await.expect(200)["mail_possible"], false, "no address yet");
        let address = json!({"email": "futaba@example.jp"});
        world.patch(&world.owner, &format!("/members/{}", hana.id), &address).await.expect(200);
        assert_eq!(put(json!({})).await.expect(200)["mail_possible"], true);
        let others = world.get(&world.owner, "/me/notifications").await.expect(200);
        assert_eq!((&others["mail"], &others["quiet_until"]), (&json!(false), &Value::Null), "hers alone");
        base.clock.advance(3_600_001);
        assert_eq!(put(json!({})).await.expect(200)["quiet_until"], Value::Null, "it is over");
        let shown = put(json!({"quiet_until": null, "mail": false})).await.expect(200);
        assert_eq!(shown["mail"], false);
        put(json!({"quiet_until": i64::MAX})).await.refused(422, "quiet.too_long");
        put(json!({"push": true})).await.refused(422, "body.unknown_field");
    })
    .await;
}
