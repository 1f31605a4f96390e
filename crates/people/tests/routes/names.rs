//! Names and roles: lookalikes, who sets a name, duties that go not together, who can do what about somebody.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::Request;
use kairan_core::time::MINUTE;
use kairan_core::{MemberId, Refusal, Role};
use kairan_people::testing::{ORIGIN, Person, World, schema};
use kairan_people::{Acquaintance, Hooks};
use kairan_storage::testing::both_engines;
use kairan_storage::{LocalBoxFuture, Reader};
use serde_json::{Value, json};

/// A person as somebody adds them.
fn person(family: &str, given: &str) -> Value {
    json!({"family_name": family, "given_name": given, "family_kana": "かな", "given_kana": "かな", "kind": "employee"})
}

/// The organisation lets names be set like this.
async fn set(world: &World, names: &str) {
    let settings = json!({
        "files": {"largest": 1_073_741_824, "per_member": null, "total": null},
        "push": {"on": false, "shows": "nothing"}, "mail": {"on": false}, "names": names,
    });
    let kept = world.put(&world.owner, "/organisation/settings", &settings).await.expect(200);
    assert_eq!(kept["names"], names);
}

fn wanted(name: &str) -> Value {
    json!({"display_name": name})
}

async fn name_of(world: &World, person: &Person) -> Value {
    let path = format!("/members/{}", person.id);
    world.get(&world.owner, &path).await.expect(200)["display_name"].clone()
}

async fn give(world: &World, whom: MemberId, role: &str) -> kairan_people::testing::Reply {
    world.prove(&world.owner).await;
    world.patch(&world.owner, &format!("/members/{whom}"), &json!({"role": role})).await
}

/// R9, R10
#[tokio::test]
async fn whom_a_name_resembles_is_told_beside_the_no() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let office = json!({"name": "総務課", "parent": null});
        let office = world.post(&world.owner, "/departments", &office).await.expect(201);
        let mut kudo = person("工藤", "一");
        kudo["staff_number"] = json!("0417");
        kudo["departments"] = json!([{"department": office["id"], "position": "課長"}]);
        let kudo = world.post(&world.owner, "/members", &kudo).await.expect(201);
        let refused = world.post(&world.owner, "/members", &person("エ藤", "一")).await;
        refused.refused(409, "name.taken");
        let expected = json!([{
            "id": kudo["id"], "line": null, "name": "工藤 一", "reading": "かな かな", "staff_number": "0417",
            "department": "総務課", "position": "課長", "company": null, "role": "member", "badge": null,
        }]);
        assert_eq!(refused.body["facts"]["similar"], expected);
        let other = world.member("乙川 二葉").await;
        let rename = world
            .patch(&world.owner, &format!("/members/{}", other.id), &wanted("エ藤一"))
            .await;
        assert_eq!(rename.body["facts"]["similar"], expected);

        let file = "姓,名,せい,めい,区分,会社\nエ藤,一,くどう,はじめ,,\n丙田,四郎,へいだ,しろう,取引先,別会社\n丙 田,四郎,へいだ,しろう,,\n";
        let request = Request::post("/api/v1/members/import/preview")
            .header("origin", ORIGIN)
            .header("cookie", world.cookie(&world.owner))
            .header("content-type", "text/csv");
        let preview = world.raw(request.body(file.into()).expect("a request")).await.expect(200);
        assert_eq!(preview["rows"][0]["similar"], expected);
        assert_eq!(preview["rows"][1]["similar"], json!([]));
        let line = &preview["rows"][2]["similar"][0];
        assert_eq!((&line["line"], &line["id"], &line["badge"]), (&json!(3), &Value::Null, &json!("outside")));
    })
    .await;
}

/// R9, R10: the organisation's word, its approval, or the member's own.
#[tokio::test]
async fn a_name_is_set_by_whom_the_organisation_says() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (hana, hr) = (world.member("乙川 二葉").await, world.with_role("人事 一", Role::Hr).await);
        let own = world.get(&hana, "/me/profile").await.expect(200);
        assert_eq!((&own["names"], &own["at_once"]), (&json!("organisation"), &json!(false)));
        assert_eq!(own["ask"], json!(["人事 一", "見本 大工"]), "those who do it every day come first");
        world.put(&hana, "/me/profile", &wanted("乙川（駅前）")).await.refused(403, "name.organisation");
        world.put(&hr, "/me/profile", &wanted("人事の一")).await.expect(200);

        set(&world, "approve").await;
        world.put(&hana, "/me/profile", &wanted("乙\u{200b}川")).await.refused(400, "fields.invalid");
        let like = world.put(&hana, "/me/profile", &wanted("見本大工")).await;
        like.refused(409, "name.taken");
        assert_eq!(like.body["facts"]["similar"][0]["name"], "見本 大工");
        let waits = world.put(&hana, "/me/profile", &wanted("乙川（駅前）")).await.expect(202);
        assert_eq!(
            (&waits["request"]["display_name"], &waits["request"]["refused"]),
            (&json!("乙川（駅前）"), &Value::Null)
        );
        assert_eq!(name_of(&world, &hana).await, "乙川 二葉");

        let list = world.get(&hr, "/name-requests").await.expect(200);
        assert_eq!(
            (&list[0]["member"]["display_name"], &list[0]["may_decide"]),
            (&json!("乙川 二葉"), &json!(true))
        );
        world.get(&hana, "/name-requests").await.refused(403, "permission.denied");
        let at = format!("/name-requests/{}", hana.id);
        world
            .post(&hana, &format!("{at}/approve"), &wanted("乙川（駅前）"))
            .await
            .refused(403, "permission.denied");
        let seen = json!({"display_name": "乙川（本店）"});
        world.post(&hr, &format!("{at}/approve"), &seen).await.refused(409, "name.request_changed");
        let no = json!({"display_name": "乙川（駅前）", "reason": ""});
        world.post(&hr, &format!("{at}/refuse"), &no).await.refused(422, "fields.invalid");
        let no = json!({"display_name": "乙川（駅前）", "reason": "駅前店の人ではありません。"});
        world.post(&hr, &format!("{at}/refuse"), &no).await.expect(204);
        let own = world.get(&hana, "/me/profile").await.expect(200);
        let refused = &own["request"]["refused"];
        assert_eq!((&refused["by"], &refused["reason"]), (&json!("人事の一"), &no["reason"]));
        assert_eq!(world.get(&hr, "/name-requests").await.expect(200), json!([]));

        world.put(&hana, "/me/profile", &wanted("乙川（本店）")).await.expect(202);
        let granted = world.post(&hr, &format!("{at}/approve"), &seen).await.expect(200);
        assert_eq!(granted["display_name"], "乙川（本店）");
        assert_eq!(world.get(&hana, "/me/profile").await.expect(200)["request"], Value::Null);
        world.put(&hana, "/me/profile", &wanted("乙川")).await.expect(202);
        world.delete(&hana, "/me/profile/request").await.expect(204);
        assert_eq!(world.get(&hr, "/name-requests").await.expect(200), json!([]));

        set(&world, "member").await;
        world.put(&hana, "/me/profile", &wanted("乙川 二葉")).await.expect(200);
        assert_eq!(name_of(&world, &hana).await, "乙川 二葉");
        let events = crate::journal::events(&world, kairan_storage::Stream::Organisation).await;
        let journal = events.iter().map(|event| event.kind.as_str()).collect::<HashSet<_>>();
        for kind in ["name.asked", "name.refused", "name.granted", "name.withdrawn"] {
            assert!(journal.contains(kind), "{kind}");
        }
    })
    .await;
}

/// R9: between the wish and the approval somebody else may have come who looks the same.
#[tokio::test]
async fn an_approval_is_checked_as_the_wish_was() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        set(&world, "approve").await;
        let (hana, hr) = (world.member("乙川 二葉").await, world.with_role("人事 一", Role::Hr).await);
        world.put(&hana, "/me/profile", &wanted("工藤")).await.expect(202);
        world.post(&world.owner, "/members", &person("エ", "藤")).await.expect(201);
        let list = world.get(&hr, "/name-requests").await.expect(200);
        assert_eq!(list[0]["similar"][0]["name"], "エ 藤");
        let at = format!("/name-requests/{}/approve", hana.id);
        world.post(&hr, &at, &wanted("工藤")).await.refused(409, "name.taken");
        let auditor = world.with_role("監査 三", Role::Auditor).await;
        world.put(&auditor, "/me/profile", &wanted("監査の三")).await.expect(202);
        let at = format!("/name-requests/{}/approve", auditor.id);
        world.post(&hr, &at, &wanted("監査の三")).await.refused(403, "role.above");
        world.post(&world.owner, &at, &wanted("監査の三")).await.expect(200);
    })
    .await;
}

/// Rooms, as far as these tests need them.
#[derive(Default)]
struct Rooms(Mutex<HashSet<MemberId>>);

impl Acquaintance for Rooms {
    fn known_to<'a>(
        &'a self,
        _: &'a mut Reader,
        _: MemberId,
    ) -> LocalBoxFuture<'a, Result<HashSet<MemberId>, Refusal>> {
        let known = self.0.lock().expect("whole").clone();
        Box::pin(async move { Ok(known) })
    }
}

/// R70: neither a refused name nor the list of powers names somebody whom a partner does not know.
#[tokio::test]
async fn a_partner_learns_no_name_from_a_no() {
    both_engines(schema(), async |base| {
        let rooms = Arc::new(Rooms::default());
        let hooks = Hooks { acquaintance: rooms.clone(), ..Hooks::default() };
        let world = World::with(&base, hooks, |_| Router::new()).await;
        set(&world, "approve").await;
        let (hana, partner) = (world.member("乙川 二葉").await, world.partner("丙田 四郎").await);
        let refused = world.put(&partner, "/me/profile", &wanted("乙川二葉")).await;
        refused.refused(409, "name.taken_unseen");
        assert!(!refused.text.contains("二葉"), "{}", refused.text);
        rooms.0.lock().expect("whole").insert(hana.id);
        world.put(&partner, "/me/profile", &wanted("乙川二葉")).await.refused(409, "name.taken");
        let powers = world.get(&partner, "/me/oversight").await.expect(200);
        assert_eq!((&powers[0]["who"], &powers[0]["more"]), (&json!([]), &json!(1)));
        assert_eq!(world.get(&partner, "/me/profile").await.expect(200)["ask"], json!([]));
        rooms.0.lock().expect("whole").insert(world.owner.id);
        let powers = world.get(&partner, "/me/oversight").await.expect(200);
        assert_eq!((&powers[0]["who"], &powers[0]["more"]), (&json!(["見本 大工"]), &json!(0)));
    })
    .await;
}

/// R59
#[tokio::test]
async fn administration_audit_and_personnel_are_never_one_persons() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let auditor = world.with_role("監査 三", Role::Auditor).await;
        for wanted in ["owner", "admin", "hr"] {
            let refused = give(&world, auditor.id, wanted).await;
            refused.refused(409, "role.conflict");
            assert_eq!(
                (&refused.body["facts"]["held"], &refused.body["facts"]["wanted"]),
                (&json!("auditor"), &json!(wanted))
            );
        }
        let at = format!("/members/{}", auditor.id);
        world.patch(&world.owner, &at, &json!({"email": "Kansa@example.jp"})).await.expect(200);
        give(&world, auditor.id, "member").await.expect(200);
        give(&world, auditor.id, "hr").await.expect(200);

        // A second record is no second person.
        let mut second = person("監査", "もう一つ");
        (second["email"], second["role"]) = (json!("kansa@example.jp"), json!("admin"));
        let refused = world.post(&world.owner, "/members", &second).await;
        refused.refused(409, "role.conflict");
        assert_eq!(refused.body["facts"]["through"], "監査 三");
        second["role"] = json!("member");
        let second = world.post(&world.owner, "/members", &second).await.expect(201);
        let second: MemberId = second["id"].as_str().expect("an id").parse().expect("an id");
        give(&world, second, "auditor").await.refused(409, "role.conflict");
        let both = json!({"role": "admin", "email": null});
        world.patch(&world.owner, &format!("/members/{second}"), &both).await.expect(200);
        let address = json!({"email": "kansa@example.jp"});
        world
            .patch(&world.owner, &format!("/members/{second}"), &address)
            .await
            .refused(409, "role.conflict");
        let file = "姓,名,せい,めい,役割,メール\n庚,野,かのえ,の,監査,kansa@example.jp\n";
        let request = Request::post("/api/v1/members/import")
            .header("origin", ORIGIN)
            .header("cookie", world.cookie(&world.owner))
            .header("content-type", "text/csv");
        let refused = world.raw(request.body(file.into()).expect("a request")).await;
        refused.refused(422, "import.has_errors");
        assert_eq!(refused.body["errors"][0]["code"], "role.conflict");
    })
    .await;
}

/// R23
#[tokio::test]
async fn a_role_is_given_by_somebody_who_just_proved_to_be_there() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        base.clock.advance(6 * MINUTE);
        let at = format!("/members/{}", hana.id);
        let role = json!({"role": "manager"});
        world.patch(&world.owner, &at, &role).await.refused(403, "proof.needed");
        give(&world, hana.id, "manager").await.expect(200);
    })
    .await;
}

/// R8: somebody knows whom to ask, who has which power over them, and since when their password is the one it is.
#[tokio::test]
async fn a_member_sees_who_can_do_what_about_them() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let shop = world
            .post(&world.owner, "/departments", &json!({"name": "駅前店", "parent": null}))
            .await
            .expect(201);
        let hana = world.member("乙川 二葉").await;
        let manager = world.with_role("店長 一", Role::Manager).await;
        for person in [&hana, &manager] {
            let placed = json!({"departments": [{"department": shop["id"], "position": null}]});
            world.patch(&world.owner, &format!("/members/{}", person.id), &placed).await.expect(200);
        }
        world.with_role("管理 二", Role::Admin).await;
        let powers = world.get(&hana, "/me/oversight").await.expect(200);
        let of = |name: &str| {
            powers
                .as_array()
                .expect("a list")
                .iter()
                .find(|one| one["power"] == name)
                .cloned()
                .expect("listed")
        };
        assert_eq!(of("reset_factor")["who"], json!(["管理 二", "見本 大工"]));
        assert_eq!(of("device_code")["who"], json!(["店長 一", "管理 二", "見本 大工"]));
        assert_eq!(of("set_rules")["who"], json!(["見本 大工"]));
        assert_eq!((&of("read_journal")["who"], &of("read_journal")["note"]), (&json!([]), &json!("server")));
        assert_eq!(of("add_to_room")["note"], "room_managers");
        let changed = world.get(&hana, "/me/factors").await.expect(200)["password"]["changed_at"].clone();
        assert!(changed.as_i64().is_some_and(|at| at > 0), "{changed}");

        let at = format!("/members/{}", hana.id);
        let seen = world.get(&manager, &at).await.expect(200);
        assert_eq!((&seen["may_give_code"], &seen["login"]), (&json!(true), &Value::Null));
        assert_eq!(
            world.get(&hana, &format!("/members/{}", manager.id)).await.expect(200)["may_give_code"],
            json!(false)
        );

        let entering = json!({"login": hana.login, "password": kairan_people::testing::PASSWORD});
        let standing = world.anyone(axum::http::Method::POST, "/session", &entering).await.expect(202);
        assert_eq!(standing["ask"], json!(["管理 二", "見本 大工"]));
    })
    .await;
}
