//! `/organisation/settings`.

use kairan_core::Role;
use kairan_people::testing::{World, schema};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

fn usual() -> Value {
    json!({
        "files": {"largest": 1_073_741_824, "per_member": null, "total": null},
        "push": {"on": false, "shows": "nothing"},
        "mail": {"on": false},
    })
}

/// R15, R48, R76
#[tokio::test]
async fn the_owner_decides_for_everyone_and_nobody_else() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let path = "/organisation/settings";
        let mut shown = usual();
        shown["mail"]["possible"] = json!(true);
        shown["names"] = json!("organisation");
        assert_eq!(world.get(&world.owner, path).await.expect(200), shown);
        let mut wanted = usual();
        wanted["files"] = json!({"largest": 5_242_880, "per_member": 10_485_760, "total": 104_857_600});
        wanted["push"] = json!({"on": true, "shows": "room"});
        wanted["mail"]["on"] = json!(true);
        let kept = world.put(&world.owner, path, &wanted).await.expect(200);
        assert_eq!(world.get(&world.owner, path).await.expect(200), kept);
        assert_eq!((&kept["files"], &kept["push"]), (&wanted["files"], &wanted["push"]));
        for role in [Role::Admin, Role::Auditor, Role::Hr, Role::Manager, Role::Member] {
            let other = world.with_role("乙川 二葉", role).await;
            world.get(&other, path).await.refused(403, "permission.denied");
            world.put(&other, path, &usual()).await.refused(403, "permission.denied");
            world.delete(&other, "/session").await;
            break_name(&world, &other).await;
        }
    })
    .await;
}

/// The next one may have the same name again (R9 refuses two that look alike).
async fn break_name(world: &World, person: &kairan_people::testing::Person) {
    let name = json!({"display_name": format!("もと {}", person.login)});
    world.patch(&world.owner, &format!("/members/{}", person.id), &name).await.expect(200);
}

#[tokio::test]
async fn what_is_out_of_bounds_is_named_by_its_field() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let put = async |change: Value| {
            let mut body = usual();
            for (key, value) in change.as_object().expect("an object") {
                body[key] = value.clone();
            }
            world.put(&world.owner, "/organisation/settings", &body).await
        };
        let reply = put(json!({"files": {"largest": 0, "per_member": -1, "total": null}})).await;
        reply.refused(422, "fields.invalid");
        let fields: Vec<&str> = reply.body["errors"]
            .as_array()
            .expect("faults")
            .iter()
            .filter_map(|e| e["field"].as_str())
            .collect();
        assert_eq!(fields, ["files.largest", "files.per_member"]);
        put(json!({"files": {"largest": "1"}})).await.refused(422, "body.shape");
        put(json!({"push": {"on": true, "shows": "all"}})).await.refused(422, "body.shape");
        put(json!({"push": {"on": true, "shows": "text", "to": "x"}}))
            .await
            .refused(422, "body.unknown_field");
        put(json!({"mail": {"on": true, "possible": true}})).await.refused(422, "body.unknown_field");
    })
    .await;
}
