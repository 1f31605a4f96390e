//! `/members/import`.

use axum::http::Request;
use kairan_core::Role;
use kairan_people::testing::{ORIGIN, Person, Reply, World, schema};
use kairan_storage::testing::both_engines;
use serde_json::json;

async fn upload(world: &World, person: &Person, path: &str, bytes: &[u8]) -> Reply {
    let request = Request::post(format!("/api/v1/members/{path}"))
        .header("origin", ORIGIN)
        .header("cookie", &person.cookie)
        .header("content-type", "text/csv")
        .body(bytes.to_vec().into())
        .expect("a request");
    world.raw(request).await
}

const FILE: &str = "姓,名,せい,めい,社員番号,ログインID,部署,役職,区分,役割,会社,メール\r\n\
    乙川,二葉,おつかわ,ふたば,0417,,本部／総務課,課長,社員,責任者,,\r\n\
    ,,,,,,,,,,,\r\n\
    己本,三郎,おのもと,さぶろう,,saburo,駅前店;本部/総務課,店長,パート,,,saburo@example.jp\r\n\
    丙田,四郎,へいだ,しろう,0500,,,,取引先,取引先,別会社,\r\n";

#[tokio::test]
async fn a_shift_jis_file_is_previewed_then_written_whole() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(FILE);
        let preview = upload(&world, &world.owner, "import/preview", &bytes).await.expect(200);
        assert_eq!((&preview["encoding"], &preview["ok"]), (&json!("shift_jis"), &json!(true)), "{preview}");
        assert_eq!(preview["new_departments"], json!(["本部", "本部/総務課", "駅前店"]));
        assert_eq!(preview["rows"].as_array().expect("rows").iter().map(|row| row["line"].clone()).collect::<Vec<_>>(), [2, 4, 5]);
        assert_eq!(preview["rows"][1]["member"]["departments"], json!([{"department": "駅前店", "position": "店長"}, {"department": "本部/総務課", "position": null}]));
        assert_eq!(world.get(&world.owner, "/members").await.expect(200)["members"].as_array().map(Vec::len), Some(1), "nothing is written yet");

        let written = upload(&world, &world.owner, "import", &bytes).await.expect(201);
        assert_eq!(written["members"].as_array().map(Vec::len), Some(3));
        assert_eq!(written["members"][2]["role"], "partner");
        let departments = world.get(&world.owner, "/departments").await.expect(200);
        assert_eq!(departments.as_array().map(Vec::len), Some(3));
        let again = upload(&world, &world.owner, "import", &bytes).await;
        again.refused(422, "import.has_errors");
        assert_eq!(again.body["facts"]["lines"], 3);
        assert_eq!(again.body["errors"][0]["field"], "rows[2].display_name");
        assert_eq!(again.body["errors"][0]["code"], "name.taken");
    })
    .await;
}

#[tokio::test]
async fn one_wrong_line_keeps_all_out() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let file = format!("\u{feff}{FILE}丁山,,ていやま,,,daiku,,,,,,\r\n");
        let preview = upload(&world, &world.owner, "import/preview", file.as_bytes()).await.expect(200);
        assert_eq!((&preview["encoding"], &preview["ok"]), (&json!("utf-8"), &json!(false)));
        let errors = &preview["rows"][3]["errors"];
        assert_eq!(
            (&errors[0]["field"], &errors[0]["code"], &errors[0]["detail"]),
            (&json!("given_name"), &json!("field.required"), &json!("入力してください。"))
        );
        let refused = upload(&world, &world.owner, "import", file.as_bytes()).await;
        refused.refused(422, "import.has_errors");
        assert_eq!(
            world.get(&world.owner, "/members").await.expect(200)["members"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(world.get(&world.owner, "/departments").await.expect(200), json!([]));
    })
    .await;
}

#[tokio::test]
async fn the_template_comes_as_excel_opens_it_and_imports() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let reply = world.get(&world.owner, "/members/import/template").await;
        // R55
        assert!(reply.text.starts_with("\u{feff}姓,名,せい,めい,"));
        assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(
            upload(&world, &world.owner, "import", reply.text.as_bytes()).await.expect(201)["members"]
                .as_array()
                .map(Vec::len),
            Some(2)
        );
    })
    .await;
}

#[tokio::test]
async fn importing_follows_the_same_rights() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let member = world.member("一般 一").await;
        for path in ["import/preview", "import"] {
            upload(&world, &member, path, FILE.as_bytes()).await.refused(403, "permission.denied");
        }
        world.get(&member, "/members/import/template").await.refused(403, "permission.denied");
        let hr = world.with_role("人事 二", Role::Hr).await;
        let preview = upload(&world, &hr, "import/preview", FILE.as_bytes()).await.expect(200);
        assert_eq!(preview["rows"][0]["errors"][0]["code"], "import.departments_denied");
        let wide = vec![b'x'; 4 * 1024 * 1024 + 1];
        upload(&world, &hr, "import", &wide).await.refused(413, "body.too_large");
        upload(&world, &hr, "import", b"\x89PNG\r\n\x1a\n\x00\xff").await.refused(422, "import.encoding");
    })
    .await;
}

#[tokio::test]
async fn five_thousand_people_are_one_write() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let rows = (0..5_000)
            .map(|n| format!("名字{n},名前,みょうじ,なまえ,S{n:05},,本部/{}課\n", n % 20))
            .collect::<String>();
        let file = format!("姓,名,せい,めい,社員番号,ログインID,部署\n{rows}");
        let written = upload(&world, &world.owner, "import", file.as_bytes()).await.expect(201);
        assert_eq!(written["members"].as_array().map(Vec::len), Some(5_000));
    })
    .await;
}
