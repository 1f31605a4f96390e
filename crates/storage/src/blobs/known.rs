//! Whether the sealing key at hand is the one this database's files were sealed with.
//!
//! It stays true that a database that was once used with a sealing key is never used with another one, nor with a new one
//! in place of a lost one: files put under it would be lost with the next restore, and those there are could not be read.
//! So the database keeps a key that nothing is sealed with, wrapped; whoever can open that has the right sealing key.

use std::io::ErrorKind;
use std::path::Path;

use kairan_core::ids::{FileId, Id as _};
use uuid::Uuid;

use super::{FileKey, SEALING_KEY_FILE, SealingKey, SealingKeyError};
use crate::{Database, Error, Reader, Store, Stream, params};

/// The kind of the known wrapped key in `secrets`; there is one at most.
const KNOWN: &str = "sealing_key";

impl SealingKey {
    /// The sealing key of a data folder and a database: opened and recognised, or made at the first start of both.
    ///
    /// # Errors
    /// [`SealingKeyError`]: also when the folder's key is not the database's, or is gone.
    pub async fn of(directory: &Path, store: &Store) -> Result<Self, SealingKeyError> {
        let path = directory.join(SEALING_KEY_FILE);
        let known = store.read(async |reader| known(reader).await).await?;
        let key = match Self::open(&path) {
            Err(SealingKeyError::File { cause, .. })
                if cause.kind() == ErrorKind::NotFound && known.is_some() =>
            {
                return Err(SealingKeyError::Lost(path));
            }
            Err(SealingKeyError::File { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                Self::open_or_create(directory, store.surroundings())?
            }
            opened => opened?,
        };
        if known.is_none() {
            claim(store, &key).await?;
        }
        // Asked anew: another node may have been quicker, and then its key counts.
        let known = store.read(async |reader| self::known(reader).await).await?;
        key.recognise(&known.unwrap_or_default(), &path)?;
        Ok(key)
    }

    /// The sealing key of a data folder, recognised by its database, for whoever only looks; `None` when neither has seen
    /// one yet.
    ///
    /// # Errors
    /// [`SealingKeyError`], as [`of`](Self::of).
    pub async fn look(directory: &Path, database: &Database) -> Result<Option<Self>, SealingKeyError> {
        let path = directory.join(SEALING_KEY_FILE);
        let known = database.ask(async |reader: &mut Reader| known(reader).await).await?;
        match (Self::open(&path), known) {
            (Err(SealingKeyError::File { cause, .. }), known) if cause.kind() == ErrorKind::NotFound => {
                known.map_or(Ok(None), |_| Err(SealingKeyError::Lost(path)))
            }
            (opened, known) => {
                let key = opened?;
                if let Some(wrapped) = known {
                    key.recognise(&wrapped, &path)?;
                }
                Ok(Some(key))
            }
        }
    }

    fn recognise(&self, wrapped: &[u8], path: &Path) -> Result<(), SealingKeyError> {
        match self.unwrap(wrapped, nobody()) {
            Ok(_) => Ok(()),
            Err(_) => Err(SealingKeyError::NotOurs(path.to_owned())),
        }
    }
}

/// The file that is none, for which the known key is wrapped.
fn nobody() -> FileId {
    FileId::from_uuid(Uuid::nil())
}

async fn known(reader: &mut Reader) -> Result<Option<Vec<u8>>, Error> {
    reader
        .maybe("SELECT value FROM secrets WHERE kind = $1 ORDER BY id LIMIT 1", params![KNOWN])
        .await?
        .map(|row| row.get(0))
        .transpose()
}

async fn claim(store: &Store, key: &SealingKey) -> Result<(), Error> {
    let wrapped = key.wrap(&FileKey::generate(store.surroundings()), nobody());
    store
        .write(Stream::Organisation, async move |tx| {
            if known(tx).await?.is_none() {
                tx.put_secret(KNOWN, &wrapped).await?;
            }
            Ok(())
        })
        .await
}
