//! Devices: enrolment, tokens that run out, locks, wipes, the register.

use axum::http::Method;
use kairan_core::time::{DAY, HOUR, MINUTE};
use kairan_core::{Role, Seq};
use kairan_people::devices::Purpose;
use kairan_people::testing::{Browser, PASSWORD, Person, World, schema, send_with};
use kairan_storage::testing::{TestStore, both_engines};
use kairan_storage::{Error, Reader, Stream, events_after};
use serde_json::{Value, json};

/// Now, ms.
fn now(base: &TestStore) -> i64 {
    base.store.surroundings().now().ms()
}

/// What the organisation usually decided, but for `change`.
async fn decide(world: &World, change: Value) {
    let mut settings = json!({
        "required": true, "code_from": {"manager": true, "own_device": true}, "approval": false, "most": null, "lease_hours": 24,
    });
    for (name, value) in change.as_object().expect("settings") {
        settings[name] = value.clone();
    }
    world.put(&world.owner, "/organisation/devices", &settings).await.expect(200);
}

/// A code for somebody, made by the owner.
async fn code_for(world: &World, person: &Person) -> String {
    let path = format!("/members/{}/device-code", person.id);
    let made = world.post(&world.owner, &path, &json!({"ownership": "lent"})).await.expect(201);
    made["code"].as_str().expect("a code").to_owned()
}

/// An incomplete session of somebody in a new browser: its cookie, and the browser.
async fn knock(world: &World, person: &Person) -> (String, Browser) {
    let body = json!({"login": person.login, "password": PASSWORD});
    let reply = world.anyone(Method::POST, "/session", &body).await;
    assert_eq!((reply.status.as_u16(), &reply.body["needs"]), (202, &json!("device")), "{}", reply.text);
    (reply.cookie.expect("a cookie"), Browser::new(&world.people))
}

async fn enrol(
    world: &World,
    cookie: &str,
    browser: &Browser,
    code: Option<&str>,
) -> kairan_people::testing::Reply {
    let body = browser.enrolment(&world.people, code);
    send_with(&world.app(), Method::POST, "/session/device", Some(cookie), Some(&body)).await
}

/// The kinds of what happened in somebody's stream, those that begin so.
async fn happened(world: &World, person: &Person, prefix: &str) -> Vec<String> {
    let stream = Stream::Member(person.id);
    let read = async move |reader: &mut Reader| events_after(reader, stream, Seq::START, 1_000).await;
    let events = world.base.store.read::<_, Error, _>(read).await.expect("read");
    events.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with(prefix)).collect()
}

async fn device_of(world: &World, person: &Person) -> Value {
    let path = format!("/devices?member={}", person.id);
    let page = world.get(&world.owner, &path).await.expect(200);
    let found = page["devices"].as_array().expect("devices").iter();
    found.clone().find(|device| device["id"] == json!(person.browser.device)).expect("there").clone()
}

/// R12
#[tokio::test]
async fn a_new_device_needs_a_code_made_for_its_person() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (hana, taro) = (world.member("乙川 二葉").await, world.member("丙山 太郎").await);
        let (cookie, browser) = knock(&world, &hana).await;
        let standing =
            send_with(&world.app(), Method::GET, "/session/standing", Some(&cookie), None).await.expect(200);
        assert_eq!(standing["code_needed"], true);
        assert_eq!(standing["code_from"], json!(["admin", "manager", "own_device"]));
        send_with(&world.app(), Method::GET, "/session", Some(&cookie), None)
            .await
            .refused(403, "session.incomplete");
        enrol(&world, &cookie, &browser, None).await.refused(401, "device.code_refused");
        enrol(&world, &cookie, &browser, Some("K7MQ-3FXH")).await.refused(401, "device.code_refused");
        let others = code_for(&world, &taro).await;
        enrol(&world, &cookie, &browser, Some(&others)).await.refused(401, "device.code_refused");
        let first = code_for(&world, &hana).await;
        let code = code_for(&world, &hana).await;
        enrol(&world, &cookie, &browser, Some(&first)).await.refused(401, "device.code_refused");
        base.clock.advance(10 * MINUTE);
        enrol(&world, &cookie, &browser, Some(&code)).await.refused(401, "device.code_refused");

        let code = code_for(&world, &hana).await;
        let typed = code.to_lowercase().replace('-', " ");
        let reply = enrol(&world, &cookie, &browser, Some(&typed)).await;
        assert_eq!((reply.status.as_u16(), &reply.body["needs"]), (202, &json!("consent")), "{}", reply.text);
        let terms = &reply.body["terms"];
        assert_eq!((&terms["version"], &terms["ownership"]), (&json!(1), &json!("lent")));
        assert!(terms["text"].as_str().is_some_and(|text| text.contains("私物の写真")));
        send_with(&world.app(), Method::GET, "/session/standing", Some(&cookie), None)
            .await
            .refused(401, "session.missing");
        let phone = world.entered(reply, &hana.login, browser, None).await;
        world.get(&phone, "/session").await.expect(200);

        // The same code again, for another browser.
        let (cookie, browser) = knock(&world, &hana).await;
        enrol(&world, &cookie, &browser, Some(&code)).await.refused(401, "device.code_refused");

        let there = device_of(&world, &phone).await;
        assert_eq!(
            (
                &there["member"],
                &there["name"],
                &there["kind"],
                &there["os"],
                &there["ownership"],
                &there["state"]
            ),
            (
                &json!(hana.id),
                &json!("事務所のPC"),
                &json!("browser"),
                &json!("Windows"),
                &json!("lent"),
                &json!("enrolled")
            )
        );
        assert_eq!(there["consent"], json!({"version": 1, "at": now(&base)}));
        assert_eq!(there["last_seen"], json!(now(&base)));
        let made = happened(&world, &hana, "device.code_refused").await;
        assert_eq!(made.len(), 6, "every refusal is in the journal");
    })
    .await;
}

/// R6, R12: a code is not guessed.
#[tokio::test]
async fn guessing_codes_is_slow() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let (cookie, browser) = knock(&world, &hana).await;
        let mut refused = 0;
        let last = loop {
            let reply = enrol(&world, &cookie, &browser, Some("K7MQ-3FXH")).await;
            if reply.body["code"] != "device.code_refused" {
                break reply;
            }
            refused += 1;
            assert!(refused < 50, "nobody slows it down");
        };
        last.refused(429, "signin.slow");
    })
    .await;
}

/// An answer that was lost costs no code; another's id or key is nobody's way in.
#[tokio::test]
async fn the_same_device_again_needs_no_code() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (hana, taro) = (world.member("乙川 二葉").await, world.member("丙山 太郎").await);
        let (cookie, _) = knock(&world, &hana).await;
        let reply = enrol(&world, &cookie, &hana.browser, None).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert_eq!(reply.body["member"]["id"], json!(hana.id));
        assert_eq!(happened(&world, &hana, "device.added").await.len(), 1, "it was there");
        let (cookie, _) = knock(&world, &hana).await;
        enrol(&world, &cookie, &taro.browser, None).await.refused(409, "device.taken");
        let mut forged = Browser::new(&world.people);
        forged.device = hana.browser.device;
        enrol(&world, &cookie, &forged, None).await.refused(409, "device.taken");
        let mut body = hana.browser.enrolment(&world.people, None);
        body["key"] = json!(taro.browser.public());
        send_with(&world.app(), Method::POST, "/session/device", Some(&cookie), Some(&body))
            .await
            .refused(401, "device.proof_refused");
        // A session of a device takes no other.
        let body = Browser::new(&world.people).enrolment(&world.people, None);
        world.post(&hana, "/session/device", &body).await.refused(409, "device.bound");
    })
    .await;
}

/// Two browsers race for the last place of a person: one gets it.
#[tokio::test]
async fn the_last_place_is_given_once() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        decide(&world, json!({"most": 2})).await;
        // Invitations need no code: both browsers are at the same step.
        let hana = world.member("乙川 二葉").await;
        let (first, phone) = knock(&world, &hana).await;
        let (second, tablet) = knock(&world, &hana).await;
        let code = code_for(&world, &hana).await;
        let (one, other) = tokio::join!(
            enrol(&world, &first, &phone, Some(&code)),
            enrol(&world, &second, &tablet, Some(&code)),
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 401], "one code, one device");
        let code = code_for(&world, &hana).await;
        let (cookie, third) = knock(&world, &hana).await;
        let reply = enrol(&world, &cookie, &third, Some(&code)).await;
        reply.refused(409, "device.too_many");
        assert_eq!(reply.body["facts"]["limit"], 2);
        // What is to be wiped takes no place; the code that was refused for want of one still opens.
        let lost = if one.status == 202 { &phone } else { &tablet };
        world.post(&hana, &format!("/me/devices/{}/wipe", lost.device), &Value::Null).await.expect(200);
        assert_eq!(enrol(&world, &cookie, &third, Some(&code)).await.status, 202);
    })
    .await;
}

#[tokio::test]
async fn two_race_for_the_last_place_with_nothing_but_an_invitation() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        decide(&world, json!({"most": 2})).await;
        let mut cookies = Vec::new();
        for _ in 0..2 {
            // A new invitation ends the session before, so the two come from one session: two tabs of one browser.
            if cookies.is_empty() {
                let invited = world
                    .post(&world.owner, "/invitations", &json!({"members": [hana.id]}))
                    .await
                    .expect(201);
                let token = invited[0]["url"]
                    .as_str()
                    .expect("a link")
                    .split_once('#')
                    .expect("a fragment")
                    .1
                    .to_owned();
                let accept = json!({"token": token, "password": PASSWORD});
                let reply = world.anyone(Method::POST, "/invitations/accept", &accept).await;
                assert_eq!((reply.status.as_u16(), &reply.body["code_needed"]), (202, &json!(false)));
                cookies.push(reply.cookie.expect("a cookie"));
            }
        }
        let (one, other) = (Browser::new(&world.people), Browser::new(&world.people));
        let (a, b) =
            tokio::join!(enrol(&world, &cookies[0], &one, None), enrol(&world, &cookies[0], &other, None),);
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert!(
            statuses == [202, 401] || statuses == [202, 409],
            "an invitation is one device: {statuses:?}"
        );
        assert_eq!(happened(&world, &hana, "device.added").await.len(), 2, "the first one, and one more");
    })
    .await;
}

/// R12: a copied cookie dies with its life, and when its owner renews; the key does not travel with it.
#[tokio::test]
async fn a_stolen_cookie_dies() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let stolen = world.cookie(&hana);
        let thief = async |path: &str| send_with(&world.app(), Method::GET, path, Some(&stolen), None).await;
        thief("/session").await.expect(200);
        base.clock.advance(10 * MINUTE - 1);
        thief("/session").await.expect(200);
        base.clock.advance(1);
        thief("/session").await.refused(401, "session.stale");
        thief("/session/standing").await.refused(401, "session.stale");
        // The thief has no key: neither another device's nor another signature serves.
        let taro = world.member("丙山 太郎").await;
        let renew = async |mut proof: Value, session: &Person| {
            proof["session"] = json!(session.session);
            world.anyone(Method::POST, "/session/renew", &proof).await
        };
        renew(world.signed(&taro, Purpose::Renew), &hana).await.refused(401, "session.missing");
        let mut forged = Browser::new(&world.people);
        forged.device = hana.browser.device;
        renew(forged.proof(&world.people, Purpose::Renew), &hana).await.refused(401, "device.proof_refused");
        renew(world.signed(&hana, Purpose::SignIn), &hana).await.refused(401, "device.proof_refused");
        // Its owner goes on, and nothing of it is in the journal.
        let before = happened(&world, &hana, "session.").await.len();
        world.get(&hana, "/session").await.expect(200);
        assert_eq!(happened(&world, &hana, "session.").await.len(), before);
        thief("/session").await.refused(401, "session.missing");
        // A cookie copied now dies at the next renewal, however young it is.
        let stolen = world.cookie(&hana);
        assert_eq!(world.renew(&hana).await.status, 204);
        send_with(&world.app(), Method::GET, "/session", Some(&stolen), None)
            .await
            .refused(401, "session.missing");
        world.get(&hana, "/session").await.expect(200);
        // A challenge serves once.
        let proof = world.signed(&hana, Purpose::Renew);
        assert_eq!(renew(proof.clone(), &hana).await.status, 204);
        renew(proof, &hana).await.refused(401, "device.proof_refused");
    })
    .await;
}

/// R19: a renewal makes no session longer.
#[tokio::test]
async fn a_session_is_not_renewed_beyond_its_time() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        for _ in 0..24 {
            base.clock.advance(HOUR - MINUTE);
            let reply = world.renew(&world.owner).await;
            assert_eq!(reply.status, 204, "{}", reply.text);
            let cookie = reply.headers["set-cookie"].to_str().expect("text").to_owned();
            let age: i64 = cookie
                .split_once("Max-Age=")
                .expect("an age")
                .1
                .split(';')
                .next()
                .expect("a number")
                .parse()
                .expect("a number");
            assert!(age * 1_000 < DAY);
        }
        base.clock.advance(HOUR);
        world.renew(&world.owner).await.refused(401, "session.missing");
        base.clock.advance(14 * DAY);
        world.renew(&hana).await.refused(401, "session.missing");
    })
    .await;
}

/// R13, R20: what was open is closed with the lock, in the same commit.
#[tokio::test]
async fn a_locked_device_opens_nothing() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let phone = world.at_another_device(&hana).await;
        let again = world.sign_in(&phone).await;
        let path = format!("/me/devices/{}", phone.browser.device);
        world.post(&phone, &format!("{path}/lock"), &Value::Null).await.refused(409, "device.itself");
        let locked = world.post(&hana, &format!("{path}/lock"), &Value::Null).await.expect(200);
        assert_eq!((&locked["state"], &locked["lock"]["by"]), (&json!("locked"), &json!(hana.id)));
        assert_eq!(locked["unreadable_at"], json!(now(&base) + DAY), "R13");
        for session in [&phone, &again] {
            world.get(session, "/session").await.refused(401, "session.missing");
            world.renew(session).await.refused(403, "device.locked");
        }
        world.get(&hana, "/session").await.expect(200);
        assert_eq!(happened(&world, &hana, "session.closed").await.len(), 2);
        let sign_in = async || world.anyone(Method::POST, "/session", &world.credentials(&phone)).await;
        sign_in().await.refused(403, "device.locked");
        let standing = phone.browser.signed(&world.people, Purpose::Standing);
        let path_of = format!("/devices/{}/standing", phone.browser.device);
        let told = world.anyone(Method::POST, &path_of, &standing).await.expect(200);
        assert_eq!(told, json!({"state": "locked", "wipe": false}));
        // The same again is no event; another's device does not exist.
        world.post(&hana, &format!("{path}/lock"), &Value::Null).await.expect(200);
        assert_eq!(happened(&world, &hana, "device.locked").await.len(), 1);
        let taro = world.member("丙山 太郎").await;
        world.post(&taro, &format!("{path}/unlock"), &Value::Null).await.refused(404, "not_found");
        world.post(&hana, &format!("{path}/unlock"), &Value::Null).await.expect(200);
        assert_eq!(sign_in().await.status, 201);
        // What an administrator locked, only an administrator unlocks.
        let there = format!("/devices/{}", phone.browser.device);
        world.post(&taro, &format!("{there}/lock"), &Value::Null).await.refused(403, "permission.denied");
        world.post(&world.owner, &format!("{there}/lock"), &Value::Null).await.expect(200);
        world.post(&hana, &format!("{path}/unlock"), &Value::Null).await.refused(403, "device.held");
        // A wipe that its person orders and takes back leaves the administrator's lock.
        world.post(&hana, &format!("{path}/wipe"), &Value::Null).await.expect(200);
        world.delete(&hana, &format!("{path}/wipe")).await.expect(200);
        world.post(&hana, &format!("{path}/unlock"), &Value::Null).await.refused(403, "device.held");
        world.post(&world.owner, &format!("{there}/unlock"), &Value::Null).await.expect(200);
        assert_eq!(sign_in().await.status, 201);
    })
    .await;
}

/// R14: a wipe is confirmed by the device itself, days later and with no session left.
#[tokio::test]
async fn a_wipe_is_confirmed_when_the_device_comes_back() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let phone = world.at_another_device(&hana).await;
        let there = format!("/devices/{}", phone.browser.device);
        let say = async |path: &str, body: Value| {
            world.anyone(Method::POST, &format!("{there}/{path}"), &body).await
        };
        let wiped = |browser: &Browser, items: u32| {
            let mut body = browser.signed(&world.people, Purpose::Wiped);
            body["items"] = json!(items);
            body
        };
        say("wiped", wiped(&phone.browser, 3)).await.refused(409, "device.state");
        let asked = world.post(&hana, &format!("/me{there}/wipe"), &Value::Null).await.expect(200);
        assert_eq!(
            (&asked["state"], &asked["wipe"]["by"], &asked["wipe"]["confirmed_at"]),
            (&json!("wiping"), &json!(hana.id), &Value::Null)
        );
        world.get(&phone, "/session").await.refused(401, "session.missing");
        world.renew(&phone).await.refused(410, "device.wipe");
        world.anyone(Method::POST, "/session", &world.credentials(&phone)).await.refused(410, "device.wipe");

        base.clock.advance(40 * DAY);
        world.people.close_sessions_over().await.expect("swept");
        let told = say("standing", phone.browser.signed(&world.people, Purpose::Standing)).await.expect(200);
        assert_eq!(told, json!({"state": "wiping", "wipe": true}));
        // Only the device itself says so.
        say("wiped", wiped(&hana.browser, 1)).await.refused(401, "device.proof_refused");
        let unknown = format!("/devices/{}/wiped", Browser::new(&world.people).device);
        world
            .anyone(Method::POST, &unknown, &wiped(&phone.browser, 1))
            .await
            .refused(401, "device.proof_refused");
        let mut other = phone.browser.signed(&world.people, Purpose::Standing);
        other["items"] = json!(214);
        say("wiped", other).await.refused(401, "device.proof_refused");
        say("wiped", wiped(&phone.browser, 214)).await.expect(204);
        say("wiped", wiped(&phone.browser, 0)).await.expect(204);
        let owner = world.sign_in(&world.owner).await;
        let page = world.get(&owner, &format!("/devices?member={}&state=wiped", hana.id)).await.expect(200);
        let wipe = &page["devices"][0]["wipe"];
        assert_eq!((&wipe["confirmed_at"], &wipe["items"]), (&json!(now(&base)), &json!(214)));
        world.post(&owner, &format!("{there}/unlock"), &Value::Null).await.refused(409, "device.state");
        world.delete(&owner, &format!("{there}/wipe")).await.refused(409, "device.state");
        // It is a stranger now: a sign-in needs a code.
        let reply = world.anyone(Method::POST, "/session", &world.credentials(&phone)).await;
        assert_eq!((reply.status.as_u16(), &reply.body["needs"]), (202, &json!("device")));
        say("standing", phone.browser.signed(&world.people, Purpose::Standing)).await.expect(200);
    })
    .await;
}

/// R20: a whole person.
#[tokio::test]
async fn a_locked_person_is_out_everywhere() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let phone = world.at_another_device(&hana).await;
        let path = format!("/members/{}", hana.id);
        world
            .post(&phone, &format!("/members/{}/lock", world.owner.id), &Value::Null)
            .await
            .refused(403, "permission.denied");
        world
            .post(&world.owner, &format!("/members/{}/lock", world.owner.id), &Value::Null)
            .await
            .refused(409, "member.itself");
        let admin = world.with_role("甲野 花子", Role::Admin).await;
        world
            .post(&admin, &format!("/members/{}/lock", world.owner.id), &Value::Null)
            .await
            .refused(403, "role.above");
        let locked = world.post(&admin, &format!("{path}/lock"), &Value::Null).await.expect(200);
        assert_eq!(locked["locked"], json!({"at": now(&base), "by": admin.id}));
        for session in [&hana, &phone] {
            world.get(session, "/session").await.refused(401, "session.missing");
            world.renew(session).await.refused(401, "session.missing");
        }
        let sign_in = async |body: Value| world.anyone(Method::POST, "/session", &body).await;
        sign_in(world.credentials(&hana)).await.refused(403, "member.locked");
        sign_in(json!({"login": hana.login, "password": PASSWORD})).await.refused(403, "member.locked");
        sign_in(json!({"login": hana.login, "password": "wrong"})).await.refused(401, "signin.refused");
        let invited =
            world.post(&world.owner, "/invitations", &json!({"members": [hana.id]})).await.expect(201);
        let token =
            invited[0]["url"].as_str().expect("a link").split_once('#').expect("a fragment").1.to_owned();
        let accept = json!({"token": token, "password": PASSWORD});
        world.anyone(Method::POST, "/invitations/accept", &accept).await.refused(403, "member.locked");
        let unlocked = world.post(&admin, &format!("{path}/unlock"), &Value::Null).await.expect(200);
        assert_eq!(unlocked["locked"], Value::Null);
        let back = world.sign_in(&hana).await;
        world.get(&back, "/session").await.expect(200);
    })
    .await;
}

/// A device that waits, is let in, or is not.
#[tokio::test]
async fn an_administrator_approves_where_that_is_asked_for() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        decide(&world, json!({"approval": true})).await;
        let wait = async || {
            let code = code_for(&world, &hana).await;
            let (cookie, browser) = knock(&world, &hana).await;
            let reply = enrol(&world, &cookie, &browser, Some(&code)).await;
            assert_eq!(reply.body["needs"], "consent");
            let body = json!({"version": 1});
            let reply = send_with(
                &world.app(),
                Method::POST,
                "/session/consent",
                reply.cookie.as_deref(),
                Some(&body),
            )
            .await;
            assert_eq!((reply.status.as_u16(), &reply.body["needs"]), (202, &json!("approval")));
            (reply.cookie.expect("a cookie"), browser)
        };
        let (cookie, browser) = wait().await;
        let there = format!("/devices/{}", browser.device);
        let standing = async |cookie: &str| {
            send_with(&world.app(), Method::GET, "/session/standing", Some(cookie), None).await
        };
        assert_eq!(standing(&cookie).await.expect(200)["device"]["state"], "pending");
        world.post(&hana, &format!("/me{there}/lock"), &Value::Null).await.refused(409, "device.state");
        world.post(&world.owner, &format!("{there}/approve"), &Value::Null).await.expect(200);
        assert_eq!(standing(&cookie).await.expect(200)["needs"], Value::Null);
        send_with(&world.app(), Method::GET, "/session", Some(&cookie), None).await.expect(200);
        let (cookie, browser) = wait().await;
        world
            .post(&world.owner, &format!("/devices/{}/refuse", browser.device), &Value::Null)
            .await
            .expect(200);
        standing(&cookie).await.refused(401, "session.missing");
    })
    .await;
}

/// Terms that changed are accepted before anything else goes on.
#[tokio::test]
async fn new_terms_are_asked_for_at_once() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let shown = world.get(&hana, "/organisation/device-terms").await.expect(200);
        assert_eq!((&shown["version"], &shown["since"]), (&json!(1), &Value::Null));
        world
            .put(&hana, "/organisation/device-terms", &json!({"text": "x"}))
            .await
            .refused(403, "permission.denied");
        let new = json!({"text": "1. なくしたら、すぐに知らせます。\n2. 人に貸しません。"});
        let changed = world.put(&world.owner, "/organisation/device-terms", &new).await.expect(200);
        assert_eq!(changed["version"], 2);
        let refused = world.get(&hana, "/session").await;
        refused.refused(403, "session.incomplete");
        assert_eq!(refused.body["facts"]["needs"], "consent");
        let asked = world.get(&hana, "/session/standing").await.expect(200);
        assert_eq!((&asked["terms"]["version"], &asked["terms"]["text"]), (&json!(2), &new["text"]));
        world
            .post(&hana, "/session/consent", &json!({"version": 1}))
            .await
            .refused(409, "device.terms_changed");
        let reply = world.post(&hana, "/session/consent", &json!({"version": 2})).await;
        assert_eq!(reply.status, 201);
        let hana = Person { cookie: reply.cookie.expect("a new token"), ..hana };
        world.get(&hana, "/session").await.expect(200);
        assert_eq!(happened(&world, &hana, "device.consented").await.len(), 2, "each version is on record");
    })
    .await;
}

/// Who gives codes.
#[tokio::test]
async fn codes_come_from_those_who_may_give_them() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let made = world
            .post(&world.owner, "/departments", &json!({"name": "本部", "parent": null}))
            .await
            .expect(201);
        let below = world
            .post(&world.owner, "/departments", &json!({"name": "駅前店", "parent": made["id"]}))
            .await
            .expect(201);
        let manager = world.with_role("甲野 花子", Role::Manager).await;
        let (hana, taro) = (world.member("乙川 二葉").await, world.member("丙山 太郎").await);
        for (person, department) in [(&manager, &made), (&hana, &below)] {
            let body = json!({"departments": [{"department": department["id"], "position": null}]});
            world.patch(&world.owner, &format!("/members/{}", person.id), &body).await.expect(200);
        }
        let ask = async |by: &Person, of: &Person| {
            world.post(by, &format!("/members/{}/device-code", of.id), &json!({"ownership": "own"})).await
        };
        let made = ask(&manager, &hana).await.expect(201);
        let code = made["code"].as_str().expect("a code");
        assert_eq!(made["uri"], json!(format!("http://localhost:8080/enrol#{code}")));
        assert_eq!(made["expires_at"], json!(now(&base) + 10 * MINUTE));
        assert!(made["qr"]["size"].as_u64().is_some_and(|size| size > 20));
        ask(&manager, &taro).await.refused(403, "permission.denied");
        ask(&manager, &world.owner).await.refused(403, "permission.denied");
        ask(&hana, &hana).await.refused(403, "permission.denied");
        world.post(&hana, "/me/device-code", &Value::Null).await.expect(201);
        decide(&world, json!({"code_from": {"manager": false, "own_device": false}})).await;
        ask(&manager, &hana).await.refused(403, "permission.denied");
        world.post(&hana, "/me/device-code", &Value::Null).await.refused(403, "device.codes_off");
        assert_eq!(world.get(&hana, "/me/devices").await.expect(200)["may_add"], false);
        ask(&world.owner, &hana).await.expect(201);
    })
    .await;
}

/// R12, R55
#[tokio::test]
async fn the_register_is_listed_named_and_exported() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let mine = format!("/me/devices/{}", hana.browser.device);
        let named = world.patch(&hana, &mine, &json!({"name": "=cmd|'/c calc'!A1"})).await.expect(200);
        assert_eq!((&named["name"], &named["current"]), (&json!("=cmd|'/c calc'!A1"), &json!(true)));
        world.patch(&hana, &mine, &json!({"name": ""})).await.refused(422, "fields.invalid");
        let there = format!("/devices/{}", hana.browser.device);
        world.patch(&hana, &there, &json!({"ownership": "lent"})).await.refused(403, "permission.denied");
        let lent = world.patch(&world.owner, &there, &json!({"ownership": "lent"})).await.expect(200);
        assert_eq!((&lent["ownership"], &lent["current"]), (&json!("lent"), &json!(false)));
        let first = world.get(&world.owner, "/devices?limit=1").await.expect(200);
        let next = first["next"].as_str().expect("a next page");
        let second = world.get(&world.owner, &format!("/devices?limit=1&after={next}")).await.expect(200);
        let mut both = [&first, &second].map(|page| page["devices"][0]["id"].to_string());
        both.sort_unstable();
        let mut there = [&world.owner, &hana].map(|person| json!(person.browser.device).to_string());
        there.sort_unstable();
        assert_eq!((both, &second["next"]), (there, &Value::Null));
        world.get(&world.owner, "/devices?state=nonsense").await.refused(422, "query.shape");
        world.get(&hana, "/devices").await.refused(403, "permission.denied");
        world.get(&hana, "/devices.csv").await.refused(403, "permission.denied");
        let owner = world.sign_in(&world.owner).await;
        let sheet = world.get(&owner, "/devices.csv").await;
        assert_eq!(sheet.status, 200, "{}", sheet.text);
        assert!(sheet.text.starts_with("\u{feff}\"氏名\",\"社員番号\""), "{}", sheet.text);
        assert!(sheet.text.contains("\"乙川 二葉\",\"\",\"'=cmd|'/c calc'!A1\""), "{}", sheet.text);
        assert_eq!(sheet.text.lines().count(), 3);
        base.clock.advance(5 * MINUTE);
        world.get(&owner, "/devices.csv").await.refused(403, "proof.needed");
    })
    .await;
}

/// Where the organisation asks for no devices, a browser is just a browser.
#[tokio::test]
async fn without_the_demand_a_password_is_enough() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        decide(&world, json!({"required": false})).await;
        let body = json!({"login": hana.login, "password": PASSWORD});
        let reply = world.anyone(Method::POST, "/session", &body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let cookie = reply.cookie.expect("a cookie");
        base.clock.advance(DAY);
        send_with(&world.app(), Method::GET, "/session", Some(&cookie), None).await.expect(200);
        let owner = world.sign_in(&world.owner).await;
        let settings = world.get(&owner, "/organisation/devices").await.expect(200);
        world.put(&owner, "/organisation/devices", &settings).await.expect(200);
        let mut bad = settings.clone();
        bad["lease_hours"] = json!(169);
        bad["most"] = json!(0);
        world.put(&owner, "/organisation/devices", &bad).await.refused(422, "fields.invalid");
        bad = settings;
        bad["required"] = json!(true);
        world.put(&owner, "/organisation/devices", &bad).await.expect(200);
        send_with(&world.app(), Method::GET, "/session", Some(&cookie), None)
            .await
            .refused(403, "session.incomplete");
    })
    .await;
}
