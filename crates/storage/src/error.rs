//! What can go wrong below the commands.

use kairan_core::{Code, Refusal, refusal};

/// A failure of storage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `SQLite` said no.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// `PostgreSQL` said no.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection could be had.
    #[error("PostgreSQL pool: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// The database's address or version does not serve.
    #[error("{0}")]
    Unusable(String),
    /// A column held another kind of value than the code expects.
    #[error("column {column}: expected {expected}, found {found}")]
    Column {
        /// Index of the column.
        column: usize,
        /// What was asked for.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A row that must be there is not.
    #[error("no row where one must be: {0}")]
    NoRow(&'static str),
    /// Stored JSON does not read.
    #[error("stored JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The transaction met another one (two nodes on one stream, a deadlock); doing it again is right.
    #[error("met another transaction")]
    Conflict,
    /// The lane is gone: the server is stopping.
    #[error("the writer has stopped")]
    Stopped,
    /// The journal is not what it must be.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    /// Files beside the database.
    #[error("file: {0}")]
    Io(#[from] std::io::Error),
}

/// `Result` of storage.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the whole job should be run again from its start.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Conflict => true,
            // 40001 serialization failure, 40P01 deadlock; 23505 on the journal's own keys is turned into Conflict there.
            Self::Postgres(error) => {
                error.code().is_some_and(|code| matches!(code.code(), "40001" | "40P01"))
            }
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ),
            _ => false,
        }
    }

    /// Whether a unique key said no.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        match self {
            Self::Postgres(error) => error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION),
            Self::Sqlite(error) => {
                matches!(error.sqlite_error(), Some(e) if matches!(e.extended_code, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY))
            }
            _ => false,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code: &'static Code = if error.is_conflict() || matches!(error, Error::Stopped) {
            &refusal::STORAGE_BUSY
        } else {
            &refusal::SERVER_FAULT
        };
        Self { cause: Some(Box::new(error)), ..Self::new(code) }
    }
}
