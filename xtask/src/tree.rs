//! The project's own text files, read once and shared by every check.
//!
//! It stays true that nothing built, installed or made by running is among them.

use std::fs;
use std::io;
use std::path::Path;

/// One text file of the project.
pub struct Source {
    /// Path from the workspace's root, with `/` between its parts.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Directories that hold nothing a person wrote.
const PASSED_BY: &[&str] =
    &["target", "node_modules", "build", "dist", ".svelte-kit", "paraglide", "data", "out", "coverage"];
/// What is read; everything else (pictures, databases) is not text to check.
const ENDINGS: &[&str] = &[
    "rs", "ts", "svelte", "mjs", "js", "css", "json", "toml", "md", "sql", "sh", "html", "lock", "npmrc",
    "yml", "yaml",
];

/// Reads every text file under `root`, in the order of their paths.
pub fn read(root: &Path) -> io::Result<Vec<Source>> {
    let mut found = Vec::new();
    walk(root, "", &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(directory: &Path, prefix: &str, found: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() {
            let hidden = name.starts_with('.') && name != ".ci";
            if !hidden && !PASSED_BY.contains(&name.as_str()) {
                walk(&entry.path(), &format!("{path}/"), found)?;
            }
        } else if kind.is_file() && name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
        {
            match fs::read_to_string(entry.path()) {
                Ok(text) => found.push(Source { path, text }),
                // A fixture in another encoding, or a file that went while we looked.
                Err(e) if matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound) => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
pub mod made {
    use super::Source;

    /// A tree for a test: pairs of path and text.
    pub fn tree(files: &[(&str, &str)]) -> Vec<Source> {
        files.iter().map(|(path, text)| Source { path: (*path).into(), text: (*text).into() }).collect()
    }
}
