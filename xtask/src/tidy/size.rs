//! A crowded file is split along the seam that is already there: noted at 500 lines, refused at 800.

use super::Finding;
use crate::tree::Source;

/// From here on a file is named in the run.
const NOTED: usize = 500;
/// From here on it is refused.
const REFUSED: usize = 800;

pub fn check(tree: &[Source]) -> Vec<Finding> {
    crowded(tree, REFUSED)
}

/// What is worth a look already.
pub fn notes(tree: &[Source]) -> Vec<Finding> {
    crowded(tree, NOTED)
}

fn crowded(tree: &[Source], limit: usize) -> Vec<Finding> {
    tree.iter()
        .filter(|source| [".rs", ".ts", ".svelte", ".mjs", ".sh"].iter().any(|e| source.path.ends_with(e)))
        .filter(|source| !source.path.ends_with("schema.d.ts"))
        .filter_map(|source| {
            let lines = source.text.lines().count();
            let words = format!("{lines} lines: split it along the seam that is already there");
            (lines > limit).then(|| Finding::new(&source.path, 0, words))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::check;

    #[test]
    fn a_crowded_file_is_refused() {
        assert_eq!(found(check, &[("crates/talk/src/lib.rs", &"\n".repeat(801))]).len(), 1);
        assert!(found(check, &[("crates/talk/src/lib.rs", &"\n".repeat(800))]).is_empty());
    }
}
