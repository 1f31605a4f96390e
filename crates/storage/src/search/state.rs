//! How far the index has come, and its making.

use kairan_core::Instant;

use super::engines;
use crate::database::{Database, Reader};
use crate::error::Result;
use crate::params;
use crate::tx::Tx;

/// Changes whenever what the index holds, or how it is folded, changes: another number makes it anew.
const VERSION: i64 = 1;

/// Any number, the same on every node, and not the migrations': `PostgreSQL`'s advisory lock for making the index.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7216042614)";

const TABLE: &str = "CREATE TABLE IF NOT EXISTS search_state (id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, making BIGINT NOT NULL, position BIGINT NOT NULL, latest BIGINT NOT NULL, disorder BIGINT NOT NULL)";

/// How far the index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// Events of the log that are in it: the next one's place.
    pub position: i64,
    /// The latest time among them.
    pub latest: i64,
    /// How far a time among them lies behind an earlier one, at most, in ms: the log's order is nearly that of time.
    pub disorder: i64,
    /// How often it was made anew; cursors and running steps of another making do not fit.
    pub making: i64,
}

impl State {
    /// Takes in the time of the next event.
    pub fn goes_on(&mut self, at: Instant) {
        self.position += 1;
        if self.position == 1 || at.ms() > self.latest {
            self.latest = at.ms();
        }
        self.disorder = self.disorder.max(self.latest - at.ms());
    }
}

/// Makes the index's tables when they are not there or of another version.
///
/// # Errors
/// What the engine says.
pub async fn prepare(database: &Database) -> Result<()> {
    let mut writer = database.writer().await?;
    in_transaction(&mut writer, async |writer: &mut Reader| {
        writer.batch(TABLE).await?;
        let sql = "SELECT version FROM search_state WHERE id = 0";
        let there = writer.maybe(sql, params![]).await?.map(|row| row.get::<i64>(0)).transpose()?;
        if there == Some(VERSION) { Ok(()) } else { make(writer).await }
    })
    .await
}

/// Makes it anew, empty.
pub(super) async fn renew(database: &Database) -> Result<()> {
    let mut writer = database.writer().await?;
    in_transaction(&mut writer, async |writer: &mut Reader| {
        writer.batch(TABLE).await?;
        make(writer).await
    })
    .await
}

async fn make(writer: &mut Reader) -> Result<()> {
    // The state first, as a step does, so that the two wait for each other in one order.
    let sql = "INSERT INTO search_state (id, version, making, position, latest, disorder) VALUES (0, $1, 1, 0, 0, 0) \
               ON CONFLICT (id) DO UPDATE SET version = excluded.version, making = search_state.making + 1, position = 0, latest = 0, disorder = 0";
    writer.execute(sql, params![VERSION]).await?;
    engines::make(writer).await
}

async fn in_transaction(writer: &mut Reader, job: impl AsyncFnOnce(&mut Reader) -> Result<()>) -> Result<()> {
    writer.begin_write().await?;
    if writer.is_shared() {
        writer.batch(LOCK).await?;
    }
    let outcome = job(writer).await;
    if outcome.is_err() {
        // The first error is the one to tell.
        let _ = writer.batch("ROLLBACK").await;
        return outcome;
    }
    writer.batch("COMMIT").await
}

/// How far the index has come; `None` where it was never made.
///
/// # Errors
/// What the engine says.
pub async fn state(reader: &mut Reader) -> Result<Option<State>> {
    let sql = "SELECT position, latest, disorder, making FROM search_state WHERE id = 0";
    let row = reader.maybe(sql, params![]).await?;
    row.map(|row| {
        Ok(State { position: row.get(0)?, latest: row.get(1)?, disorder: row.get(2)?, making: row.get(3)? })
    })
    .transpose()
}

/// The same, and nobody else goes on from there before this transaction has ended.
pub(super) async fn held(tx: &mut Tx) -> Result<Option<State>> {
    if tx.is_shared() {
        tx.query("SELECT id FROM search_state WHERE id = 0 FOR UPDATE", params![]).await?;
    }
    state(tx).await
}

pub(super) async fn write(tx: &mut Tx, state: &State) -> Result<()> {
    let sql = "UPDATE search_state SET position = $1, latest = $2, disorder = $3 WHERE id = 0";
    tx.write_own(sql, params![state.position, state.latest, state.disorder]).await
}

/// How far the index lies behind the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Behind {
    /// Events that are not in it.
    pub events: i64,
    /// When the oldest of them happened.
    pub since: Option<Instant>,
}

/// See [`Behind`].
///
/// # Errors
/// What the engine says.
pub async fn behind(reader: &mut Reader) -> Result<Behind> {
    let position = state(reader).await?.unwrap_or_default().position;
    let sql = "SELECT CAST(COALESCE((SELECT size FROM log_frontier WHERE id = 0), 0) - $1 AS BIGINT), \
               CAST(COALESCE((SELECT SUM(seq - sequenced) FROM streams WHERE sequenced < seq), 0) AS BIGINT)";
    let row = reader.one(sql, params![position]).await?;
    let (placed, waiting): (i64, i64) = (row.get(0)?, row.get(1)?);
    let since = if placed > 0 {
        super::placed_at(reader, position).await?
    } else if waiting > 0 {
        let sql = "SELECT MIN(e.at) FROM streams s JOIN events e ON e.stream = s.stream AND e.seq = s.sequenced + 1 \
                   WHERE s.sequenced < s.seq";
        reader.one(sql, params![]).await?.get(0)?
    } else {
        None
    };
    Ok(Behind { events: placed + waiting, since })
}
