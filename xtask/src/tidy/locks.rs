//! Lock files name packages and hashes, never the mirror they happened to come from (R81).

use super::{Finding, name};
use crate::rust;
use crate::tree::Source;

/// The one source a Rust dependency may be locked to.
const CRATES: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in tree {
        match name(&source.path) {
            "Cargo.lock" => {
                for (i, line) in source.text.lines().enumerate() {
                    if line.starts_with("source = ") && line != CRATES {
                        findings.push(Finding::new(
                            &source.path,
                            i + 1,
                            "locks a dependency outside the registry",
                        ));
                    }
                }
            }
            "package-lock.json" => {
                for (at, _) in source.text.match_indices("\"resolved\": \"http") {
                    let words = "names a mirror; install with omit-lockfile-registry-resolved=true (.npmrc)";
                    findings.push(Finding::new(&source.path, rust::line(&source.text, at), words));
                }
                for (at, _) in source.text.match_indices("\"hasInstallScript\": true") {
                    if !has_ignoring_npmrc(tree, &source.path) {
                        let words = "has an install script, and no .npmrc beside it says ignore-scripts=true";
                        findings.push(Finding::new(&source.path, rust::line(&source.text, at), words));
                    }
                }
            }
            _ => {}
        }
    }
    findings
}

/// Whether the directory's package.json or documentation of npm is told to run no scripts.
fn has_ignoring_npmrc(tree: &[Source], lock: &str) -> bool {
    let npmrc = format!("{}.npmrc", lock.trim_end_matches("package-lock.json"));
    tree.iter()
        .any(|source| source.path == npmrc && source.text.lines().any(|l| l.trim() == "ignore-scripts=true"))
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::check;

    #[test]
    fn a_mirror_is_found() {
        let lock = "{\n \"resolved\": \"https://mirror.example/a.tgz\"\n}";
        assert_eq!(found(check, &[("web/package-lock.json", lock)]).len(), 1);
    }

    #[test]
    fn an_install_script_needs_to_be_ignored() {
        let lock = ("web/package-lock.json", "{ \"hasInstallScript\": true }");
        assert_eq!(found(check, &[lock]).len(), 1);
        assert!(found(check, &[lock, ("web/.npmrc", "ignore-scripts=true\n")]).is_empty());
    }
}
