//! `/members`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use kairan_core::{MemberId, Refusal, Role};
use kairan_people::testing::{Person, World, schema};
use kairan_people::{Acquaintance, BelongingChanged, Hooks};
use kairan_storage::testing::both_engines;
use kairan_storage::{LocalBoxFuture, Reader, Tx};
use serde_json::{Value, json};

fn hana() -> Value {
    json!({"family_name": "乙川", "given_name": "二葉", "family_kana": "オツカワ", "given_kana": "ふたば", "kind": "employee"})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// R9, R10, R11
#[tokio::test]
async fn a_member_needs_a_name_and_nothing_private() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let added = world.post(&world.owner, "/members", &hana()).await.expect(201);
        assert_eq!(
            (&added["display_name"], &added["family_kana"], &added["state"]),
            (&json!("乙川 二葉"), &json!("おつかわ"), &json!("invited"))
        );
        let member = world.member("己本 三郎").await;
        let profile = world
            .get(&member, &format!("/members/{}", added["id"].as_str().expect("an id")))
            .await
            .expect(200);
        let fields =
            profile.as_object().expect("an object").keys().map(String::as_str).collect::<HashSet<_>>();
        for private in ["email", "phone", "login", "last_seen", "invited_until"] {
            assert!(!fields.contains(private), "{private}");
        }
        let like = with(with(hana(), "family_name", json!("乙 川")), "given_name", json!("二葉"));
        let taken = world.post(&world.owner, "/members", &like).await;
        taken.refused(409, "name.taken");
        assert_eq!(taken.body["facts"]["like"], "乙川 二葉");
        assert_eq!(taken.body["errors"][0]["field"], "display_name");
        world
            .post(&world.owner, "/members", &with(like, "display_name", json!("乙川 二葉（駅前店）")))
            .await
            .expect(201);
        let trick = with(hana(), "display_name", json!("乙川\u{200b}二葉"));
        world.post(&world.owner, "/members", &trick).await.refused(400, "fields.invalid");
    })
    .await;
}

#[tokio::test]
async fn login_ids_and_staff_numbers_are_one_space() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let add = async |name: &str, field: &str, value: &str| {
            world
                .post(
                    &world.owner,
                    "/members",
                    &with(with(hana(), "family_name", json!(name)), field, json!(value)),
                )
                .await
        };
        add("甲", "staff_number", "0417").await.expect(201);
        add("乙", "login", "0417").await.refused(409, "login.taken");
        add("丙", "staff_number", "ＤＡＩＫＵ").await.refused(409, "staff_number.taken");
        add("丁", "staff_number", "０４１７").await.refused(409, "staff_number.taken");
        add("戊", "login", "Ｂｏｓｈｉ").await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_change_touches_what_it_names() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let added = world.post(&world.owner, "/members", &with(hana(), "email", json!("hana@example.jp"))).await.expect(201);
        let at = format!("/members/{}", added["id"].as_str().expect("an id"));
        let change = async |body: Value| world.patch(&world.owner, &at, &body).await;
        let changed = change(json!({"family_name": "己本", "email": null, "staff_number": "0417"})).await.expect(200);
        assert_eq!((&changed["display_name"], &changed["email"], &changed["staff_number"]), (&json!("己本 二葉"), &Value::Null, &json!("0417")));
        let kept = change(json!({"given_kana": "フタバ"})).await.expect(200);
        assert_eq!(kept, changed, "nothing was said about the rest");
        assert_eq!(change(json!({"departments": [{"department": added["id"], "position": null}]})).await.body["errors"][0]["code"], "department.unknown");
        change(json!({"kind": "partner"})).await.refused(422, "fields.invalid");
        let partner = change(json!({"kind": "partner", "role": "partner", "company": "別会社"})).await.expect(200);
        assert_eq!((&partner["role"], &partner["company"]), (&json!("partner"), &json!("別会社")));
        world.patch(&world.owner, "/members/0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f", &json!({})).await.refused(404, "not_found");
    })
    .await;
}

/// R20: another role ends every session of theirs
#[tokio::test]
async fn roles_are_given_from_above_and_end_sessions() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (owner, admin) = (&world.owner, world.with_role("管理 一", Role::Admin).await);
        let (hr, hana) = (world.with_role("人事 二", Role::Hr).await, world.member("乙川 二葉").await);
        let give = async |by: &Person, whom: &Person, role: &str| {
            world.patch(by, &format!("/members/{}", whom.id), &json!({"role": role})).await
        };
        give(&hana, &hana, "admin").await.refused(403, "permission.denied");
        give(&hr, &hr, "owner").await.refused(403, "role.above");
        give(&admin, &hana, "auditor").await.refused(403, "role.above");
        give(&admin, owner, "member").await.refused(403, "role.above");
        give(&hr, &admin, "member").await.refused(403, "role.above");
        give(owner, owner, "admin").await.refused(409, "owner.last");
        world.get(&hana, "/session").await.expect(200);
        give(&hr, &hana, "manager").await.expect(200);
        world.get(&hana, "/session").await.refused(401, "session.missing");
        give(owner, &hana, "owner").await.expect(200);
        let hana = world.sign_in(&hana).await;
        give(&hana, owner, "admin").await.expect(200);
        world.get(owner, "/session").await.refused(401, "session.missing");
        let own = world
            .patch(&hr, &format!("/members/{}", hr.id), &json!({"given_kana": "じんじ"}))
            .await
            .expect(200);
        assert_eq!(own["given_kana"], "じんじ", "one may correct one's own record");
        world
            .patch(&hr, &format!("/members/{}", admin.id), &json!({"given_kana": "じんじ"}))
            .await
            .refused(403, "role.above");
    })
    .await;
}

#[tokio::test]
async fn the_directory_comes_in_pages() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let department = world
            .post(&world.owner, "/departments", &json!({"name": "本部", "parent": null}))
            .await
            .expect(201);
        for n in 0..7 {
            let mut body = with(hana(), "display_name", json!(format!("乙川 {n}号")));
            body["departments"] = json!([{"department": department["id"], "position": format!("{n}")}]);
            world.post(&world.owner, "/members", &body).await.expect(201);
        }
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = world.get(&world.owner, &format!("/members?limit=3{after}")).await.expect(200);
            seen.extend(page["members"].as_array().expect("members").iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 8);
        let last =
            seen.iter().find(|member| member["display_name"] == "乙川 6号").expect("the last one added");
        assert_eq!(last["departments"], json!([{"department": department["id"], "position": "6"}]));
        let whole = world.get(&world.owner, "/members").await.expect(200);
        assert_eq!((&whole["members"], &whole["next"]), (&json!(seen), &Value::Null));
    })
    .await;
}

/// Rooms, as far as these tests need them.
#[derive(Default)]
struct Rooms {
    known: Mutex<HashSet<MemberId>>,
    told: Mutex<usize>,
}

impl Acquaintance for Rooms {
    fn known_to<'a>(
        &'a self,
        _: &'a mut Reader,
        _: MemberId,
    ) -> LocalBoxFuture<'a, Result<HashSet<MemberId>, Refusal>> {
        let known = self.known.lock().expect("whole").clone();
        Box::pin(async move { Ok(known) })
    }
}

impl BelongingChanged for Rooms {
    fn after<'a>(&'a self, _: &'a mut Tx) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        *self.told.lock().expect("whole") += 1;
        Box::pin(async { Ok(()) })
    }
}

/// R70, R24
#[tokio::test]
async fn a_partner_sees_only_those_they_meet() {
    both_engines(schema(), async |base| {
        let rooms = Arc::new(Rooms::default());
        let hooks =
            Hooks { acquaintance: rooms.clone(), belonging_changed: rooms.clone(), ..Hooks::default() };
        let world = World::with(&base, hooks, |_| Router::new()).await;
        let (hana, stranger) = (world.member("乙川 二葉").await, world.member("己本 三郎").await);
        let head = world
            .post(&world.owner, "/departments", &json!({"name": "本部", "parent": null}))
            .await
            .expect(201);
        let general = world
            .post(&world.owner, "/departments", &json!({"name": "総務", "parent": head["id"]}))
            .await
            .expect(201);
        world
            .post(&world.owner, "/departments", &json!({"name": "秘密の課", "parent": null}))
            .await
            .expect(201);
        world
            .patch(
                &world.owner,
                &format!("/members/{}", hana.id),
                &json!({"departments": [{"department": general["id"], "position": null}]}),
            )
            .await
            .expect(200);
        let partner = world.partner("丙田 四郎").await;
        rooms.known.lock().expect("whole").insert(hana.id);

        let first = world.get(&partner, "/members?limit=1").await.expect(200);
        let rest = world
            .get(&partner, &format!("/members?after={}", first["next"].as_str().expect("one more")))
            .await
            .expect(200);
        let seen = [&first["members"][0]["id"], &rest["members"][0]["id"]]
            .map(|id| id.as_str().expect("an id").to_owned());
        assert_eq!(HashSet::from(seen), HashSet::from([hana.id.to_string(), partner.id.to_string()]));
        assert_eq!((rest["members"].as_array().map(Vec::len), &rest["next"]), (Some(1), &Value::Null));
        world.get(&partner, &format!("/members/{}", hana.id)).await.expect(200);
        let unseen = world.get(&partner, &format!("/members/{}", stranger.id)).await;
        let none = world.get(&partner, "/members/0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f").await;
        unseen.refused(404, "not_found");
        assert_eq!(unseen.text, none.text);
        let departments = world.get(&partner, "/departments").await.expect(200);
        let names =
            departments.as_array().expect("a list").iter().map(|d| d["name"].clone()).collect::<Vec<_>>();
        assert_eq!(names, ["本部", "総務"]);
        for path in ["/members", "/invitations", "/departments"] {
            let body = match path {
                "/members" => hana_as_partner_would(),
                "/invitations" => json!({"members": []}),
                _ => json!({"name": "課", "parent": null}),
            };
            world.post(&partner, path, &body).await.refused(403, "permission.denied");
        }
    })
    .await;
}

fn hana_as_partner_would() -> Value {
    with(hana(), "family_name", json!("別人"))
}

#[tokio::test]
async fn rooms_hear_of_every_move_in_the_same_write() {
    both_engines(schema(), async |base| {
        let rooms = Arc::new(Rooms::default());
        let hooks =
            Hooks { acquaintance: rooms.clone(), belonging_changed: rooms.clone(), ..Hooks::default() };
        let world = World::with(&base, hooks, |_| Router::new()).await;
        let hana = world.member("乙川 二葉").await;
        *rooms.told.lock().expect("whole") = 0;
        let department = world
            .post(&world.owner, "/departments", &json!({"name": "本部", "parent": null}))
            .await
            .expect(201);
        let at = format!("/members/{}", hana.id);
        world.patch(&world.owner, &at, &json!({"given_kana": "ふたば"})).await.expect(200);
        assert_eq!(*rooms.told.lock().expect("whole"), 0, "a reading moves nobody");
        world
            .patch(
                &world.owner,
                &at,
                &json!({"departments": [{"department": department["id"], "position": null}]}),
            )
            .await
            .expect(200);
        assert_eq!(*rooms.told.lock().expect("whole"), 1);
    })
    .await;
}
