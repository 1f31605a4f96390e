//! Every word of the client exists in Japanese and in English.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Finding;
use crate::tree::Source;

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ja in tree.iter().filter(|s| s.path.starts_with("web/messages/") && s.path.ends_with("ja.json")) {
        let path = format!("{}en.json", ja.path.trim_end_matches("ja.json"));
        let Some(en) = tree.iter().find(|source| source.path == path) else {
            findings.push(Finding::new(&ja.path, 0, format!("has no English beside it ({path})")));
            continue;
        };
        match (keys(&ja.text), keys(&en.text)) {
            (Ok(japanese), Ok(english)) => {
                for key in japanese.difference(&english) {
                    findings.push(Finding::new(&en.path, 0, format!("`{key}` is said only in Japanese")));
                }
                for key in english.difference(&japanese) {
                    findings.push(Finding::new(&ja.path, 0, format!("`{key}` is said only in English")));
                }
            }
            (japanese, english) => {
                for (source, keys) in [(ja, japanese), (en, english)] {
                    if let Err(e) = keys {
                        findings.push(Finding::new(&source.path, 0, format!("is not JSON: {e}")));
                    }
                }
            }
        }
    }
    findings
}

/// The keys of a message file, nested ones joined by a dot.
fn keys(text: &str) -> serde_json::Result<BTreeSet<String>> {
    fn walk(prefix: &str, value: &Value, keys: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object.iter().filter(|(name, _)| *name != "$schema") {
                    walk(
                        &if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") },
                        value,
                        keys,
                    );
                }
            }
            // A list holds the variants of one message; its shape may differ by language.
            _ => drop(keys.insert(prefix.to_owned())),
        }
    }
    let mut keys = BTreeSet::new();
    walk("", &serde_json::from_str(text)?, &mut keys);
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::check;

    #[test]
    fn a_word_in_one_language_only_is_found() {
        let found = found(
            check,
            &[
                ("web/messages/talk/ja.json", r#"{"send": "送信", "edit": "編集"}"#),
                ("web/messages/talk/en.json", r#"{"send": "Send"}"#),
            ],
        );
        assert_eq!(found, ["web/messages/talk/en.json: `edit` is said only in Japanese"]);
    }
}
