//! A browser becomes a device: codes, approval, terms, how many one may have.

use axum::http::Method;
use kairan_core::Role;
use kairan_core::time::{DAY, MINUTE};
use kairan_people::testing::{Browser, PASSWORD, Person, World, schema, send_with};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

use super::{code_for, decide, device_of, enrol, happened, knock, now};

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
