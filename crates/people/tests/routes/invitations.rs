//! `/invitations`.

use axum::http::Method;
use kairan_core::Role;
use kairan_core::time::HOUR;
use kairan_people::invitations::http::invite_from_command_line;
use kairan_people::testing::{Browser, PASSWORD, World, schema};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

async fn add(world: &World, name: &str, more: Value) -> String {
    let mut body = json!({"family_name": name, "given_name": "花", "family_kana": "かな", "given_kana": "はな", "kind": "employee"});
    for (key, value) in more.as_object().expect("an object") {
        body[key] = value.clone();
    }
    world.post(&world.owner, "/members", &body).await.expect(201)["id"].as_str().expect("an id").to_owned()
}

async fn invite(world: &World, member: &str) -> String {
    let sheets = world.post(&world.owner, "/invitations", &json!({"members": [member]})).await.expect(201);
    sheets[0]["url"].as_str().expect("a link").split_once('#').expect("a fragment").1.to_owned()
}

async fn look(world: &World, token: &str) -> kairan_people::testing::Reply {
    world.anyone(Method::POST, "/invitations/look", &json!({"token": token})).await
}

/// R1
#[tokio::test]
async fn nobody_signs_up_by_themselves() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let who =
            json!({"family_name": "辛川", "given_name": "八重", "login": "karakawa", "password": PASSWORD});
        world.anyone(Method::POST, "/signup", &who).await.refused(403, "signup.closed");
        world.anyone(Method::POST, "/members", &who).await.refused(401, "session.missing");
        assert_eq!(
            world.get(&world.owner, "/members").await.expect(200)["members"].as_array().map(Vec::len),
            Some(1)
        );
    })
    .await;
}

/// R1, R2
#[tokio::test]
async fn a_link_lets_one_person_in_once() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let shop = world.post(&world.owner, "/departments", &json!({"name": "駅前店", "parent": null})).await.expect(201);
        let member = add(&world, "乙川", json!({"staff_number": "0417", "departments": [{"department": shop["id"], "position": "店長"}]})).await;
        let sheets = world.post(&world.owner, "/invitations", &json!({"members": [member]})).await.expect(201);
        let url = sheets[0]["url"].as_str().expect("a link");
        let token = url.strip_prefix("http://localhost:8080/join#").expect("the token is in the fragment only");
        assert!(token.len() >= 43, "256 bits");
        let size = usize::try_from(sheets[0]["qr"]["size"].as_u64().expect("a size")).expect("small");
        assert_eq!(sheets[0]["qr"]["modules"].as_str().expect("modules").len(), size * size);
        assert!(sheets[0]["qr"]["modules"].as_str().expect("modules").starts_with("1111111"), "a finder pattern");

        let seen = look(&world, token).await.expect(200);
        assert_eq!(seen["organisation"], "株式会社みほんマート");
        assert_eq!(seen["member"], json!({"display_name": "乙川 花", "family_name": "乙川", "given_name": "花", "departments": ["駅前店"]}));
        assert_eq!((&seen["needs_login"], &seen["staff_number"], &seen["login"]), (&json!(false), &json!("0417"), &Value::Null));

        let accept = json!({"token": token, "password": PASSWORD});
        let mut short = accept.clone();
        short["password"] = json!("みじかい");
        world.anyone(Method::POST, "/invitations/accept", &short).await.refused(422, "fields.invalid");
        let (one, other) = tokio::join!(world.anyone(Method::POST, "/invitations/accept", &accept), world.anyone(Method::POST, "/invitations/accept", &accept));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 410], "two at once let one in");
        world.anyone(Method::POST, "/invitations/accept", &accept).await.refused(410, "invitation.used");
        look(&world, token).await.refused(410, "invitation.used");
        let state = world.get(&world.owner, &format!("/members/{member}")).await.expect(200);
        assert_eq!((&state["state"], &state["invited_until"]), (&json!("active"), &Value::Null));
        world.anyone(Method::POST, "/session", &json!({"login": "0417", "password": PASSWORD})).await.expect(202);
    })
    .await;
}

/// R2
#[tokio::test]
async fn every_way_not_to_open_has_its_own_words() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let member = add(&world, "乙川", json!({"login": "hana"})).await;
        look(&world, "no-such-token").await.refused(404, "invitation.unknown");
        let first = invite(&world, &member).await;
        let second = invite(&world, &member).await;
        look(&world, &first).await.refused(410, "invitation.revoked");
        look(&world, &second).await.expect(200);
        assert_eq!(world.delete(&world.owner, &format!("/members/{member}/invitation")).await.status, 204);
        look(&world, &second).await.refused(410, "invitation.revoked");
        let third = invite(&world, &member).await;
        base.clock.advance(72 * HOUR);
        look(&world, &third).await.refused(410, "invitation.expired");
        let accept = json!({"token": third, "password": PASSWORD});
        world.anyone(Method::POST, "/invitations/accept", &accept).await.refused(410, "invitation.expired");
    })
    .await;
}

#[tokio::test]
async fn who_has_neither_login_nor_number_chooses_a_login() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let member = add(&world, "乙川", json!({})).await;
        let token = invite(&world, &member).await;
        assert_eq!(look(&world, &token).await.expect(200)["needs_login"], true);
        let accept = async |login: Value| {
            let body = json!({"token": token, "password": PASSWORD, "login": login});
            world.anyone(Method::POST, "/invitations/accept", &body).await
        };
        let none = accept(Value::Null).await;
        none.refused(422, "fields.invalid");
        assert_eq!(none.body["errors"][0]["code"], "field.required");
        assert_eq!(accept(json!("は な")).await.body["errors"][0]["code"], "login.shape");
        let taken = accept(json!("DAIKU")).await;
        assert_eq!(taken.body["errors"][0]["code"], "login.taken");
        let entered =
            world.entered(accept(json!(" Hana.K ")).await, "hana.k", Browser::new(&world.people), None).await;
        assert_eq!(world.get(&entered, "/session").await.expect(200)["login"], "hana.k");
    })
    .await;
}

/// R8
#[tokio::test]
async fn for_someone_who_is_in_it_replaces_a_forgotten_password() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let token = invite(&world, &hana.id.to_string()).await;
        world.get(&hana, "/session").await.expect(200);
        let new = "わすれないようにかいたことば";
        world
            .anyone(
                Method::POST,
                "/invitations/accept",
                &json!({"token": token, "password": format!("{new}二つめ")}),
            )
            .await
            .expect(202);
        world.get(&hana, "/session").await.refused(401, "session.missing");
        world
            .anyone(Method::POST, "/session", &json!({"login": hana.login, "password": PASSWORD}))
            .await
            .refused(401, "signin.refused");
    })
    .await;
}

/// Whoever may invite a person could become that person: only owners may for those with powers.
#[tokio::test]
async fn invitations_do_not_lift_anyone_above_themselves() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let admin = world.with_role("管理 一", Role::Admin).await;
        let hr = world.with_role("人事 二", Role::Hr).await;
        let hana = world.member("乙川 二葉").await;
        let try_as = async |by, whom: &kairan_people::testing::Person| {
            world.post(by, "/invitations", &json!({"members": [whom.id]})).await
        };
        try_as(&admin, &world.owner).await.refused(403, "role.above");
        try_as(&hr, &admin).await.refused(403, "role.above");
        try_as(&hana, &hana).await.refused(403, "permission.denied");
        assert_eq!(try_as(&hr, &hana).await.status, 201);
        assert_eq!(try_as(&world.owner, &admin).await.status, 201);
        world.delete(&hr, &format!("/members/{}/invitation", admin.id)).await.refused(403, "role.above");
        let unknown = json!({"members": ["0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f"]});
        world.post(&admin, "/invitations", &unknown).await.refused(404, "not_found");
        let bot = json!({"family_name": "天気", "kind": "bot"});
        let bot = world.post(&world.owner, "/members", &bot).await.expect(201);
        world
            .post(&admin, "/invitations", &json!({"members": [bot["id"]]}))
            .await
            .refused(422, "invitation.bot");
    })
    .await;
}

#[tokio::test]
async fn the_command_line_lets_an_owner_back_in() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let sheet = invite_from_command_line(&world.people, "DAIKU").await.expect("invited");
        let token = sheet.url.split_once('#').expect("a fragment").1.to_owned();
        look(&world, &token).await.expect(200);
        assert_eq!(
            invite_from_command_line(&world.people, "nobody").await.expect_err("unknown").code.name,
            "not_found"
        );
    })
    .await;
}
