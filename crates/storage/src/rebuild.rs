//! Projections can be made anew from the journal: `check` replays into an empty database and compares, which proves that
//! nothing goes round the journal; `rebuild` replaces the tables in place.

use std::collections::BTreeMap;

use kairan_core::{Seq, Surroundings};

use crate::database::{Database, Reader};
use crate::error::{Error, Result};
use crate::journal::{Event, Stream};
use crate::migrate::{self, Migration};
use crate::params;
use crate::projection::{Projection, Tables};
use crate::value::{Row, Value};

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// A row that only one side has, as text; ids and hashes only, never contents.
    pub row: String,
    /// Whether it stands in the running tables (and not in the replay).
    pub in_tables: bool,
}

/// Events read at once.
const PAGE: i64 = 1_000;

/// Replays the journal of `source` into the empty `scratch` and compares every projected table.
///
/// # Errors
/// What an engine or a projection says. Differences are the answer, not an error.
pub async fn check(
    source: &Database,
    scratch: &Database,
    migrations: &[Migration],
    projections: &[Box<dyn Projection>],
    surroundings: &Surroundings,
) -> Result<Vec<Difference>> {
    migrate::apply(scratch, migrations, surroundings).await?;
    let mut from = source.reader().await?;
    from.begin_snapshot().await?;
    let mut to = scratch.writer().await?;
    to.begin_write().await?;
    replay(&mut from, &mut to, projections).await?;
    to.batch("COMMIT").await?;
    let mut differences = Vec::new();
    for table in projections.iter().flat_map(|projection| projection.tables()) {
        let (running, replayed) = (counted(&from.table(table).await?), counted(&to.table(table).await?));
        differences.extend(only_in(&running, &replayed).map(|row| Difference {
            table,
            row,
            in_tables: true,
        }));
        differences.extend(only_in(&replayed, &running).map(|row| Difference {
            table,
            row,
            in_tables: false,
        }));
    }
    from.batch("COMMIT").await?;
    Ok(differences)
}

/// Empties every projected table and fills it from the journal, in one transaction.
///
/// # Errors
/// What the engine or a projection says; then nothing has changed.
pub async fn rebuild(database: &Database, projections: &[Box<dyn Projection>]) -> Result<()> {
    let mut from = database.reader().await?;
    let mut to = database.writer().await?;
    to.begin_write().await?;
    from.begin_snapshot().await?;
    let outcome = async {
        for table in projections.iter().flat_map(|projection| projection.tables()).rev() {
            to.batch(&format!("DELETE FROM {table}")).await?;
        }
        replay(&mut from, &mut to, projections).await
    }
    .await;
    from.batch("COMMIT").await?;
    to.batch(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    outcome
}

async fn replay(from: &mut Reader, to: &mut Reader, projections: &[Box<dyn Projection>]) -> Result<()> {
    for row in from.query("SELECT stream FROM streams ORDER BY stream", params![]).await? {
        let stream: Stream = row.get(0)?;
        let mut after = Seq::START;
        loop {
            let page = events_after(from, stream, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in &page {
                for projection in projections {
                    projection.apply(&mut Tables(to), event).await?;
                }
            }
        }
    }
    to.flush().await
}

/// The events of a stream after a place, in order.
///
/// # Errors
/// What the engine says.
pub async fn events_after(reader: &mut Reader, stream: Stream, after: Seq, limit: i64) -> Result<Vec<Event>> {
    let sql = "SELECT stream, seq, at, actor, member, device, kind, body, prev, hash FROM events WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    reader.query(sql, params![stream, after, limit]).await?.iter().map(Event::from_row).collect()
}

fn counted(rows: &[Row]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(line(row)).or_default() += 1;
    }
    counts
}

fn only_in<'a>(
    one: &'a BTreeMap<String, usize>,
    other: &'a BTreeMap<String, usize>,
) -> impl Iterator<Item = String> + 'a {
    one.iter().filter(|(row, count)| other.get(*row) != Some(count)).map(|(row, _)| row.clone())
}

fn line(row: &Row) -> String {
    let column = |value: &Value| match value {
        Value::Null => "∅".to_owned(),
        Value::Int(v) => v.to_string(),
        Value::Bool(v) => i64::from(*v).to_string(),
        Value::Real(v) => v.to_string(),
        Value::Text(v) => format!("{v:?}"),
        Value::Bytes(v) => hex::encode(v),
    };
    row.values().iter().map(column).collect::<Vec<_>>().join(" | ")
}

/// A scratch database beside `source`: a temporary file, or a schema of its own. Dropped with [`Scratch::discard`].
pub struct Scratch {
    /// The empty database.
    pub database: Database,
    schema: Option<String>,
    _file: Option<tempfile::TempDir>,
}

impl Scratch {
    /// Makes one. `url`: the `postgres://` URL when that is the engine.
    ///
    /// # Errors
    /// When there is no room for it.
    pub async fn beside(source: &Database, url: Option<&str>, surroundings: &Surroundings) -> Result<Self> {
        if let Some(url) = url.filter(|_| source.engine() == "postgres") {
            let schema = format!("rebuild_{}", hex::encode(surroundings.bytes::<8>()));
            source.writer().await?.batch(&format!("CREATE SCHEMA {schema}")).await?;
            return Ok(Self {
                database: Database::postgres(url, Some(&schema))?,
                schema: Some(schema),
                _file: None,
            });
        }
        let beside = source
            .file()
            .and_then(|file| file.parent().map(std::path::Path::to_owned))
            .ok_or_else(|| Error::Unusable("no database address".into()))?;
        let folder = tempfile::Builder::new().prefix("rebuild-").tempdir_in(beside)?;
        Ok(Self {
            database: Database::sqlite(&folder.path().join("scratch.db"))?,
            schema: None,
            _file: Some(folder),
        })
    }

    /// Removes it.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn discard(self, source: &Database) -> Result<()> {
        if let Some(schema) = &self.schema {
            source.writer().await?.batch(&format!("DROP SCHEMA {schema} CASCADE")).await?;
        }
        Ok(())
    }
}
