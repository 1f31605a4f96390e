//! A second factor that a rule demands (R4): at the door, in sessions that are open, and on the way back.

use axum::http::Method;
use kairan_people::testing::{Browser, PASSWORD, Person, Reply, World, schema, send_with};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

use crate::factors::{App, call, password, with_app};
use crate::policies::{PATH, decide, rule};

const NAME: &str = "だれにも二要素";

fn asking(applies: Value) -> Value {
    rule(1, NAME, applies, json!({"second_factor": true}))
}

/// Knocks with the password from a browser nobody knows, and enrols it with a code for a device of this ownership.
async fn at_a_new_device(world: &World, person: &Person, ownership: &str) -> (Reply, Reply) {
    let path = format!("/members/{}/device-code", person.id);
    let made = world.post(&world.owner, &path, &json!({"ownership": ownership})).await.expect(201);
    let body = json!({"login": person.login, "password": PASSWORD});
    let knocked = world.anyone(Method::POST, "/session", &body).await;
    let asked = Browser::new(&world.people).enrolment(&world.people, made["code"].as_str());
    let cookie = knocked.cookie.as_deref();
    let enrolled = send_with(&world.app(), Method::POST, "/session/device", cookie, Some(&asked)).await;
    (knocked, enrolled)
}

async fn incomplete(world: &World, person: &Person) {
    let refused = world.get(person, "/session").await;
    refused.refused(403, "session.incomplete");
    assert_eq!(refused.body["facts"]["needs"], "enrol_factor");
}

/// R4: whom a rule meets can only enrol, also in a session that was open before; then they are in, and keep the last one for
/// as long as the rule holds.
#[tokio::test]
async fn whom_a_rule_asks_for_a_second_factor_can_only_enrol_until_they_have_one() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (hana, taro) = (world.member("乙川 二葉").await, world.member("丙山 太郎").await);
        let (taro, _, _) = with_app(&world, &taro).await;
        let rules = [asking(json!({}))];
        let seen = world.post(&world.owner, &format!("{PATH}/preview"), &json!({"rules": rules})).await;
        let seen = seen.expect(200);
        assert_eq!((&seen["changed"][0]["limits"], &seen["people"]), (&json!(["second_factor"]), &json!(2)));
        let named = json!([{"member": hana.id, "name": "乙川 二葉", "because": NAME}]);
        assert_eq!(seen["enrolling"], json!({"people": 1, "named": named}), "the others have one");

        decide(&world, &rules).await.expect(200);
        incomplete(&world, &hana).await;
        for path in ["/members", "/me/policy", "/me/sessions", "/me/devices"] {
            world.get(&hana, path).await.refused(403, "session.incomplete");
        }
        let standing = world.get(&hana, "/session/standing").await.expect(200);
        assert_eq!((&standing["needs"], &standing["factor_rule"]), (&json!("enrol_factor"), &json!(NAME)));
        let said = async |person: &Person| {
            world.get(person, "/me/policy").await.expect(200)["second_factor"].clone()
        };
        assert_eq!(said(&taro).await, json!({"required": true, "rule": NAME}));
        assert_eq!(said(&world.owner).await, json!({"required": true, "rule": null}), "it is their role's");

        let again = password(&world, &hana).await;
        assert_eq!((again.status.as_u16(), &again.body["needs"]), (202, &json!("enrol_factor")));
        assert_eq!(again.body["factor_rule"], NAME);
        let (_, reply) = App::enrol(&world, &hana.cookie).await;
        let hana = Person { cookie: reply.cookie.clone().expect("another token"), ..hana };
        assert_eq!(reply.expect(200)["me"]["member"]["id"], json!(hana.id));
        let other = again.cookie.expect("a cookie");
        call(&world, &other, Method::GET, "/session", None).await.refused(401, "session.missing");
        assert_eq!(password(&world, &hana).await.body["needs"], "second_factor");
        let factors = world.get(&hana, "/me/factors").await.expect(200);
        assert_eq!((&factors["required"], &factors["required_by"]), (&json!(true), &json!(NAME)));
        world.delete(&hana, "/me/totp").await.refused(409, "factor.last");

        decide(&world, &[]).await.expect(200);
        let factors = world.get(&hana, "/me/factors").await.expect(200);
        assert_eq!((&factors["required"], &factors["required_by"]), (&json!(false), &Value::Null));
        world.delete(&hana, "/me/totp").await.expect(204);
        world.get(&hana, "/session").await.expect(200);
        world.sign_in(&hana).await;
    })
    .await;
}

/// A rule about some devices asks for nothing before a browser is known to be one of them, and then at once.
#[tokio::test]
async fn a_rule_about_devices_asks_when_the_device_is_known() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        decide(&world, &[asking(json!({"ownership": "lent"}))]).await.expect(200);
        world.get(&hana, "/session").await.expect(200);
        let (knocked, enrolled) = at_a_new_device(&world, &hana, "own").await;
        assert_eq!((&knocked.body["needs"], &enrolled.body["needs"]), (&json!("device"), &json!("consent")));
        let (knocked, enrolled) = at_a_new_device(&world, &hana, "lent").await;
        assert_eq!((&knocked.body["needs"], &knocked.body["factor_rule"]), (&json!("device"), &Value::Null));
        assert_eq!(
            (&enrolled.body["needs"], &enrolled.body["factor_rule"]),
            (&json!("enrol_factor"), &json!(NAME))
        );
        let cookie = enrolled.cookie.expect("a cookie");
        let accept = json!({"version": 1});
        let early = call(&world, &cookie, Method::POST, "/session/consent", Some(accept)).await;
        early.refused(403, "session.incomplete");

        // One's own computer is not asked, and still the last one stays: it is what the lent phone asks for.
        let (hana, ..) = with_app(&world, &hana).await;
        let policy = world.get(&hana, "/me/policy").await.expect(200);
        assert_eq!(policy["second_factor"], json!({"required": false, "rule": null}));
        let factors = world.get(&hana, "/me/factors").await.expect(200);
        assert_eq!((&factors["required"], &factors["required_by"]), (&json!(true), &json!(NAME)));
        world.delete(&hana, "/me/totp").await.refused(409, "factor.last");

        // Whose thing a device is counts from the next request on.
        let taro = world.member("丙山 太郎").await;
        world.get(&taro, "/session").await.expect(200);
        let path = format!("/devices/{}", taro.browser.device);
        world.patch(&world.owner, &path, &json!({"ownership": "lent"})).await.expect(200);
        incomplete(&world, &taro).await;
    })
    .await;
}

/// Where nobody asks for devices it could be any, so a rule about some of them asks everybody it could meet.
#[tokio::test]
async fn where_devices_are_not_asked_for_a_rule_about_them_asks_everybody() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let mut settings = world.get(&world.owner, "/organisation/devices").await.expect(200);
        settings["required"] = json!(false);
        world.prove(&world.owner).await;
        world.put(&world.owner, "/organisation/devices", &settings).await.expect(200);
        decide(&world, &[asking(json!({"kinds": ["app"], "roles": ["member"]}))]).await.expect(200);
        world.get(&hana, "/session").await.expect(200);
        let body = json!({"login": hana.login, "password": PASSWORD});
        let opened = world.anyone(Method::POST, "/session", &body).await;
        assert_eq!((opened.status.as_u16(), &opened.body["needs"]), (202, &json!("enrol_factor")));
        let (hana, ..) = with_app(&world, &hana).await;
        world.delete(&hana, "/me/totp").await.refused(409, "factor.last");
    })
    .await;
}

/// The looser word binds nobody: it neither asks a member nor lets a role off.
#[tokio::test]
async fn a_rule_that_does_not_ask_lets_no_role_off() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        decide(&world, &[rule(1, "要らない", json!({}), json!({"second_factor": false}))]).await.expect(200);
        for (person, required) in [(&hana, false), (&world.owner, true)] {
            let said = world.get(person, "/me/policy").await.expect(200)["second_factor"].clone();
            assert_eq!(said, json!({"required": required, "rule": null}));
            let factors = world.get(person, "/me/factors").await.expect(200);
            assert_eq!((&factors["required"], &factors["required_by"]), (&json!(required), &Value::Null));
        }
    })
    .await;
}
