//! Policies where everything is put together: open sockets, leases, files that somebody kept.

use std::time::Duration;

use kairan_core::Role;
use kairan_core::time::HOUR;
use kairan_people::devices::Purpose;
use kairan_people::testing::Person;
use serde_json::{Value, json};

use crate::socket::{Socket, ticket};
use crate::world::{Server, on_both_engines};

/// R20
const A_SECOND: Duration = Duration::from_secs(1);

async fn decide(server: &Server, rules: Value) {
    let path = "/organisation/policies";
    let version = server.get(&server.owner, path).await.expect(200)["version"].clone();
    server.prove(&server.owner).await;
    server.put(&server.owner, path, &json!({"version": version, "rules": rules})).await.expect(200);
}

#[expect(clippy::needless_pass_by_value, reason = "they are written where they are used")]
fn rule(name: &str, applies: Value, limits: Value) -> Value {
    json!([{"id": "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f", "name": name, "applies": applies, "limits": limits}])
}

async fn no_ticket(server: &Server, person: &Person, code: &str) {
    let asked = json!({ "device": server.signed(person, Purpose::Socket) });
    server.post(person, "/gateway/ticket", &asked).await.refused(403, code);
}

/// R20: an open socket ends with the hours, and its client reads why.
#[tokio::test]
async fn sockets_close_when_the_hours_end() {
    on_both_engines(async |server| {
        let (hana, other) = (server.member("乙川 二葉").await, server.partner("取引 先人").await);
        // It is Monday, 9:00 in Japan.
        let hours = json!({"hours": {"from": "08:00", "to": "09:30", "days": [1]}});
        decide(&server, rule("朝だけ", json!({"roles": ["member"]}), hours)).await;
        let mut bystander = Socket::open(&server, &other).await;
        let mut socket = Socket::open(&server, &hana).await;
        server.mark(&hana);
        assert_eq!(socket.until_marked().await, [] as [Value; 0], "still within them");
        let in_time = ticket(&server, &hana).await;
        server.base.clock.advance(HOUR / 2);
        assert_eq!(socket.end().await, Some(4403));
        no_ticket(&server, &hana, "policy.hours").await;
        // A ticket given before does not outlast them.
        let protocols = format!("kairan.v1, ticket.{in_time}");
        let late =
            crate::socket::knock(&server, Some(kairan_people::testing::ORIGIN), Some(&protocols)).await;
        assert_eq!(late.err(), Some((403, "gateway.ticket".to_owned())), "half an hour later");
        server.mark(&other);
        bystander.until_marked().await;
        server.base.clock.advance(7 * 24 * HOUR - HOUR);
        Socket::open(&server, &hana).await;
    })
    .await;
}

/// R20: other rules hold at once for whoever is connected; everyone else is told that they are others.
#[tokio::test]
async fn a_change_closes_the_sockets_it_shuts_out_and_tells_the_others() {
    on_both_engines(async |server| {
        let hana = server.member("乙川 二葉").await;
        let mut owners = Socket::open(&server, &server.owner).await;
        let mut socket = Socket::open(&server, &hana).await;
        decide(&server, rule("透かし", json!({}), json!({"watermark": true}))).await;
        let told = |frame: &Value| frame["t"] == "mine" && frame["what"] == "policy";
        socket.until(told).await;
        owners.until(told).await;
        decide(&server, rule("庁内", json!({"roles": ["member"]}), json!({"networks": ["10.0.0.0/8"]})))
            .await;
        assert_eq!(socket.end_within(A_SECOND).await, Some(4403));
        no_ticket(&server, &hana, "policy.network").await;
        owners.until(told).await;

        // So does another word on whose thing a device is.
        decide(
            &server,
            rule("貸与は庁内", json!({"ownership": "lent"}), json!({"networks": ["10.0.0.0/8"]})),
        )
        .await;
        let mut socket = Socket::open(&server, &hana).await;
        let path = format!("/devices/{}", hana.browser.device);
        server.patch(&server.owner, &path, &json!({"ownership": "lent"})).await.expect(200);
        assert_eq!(socket.end_within(A_SECOND).await, Some(4403));
    })
    .await;
}

/// R4, R20: whoever has no second factor when a rule begins to ask for one is let go of, and can only enrol.
#[tokio::test]
async fn a_rule_that_asks_for_a_second_factor_closes_the_sockets_of_those_without_one() {
    on_both_engines(async |server| {
        let asking = |applies| rule("二要素", applies, json!({"second_factor": true}));
        decide(&server, asking(json!({"roles": ["manager"]}))).await;
        // Who joins under the rule gets one on the way in.
        let taro = server.with_role("丙山 太郎", Role::Manager).await;
        let (hana, jiro) = (server.member("乙川 二葉").await, server.member("丁野 二郎").await);
        let (mut theirs, mut hers) = (Socket::open(&server, &taro).await, Socket::open(&server, &hana).await);
        decide(&server, asking(json!({"roles": ["manager", "member"]}))).await;
        assert_eq!(hers.end().await, Some(4401));
        no_ticket(&server, &hana, "session.incomplete").await;
        theirs.until(|frame| frame["t"] == "mine" && frame["what"] == "policy").await;
        server.mark(&taro);
        theirs.until_marked().await;

        // So does another word on whose thing a device is.
        decide(&server, asking(json!({"ownership": "lent"}))).await;
        let mut his = Socket::open(&server, &jiro).await;
        let path = format!("/devices/{}", jiro.browser.device);
        server.patch(&server.owner, &path, &json!({"ownership": "lent"})).await.expect(200);
        assert_eq!(his.end().await, Some(4401));
        no_ticket(&server, &jiro, "session.incomplete").await;
    })
    .await;
}

/// R13: what is kept on a device is readable as long as the strictest rule says, and not lent at all outside the hours.
#[tokio::test]
async fn a_lease_is_as_long_as_the_strictest_rule_says() {
    on_both_engines(async |server| {
        let hana = server.member("乙川 二葉").await;
        let lease = async || server.post(&hana, "/session/lease", &Value::Null).await;
        let now = || server.base.store.surroundings().now();
        assert_eq!(lease().await.expect(200)["expires_at"], json!(now().plus_ms(24 * HOUR)));
        decide(&server, rule("短く", json!({"kinds": ["browser"]}), json!({"lease_hours": 3}))).await;
        assert_eq!(lease().await.expect(200)["expires_at"], json!(now().plus_ms(3 * HOUR)));
        let night = json!({"hours": {"from": "20:00", "to": "06:00", "days": [1, 2, 3, 4, 5, 6, 7]}});
        decide(&server, rule("夜だけ", json!({"roles": ["member"]}), night)).await;
        lease().await.refused(403, "policy.hours");
    })
    .await;
}

/// Who kept a file on a device lately is told of before it becomes impossible there.
#[tokio::test]
async fn a_preview_names_who_kept_files_where_they_could_not_any_more() {
    on_both_engines(async |server| {
        let (hana, taro) = (server.member("乙川 二葉").await, server.member("丙山 太郎").await);
        let room = server.room(&server.owner, &[&hana, &taro]).await;
        let file = server.send_file(&server.owner, room, "覚え書き.txt", b"text").await;
        let open = async |person: &Person, how: &str| {
            server.post(person, &format!("/files/{file}/open"), &json!({ "how": how })).await.expect(200)
        };
        open(&hana, "download").await;
        open(&taro, "view").await;
        let preview = async |applies: Value| {
            let body = json!({"rules": rule("見るだけ", applies, json!({"download": false}))});
            let seen = server.post(&server.owner, "/organisation/policies/preview", &body).await;
            seen.expect(200)["troubled"].clone()
        };
        let named = json!([{"member": hana.id, "name": "乙川 二葉", "because": "見るだけ"}]);
        assert_eq!(preview(json!({"kinds": ["browser"]})).await, named);
        assert_eq!(preview(json!({"ownership": "lent"})).await, json!([]), "not on that device");
        // Another device of hers loses it, but she kept nothing there.
        server.at_another_device(&hana).await;
        let path = format!("/devices/{}", hana.browser.device);
        server.patch(&server.owner, &path, &json!({"ownership": "lent"})).await.expect(200);
        assert_eq!(preview(json!({"ownership": "own", "roles": ["member"]})).await, json!([]));
        server.base.clock.advance(31 * 24 * HOUR);
        let owner = server.sign_in(&server.owner).await;
        let body = json!({"rules": rule("見るだけ", json!({}), json!({"download": false}))});
        let late = server.post(&owner, "/organisation/policies/preview", &body).await.expect(200);
        assert_eq!(late["troubled"], json!([]), "more than 30 days ago");
    })
    .await;
}
