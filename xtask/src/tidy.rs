//! The invariants of `ARCHITECTURE.md` that can be read off the sources.
//!
//! It stays true that a check names the file, the line, what is wrong and what to do instead; a check that cannot
//! say what to do is not here.

mod ambient;
mod floors;
mod leftovers;
mod locks;
mod purity;
mod requirements;
mod size;
mod tables;
mod words;

use std::fmt;
use std::path::Path;

use crate::tree::{self, Source};

/// Something that is not as the house wants it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: String,
    /// Counted from 1; 0 when the whole file is meant.
    line: usize,
    words: String,
}

impl Finding {
    fn new(path: &str, line: usize, words: impl Into<String>) -> Self {
        Self { path: path.into(), line, words: words.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.words),
            line => write!(f, "{}:{line}: {}", self.path, self.words),
        }
    }
}

/// A check: its name and what it finds.
type Check = (&'static str, fn(&[Source]) -> Vec<Finding>);

const CHECKS: &[Check] = &[
    ("floors", floors::check),
    ("purity", purity::check),
    ("tables", tables::check),
    ("ambient", ambient::check),
    ("requirements", requirements::check),
    ("words", words::check),
    ("locks", locks::check),
    ("leftovers", leftovers::check),
    ("size", size::check),
];

/// Runs every check over the tree at `root`; prints what it found; true when nothing.
pub fn run(root: &Path) -> Result<bool, String> {
    let tree = tree::read(root).map_err(|e| format!("the sources could not be read: {e}"))?;
    for note in size::notes(&tree) {
        println!("tidy: note: {note}");
    }
    let mut found = 0;
    for (name, check) in CHECKS {
        let mut findings = check(&tree);
        findings.sort();
        for finding in &findings {
            println!("tidy: {name}: {finding}");
        }
        found += findings.len();
    }
    println!("tidy: {} files, {} checks, {found} findings", tree.len(), CHECKS.len());
    Ok(found == 0)
}

/// The Rust files of the product: under `crates/`, without the tests beside or below them.
fn product(tree: &[Source]) -> impl Iterator<Item = &Source> {
    tree.iter().filter(|source| {
        let path = source.path.as_str();
        let in_product = path.starts_with("crates/") && path.ends_with(".rs") && path.contains("/src/");
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        in_product && !is_test
    })
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
fn found(check: fn(&[Source]) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
    check(&tree::made::tree(files)).iter().map(ToString::to_string).collect()
}
