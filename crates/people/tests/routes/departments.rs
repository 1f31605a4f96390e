//! `/departments`.

use kairan_core::Role;
use kairan_people::testing::{World, schema};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

#[tokio::test]
async fn the_tree_is_built_moved_and_pruned() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let owner = &world.owner;
        let add = async |name: &str, parent: &Value| {
            world.post(owner, "/departments", &json!({"name": name, "parent": parent})).await
        };
        let head = add("本部", &Value::Null).await.expect(201);
        let shop = add("駅前店", &Value::Null).await.expect(201);
        assert_eq!((&head["order"], &shop["order"]), (&json!(0), &json!(1)));
        let general = add("総務課", &head["id"]).await.expect(201);
        add("ＨＯＮＢＵ", &Value::Null).await.expect(201);
        add("honbu", &Value::Null).await.refused(409, "department.name_taken");
        assert_eq!(add("", &Value::Null).await.body["errors"][0]["code"], "field.required");
        assert_eq!(add("本/部", &Value::Null).await.body["errors"][0]["field"], "name");
        assert_eq!(
            add("課", &json!("0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f")).await.body["errors"][0]["code"],
            "department.parent_unknown"
        );

        let at = |department: &Value| format!("/departments/{}", department["id"].as_str().expect("an id"));
        world
            .patch(owner, &at(&head), &json!({"parent": general["id"]}))
            .await
            .refused(409, "department.cycle");
        let moved = world
            .patch(owner, &at(&general), &json!({"parent": shop["id"], "name": "庶務課"}))
            .await
            .expect(200);
        assert_eq!(moved, json!({"id": general["id"], "parent": shop["id"], "name": "庶務課", "order": 0}));
        let top = world.patch(owner, &at(&general), &json!({"parent": null, "order": 7})).await.expect(200);
        assert_eq!((&top["parent"], &top["order"]), (&Value::Null, &json!(7)));
        world.patch(owner, &at(&general), &json!({"parent": shop["id"]})).await.expect(200);

        world.delete(owner, &at(&shop)).await.refused(409, "department.not_empty");
        let hana = world.member("乙川 二葉").await;
        let placed = json!({"departments": [{"department": general["id"], "position": "係"}]});
        world.patch(owner, &format!("/members/{}", hana.id), &placed).await.expect(200);
        world.delete(owner, &at(&general)).await.refused(409, "department.not_empty");
        world.patch(owner, &format!("/members/{}", hana.id), &json!({"departments": []})).await.expect(200);
        assert_eq!(world.delete(owner, &at(&general)).await.status, 204);
        assert_eq!(world.delete(owner, &at(&shop)).await.status, 204);
        world.delete(owner, &at(&shop)).await.refused(404, "not_found");
        assert_eq!(world.get(&hana, "/departments").await.expect(200).as_array().map(Vec::len), Some(2));
    })
    .await;
}

#[tokio::test]
async fn only_those_who_may_shape_it_do() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let department = world
            .post(&world.owner, "/departments", &json!({"name": "本部", "parent": null}))
            .await
            .expect(201);
        let at = format!("/departments/{}", department["id"].as_str().expect("an id"));
        for (name, role) in [("人事 一", Role::Hr), ("責任 二", Role::Manager), ("一般 三", Role::Member)]
        {
            let person = world.with_role(name, role).await;
            world
                .post(&person, "/departments", &json!({"name": "課", "parent": null}))
                .await
                .refused(403, "permission.denied");
            world.patch(&person, &at, &json!({"name": "課"})).await.refused(403, "permission.denied");
            world.delete(&person, &at).await.refused(403, "permission.denied");
        }
    })
    .await;
}
