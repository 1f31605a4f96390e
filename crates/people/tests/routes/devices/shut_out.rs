//! Tokens that run out, locks and wipes.

use axum::http::Method;
use kairan_core::Role;
use kairan_core::time::{DAY, HOUR, MINUTE};
use kairan_people::devices::Purpose;
use kairan_people::testing::{Browser, PASSWORD, Person, World, schema, send_with};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

use super::{happened, now};

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
