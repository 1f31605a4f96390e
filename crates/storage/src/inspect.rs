//! What the command line asks of a database without starting a store on it: how it is, what it holds, a copy of it.
//!
//! It stays true that nothing here changes the database that is asked.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use kairan_core::Instant;
use rusqlite::backup::{Backup, StepResult};
use sha2::{Digest, Sha256};

use crate::database::{Database, Reader};
use crate::error::{Error, Result};
use crate::journal::Hash;
use crate::migrate::{JOURNAL, Migration};
use crate::params;
use crate::search::{self, Behind};
use crate::value::Row;

/// How a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The engine's own version: `3.51.3`, `15.14`.
    pub version: String,
    /// The same as a number: 3051003 for `SQLite`, 150014 for `PostgreSQL`.
    pub version_number: i64,
    /// How text is stored, on `PostgreSQL` (`UTF8` is needed).
    pub encoding: Option<String>,
    /// Whether Kairan has ever been started on it.
    pub started: bool,
    /// Migrations of this binary that are not applied yet.
    pub pending: Vec<&'static str>,
    /// Migrations that this binary does not know: a newer one was here.
    pub unknown: Vec<String>,
    /// When the newest event happened.
    pub last_event: Option<Instant>,
    /// When the oldest event happened that has no place in the transparency log yet.
    pub waiting_since: Option<Instant>,
    /// How far the search index is behind; `None` when there is none yet.
    pub search: Option<Behind>,
}

/// What the journal holds, in numbers and one digest: equal summaries are equal journals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Streams.
    pub streams: u64,
    /// Events in them.
    pub events: u64,
    /// SHA-256 over every stream's name, last seq and last hash, in the order of the names. The hash chain makes each
    /// last hash stand for all before it.
    pub digest: Hash,
}

const STREAMS_PAGE: i64 = 1_000;

impl Database {
    /// Asks in one snapshot, without a store: for the command line, where no lane runs.
    ///
    /// # Errors
    /// What the job or the engine says.
    pub async fn ask<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Reader) -> Result<T, E>,
        E: From<Error>,
    {
        let mut reader = self.reader().await?;
        reader.begin_snapshot().await?;
        let outcome = job(&mut reader).await;
        // After a failed statement the transaction is over either way.
        let ended = reader.batch("COMMIT").await;
        self.give_back(reader);
        let value = outcome?;
        ended?;
        Ok(value)
    }

    /// How it is, as `doctor` tells it.
    ///
    /// # Errors
    /// What the engine says, also that it cannot be reached.
    pub async fn inspect(&self, migrations: &[Migration]) -> Result<Inspection> {
        self.ask(async |reader: &mut Reader| inspect(reader, migrations).await).await
    }

    /// What the journal holds.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn summary(&self) -> Result<Summary> {
        self.ask(async |reader: &mut Reader| summary(reader).await).await
    }

    /// Copies a `SQLite` database into a new file while others go on reading and writing it (`SQLite`'s online backup):
    /// the copy is the database of one moment, and on the disk when this returns.
    ///
    /// # Errors
    /// What the engine says; on `PostgreSQL`, that `pg_dump` is the tool.
    pub async fn copy_to(&self, file: &Path) -> Result<()> {
        let reader = self.reader().await?;
        let Some(source) = reader.sqlite() else {
            return Err(Error::Unusable("PostgreSQL is copied with pg_dump".to_owned()));
        };
        let mut copy = rusqlite::Connection::open(file)?;
        // All pages in one step: a step that stops in between starts again when somebody writes.
        let backup = Backup::new(source, &mut copy)?;
        while backup.step(-1)? != StepResult::Done {
            // Another process holds the file for a moment; SQLite has waited for its busy timeout already.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(backup);
        drop(copy);
        self.give_back(reader);
        std::fs::File::open(file)?.sync_all()?;
        Ok(())
    }
}

async fn inspect(reader: &mut Reader, migrations: &[Migration]) -> Result<Inspection> {
    let (version, version_number, encoding) = if reader.is_shared() {
        let sql = "SELECT current_setting('server_version'), CAST(current_setting('server_version_num') AS BIGINT), \
                   current_setting('server_encoding')";
        let row = reader.one(sql, params![]).await?;
        (row.get(0)?, row.get(1)?, Some(row.get(2)?))
    } else {
        (rusqlite::version().to_owned(), i64::from(rusqlite::version_number()), None)
    };
    let mut inspection = Inspection {
        version,
        version_number,
        encoding,
        started: has_table(reader, "migrations").await?,
        pending: JOURNAL.iter().chain(migrations).map(|migration| migration.name).collect(),
        unknown: Vec::new(),
        last_event: None,
        waiting_since: None,
        search: None,
    };
    if !inspection.started {
        return Ok(inspection);
    }
    let applied = reader.query("SELECT name FROM migrations", params![]).await?;
    let applied = applied.iter().map(|row| row.get(0)).collect::<Result<BTreeSet<String>>>()?;
    inspection.unknown =
        applied.iter().filter(|name| !inspection.pending.contains(&name.as_str())).cloned().collect();
    inspection.pending.retain(|name| !applied.contains(*name));
    if has_table(reader, "events").await? {
        inspection.last_event = newest(&reader.one("SELECT MAX(at) FROM events", params![]).await?)?;
        let sql = "SELECT MIN(e.at) FROM streams s JOIN events e ON e.stream = s.stream AND e.seq = s.sequenced + 1 \
                   WHERE s.sequenced < s.seq";
        inspection.waiting_since = newest(&reader.one(sql, params![]).await?)?;
    }
    if has_table(reader, "search_state").await? {
        inspection.search = Some(search::behind(reader).await?);
    }
    Ok(inspection)
}

fn newest(row: &Row) -> Result<Option<Instant>> {
    row.get::<Option<i64>>(0).map(|at| at.map(Instant))
}

async fn has_table(reader: &mut Reader, name: &'static str) -> Result<bool> {
    let sql = if reader.is_shared() {
        "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(FALSE)) AND tablename = $1"
    } else {
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
    };
    Ok(reader.one(sql, params![name]).await?.get::<i64>(0)? > 0)
}

async fn summary(reader: &mut Reader) -> Result<Summary> {
    let mut digest = Sha256::new();
    let (mut streams, mut events, mut after) = (0, 0, Vec::new());
    loop {
        let sql = "SELECT stream, seq, hash FROM streams WHERE stream > $1 ORDER BY stream LIMIT $2";
        let page = reader.query(sql, params![after.as_slice(), STREAMS_PAGE]).await?;
        for row in &page {
            let (stream, seq, hash): (Vec<u8>, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // Lengths first, so that no two lists of streams give the same bytes.
            digest.update([u8::try_from(stream.len()).unwrap_or(u8::MAX)]);
            digest.update(&stream);
            digest.update(seq.to_be_bytes());
            digest.update(&hash);
            streams += 1;
            events += u64::try_from(seq).unwrap_or(0);
            after = stream;
        }
        if page.is_empty() {
            return Ok(Summary { streams, events, digest: digest.finalize().into() });
        }
    }
}
