//! `/organisation/policies`, `/me/policy`, and what rules do to everything else.

use axum::body::Body;
use axum::http::{Method, Request, header};
use kairan_core::time::{DAY, HOUR, MINUTE};
use kairan_core::{Actor, Role, Seq};
use kairan_people::devices::Purpose;
use kairan_people::policies::commands::switch_off;
use kairan_people::testing::{Browser, ORIGIN, PASSWORD, Person, Reply, World, schema, send_with};
use kairan_storage::testing::both_engines;
use kairan_storage::{Error, Reader, Stream, Tx, events_after};
use serde_json::{Value, json};

pub const PATH: &str = "/organisation/policies";

/// A rule of this number.
#[expect(clippy::needless_pass_by_value, reason = "they are written where they are used")]
pub fn rule(number: u8, name: &str, applies: Value, limits: Value) -> Value {
    let id = format!("0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e{number:02x}");
    json!({ "id": id, "name": name, "applies": applies, "limits": limits })
}

/// Puts these in force, whatever was before.
pub async fn decide(world: &World, rules: &[Value]) -> Reply {
    let version = world.get(&world.owner, PATH).await.expect(200)["version"].clone();
    world.prove(&world.owner).await;
    let change = json!({ "version": version, "rules": rules, "understood": false });
    world.put(&world.owner, PATH, &change).await
}

/// A request that comes from this address, through a proxy that is believed.
async fn from(world: &World, person: &Person, method: Method, path: &str, address: &str) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::ORIGIN, ORIGIN)
        .header(header::COOKIE, world.cookie(person))
        .header("x-forwarded-for", address);
    world.raw(request.body(Body::empty()).expect("a request")).await
}

/// What kinds of things happened in somebody's stream.
async fn happened(world: &World, person: &Person, kind: &str) -> usize {
    let stream = Stream::Member(person.id);
    let read = async move |reader: &mut Reader| events_after(reader, stream, Seq::START, 1_000).await;
    let events = world.base.store.read::<_, Error, _>(read).await.expect("read");
    events.iter().filter(|event| event.kind == kind).count()
}

/// R23
#[tokio::test]
async fn the_owner_sets_the_rules_and_nobody_else() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        assert_eq!(world.get(&world.owner, PATH).await.expect(200), json!({"version": 0, "rules": []}));
        let mine = rule(
            1,
            " 私物スマホ ",
            json!({"kinds": ["app"], "ownership": "own"}),
            json!({"download": false}),
        );
        let kept = decide(&world, std::slice::from_ref(&mine)).await.expect(200);
        assert_eq!(
            kept,
            json!({"version": 1, "rules": [{
                "id": mine["id"], "name": "私物スマホ", "limits": {"download": false},
                "applies": {"kinds": ["app"], "ownership": "own", "roles": []},
            }]})
        );
        assert_eq!(world.get(&world.owner, PATH).await.expect(200), kept);
        // The same again is nothing new.
        assert_eq!(decide(&world, std::slice::from_ref(&mine)).await.expect(200), kept);
        let stale = json!({"version": 0, "rules": []});
        world.put(&world.owner, PATH, &stale).await.refused(409, "policy.version");

        for role in [Role::Admin, Role::Hr] {
            let other = world.with_role(&format!("乙川 {}", role.name()), role).await;
            assert_eq!(world.get(&other, PATH).await.expect(200), kept);
            world
                .put(&other, PATH, &json!({"version": 1, "rules": []}))
                .await
                .refused(403, "permission.denied");
            world
                .post(&other, &format!("{PATH}/preview"), &json!({"rules": []}))
                .await
                .refused(403, "permission.denied");
        }
        for role in [Role::Auditor, Role::Manager, Role::Member] {
            let other = world.with_role(&format!("丙山 {}", role.name()), role).await;
            world.get(&other, PATH).await.refused(403, "permission.denied");
            world
                .put(&other, PATH, &json!({"version": 1, "rules": []}))
                .await
                .refused(403, "permission.denied");
        }
        base.clock.advance(5 * MINUTE);
        let change = json!({"version": 1, "rules": []});
        world.put(&world.owner, PATH, &change).await.refused(403, "proof.needed");
        world.prove(&world.owner).await;
        assert_eq!(world.put(&world.owner, PATH, &change).await.expect(200)["version"], 2);
    })
    .await;
}

#[tokio::test]
async fn what_is_out_of_bounds_is_named_by_its_field() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let wrong = rule(
            1,
            "",
            json!({}),
            json!({"hours": {"from": "7:00", "to": "22:00", "days": [8]}, "networks": ["庁内"]}),
        );
        let reply = decide(&world, &[wrong]).await;
        reply.refused(422, "fields.invalid");
        let faults = reply.body["errors"].as_array().expect("faults").iter();
        let fields = faults.filter_map(|fault| fault["field"].as_str()).collect::<Vec<_>>();
        let named = [
            "rules.0.name",
            "rules.0.limits.hours.from",
            "rules.0.limits.hours.days",
            "rules.0.limits.networks",
        ];
        assert_eq!(fields, named);
        let path = format!("{PATH}/preview");
        for (body, code) in [
            (json!({"rules": [rule(1, "a", json!({}), json!({"fly": true}))]}), "body.unknown_field"),
            (json!({"rules": [rule(1, "a", json!({"kinds": ["fridge"]}), json!({}))]}), "body.shape"),
            (json!({"rules": [{"id": "x", "name": "a"}]}), "body.shape"),
            (json!({"rules": [], "understood": true}), "body.unknown_field"),
        ] {
            let reply = world.post(&world.owner, &path, &body).await;
            reply.refused(422, code);
        }
    })
    .await;
}

/// R16, R19: of the rules that meet somebody the strictest, and each is told by its name.
#[tokio::test]
async fn the_strictest_rule_wins_and_is_named() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let usual = world.get(&hana, "/me/policy").await.expect(200);
        assert_eq!((&usual["download"], &usual["hours"]), (&json!({"allowed": true, "rule": null}), &json!([])));
        assert_eq!(usual["session_hours"], json!({"value": 720, "rule": null}));
        assert_eq!(usual["devices"], json!({"value": null, "rule": null}));
        let rules = [
            rule(1, "ブラウザー", json!({"kinds": ["browser"]}), json!({"download": true, "copy": false, "lease_hours": 8, "watermark": true})),
            rule(2, "メンバー", json!({"roles": ["member"]}), json!({"download": false, "lease_hours": 12, "app_lock_minutes": 2})),
            rule(3, "貸与", json!({"ownership": "lent"}), json!({"print": false, "session_hours": 1})),
            rule(4, "所有者", json!({"roles": ["owner"]}), json!({"session_hours": 700, "session_idle_minutes": 600})),
        ];
        decide(&world, &rules).await.expect(200);
        let now = world.get(&hana, "/me/policy").await.expect(200);
        for (limit, said) in [
            ("download", json!({"allowed": false, "rule": "メンバー"})),
            ("copy", json!({"allowed": false, "rule": "ブラウザー"})),
            ("print", json!({"allowed": true, "rule": null})),
            ("watermark", json!({"required": true, "rule": "ブラウザー"})),
            ("blur", json!({"required": false, "rule": null})),
            ("lease_hours", json!({"value": 8, "rule": "ブラウザー"})),
            ("app_lock_minutes", json!({"value": 2, "rule": "メンバー"})),
            ("session_hours", json!({"value": 720, "rule": null})),
        ] {
            assert_eq!(now[limit], said, "{limit}");
        }
        let short = json!({
            "version": 1, "download": false, "copy": false, "print": true, "share": true, "watermark": true, "blur": false,
            "app_lock_minutes": 2,
        });
        assert_eq!(world.get(&hana, "/session").await.expect(200)["policy"], short);
        assert_eq!(world.get(&hana, "/me/devices").await.expect(200)["lease_hours"], 8);

        // R19: no rule lengthens an owner's session.
        let owner = world.get(&world.owner, "/me/policy").await.expect(200);
        assert_eq!((&owner["session_hours"]["value"], &owner["session_idle_minutes"]["value"]), (&json!(24), &json!(60)));
        assert_eq!(owner["session_hours"]["rule"], Value::Null);

        // Whose thing a device is counts from the next request on.
        let path = format!("/devices/{}", hana.browser.device);
        world.patch(&world.owner, &path, &json!({"ownership": "lent"})).await.expect(200);
        let lent = world.get(&hana, "/me/policy").await.expect(200);
        assert_eq!(lent["print"], json!({"allowed": false, "rule": "貸与"}));
        assert_eq!(lent["session_hours"], json!({"value": 1, "rule": "貸与"}));
    })
    .await;
}

/// R20: a policy is asked at every request; its end, at the next.
#[tokio::test]
async fn after_hours_nothing_answers_until_they_begin_again() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        // The clock begins on a Monday at 9:00 in Japan.
        let hana = world.member("乙川 二葉").await;
        let hours = json!({"hours": {"from": "07:00", "to": "22:00", "days": [1, 2, 3, 4, 5]}});
        decide(&world, &[rule(1, "私物スマホ", json!({"roles": ["member"]}), hours)]).await.expect(200);
        base.clock.advance(13 * HOUR - 1);
        world.get(&hana, "/session").await.expect(200);
        base.clock.advance(1);
        let shut = world.get(&hana, "/session").await;
        shut.refused(403, "policy.hours");
        let facts = &shut.body["facts"];
        assert_eq!(
            (&facts["from"], &facts["to"], &facts["rule"]),
            (&json!("07:00"), &json!("22:00"), &json!("私物スマホ"))
        );
        assert_eq!(facts["days"], json!([1, 2, 3, 4, 5]));
        let now = base.store.surroundings().now();
        assert_eq!(facts["opens_at"], json!(now.plus_ms(9 * HOUR)));
        for path in ["/me/policy", "/me/devices", "/members", "/me/sessions", "/me/factors"] {
            world.get(&hana, path).await.refused(403, "policy.hours");
        }
        // Where one stands can be asked, and one can sign out.
        world.get(&hana, "/session/standing").await.expect(200);
        let other = world.anyone(Method::POST, "/session", &world.credentials(&hana)).await;
        other.refused(403, "policy.hours");
        assert!(other.cookie.is_none());
        assert_eq!(happened(&world, &hana, "policy.kept_out").await, 1);
        assert_eq!(happened(&world, &hana, "signin.refused").await, 0, "the proof was right");

        base.clock.advance(9 * HOUR);
        world.get(&hana, "/session").await.expect(200);
        world.sign_in(&hana).await;
        base.clock.advance(13 * HOUR);
        world.get(&hana, "/session").await.expect(200);
        base.clock.advance(2 * HOUR);
        world.delete(&hana, "/session").await.expect(204);
    })
    .await;
}

/// R20: nobody shuts themselves out unawares, and whoever did finds the way back on the machine.
#[tokio::test]
async fn an_owner_is_warned_before_they_shut_themselves_out() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let owner = &world.owner;
        let office = rule(1, "庁内だけ", json!({}), json!({"networks": ["10.1.2.3/8", "2001:db8::/32"]}));
        let night = rule(
            2,
            "夜",
            json!({"kinds": ["browser"]}),
            json!({"hours": {"from": "22:00", "to": "05:00", "days": [1]}}),
        );
        let phones = rule(3, "スマホ", json!({"kinds": ["app"]}), json!({"networks": ["10.0.0.0/8"]}));
        for (rules, because) in
            [(vec![office.clone()], "network"), (vec![phones.clone(), night.clone()], "hours")]
        {
            let warned = decide(&world, &rules).await;
            warned.refused(409, "policy.locks_you_out");
            assert_eq!(warned.body["facts"]["because"], because);
            let seen =
                world.post(owner, &format!("{PATH}/preview"), &json!({"rules": rules})).await.expect(200);
            assert_eq!(seen["locks_you_out"]["because"], because);
        }
        decide(&world, &[phones]).await.expect(200);
        world.prove(owner).await;
        let understood = json!({"version": 1, "rules": [office], "understood": true});
        let kept = world.put(owner, PATH, &understood).await.expect(200);
        assert_eq!(kept["rules"][0]["limits"]["networks"], json!(["10.0.0.0/8", "2001:db8::/32"]));
        let shut = world.get(owner, "/session").await;
        shut.refused(403, "policy.network");
        assert_eq!(shut.body["facts"], json!({"address": "127.0.0.1", "rule": "庁内だけ"}));
        from(&world, owner, Method::GET, "/session", "10.200.0.1").await.expect(200);
        from(&world, owner, Method::GET, "/session", "2001:db8:5::1").await.expect(200);
        from(&world, owner, Method::GET, "/session", "203.0.113.9").await.refused(403, "policy.network");
        world
            .anyone(Method::POST, "/session", &world.credentials(owner))
            .await
            .refused(403, "policy.network");

        let off = async || {
            let job = async |tx: &mut Tx| switch_off(tx, Actor::CommandLine).await;
            world.base.store.write(Stream::Organisation, job).await.expect("written")
        };
        assert!(off().await);
        assert!(!off().await, "there were none any more");
        assert_eq!(world.get(owner, PATH).await.expect(200), json!({"version": 3, "rules": []}));
    })
    .await;
}

#[tokio::test]
async fn a_rule_bounds_how_many_devices_one_has() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let lent = rule(1, "貸与", json!({"ownership": "lent"}), json!({"devices": 1}));
        decide(&world, &[lent]).await.expect(200);
        let enrol = async |ownership: &str| {
            let path = format!("/members/{}/device-code", hana.id);
            let made = world.post(&world.owner, &path, &json!({"ownership": ownership})).await.expect(201);
            let body = json!({"login": hana.login, "password": PASSWORD});
            let knocked = world.anyone(Method::POST, "/session", &body).await;
            let asked = Browser::new(&world.people).enrolment(&world.people, made["code"].as_str());
            send_with(&world.app(), Method::POST, "/session/device", knocked.cookie.as_deref(), Some(&asked))
                .await
        };
        let refused = enrol("lent").await;
        refused.refused(409, "device.too_many");
        assert_eq!(refused.body["facts"]["limit"], 1);
        enrol("own").await.expect(202);
    })
    .await;
}

/// R19: a shorter life holds for sessions that are open already, and their end is written down.
#[tokio::test]
async fn a_rule_shortens_sessions_that_are_open() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (hana, taro) =
            (world.member("乙川 二葉").await, world.with_role("丙山 太郎", Role::Manager).await);
        base.clock.advance(50 * MINUTE);
        world.get(&world.owner, "/session").await.expect(200);
        let rules = [
            rule(1, "メンバー", json!({"roles": ["member"]}), json!({"session_hours": 1})),
            rule(2, "責任者", json!({"roles": ["manager"]}), json!({"session_idle_minutes": 30})),
        ];
        world.get(&taro, "/session").await.expect(200);
        world.renew(&world.owner).await;
        decide(&world, &rules).await.expect(200);
        world.get(&hana, "/session").await.expect(200);
        base.clock.advance(10 * MINUTE);
        assert_eq!(world.people.close_sessions_over().await.expect("closed"), 1, "an hour old");
        world.get(&hana, "/session").await.refused(401, "session.missing");
        assert_eq!(happened(&world, &hana, "session.closed").await, 1);
        base.clock.advance(20 * MINUTE);
        let mut renewal = world.signed(&taro, Purpose::Renew);
        renewal["session"] = json!(taro.session);
        world.anyone(Method::POST, "/session/renew", &renewal).await.refused(401, "session.missing");

        let again = world.sign_in(&hana).await;
        base.clock.advance(HOUR - 1);
        world.get(&again, "/session").await.expect(200);
        base.clock.advance(1);
        world.get(&again, "/session").await.refused(401, "session.missing");
        let later = world.sign_in(&taro).await;
        decide_none(&world).await;
        base.clock.advance(DAY);
        world.get(&later, "/session").await.refused(401, "session.missing");
    })
    .await;
}

/// Takes the rules away from the machine: the owner may have been away too long to do it.
async fn decide_none(world: &World) {
    let job = async |tx: &mut Tx| switch_off(tx, Actor::CommandLine).await;
    assert!(world.base.store.write(Stream::Organisation, job).await.expect("written"));
}

#[tokio::test]
async fn a_preview_tells_whom_a_change_would_meet_and_changes_nothing() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (hana, _) = (world.member("乙川 二葉").await, world.member("丙山 太郎").await);
        world.at_another_device(&hana).await;
        let preview = async |rules: Value| {
            world.post(&world.owner, &format!("{PATH}/preview"), &json!({"rules": rules})).await.expect(200)
        };
        let members = rule(1, "メンバー", json!({"roles": ["member"]}), json!({"download": false, "watermark": true}));
        let seen = preview(json!([members])).await;
        assert_eq!(
            seen,
            json!({
                "changed": [{"id": members["id"], "name": "メンバー", "how": "added", "limits": ["download", "watermark"]}],
                "devices": 3, "people": 2, "troubled": [], "enrolling": {"people": 0, "named": []},
                "locks_you_out": null,
            })
        );
        assert_eq!(world.get(&world.owner, PATH).await.expect(200)["version"], 0);
        // A rule that says what is so anyway, or meets nobody, makes no difference.
        let none = [
            rule(1, "同じ", json!({}), json!({"download": true, "lease_hours": 168})),
            rule(2, "いない", json!({"kinds": ["desktop"]}), json!({"download": false})),
        ];
        let seen = preview(json!(none)).await;
        assert_eq!((&seen["devices"], &seen["people"]), (&json!(0), &json!(0)));
        decide(&world, &[members]).await.expect(200);
        let seen = preview(json!([])).await;
        assert_eq!((&seen["changed"][0]["how"], &seen["people"]), (&json!("removed"), &json!(2)));
    })
    .await;
}
