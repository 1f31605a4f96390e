//! An arrow between crates only ever points down.
//!
//! Cargo refuses circles but not a shortcut upwards that happens to close none; this does, for the tests'
//! dependencies too.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Finding;
use crate::tree::Source;

/// The floors from the ground up. A new crate gets its place here and in `ARCHITECTURE.md`.
const FLOORS: &[&str] = &[
    "kairan-core",
    "kairan-draw",
    "kairan-storage",
    "kairan-http",
    "kairan-people",
    "kairan-talk",
    "kairan-guard",
    "kairan-work",
    "kairan-oversight",
    "kairan-server",
];
/// Stands beside the house and speaks only its public API.
const OUTSIDE: &str = "kairan-loadgen";

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut manifests = BTreeMap::new();
    for source in tree {
        if source.path.starts_with("crates/") && source.path.ends_with("/Cargo.toml") {
            match source.text.parse::<Table>() {
                Ok(manifest) => drop(manifests.insert(source.path.as_str(), manifest)),
                Err(e) => findings.push(Finding::new(&source.path, 0, format!("is not TOML: {e}"))),
            }
        }
    }
    for (path, manifest) in manifests {
        let name = manifest["package"].get("name").and_then(Value::as_str).unwrap_or_default();
        // The binary's package may carry the product's own name.
        let name = if name == "kairan" { "kairan-server" } else { name };
        let place = FLOORS.iter().position(|floor| *floor == name);
        if place.is_none() && name != OUTSIDE {
            let words = format!(
                "`{name}` has no floor: give it its place in xtask/src/tidy/floors.rs and ARCHITECTURE.md"
            );
            findings.push(Finding::new(path, 0, words));
            continue;
        }
        for dependency in dependencies(&manifest).filter(|d| d.starts_with("kairan-") && d != name) {
            let below = FLOORS.iter().position(|floor| *floor == dependency) < place;
            if place.is_none() || !below {
                let words = format!(
                    "`{name}` depends on `{dependency}`, which is not below it: let the lower floor own a small \
                     trait and wire it in server/src/assemble.rs"
                );
                findings.push(Finding::new(path, 0, words));
            }
        }
    }
    findings
}

/// The names of everything a package depends on, tests and build included.
fn dependencies(manifest: &Table) -> impl Iterator<Item = String> + '_ {
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|section| manifest.get(section).and_then(Value::as_table))
        .flat_map(|section| {
            section.iter().map(|(name, how)| {
                how.get("package").and_then(Value::as_str).map_or_else(|| name.clone(), str::to_owned)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::check;

    #[test]
    fn an_arrow_may_point_down() {
        let manifest =
            "[package]\nname = 'kairan-talk'\n[dependencies]\nkairan-core.workspace = true\nserde = '1'";
        assert!(found(check, &[("crates/talk/Cargo.toml", manifest)]).is_empty());
    }

    #[test]
    fn an_arrow_up_is_found_even_in_tests() {
        let manifest =
            "[package]\nname = 'kairan-people'\n[dev-dependencies]\nkairan-talk = { path = '../talk' }";
        let found = found(check, &[("crates/people/Cargo.toml", manifest)]);
        assert!(found[0].contains("`kairan-people` depends on `kairan-talk`"), "{found:?}");
    }

    #[test]
    fn a_crate_without_a_floor_is_found() {
        let manifest = "[package]\nname = 'kairan-utils'";
        assert_eq!(found(check, &[("crates/utils/Cargo.toml", manifest)]).len(), 1);
    }
}
