//! `core`, every `rules.rs` and every `events.rs` do no I/O and know of no web or database (invariants 1 and 4).

use super::{Finding, name, product};
use crate::rust;
use crate::tree::Source;

/// What none of the pure rooms may name.
const NO_IO: &[&str] = &[
    "async fn",
    ".await",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::io",
    "tokio::",
    "futures::",
    "futures_util::",
    "reqwest::",
    "hyper::",
    "axum::",
    "tower::",
    "tower_http::",
    "rusqlite::",
    "tokio_postgres::",
    "deadpool",
    "kairan_http::",
];
/// What a decision may not name either: how things are kept.
const NO_STORAGE: &[&str] = &["kairan_storage::"];
/// SQL in a room that only decides or names.
const SQL: &[&str] = &["SELECT ", "INSERT INTO", "DELETE FROM", "UPDATE "];

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in product(tree) {
        let in_core = source.path.starts_with("crates/core/");
        let room = name(&source.path);
        if !in_core && room != "rules.rs" && room != "events.rs" {
            continue;
        }
        let views = rust::views(&source.text);
        let code = rust::without_tests(&views.code);
        let mut forbidden = NO_IO.to_vec();
        if in_core || room == "rules.rs" {
            forbidden.extend(NO_STORAGE);
        }
        for what in forbidden {
            for at in rust::words(&code, what).collect::<Vec<_>>() {
                let words = format!(
                    "names `{what}`; this room decides, and is given what it needs (ARCHITECTURE.md)"
                );
                findings.push(Finding::new(&source.path, rust::line(&code, at), words));
            }
        }
        for what in SQL {
            for at in rust::words(&views.strings, what).collect::<Vec<_>>() {
                let words = "holds SQL; reads belong into queries.rs, writes into project.rs";
                findings.push(Finding::new(&source.path, rust::line(&views.strings, at), words));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::check;

    #[test]
    fn rules_that_read_the_database_are_found() {
        let rules = "//! Rules.\nuse kairan_storage::Database;\nfn f() { let _ = \"SELECT 1\"; }";
        let found = found(check, &[("crates/talk/src/rooms/rules.rs", rules)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/talk/src/rooms/rules.rs:2:"));
    }

    #[test]
    fn what_a_comment_or_a_test_says_does_not_count() {
        let rules = "//! No axum::Router here.\n#[cfg(test)]\nmod tests { use std::fs::read; }";
        assert!(found(check, &[("crates/talk/src/rooms/rules.rs", rules)]).is_empty());
    }

    #[test]
    fn queries_may_wait() {
        assert!(
            found(check, &[("crates/talk/src/rooms/queries.rs", "async fn f() { g().await }")]).is_empty()
        );
    }
}
