//! Devices: enrolment, tokens that run out, locks, wipes, the register.

mod coming_in;
mod register;
mod shut_out;

use axum::http::Method;
use kairan_core::Seq;
use kairan_people::testing::{Browser, PASSWORD, Person, World, send_with};
use kairan_storage::testing::TestStore;
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
