//! The register.

use kairan_core::time::MINUTE;
use kairan_people::testing::{World, schema};
use kairan_storage::testing::both_engines;
use serde_json::{Value, json};

/// R12, R55
#[tokio::test]
async fn the_register_is_listed_named_and_exported() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let hana = world.member("乙川 二葉").await;
        let mine = format!("/me/devices/{}", hana.browser.device);
        let named = world.patch(&hana, &mine, &json!({"name": "=cmd|'/c calc'!A1"})).await.expect(200);
        assert_eq!((&named["name"], &named["current"]), (&json!("=cmd|'/c calc'!A1"), &json!(true)));
        world.patch(&hana, &mine, &json!({"name": ""})).await.refused(422, "fields.invalid");
        let there = format!("/devices/{}", hana.browser.device);
        world.patch(&hana, &there, &json!({"ownership": "lent"})).await.refused(403, "permission.denied");
        let lent = world.patch(&world.owner, &there, &json!({"ownership": "lent"})).await.expect(200);
        assert_eq!((&lent["ownership"], &lent["current"]), (&json!("lent"), &json!(false)));
        let first = world.get(&world.owner, "/devices?limit=1").await.expect(200);
        let next = first["next"].as_str().expect("a next page");
        let second = world.get(&world.owner, &format!("/devices?limit=1&after={next}")).await.expect(200);
        let mut both = [&first, &second].map(|page| page["devices"][0]["id"].to_string());
        both.sort_unstable();
        let mut there = [&world.owner, &hana].map(|person| json!(person.browser.device).to_string());
        there.sort_unstable();
        assert_eq!((both, &second["next"]), (there, &Value::Null));
        world.get(&world.owner, "/devices?state=nonsense").await.refused(422, "query.shape");
        world.get(&hana, "/devices").await.refused(403, "permission.denied");
        world.get(&hana, "/devices.csv").await.refused(403, "permission.denied");
        let owner = world.sign_in(&world.owner).await;
        let sheet = world.get(&owner, "/devices.csv").await;
        assert_eq!(sheet.status, 200, "{}", sheet.text);
        assert!(sheet.text.starts_with("\u{feff}\"氏名\",\"社員番号\""), "{}", sheet.text);
        assert!(sheet.text.contains("\"乙川 二葉\",\"\",\"'=cmd|'/c calc'!A1\""), "{}", sheet.text);
        assert_eq!(sheet.text.lines().count(), 3);
        base.clock.advance(5 * MINUTE);
        world.get(&owner, "/devices.csv").await.refused(403, "proof.needed");
    })
    .await;
}
