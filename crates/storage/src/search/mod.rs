//! The search index: which messages hold which grams, kept beside the journal and made from it.
//!
//! It stays true that the index is no truth: it may be thrown away at any moment and is made anew from the log, whoever
//! asks it checks every answer against the messages, and nothing is ever found only because the index says so.
//!
//! A document's number is its event's place in the transparency log, so that numbers are dense, never change, and newest
//! first is simply from the top down. This is the one place where the two engines are told different things: `SQLite` keeps
//! grams in a contentless FTS5 table, `PostgreSQL` in a `tsvector` under a GIN index.

mod engines;
mod state;
mod token;

use std::collections::BTreeSet;

use kairan_core::Instant;

pub use state::{Behind, State, behind, prepare, state};
pub use token::Tag;

use crate::database::{Database, Reader};
use crate::error::Result;
use crate::journal::Event;
use crate::tx::Tx;
use crate::{params, value::Row};

/// What changes in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This document is now as follows.
    Put {
        /// Its place in the log.
        doc: i64,
        /// What it is.
        tags: Vec<Tag>,
        /// What it says.
        grams: BTreeSet<String>,
    },
    /// This document is no longer to be found.
    Remove {
        /// Its place in the log.
        doc: i64,
    },
}

/// What is looked for: documents that hold all the grams and, of each list, at least one tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// All of these.
    pub grams: BTreeSet<String>,
    /// Of each of these, at least one. An empty list finds nothing.
    pub any: Vec<Vec<Tag>>,
}

/// Documents that may be what is wanted, newest first: `from <= doc < below`.
///
/// # Errors
/// What the engine says.
pub async fn candidates(
    reader: &mut Reader,
    wanted: &Wanted,
    from: i64,
    below: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    if wanted.any.iter().any(Vec::is_empty) || below <= from {
        return Ok(Vec::new());
    }
    engines::candidates(reader, wanted, from, below, limit).await
}

/// An event and its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The place.
    pub index: i64,
    /// The event.
    pub event: Event,
}

/// The log's events from a place on, in its order.
///
/// # Errors
/// What the engine says.
pub async fn placed(reader: &mut Reader, from: i64, limit: i64) -> Result<Vec<Placed>> {
    let sql = "SELECT e.stream, e.seq, e.at, e.actor, e.member, e.device, e.kind, e.body, e.prev, e.hash, l.idx \
               FROM log_entries l JOIN events e ON e.stream = l.stream AND e.seq = l.seq \
               WHERE l.idx >= $1 AND l.idx < $2 ORDER BY l.idx";
    let read = |row: &Row| Ok(Placed { event: Event::from_row(row)?, index: row.get(10)? });
    reader.query(sql, params![from, from.saturating_add(limit)]).await?.iter().map(read).collect()
}

/// When the event at a place of the log happened.
///
/// # Errors
/// What the engine says.
pub async fn placed_at(reader: &mut Reader, index: i64) -> Result<Option<Instant>> {
    let sql = "SELECT e.at FROM log_entries l JOIN events e ON e.stream = l.stream AND e.seq = l.seq WHERE l.idx = $1";
    reader.maybe(sql, params![index]).await?.map(|row| row.get(0)).transpose()
}

/// Writes what follows from the log's events `from.position..to.position`. `false` when somebody else has gone on from
/// there already: then nothing is written.
///
/// # Errors
/// What the engine says.
pub async fn advance(tx: &mut Tx, from: &State, to: &State, changes: &[Change]) -> Result<bool> {
    if state::held(tx).await?.as_ref() != Some(from) {
        return Ok(false);
    }
    for change in changes {
        match change {
            Change::Put { doc, tags, grams } => engines::put(tx, *doc, tags, grams).await?,
            Change::Remove { doc } => engines::remove(tx, *doc).await?,
        }
    }
    state::write(tx, to).await?;
    Ok(true)
}

/// Empties the index, so that it is made anew from the log's beginning: by the server that runs, or by whoever steps.
///
/// # Errors
/// What the engine says.
pub async fn empty(database: &Database) -> Result<()> {
    state::renew(database).await
}

/// Lets the engine know what it holds, after much was written at once.
///
/// # Errors
/// What the engine says.
pub async fn settle(database: &Database) -> Result<()> {
    let mut writer = database.writer().await?;
    engines::settle(&mut writer).await
}

/// Bytes on disk of the index, for whoever measures.
///
/// # Errors
/// What the engine says.
pub async fn size(reader: &mut Reader) -> Result<i64> {
    engines::size(reader).await
}
