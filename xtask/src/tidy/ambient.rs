//! No clock, randomness or environment is read except through what is passed in (invariant 3).
//!
//! Clippy refuses the calls by name; this refuses the places, so that an `#[expect]` cannot quietly open a new one.

use super::{Finding, product};
use crate::rust;
use crate::tree::Source;

/// What tells the time, gives randomness, or reads the environment.
const AMBIENT: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "Timestamp::now",
    "Zoned::now",
    "now_v7",
    "now_utc",
    "new_v4",
    "rand::random",
    "rand::rng",
    "thread_rng",
    "OsRng",
    "SysRng",
    "getrandom::",
    "env::var",
    "env::var_os",
    "env::vars",
    "env::vars_os",
];

/// The places that are the source of them, and why.
const SOURCES: &[(&str, &str)] = &[
    ("crates/server/src/surroundings.rs", "the one clock and random source of a running server"),
    ("crates/server/src/environment.rs", "reads the environment once, at start"),
    ("crates/storage/src/testing.rs", "asks where the tests' PostgreSQL is; compiled for tests only"),
    ("crates/loadgen/", "measures from outside; it is no part of the product"),
];

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in product(tree) {
        if SOURCES.iter().any(|(place, _)| source.path.starts_with(place))
            || source.path.contains("/benches/")
        {
            continue;
        }
        let code = rust::without_tests(&rust::views(&source.text).code);
        for what in AMBIENT {
            for at in rust::words(&code, what).collect::<Vec<_>>() {
                let words = format!(
                    "reads `{what}`; take time and randomness from `Surroundings`, settings from the configuration"
                );
                findings.push(Finding::new(&source.path, rust::line(&code, at), words));
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
    fn a_clock_read_in_a_command_is_found() {
        let found = found(
            check,
            &[("crates/talk/src/rooms/commands.rs", "fn f() {\n std::time::Instant::now();\n}")],
        );
        assert!(
            found[0].starts_with("crates/talk/src/rooms/commands.rs:2: reads `Instant::now`"),
            "{found:?}"
        );
    }

    #[test]
    fn the_source_itself_may() {
        assert!(
            found(check, &[("crates/server/src/surroundings.rs", "fn f() { SystemTime::now(); }")])
                .is_empty()
        );
    }
}
