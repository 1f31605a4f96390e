//! The API document: committed, so that a change of the API is a change somebody sees, and the client's types follow it.

use std::path::Path;

use kairan_people::testing::Person;
use kairan_server::assemble;
use serde_json::Value;

use crate::world::on_both_engines;

/// `KAIRAN_BLESS=1 cargo test -p kairan --test api document` writes it anew; `npm --prefix web run api` must follow.
#[test]
fn the_committed_document_is_the_apis() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    let now = serde_json::to_string_pretty(&assemble::api_document()).expect("JSON") + "\n";
    if bless() {
        std::fs::write(&path, &now).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "docs/api/openapi.json is of another API; run this test with KAIRAN_BLESS=1, then npm --prefix web run api"
    );
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests decides it, and only they")]
fn bless() -> bool {
    std::env::var_os("KAIRAN_BLESS").is_some()
}

#[tokio::test]
async fn the_server_hands_out_the_same_document() {
    on_both_engines(async |server| {
        let nobody: &Person = &Person { cookie: "none=1".into(), ..server.owner.clone() };
        let given = server.get(nobody, "/openapi.json").await.expect(200);
        assert_eq!(given, serde_json::to_value(assemble::api_document()).expect("JSON"));
    })
    .await;
}

/// What says something by leaving members out: a limit that a rule does not speak of, a fact that is none of this alarm's.
const SPARSE: [&str; 2] = ["AlarmFacts", "PolicyLimits"];

/// What the client's types are made of: a member of an answer is always there, and says so.
#[test]
fn every_member_of_an_answer_is_required() {
    let document = serde_json::to_value(assemble::api_document()).expect("JSON");
    let mut lax = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        if !answers(&document).contains(name) || name == "Problem" || SPARSE.contains(&name.as_str()) {
            continue;
        }
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for member in schema["properties"].as_object().into_iter().flatten().map(|(member, _)| member) {
            if !required.contains(&Value::String(member.clone())) {
                lax.push(format!("{name}.{member}"));
            }
        }
    }
    assert!(lax.is_empty(), "#[schema(required = true)] is missing on {lax:?}");
}

/// R16: what answers in anything but JSON could carry a file out. These do, and each asks the policy of the moment, or gives
/// no file: whoever adds one says here which it is.
#[test]
fn every_route_that_gives_bytes_is_known() {
    let document = serde_json::to_value(assemble::api_document()).expect("JSON");
    let mut gives = Vec::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("operations").values() {
            let answers = operation["responses"].as_object().expect("responses").values();
            let kinds =
                answers.filter_map(|answer| answer["content"].as_object()).flat_map(|kinds| kinds.keys());
            let is_data = |kind: &String| kind == "application/json" || kind == "application/problem+json";
            if kinds.into_iter().any(|kind| !is_data(kind)) {
                gives.push(operation["operationId"].as_str().expect("a name").to_owned());
            }
        }
    }
    gives.sort_unstable();
    let gated = ["get_file_content", "get_file_page", "get_thumbnail"];
    let no_files = ["download_template", "export_devices"];
    let mut known: Vec<&str> = gated.into_iter().chain(no_files).collect();
    known.sort_unstable();
    assert_eq!(
        gives, known,
        "may it give a file's bytes? Then `Terms::gives_bytes` decides, and views.rs shows it"
    );
}

/// Names of the schemas that answers are made of.
fn answers(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for item in document["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("operations").values() {
            gather(document, &operation["responses"], &mut found);
        }
    }
    found
}

fn gather(document: &Value, part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Object(members) => {
            for (key, value) in members {
                if key == "$ref"
                    && let Some(name) =
                        value.as_str().and_then(|name| name.strip_prefix("#/components/schemas/"))
                    && !found.iter().any(|known| known == name)
                {
                    found.push(name.to_owned());
                    gather(document, &document["components"]["schemas"][name], found);
                }
                gather(document, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(document, item, found)),
        _ => {}
    }
}
