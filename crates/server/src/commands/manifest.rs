//! The manifest of a backup: what is in it and what the journal was, so that a restore can prove that nothing is missing.

use std::io::{self, Read as _};
use std::path::Path;

use kairan_core::Instant;
use kairan_storage::Summary;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The manifest's own name in the backup.
pub const MANIFEST: &str = "manifest.json";
/// The database's name in the backup and in the data folder.
pub const DATABASE: &str = "kairan.db";
/// The folder of people's files in the backup and in the data folder.
pub const FILES: &str = "files";

/// Form 1; a later form must be told apart.
pub const FORM: u32 = 1;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of this file.
    pub form: u32,
    /// The version that wrote it.
    pub version: String,
    /// When, ms UTC.
    pub at: Instant,
    /// `sqlite`: the database is in the backup. `postgres`: it is not; `pg_dump` keeps it.
    pub engine: String,
    /// The journal at that moment.
    pub journal: JournalState,
    /// Every file beside this one.
    pub files: Vec<FileEntry>,
    /// `local`: the sealed bytes of people's files are in the backup. `s3`: they are not; the bucket keeps them.
    pub blobs: String,
    /// Every piece of people's files, below [`FILES`]; named `{file}/{layer}/{part}`.
    pub pieces: Vec<FileEntry>,
}

/// What the journal was. Equal states are equal journals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalState {
    /// Streams.
    pub streams: u64,
    /// Events in them.
    pub events: u64,
    /// SHA-256 over all streams' heads, hexadecimal.
    pub digest: String,
}

impl From<Summary> for JournalState {
    fn from(summary: Summary) -> Self {
        Self { streams: summary.streams, events: summary.events, digest: hex::encode(summary.digest) }
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its name; never a path, but for pieces, whose names lead nowhere else than into their folder.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

impl FileEntry {
    /// Measures a file of a folder.
    pub fn of(folder: &Path, name: &str) -> io::Result<Self> {
        let mut file = std::fs::File::open(folder.join(name))?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        let mut size = 0;
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(Self { name: name.to_owned(), size, sha256: hex::encode(digest.finalize()) });
            }
            digest.update(&buffer[..read]);
            size += read as u64;
        }
    }
}
