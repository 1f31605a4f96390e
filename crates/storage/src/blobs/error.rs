//! What can go wrong with stored bytes. The words name ids only: a log never holds a file's name (invariant 7).

use std::io::{self, ErrorKind};

use kairan_core::ids::FileId;
use kairan_core::{Refusal, refusal};

use super::Layer;

/// Why bytes could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The store has no such part.
    #[error("{file}/{}/{part} is not in the store", layer.name())]
    Missing {
        /// The file.
        file: FileId,
        /// Which of its layers.
        layer: Layer,
        /// Which part of it.
        part: u32,
    },
    /// What the store has is not what was put there: cut, changed, exchanged, or of another key.
    #[error("{file}/{}/{part} is not what was put there", layer.name())]
    Damaged {
        /// The file.
        file: FileId,
        /// Which of its layers.
        layer: Layer,
        /// Which part of it.
        part: u32,
    },
    /// The store does not answer, or says no.
    #[error("the store of files cannot be used: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The disk is full, or nearly: what remains is reserved for the journal.
    #[error("the store of files has no room")]
    Full,
    /// The wrapped key of this file does not open under this server's sealing key.
    #[error("the key of {0} does not open: it is of another sealing key, or was changed")]
    KeyRefused(FileId),
    /// More bytes than a part holds, or a range outside of the blob: a mistake of the caller.
    #[error("{0}")]
    Misused(&'static str),
}

/// `Result` of blobs.
pub type Result<T, E = BlobError> = std::result::Result<T, E>;

impl BlobError {
    /// Anything that went wrong on the way to the store or inside it.
    pub(super) fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error = error.into();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
        while let Some(error) = cause {
            let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
            if error.downcast_ref::<io::Error>().is_some_and(|error| full.contains(&error.kind())) {
                return Self::Full;
            }
            cause = error.source();
        }
        Self::Unavailable(error)
    }
}

impl From<BlobError> for io::Error {
    fn from(error: BlobError) -> Self {
        let kind = match &error {
            BlobError::Missing { .. } => ErrorKind::NotFound,
            BlobError::Damaged { .. } | BlobError::KeyRefused(_) => ErrorKind::InvalidData,
            BlobError::Unavailable(_) => ErrorKind::ConnectionAborted,
            BlobError::Full => ErrorKind::StorageFull,
            BlobError::Misused(_) => ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        let code = match &error {
            BlobError::Unavailable(_) => &refusal::STORAGE_BUSY,
            BlobError::Full => &refusal::STORAGE_FULL,
            _ => &refusal::SERVER_FAULT,
        };
        Self { cause: Some(Box::new(error)), ..Self::new(code) }
    }
}
