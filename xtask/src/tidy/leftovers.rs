//! Nothing is left for later in the sources: no mark to come back to, no test that does not run.

use super::Finding;
use crate::rust;
use crate::tree::Source;

/// Marks and switched-off tests. Written apart here, so that this file does not find itself.
const LEFT: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[", "ignore"),
    concat!("test.", "skip"),
    concat!("it.", "skip"),
    concat!("describe.", "skip"),
    concat!("test.", "only"),
    concat!("it.", "only"),
    concat!("describe.", "only"),
];

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let written =
        |path: &str| [".rs", ".ts", ".svelte", ".mjs", ".css", ".sh"].iter().any(|e| path.ends_with(e));
    for source in tree.iter().filter(|source| written(&source.path)) {
        for what in LEFT {
            for at in rust::words(&source.text, what).collect::<Vec<_>>() {
                let words = format!("`{what}`: finish it, or take it out and open an issue");
                findings.push(Finding::new(&source.path, rust::line(&source.text, at), words));
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
    fn a_test_that_does_not_run_is_found() {
        let text = format!("{}(\"a\", () => {{}});", concat!("test.", "skip"));
        assert_eq!(found(check, &[("web/src/a.test.ts", &text)]).len(), 1);
    }
}
