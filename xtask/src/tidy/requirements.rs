//! A cited requirement (`R27`) exists in `docs/requirements.md`, so that a reader of a test finds what it shows.

use std::collections::BTreeSet;

use super::Finding;
use crate::rust;
use crate::tree::Source;

/// The list: one requirement a line, each opening with its number in bold.
const LIST: &str = "docs/requirements.md";

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let Some(list) = tree.iter().find(|source| source.path == LIST) else {
        return vec![Finding::new(LIST, 0, "is missing: it lists the requirements that tests cite")];
    };
    let known = list
        .text
        .lines()
        .filter_map(|line| {
            line.trim_start_matches("- ").strip_prefix("**R")?.split("**").next()?.parse::<u32>().ok()
        })
        .collect::<BTreeSet<_>>();
    let mut findings = Vec::new();
    for source in tree.iter().filter(|source| cites(&source.path)) {
        let text = if source.path.ends_with(".rs") {
            // In code `R2` may be a type's name; a citation stands in a comment.
            rust::views(&source.text).comments
        } else {
            source.text.clone()
        };
        for (at, number) in cited(&text) {
            if !known.contains(&number) {
                let words = format!("cites R{number}, which is not in {LIST}");
                findings.push(Finding::new(&source.path, rust::line(&text, at), words));
            }
        }
    }
    findings
}

/// Where requirements are cited.
fn cites(path: &str) -> bool {
    let place = ["crates/", "e2e/", "web/src/", "docs/", "xtask/"].iter().any(|p| path.starts_with(p))
        || !path.contains('/');
    let ending = [".rs", ".ts", ".svelte", ".mjs", ".md", ".sh"].iter().any(|e| path.ends_with(e));
    // Generated from the API, and this check's own examples.
    place && ending && !path.ends_with("schema.d.ts") && !path.ends_with("tidy/requirements.rs")
}

/// Every `R` followed by one to three digits, standing as a word of its own.
fn cited(text: &str) -> Vec<(usize, u32)> {
    text.match_indices('R')
        .filter(|(at, _)| {
            !text[..*at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_-#$".contains(c))
        })
        .filter_map(|(at, _)| {
            let rest = &text[at + 1..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let after = rest[digits..].chars().next();
            let whole = !after.is_some_and(|c| c.is_alphanumeric() || c == '_');
            ((1..=3).contains(&digits) && whole).then(|| rest[..digits].parse().ok().map(|n| (at, n)))?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::check;

    const LIST: (&str, &str) = ("docs/requirements.md", "- **R1** By invitation only.\n- **R27** Durable.\n");

    #[test]
    fn a_number_that_does_not_exist_is_found() {
        let found = found(check, &[LIST, ("crates/talk/src/lib.rs", "//! R27\n// R270 and R1\nstruct R9;")]);
        assert_eq!(found, ["crates/talk/src/lib.rs:2: cites R270, which is not in docs/requirements.md"]);
    }

    #[test]
    fn colours_names_and_ranges_are_no_citations() {
        assert!(found(check, &[LIST, ("web/src/a.ts", "const a = '#R12', XR12 = 'R1a';")]).is_empty());
    }
}
