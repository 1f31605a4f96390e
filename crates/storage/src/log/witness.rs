//! The witness: a directory outside this host (a mounted share, another machine's disk) to which every signed head is
//! appended, one line each, in `heads.jsonl`.
//!
//! It stays true that the file only ever grows, line after line, so that it may lie where nothing can be overwritten,
//! and that a line torn by a crash is told apart from a line somebody damaged.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::heads::SignedHead;

/// The file in the witness directory.
pub const HEADS_FILE: &str = "heads.jsonl";

/// How much of the file's end is read to find the last head, in bytes. A line has at most 400.
const TAIL: u64 = 8 * 1024;

/// Why a witness cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The file cannot be reached.
    #[error("witness {path}: {cause}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A line is neither a head nor the torn beginning of the next one.
    #[error("witness {path}, line {line}: {reason}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The witness keeps a head that the database does not have: history was cut or rewritten, or an older backup was
    /// restored.
    #[error(
        "witness {path} keeps a signed head of {size} entries that this database does not have: run `kairan verify`. \
         If an older backup was restored on purpose, keep this file and give the server a new witness directory.",
        path = path.display()
    )]
    Contradicts {
        /// The file.
        path: PathBuf,
        /// The size the head speaks of.
        size: u64,
    },
}

/// The place heads are copied to.
#[derive(Debug, Clone)]
pub struct Witness {
    path: PathBuf,
}

impl Witness {
    /// A witness in this directory; the file is made with the first head.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { path: directory.join(HEADS_FILE) }
    }

    /// The last head it keeps.
    ///
    /// # Errors
    /// [`WitnessError`]; a file that is not there yet keeps none.
    pub fn last(&self) -> Result<Option<SignedHead>, WitnessError> {
        let tail = match self.tail() {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|cause| self.file(cause))?,
        };
        // Only whole lines count. What is torn will be followed by its head's line once more.
        let whole = tail.rfind('\n').map_or("", |end| &tail[..end]);
        let last = whole.lines().rev().find_map(|line| SignedHead::from_line(line).ok());
        if last.is_none() && !whole.trim().is_empty() {
            return Err(WitnessError::Line {
                path: self.path.clone(),
                line: 1,
                reason: "holds no tree head".into(),
            });
        }
        Ok(last)
    }

    /// Appends heads and waits until they are on the witness's disk.
    ///
    /// # Errors
    /// [`WitnessError::File`].
    pub fn append(&self, heads: &[SignedHead]) -> Result<(), WitnessError> {
        self.write(heads).map_err(|cause| self.file(cause))
    }

    fn write(&self, heads: &[SignedHead]) -> std::io::Result<()> {
        if heads.is_empty() {
            return Ok(());
        }
        let torn = match self.tail() {
            Ok(tail) => !tail.is_empty() && !tail.ends_with('\n'),
            Err(cause) if cause.kind() == ErrorKind::NotFound => false,
            Err(cause) => return Err(cause),
        };
        let mut lines = String::from(if torn { "\n" } else { "" });
        for head in heads {
            lines.push_str(&head.to_line());
            lines.push('\n');
        }
        let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        // A new file must be in its directory too before it counts.
        self.path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    }

    fn tail(&self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(String::from_utf8_lossy(&tail).into_owned())
    }

    fn file(&self, cause: std::io::Error) -> WitnessError {
        WitnessError::File { path: self.path.clone(), cause }
    }

    /// The file that is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// That the database has no such head.
    #[must_use]
    pub fn contradicts(&self, size: u64) -> WitnessError {
        WitnessError::Contradicts { path: self.path.clone(), size }
    }
}

/// Reads every head of a witness file.
///
/// # Errors
/// [`WitnessError`], with the first line that somebody damaged.
pub fn read(path: &Path) -> Result<Vec<SignedHead>, WitnessError> {
    let bytes = std::fs::read(path).map_err(|cause| WitnessError::File { path: path.to_owned(), cause })?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.split('\n').collect();
    let mut heads = Vec::new();
    // Torn lines wait here for the head they are the beginning of.
    let mut torn: Vec<(usize, &str, String)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match SignedHead::from_line(line) {
            Ok(head) => {
                if let Some((at, _, reason)) =
                    torn.iter().find(|(_, beginning, _)| !line.starts_with(beginning))
                {
                    return Err(WitnessError::Line {
                        path: path.to_owned(),
                        line: at + 1,
                        reason: reason.clone(),
                    });
                }
                torn.clear();
                heads.push(head);
            }
            // What follows the last line break is being written, or was when the power went.
            Err(_) if index + 1 == lines.len() => {}
            Err(reason) => torn.push((index, line, reason.to_string())),
        }
    }
    match torn.into_iter().next() {
        Some((line, _, reason)) => Err(WitnessError::Line { path: path.to_owned(), line: line + 1, reason }),
        None => Ok(heads),
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::Instant;
    use kairan_core::surroundings::held;

    use super::*;
    use crate::log::heads::TreeHead;
    use crate::log::keys::LogKey;

    fn heads(count: u64) -> Vec<SignedHead> {
        let key = LogKey::generate(&held::surroundings(1).0);
        (1..=count).map(|size| TreeHead::sign(&key, size, [7; 32], Instant(5))).collect()
    }

    fn witness() -> (tempfile::TempDir, Witness) {
        let directory = tempfile::tempdir().unwrap();
        let witness = Witness::new(directory.path());
        (directory, witness)
    }

    #[test]
    fn heads_come_back_in_the_order_they_were_given() {
        let (_directory, witness) = witness();
        assert_eq!(witness.last().unwrap(), None);
        let heads = heads(50);
        witness.append(&heads[..20]).unwrap();
        witness.append(&heads[20..]).unwrap();
        assert_eq!(witness.last().unwrap(), Some(heads[49]));
        assert_eq!(read(witness.path()).unwrap(), heads);
    }

    #[test]
    fn a_line_torn_anywhere_by_a_crash_is_written_again_and_forgiven() {
        let heads = heads(3);
        let whole = heads[1].to_line() + "\n";
        for torn in 0..whole.len() {
            let (_directory, witness) = witness();
            witness.append(&heads[..1]).unwrap();
            let mut file = OpenOptions::new().append(true).open(witness.path()).unwrap();
            file.write_all(&whole.as_bytes()[..torn]).unwrap();
            assert_eq!(witness.last().unwrap(), Some(heads[0]), "torn after {torn} bytes");
            read(witness.path()).unwrap();
            witness.append(&heads[1..]).unwrap();
            assert_eq!(witness.last().unwrap(), Some(heads[2]));
            let mut found = read(witness.path()).unwrap();
            found.dedup();
            assert_eq!(found, heads);
        }
    }

    #[test]
    fn a_line_somebody_damaged_is_named() {
        let (_directory, witness) = witness();
        witness.append(&heads(3)).unwrap();
        let text = std::fs::read_to_string(witness.path()).unwrap();
        for (damage, line) in [
            (text.replacen("\"size\":2", "\"size\":x", 1), 2),
            (text.replacen("\"size\":3", "\"size\":x", 1), 3),
            (text.replacen("\"size\":2", " \"size\":2", 1), 2),
        ] {
            std::fs::write(witness.path(), damage).unwrap();
            let Err(WitnessError::Line { line: found, .. }) = read(witness.path()) else {
                panic!("line {line} passed")
            };
            assert_eq!(found, line);
        }
    }
}
