//! Alarms: `/me/alarms` and `/alarms`; what raises one, who sees it, who may wave it away, and what a denial does.

use axum::http::{Method, Request, header};
use kairan_core::time::{DAY, MINUTE};
use kairan_core::{Role, Seq};
use kairan_people::devices::Purpose;
use kairan_people::factors::http::reset_from_command_line;
use kairan_people::testing::{Browser, ORIGIN, PASSWORD, Passkey, Person, Reply, World, bytes, schema};
use kairan_storage::testing::both_engines;
use kairan_storage::{Error, Reader, Stream, events_after};
use serde_json::{Value, json};

/// Somewhere else.
const ELSEWHERE: &str = "203.0.113.5";

/// A POST from another address, with or without a cookie.
async fn from(world: &World, address: &str, cookie: Option<&str>, path: &str, body: &Value) -> Reply {
    let mut request = Request::post(format!("/api/v1{path}"))
        .header(header::ORIGIN, ORIGIN)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-for", address);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    world.raw(request.body(body.to_string().into()).expect("a request")).await
}

/// Somebody's password from another address, in a browser nobody enrolled.
async fn knock(world: &World, address: &str, login: &str, password: &str) -> Reply {
    from(world, address, None, "/session", &json!({"login": login, "password": password})).await
}

/// Somebody who knows the password and was shown a code for a device.
async fn thief(world: &World, person: &Person) -> Person {
    let made = world.post(person, "/me/device-code", &Value::Null).await.expect(201);
    let opened = knock(world, ELSEWHERE, &person.login, PASSWORD).await;
    let (cookie, browser) = (opened.cookie.expect("a cookie"), Browser::new(&world.people));
    let body = browser.enrolment(&world.people, made["code"].as_str());
    let reply = from(world, ELSEWHERE, Some(&cookie), "/session/device", &body).await;
    world.entered(reply, &person.login, browser, None).await
}

async fn own(world: &World, person: &Person) -> Value {
    world.get(person, "/me/alarms").await.expect(200)
}

fn kinds(list: &Value) -> Vec<String> {
    let kind = |alarm: &Value| alarm["kind"].as_str().expect("a kind").to_owned();
    list["alarms"].as_array().expect("alarms").iter().map(kind).collect()
}

fn found<'l>(list: &'l Value, kind: &str) -> &'l Value {
    let mut all = list["alarms"].as_array().expect("alarms").iter();
    all.find(|alarm| alarm["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {list}"))
}

async fn admins(world: &World) -> Value {
    world.get(&world.owner, "/alarms").await.expect(200)
}

/// How many events of a kind the organisation's stream has.
async fn written(world: &World, kind: &str) -> usize {
    let read =
        async |reader: &mut Reader| events_after(reader, Stream::Organisation, Seq::START, 1_000).await;
    let events = world.base.store.read::<_, Error, _>(read).await.expect("read");
    events.iter().filter(|event| event.kind == kind).count()
}

#[tokio::test]
async fn whoever_just_arrived_has_nothing_to_fear() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (hana, admin) = (world.member("乙川 二葉").await, world.with_role("管理 人", Role::Admin).await);
        for person in [&hana, &admin, &world.owner] {
            assert_eq!(own(&world, person).await["alarms"], json!([]), "{}", person.login);
        }
        let list = admins(&world).await;
        assert_eq!((&list["alarms"], &list["unseen"]), (&json!([]), &json!(0)));
        world.sign_in(&hana).await;
        assert_eq!(
            own(&world, &world.sign_in(&hana).await).await["unseen"],
            0,
            "the same device and network"
        );
    })
    .await;
}

/// The taken-over account: R20
#[tokio::test]
async fn a_stranger_on_a_new_device_is_seen_and_shut_out() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        base.clock.advance(MINUTE);
        let stranger = thief(&world, &hana).await;
        let list = own(&world, &hana).await;
        assert_eq!(kinds(&list), ["new_device", "new_place"]);
        assert_eq!(list["unseen"], 2);
        let device = found(&list, "new_device");
        assert_eq!(device["facts"]["network"], "203.0.113.0/24");
        assert_eq!((&device["here"], &device["deniable"]), (&json!(false), &json!(true)));
        assert_eq!(device["device"]["id"], json!(stranger.browser.device));
        assert_eq!(found(&list, "new_place")["device"]["id"], json!(stranger.browser.device));

        // On the device itself it is nothing new, cannot be waved away, and denies nothing.
        let there = own(&world, &stranger).await;
        assert_eq!((&there["unseen"], &there["alarms"][0]["here"]), (&json!(0), &json!(true)));
        let upto = json!({"upto": device["id"]});
        world.post(&stranger, "/me/alarms/seen", &upto).await.expect(204);
        assert_eq!(own(&world, &hana).await["unseen"], 2);
        let deny = format!("/me/alarms/{}/not-me", device["id"].as_str().expect("an id"));
        world.post(&stranger, &deny, &Value::Null).await.refused(409, "alarm.here");
        // Nor may anybody else.
        let taro = world.member("丙山 太郎").await;
        world.post(&taro, &deny, &Value::Null).await.refused(404, "not_found");
        world.post(&taro, "/me/alarms/seen", &upto).await.refused(404, "not_found");

        let done = world.post(&hana, &deny, &Value::Null).await.expect(200);
        assert_eq!((&done["sessions"], &done["password"]), (&json!(1), &json!(true)));
        assert_eq!(done["device"]["state"], "locked");
        world.get(&stranger, "/session").await.refused(401, "session.missing");
        let again = world.anyone(Method::POST, "/session", &world.credentials(&stranger)).await;
        again.refused(403, "device.locked");
        knock(&world, ELSEWHERE, &hana.login, PASSWORD).await.refused(401, "signin.refused");
        knock(&world, "127.0.0.1", &hana.login, PASSWORD).await.refused(401, "signin.refused");

        // One's own devices come in, and have to choose another password first.
        let refused = world.get(&hana, "/members").await;
        refused.refused(403, "session.incomplete");
        assert_eq!(refused.body["facts"]["needs"], "new_password");
        let back = world.anyone(Method::POST, "/session", &world.credentials(&hana)).await;
        assert_eq!(
            (back.status.as_u16(), &back.body["needs"]),
            (202, &json!("new_password")),
            "{}",
            back.text
        );
        let wrong =
            json!({"current": "ちがうことばをいれてみる日", "password": "おぼえやすくて長いことばをえらぶ"});
        world.put(&hana, "/me/password", &wrong).await.refused(403, "password.wrong");
        let change = json!({"current": PASSWORD, "password": "おぼえやすくて長いことばをえらぶ"});
        let changed = world.put(&hana, "/me/password", &change).await;
        let hana = Person { cookie: changed.cookie.clone().expect("another token"), ..hana };
        changed.expect(204);
        let list = own(&world, &hana).await;
        assert!(found(&list, "new_device")["denied_at"].is_number());
        assert_eq!(found(&list, "password_changed")["here"], true, "changed right here");
        let told = admins(&world).await;
        let denied = found(&told, "denied");
        assert_eq!(denied["subject"]["id"], json!(hana.id));
        assert_eq!(denied["other"]["id"], json!(stranger.browser.device));
    })
    .await;
}

#[tokio::test]
async fn a_denial_reaches_a_device_that_waits_and_a_session_without_one() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        // A password alone, no code: the session that waits for one ends.
        let opened = knock(&world, ELSEWHERE, &hana.login, PASSWORD).await;
        let cookie = opened.cookie.expect("a cookie");
        let list = own(&world, &hana).await;
        let place = found(&list, "new_place");
        assert_eq!(place["device"], Value::Null);
        let deny = format!("/me/alarms/{}/not-me", place["id"].as_str().expect("an id"));
        let done = world.post(&hana, &deny, &Value::Null).await.expect(200);
        assert_eq!((&done["device"], &done["sessions"]), (&Value::Null, &json!(1)));
        from(&world, ELSEWHERE, Some(&cookie), "/session/consent", &json!({"version": 1}))
            .await
            .refused(401, "session.missing");
        let change = json!({"current": PASSWORD, "password": "おぼえやすくて長いことばをえらぶ"});
        let changed = world.put(&hana, "/me/password", &change).await;
        let hana = Person { cookie: changed.cookie.clone().expect("another token"), ..hana };
        world.post(&hana, &deny, &Value::Null).await.expect(200);
        world.get(&hana, "/session").await.expect(200);

        // A device that waits for an administrator is not let in.
        let mut settings = world.get(&world.owner, "/organisation/devices").await.expect(200);
        settings["approval"] = json!(true);
        settings.as_object_mut().expect("settings").retain(|name, _| {
            ["required", "code_from", "approval", "most", "lease_hours"].contains(&name.as_str())
        });
        world.put(&world.owner, "/organisation/devices", &settings).await.expect(200);
        let taro = world.owner.clone();
        let made = world.post(&taro, "/me/device-code", &Value::Null).await.expect(201);
        let body = json!({"login": taro.login, "password": PASSWORD});
        let opened = world.anyone(Method::POST, "/session", &body).await;
        let cookie = opened.cookie.clone().expect("a cookie");
        let asked = from(&world, "127.0.0.1", Some(&cookie), "/session/passkey/challenge", &json!({})).await;
        let asked = asked.expect(200);
        let mut credential = Passkey::named(&taro.login, &bytes("")).get(&asked["options"]);
        credential["response"]["userHandle"] = Value::Null;
        let body = json!({"challenge": asked["challenge"], "credential": credential});
        let shown = from(&world, "127.0.0.1", Some(&cookie), "/session/passkey", &body).await;
        let cookie = shown.cookie.expect("a cookie");
        let browser = Browser::new(&world.people);
        let body = browser.enrolment(&world.people, made["code"].as_str());
        from(&world, "127.0.0.1", Some(&cookie), "/session/device", &body).await.expect(202);
        let list = own(&world, &taro).await;
        let deny = format!("/me/alarms/{}/not-me", found(&list, "new_device")["id"].as_str().expect("an id"));
        let done = world.post(&taro, &deny, &Value::Null).await.expect(200);
        assert_eq!((&done["device"]["state"], &done["sessions"]), (&json!("removed"), &json!(1)));
    })
    .await;
}

#[tokio::test]
async fn a_place_is_forgotten_after_90_days() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let count = async |kind: &str| {
            let list = own(&world, &world.sign_in(&hana).await).await;
            kinds(&list).into_iter().filter(|one| one == kind).count()
        };
        for address in [ELSEWHERE, "203.0.113.77", ELSEWHERE] {
            knock(&world, address, &hana.login, PASSWORD).await.expect(202);
        }
        assert_eq!(count("new_place").await, 1, "one network, told once");
        base.clock.advance(89 * DAY);
        knock(&world, ELSEWHERE, &hana.login, PASSWORD).await.expect(202);
        assert_eq!(count("new_place").await, 1);
        base.clock.advance(90 * DAY);
        knock(&world, ELSEWHERE, &hana.login, PASSWORD).await.expect(202);
        // The one at home was not used either.
        assert_eq!(count("new_place").await, 3);
    })
    .await;
}

/// R6
#[tokio::test]
async fn wrong_proofs_of_one_kind_are_told_at_the_fifth() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        for _ in 0..4 {
            knock(&world, "127.0.0.1", &hana.login, "ちがう").await.refused(401, "signin.refused");
        }
        let hana = world.sign_in(&hana).await;
        for _ in 0..4 {
            knock(&world, "127.0.0.1", &hana.login, "ちがう").await.refused(401, "signin.refused");
        }
        assert_eq!(own(&world, &hana).await["unseen"], 0, "a right one begins anew");
        knock(&world, "127.0.0.1", &hana.login, "ちがう").await.refused(401, "signin.refused");
        let list = own(&world, &hana).await;
        let told = found(&list, "failures");
        assert_eq!((&told["facts"]["proof"], &told["facts"]["count"]), (&json!("password"), &json!(5)));
        assert_eq!(told["deniable"], false, "nothing was done");

        // Wrong codes for a device go on counting, however often the password is right in between.
        base.clock.advance(20 * MINUTE);
        for _ in 0..5 {
            let opened = knock(&world, "127.0.0.1", &hana.login, PASSWORD).await;
            let body = Browser::new(&world.people).enrolment(&world.people, Some("K7MQ-3FXH"));
            from(&world, "127.0.0.1", opened.cookie.as_deref(), "/session/device", &body)
                .await
                .refused(401, "device.code_refused");
        }
        let list = own(&world, &hana).await;
        assert_eq!(found(&list, "failures")["facts"]["proof"], "device_code");
        let upto = json!({"upto": list["alarms"][0]["id"]});
        world.post(&hana, "/me/alarms/seen", &upto).await.expect(204);
        let list = own(&world, &hana).await;
        assert_eq!(list["unseen"], 0);
        assert!(list["alarms"][0]["seen_at"].is_number());
    })
    .await;
}

/// R6
#[tokio::test]
async fn many_failures_are_told_to_those_who_manage_members_and_fill_nothing() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        // One account, from several addresses: none of them alone is many.
        for n in 0..24 {
            let address = format!("192.0.2.{}", n % 4);
            knock(&world, &address, &hana.login, "ちがう").await.refused(401, "signin.refused");
        }
        let list = admins(&world).await;
        assert_eq!(kinds(&list), ["many_failures"]);
        let told = found(&list, "many_failures");
        assert_eq!((&told["subject"]["id"], &told["facts"]["count"]), (&json!(hana.id), &json!(20)));
        assert_eq!(written(&world, "alarm.many_failures").await, 0);

        base.clock.advance(1);
        // One address, many accounts: those nobody has too, and those that are told to wait.
        for n in 0..120 {
            let login = format!("nobody{}", n % 5);
            let reply = knock(&world, ELSEWHERE, &login, "ちがう").await;
            assert!([401, 429].contains(&reply.status.as_u16()), "{}", reply.text);
        }
        assert_eq!(written(&world, "alarm.many_failures").await, 1, "one event in a window");
        let list = admins(&world).await;
        assert_eq!(kinds(&list), ["many_failures", "many_failures"]);
        let told = &list["alarms"][0];
        assert_eq!(told["subject"], Value::Null);
        let facts = &told["facts"];
        assert_eq!(
            (&facts["address"], &facts["count"], &facts["accounts"]),
            (&json!(ELSEWHERE), &json!(20), &json!(5))
        );
        assert!(facts["since"].is_number());
        world.get(&hana, "/alarms").await.refused(403, "permission.denied");
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_elsewhere_while_a_device_is_in_use_is_told() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        knock(&world, ELSEWHERE, &hana.login, PASSWORD).await.expect(202);
        let list = admins(&world).await;
        assert_eq!(kinds(&list), ["impossible_pair"]);
        let pair = found(&list, "impossible_pair");
        assert_eq!(pair["other"]["id"], json!(hana.browser.device));
        let facts = &pair["facts"];
        assert_eq!(
            (&facts["network"], &facts["other_network"]),
            (&json!("203.0.113.0/24"), &json!("127.0.0.0/24"))
        );
        // Known by now; and eleven minutes later nothing is in use.
        knock(&world, ELSEWHERE, &hana.login, PASSWORD).await.expect(202);
        base.clock.advance(11 * MINUTE);
        knock(&world, "198.51.100.9", &hana.login, PASSWORD).await.expect(202);
        assert_eq!(kinds(&admins(&world).await).len(), 1);
        // With a code made for them, somebody is expected.
        world.post(&hana, "/me/device-code", &Value::Null).await.expect(201);
        world.renew(&hana).await;
        knock(&world, "192.0.2.9", &hana.login, PASSWORD).await.expect(202);
        assert_eq!(kinds(&admins(&world).await).len(), 1);
    })
    .await;
}

/// R64, R66
#[tokio::test]
async fn what_is_done_on_the_machine_is_told_to_each_who_manages_members() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let admin = world.with_role("管理 人", Role::Admin).await;
        // The founding itself is no news to anybody.
        base.clock.advance(1);
        let made = reset_from_command_line(&world.people, &admin.login).await.expect("a code");
        assert!(!made.code.is_empty());
        let list = admins(&world).await;
        let told = found(&list, "break_glass");
        assert_eq!(
            (&told["by"]["kind"], &told["facts"]["what"]),
            (&json!("console"), &json!(["factor.reset"]))
        );
        assert_eq!(told["subject"]["id"], json!(admin.id));
        let list = own(&world, &admin).await;
        assert_eq!(kinds(&list), ["factor_reset_started"]);
        assert_eq!(found(&list, "factor_reset_started")["by"]["kind"], "console");

        // Each sees for themselves.
        let path = format!("/alarms/{}/seen", told["id"].as_str().expect("an id"));
        world.post(&admin, &path, &Value::Null).await.expect(204);
        assert_eq!(world.get(&admin, "/alarms").await.expect(200)["unseen"], 0);
        assert_eq!(admins(&world).await["unseen"], 1);
        let hana = world.member("乙川 二葉").await;
        world.post(&hana, &path, &Value::Null).await.refused(403, "permission.denied");
        let upto = json!({"upto": told["id"]});
        world.post(&hana, "/alarms/seen", &upto).await.refused(403, "permission.denied");
        let own_path = format!("/alarms/{}/seen", list["alarms"][0]["id"].as_str().expect("an id"));
        world.post(&world.owner, &own_path, &Value::Null).await.refused(404, "not_found");

        let hr = world.with_role("人事 係", Role::Hr).await;
        world.post(&hr, "/alarms/seen", &upto).await.expect(204);
        assert_eq!(world.get(&hr, "/alarms").await.expect(200)["unseen"], 0);

        // R66
        base.clock.advance(400 * DAY);
        let owner = world.sign_in(&world.owner).await;
        let list = world.get(&owner, "/alarms").await.expect(200);
        assert_eq!(kinds(&list), ["break_glass"]);
        let after = format!("/alarms?after={}", list["alarms"][0]["id"].as_str().expect("an id"));
        assert_eq!(world.get(&owner, &after).await.expect(200)["alarms"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn what_changes_about_an_account_is_told_to_its_person() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let phone = world.at_another_device(&hana).await;
        assert_eq!(kinds(&own(&world, &hana).await), ["new_device"]);
        let path = format!("/me/devices/{}", phone.browser.device);
        world.post(&hana, &format!("{path}/lock"), &Value::Null).await.expect(200);
        world.post(&hana, &format!("{path}/wipe"), &Value::Null).await.expect(200);
        base.clock.advance(1);
        world.prove(&world.owner).await;
        let role = json!({"role": "manager"});
        world.patch(&world.owner, &format!("/members/{}", hana.id), &role).await.expect(200);
        let hana = world.sign_in(&hana).await;
        let list = own(&world, &hana).await;
        assert_eq!(kinds(&list), ["role_changed", "device_wiped", "device_locked", "new_device"]);
        let role = found(&list, "role_changed");
        assert_eq!((&role["facts"]["from"], &role["facts"]["to"]), (&json!("member"), &json!("manager")));
        assert_eq!(role["by"]["member"]["id"], json!(world.owner.id));
        let locked = found(&list, "device_locked");
        assert_eq!((&locked["other"]["id"], &locked["here"]), (&json!(phone.browser.device), &json!(true)));

        world.prove(&hana).await;
        let asked = world.post(&hana, "/me/passkeys/challenge", &Value::Null).await.expect(200);
        let user = bytes(asked["options"]["user"]["id"].as_str().expect("a user"));
        let credential = Passkey::named("hana", &user).create(&asked["options"]);
        let body = json!({"challenge": asked["challenge"], "credential": credential, "name": "鍵"});
        let made = world.post(&hana, "/me/passkeys", &body).await;
        let hana = Person { cookie: made.cookie.clone().unwrap_or(world.cookie(&hana)), ..hana };
        made.expect(201);
        let list = own(&world, &hana).await;
        let factor = found(&list, "factor_changed");
        assert_eq!(
            (&factor["facts"]["factor"], &factor["facts"]["what"]),
            (&json!("passkey"), &json!(["added"]))
        );
        assert_eq!(factor["here"], true);
    })
    .await;
}

#[tokio::test]
async fn the_last_owner_is_told_of() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let second = world.with_role("二人 目", Role::Owner).await;
        world.prove(&world.owner).await;
        let role = json!({"role": "member"});
        world.patch(&world.owner, &format!("/members/{}", second.id), &role).await.expect(200);
        let list = admins(&world).await;
        assert_eq!(kinds(&list), ["last_owner"]);
        assert_eq!(found(&list, "last_owner")["subject"]["id"], json!(world.owner.id));
    })
    .await;
}

/// R8: a recovery code that is used is told too, and who used it is not yet on any device.
#[tokio::test]
async fn a_recovery_is_told() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let issued =
            world.post(&hana, "/me/recovery-codes", &json!({"password": PASSWORD})).await.expect(200);
        let body = json!({
            "login": hana.login, "code": issued["recovery_codes"][0], "password": "おぼえやすくて長いことばをえらぶ",
        });
        world.anyone(Method::POST, "/session/recover", &body).await.expect(202);
        let mut back = world.credentials(&hana);
        back["password"] = json!("おぼえやすくて長いことばをえらぶ");
        let reply = world.anyone(Method::POST, "/session", &back).await;
        let hana = world.entered(reply, &hana.login, hana.browser.clone(), None).await;
        let list = own(&world, &hana).await;
        let mut told = kinds(&list);
        told.sort();
        assert_eq!(told, ["password_changed", "recovery_used"]);
        assert_eq!(list["unseen"], 2);
        assert_eq!(world.signed(&hana, Purpose::SignIn)["device"], json!(hana.browser.device));
    })
    .await;
}
