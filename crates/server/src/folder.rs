//! The data folder: made private, held by one server at a time, and what lies in it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use kairan_core::Instant;
use kairan_storage::{Database, Error};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::config;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system said no.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A server holds it.
    #[error("{path}: a server is running on this data; stop it first", path = .0.display())]
    Held(PathBuf),
}

/// A data folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// What is remembered of the last backup, so that `doctor` can say how long ago it was.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct LastBackup {
    /// When it was taken.
    pub at: Instant,
}

impl Folder {
    /// A folder that may not be there yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Makes it, readable by this user only.
    ///
    /// # Errors
    /// What the system says.
    pub fn make(&self) -> Result<(), FolderError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|cause| FolderError::File { path: self.0.clone(), cause })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The SQLite database in it.
    #[must_use]
    pub fn database_file(&self) -> PathBuf {
        self.0.join("kairan.db")
    }

    /// The folder of files' bytes in it.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// Whether nothing lies in it (or it is not there).
    ///
    /// # Errors
    /// What the system says.
    pub fn is_empty(&self) -> Result<bool, FolderError> {
        match std::fs::read_dir(&self.0) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(cause) => Err(FolderError::File { path: self.0.clone(), cause }),
        }
    }

    /// Holds it for as long as the answer lives: what is no event (tickets, presence, uploads under way) one server would not
    /// hear of from the other.
    ///
    /// # Errors
    /// [`FolderError::Held`] when another process does.
    pub fn hold(&self) -> Result<File, FolderError> {
        let path = self.0.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|cause| FolderError::File { path: path.clone(), cause })?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(FolderError::Held(self.0.clone())),
            Err(error) => Err(FolderError::File { path, cause: error.into() }),
        }
    }

    /// Opens the database as configured. SQLite: makes the file when it is not there.
    ///
    /// # Errors
    /// What storage says.
    pub fn database(&self, database: &config::Database) -> Result<Database, Error> {
        match database {
            config::Database::Sqlite => Database::sqlite(&self.database_file()),
            config::Database::Postgres(url) => Database::postgres(url, None),
        }
    }

    /// Whether there is a database to look at: a SQLite file, or any PostgreSQL address.
    #[must_use]
    pub fn has_database(&self, database: &config::Database) -> bool {
        match database {
            config::Database::Sqlite => self.database_file().is_file(),
            config::Database::Postgres(_) => true,
        }
    }

    /// Writes a small file that only this user may read, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_private(&self, name: &str, contents: &str) -> Result<PathBuf, FolderError> {
        let path = self.0.join(name);
        let unfinished = self.0.join(format!("{name}.new"));
        let write = || -> io::Result<()> {
            let mut file =
                OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
            file.write_all(contents.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&unfinished, &path)?;
            File::open(&self.0)?.sync_all()
        };
        match write() {
            Ok(()) => Ok(path),
            Err(cause) => Err(FolderError::File { path, cause }),
        }
    }

    /// Removes a small file; one that is not there is as good.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        let path = self.0.join(name);
        match std::fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(FolderError::File { path, cause }),
            _ => Ok(()),
        }
    }

    /// A small file's text, when it is there.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(name)).ok()
    }

    /// Remembers that a backup was taken.
    ///
    /// # Errors
    /// What the system says.
    pub fn remember_backup(&self, at: Instant) -> Result<(), FolderError> {
        let text = serde_json::to_string(&LastBackup { at }).unwrap_or_default();
        self.write_private("last-backup.json", &text).map(|_| ())
    }

    /// When the last backup was taken.
    #[must_use]
    pub fn last_backup(&self) -> Option<Instant> {
        let remembered: LastBackup = serde_json::from_str(&self.read("last-backup.json")?).ok()?;
        Some(remembered.at)
    }
}
