//! The sequencer: gives every committed event its place in the tree and signs what the tree has become.
//!
//! It stays true that places, the streams' counts of placed events, the tree's edge and the head change in one
//! transaction, so that it may be killed anywhere and simply goes on; and that an event never gets two places.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kairan_core::{Instant, MemberId, Seq, time::SECOND};

use super::heads::{SignedHead, TreeHead};
use super::keys::{KeyId, LogKey};
use super::rows;
use super::tree::{Frontier, leaf_hash};
use super::witness::{Witness, WitnessError};
use crate::bus::News;
use crate::database::Reader;
use crate::error::{Error, Result};
use crate::journal::{Hash, Stream};
use crate::params;
use crate::store::Store;
use crate::tx::Tx;
use crate::value::Row;

/// Most events placed in one transaction.
const BATCH: i64 = 1_000;
/// How long events are gathered that will be placed together: what trails the log is this much behind the journal.
const GATHER: Duration = Duration::from_millis(200);
/// Longest pause between two looks at the journal.
const TICK: Duration = Duration::from_secs(5);
/// Longest wait between two heads: with a look before and a look after it stays within the 60 seconds of R51.
const LONGEST_MS: i64 = 50 * SECOND;

/// How the sequencer works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Milliseconds between two heads while events come; more than 50,000 counts as 50,000 (R51).
    pub head_every_ms: i64,
    /// Where heads are copied to.
    pub witness_directory: Option<PathBuf>,
}

/// What a step did.
#[derive(Debug)]
pub struct Progress {
    /// Events that got their place.
    pub placed: usize,
    /// Entries of the tree now.
    pub size: u64,
    /// The head that was signed, when it was time.
    pub signed: Option<SignedHead>,
    /// Whether more events wait.
    pub more: bool,
    /// Heads copied to the witness; `None` without a witness. Its failure stops neither placing nor signing.
    pub witness: Option<Result<usize, WitnessError>>,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] Error),
    /// The newest head was signed with another key: signing on would split the log in two.
    #[error(
        "the log was signed with key {found}, but the key file holds {ours}: restore log-key.pem from the backup of this database"
    )]
    OtherKey {
        /// The key of the newest head.
        found: KeyId,
        /// The key in hand.
        ours: KeyId,
    },
    /// The tree's edge in the database is not the one this process wrote.
    #[error("the stored edge of the log was changed from outside: run `kairan verify`")]
    EdgeChanged,
}

/// Places events and signs heads. One at a time is enough; two of them meet at the log's keys and one gives way.
pub struct Sequencer {
    store: Store,
    key: Arc<LogKey>,
    head_every_ms: i64,
    witness: Option<Witness>,
    /// The edge as this process last wrote it: the database must say the same.
    edge: Frontier,
    /// Where to look first when more streams wait than fit one batch. Empty: at the first stream.
    after: Vec<u8>,
}

/// An event on its way into the tree.
struct Entry {
    stream: Stream,
    seq: Seq,
    hash: Hash,
}

/// What the next transaction is to do, read beforehand so that the lane is not kept waiting.
struct Plan {
    edge: Frontier,
    newest: Option<SignedHead>,
    entries: Vec<Entry>,
    more: bool,
    after: Vec<u8>,
}

impl Sequencer {
    /// A sequencer for this store, signing with this key.
    #[must_use]
    pub fn new(store: Store, key: Arc<LogKey>, settings: &Settings) -> Self {
        Self {
            store,
            key,
            head_every_ms: settings.head_every_ms.min(LONGEST_MS),
            witness: settings.witness_directory.as_deref().map(Witness::new),
            edge: Frontier::new(),
            after: Vec::new(),
        }
    }

    /// Works until `stop` resolves, then places and signs what is left, so that nothing waits for the next start.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let tick = Duration::from_millis(u64::try_from(self.head_every_ms).unwrap_or(0))
            .clamp(Duration::from_millis(100), TICK);
        let mut stop = std::pin::pin!(stop);
        let mut written = self.store.bus().hints(|news| matches!(news, News::Event(_)));
        loop {
            let busy = self.try_step(self.head_every_ms).await;
            let pause = async {
                if !busy {
                    // The bus is a hint: what it misses, or another node writes, the tick finds.
                    let _written = tokio::time::timeout(tick, written.next()).await;
                    tokio::time::sleep(GATHER.min(tick)).await;
                    written.forget();
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                () = pause => {}
            }
        }
        while self.try_step(0).await {}
    }

    /// One step, its troubles logged. Whether more events wait.
    async fn try_step(&mut self, head_every_ms: i64) -> bool {
        match self.advance(head_every_ms).await {
            Ok(progress) => {
                if let Some(Err(error)) = progress.witness {
                    tracing::error!(%error, "a tree head was not copied to the witness");
                }
                progress.more
            }
            Err(error) => {
                tracing::error!(%error, "the transparency log does not go on");
                false
            }
        }
    }

    /// Places what waits (at most 1,000 events), signs a head when it is time, and copies heads to the witness.
    ///
    /// # Errors
    /// [`LogError`]; nothing has changed then.
    pub async fn step(&mut self) -> Result<Progress, LogError> {
        self.advance(self.head_every_ms).await
    }

    async fn advance(&mut self, head_every_ms: i64) -> Result<Progress, LogError> {
        let after = std::mem::take(&mut self.after);
        let plan = self.store.read(async move |reader: &mut Reader| plan(reader, after).await).await?;
        self.check(&plan)?;
        let (placed, more, after) = (plan.entries.len(), plan.more, plan.after.clone());
        let mut edge = plan.edge.clone();
        for entry in &plan.entries {
            edge.push(leaf_hash(&entry.hash));
        }
        let unsigned = edge.size() > plan.newest.map_or(0, |newest| newest.head.size);
        let due = unsigned && is_due(plan.newest.as_ref(), self.store.surroundings().now(), head_every_ms);
        let mut signed = None;
        if placed > 0 || due {
            let work = Work { plan, edge: edge.clone(), key: self.key.clone(), head_every_ms };
            let lane = own_line();
            match self.store.write(lane, async move |tx: &mut Tx| work.write(tx).await).await? {
                Written::Done(head) => signed = head.map(|head| *head),
                // Another node's sequencer was quicker; its work is seen at the next step.
                Written::Overtaken => {
                    return Ok(Progress {
                        placed: 0,
                        size: edge.size(),
                        signed: None,
                        more: true,
                        witness: None,
                    });
                }
            }
        }
        (self.edge, self.after) = (edge, after);
        let witness = match self.witness.clone() {
            Some(witness) => Some(copy(&self.store, witness).await?),
            None => None,
        };
        Ok(Progress { placed, size: self.edge.size(), signed, more, witness })
    }

    fn check(&self, plan: &Plan) -> Result<(), LogError> {
        let ours = self.key.public().id();
        match &plan.newest {
            Some(newest) if newest.head.key != ours => {
                return Err(LogError::OtherKey { found: newest.head.key, ours });
            }
            Some(newest) if newest.head.size == plan.edge.size() && newest.head.root != plan.edge.root() => {
                return Err(LogError::EdgeChanged);
            }
            Some(newest) if newest.head.size > plan.edge.size() => return Err(LogError::EdgeChanged),
            _ => {}
        }
        // The log only grows, so an edge of the same size is the same edge, and a smaller one cannot be.
        let known = plan.edge.size() > self.edge.size() || plan.edge == self.edge;
        if known { Ok(()) } else { Err(LogError::EdgeChanged) }
    }
}

/// A head is due when the last one is old enough, or from the future (the clock was set back).
fn is_due(newest: Option<&SignedHead>, now: Instant, head_every_ms: i64) -> bool {
    newest.is_none_or(|newest| !(0..head_every_ms).contains(&now.since(newest.head.at)))
}

/// The sequencer's own place among the lanes: a stream that nobody has, so that it holds none while it works.
fn own_line() -> Stream {
    Stream::Member(MemberId::try_from([0; 16].as_slice()).expect("sixteen bytes are an id"))
}

async fn plan(reader: &mut Reader, after: Vec<u8>) -> Result<Plan> {
    let edge = rows::frontier(reader).await?;
    let newest = rows::newest_head(reader).await?;
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(seq - sequenced), 0) AS BIGINT) FROM streams WHERE sequenced < seq";
    let row = reader.one(sql, params![]).await?;
    let (streams, events): (i64, i64) = (row.get(0)?, row.get(1)?);
    // Every waiting stream gets its share, so that a long backlog of one cannot keep the others from their 60 seconds.
    let share = (BATCH / streams.max(1)).max(1);
    let sql = "SELECT s.stream, s.sequenced, e.seq, e.at, e.hash FROM streams s \
               JOIN events e ON e.stream = s.stream AND e.seq > s.sequenced AND e.seq <= s.sequenced + $2 AND e.seq <= s.seq \
               WHERE s.sequenced < s.seq AND s.stream > $1 ORDER BY s.stream, e.seq LIMIT $3";
    let found = reader.query(sql, params![after.as_slice(), share, BATCH]).await?;
    let entries = in_order(&found)?;
    let next = if streams > BATCH {
        found.last().map(|row| row.get(0)).transpose()?.unwrap_or_default()
    } else {
        Vec::new()
    };
    let more = events > i64::try_from(entries.len()).unwrap_or(i64::MAX)
        && (!entries.is_empty() || !after.is_empty());
    Ok(Plan { edge, newest, entries, more, after: next })
}

/// Puts what waits into one order: by time, stream, seq.
fn in_order(found: &[Row]) -> Result<Vec<Entry>> {
    let mut reached: HashMap<Stream, (Seq, Instant)> = HashMap::new();
    let mut timed = Vec::with_capacity(found.len());
    for row in found {
        let (stream, seq): (Stream, Seq) = (row.get(0)?, row.get(2)?);
        let (before, latest) = reached.get(&stream).copied().unwrap_or((row.get(1)?, Instant(i64::MIN)));
        if seq != before.next() {
            tracing::error!(%stream, seq = before.next().0, "an event is missing from the journal: run `kairan verify`");
            continue;
        }
        // A clock that was set back must not put an event before the one it follows.
        let at = latest.max(row.get(3)?);
        reached.insert(stream, (seq, at));
        timed.push((at, Entry { stream, seq, hash: row.get(4)? }));
    }
    timed.sort_by_key(|(at, entry)| (*at, entry.stream, entry.seq));
    Ok(timed.into_iter().map(|(_, entry)| entry).collect())
}

/// What one transaction writes.
struct Work {
    plan: Plan,
    /// The edge after the plan's entries.
    edge: Frontier,
    key: Arc<LogKey>,
    head_every_ms: i64,
}

enum Written {
    /// With the head, when one was due.
    Done(Option<Box<SignedHead>>),
    /// The log has grown since the plan was read.
    Overtaken,
}

impl Work {
    async fn write(&self, tx: &mut Tx) -> Result<Written> {
        if rows::frontier(tx).await? != self.plan.edge {
            return Ok(Written::Overtaken);
        }
        let newest = rows::newest_head(tx).await?;
        self.place(tx).await?;
        let signed_already = newest.is_some_and(|newest| newest.head.size == self.edge.size());
        if signed_already || !is_due(newest.as_ref(), tx.now(), self.head_every_ms) {
            return Ok(Written::Done(None));
        }
        // Heads never go back in time, even when the clock does.
        let at = newest.map_or(tx.now(), |newest| newest.head.at.max(tx.now()));
        let head = TreeHead::sign(&self.key, self.edge.size(), self.edge.root(), at);
        let sql = "INSERT INTO log_heads (size, root, at, key_id, signature) VALUES ($1, $2, $3, $4, $5)";
        tx.write_own(sql, rows::head_row(&head)).await?;
        Ok(Written::Done(Some(Box::new(head))))
    }

    async fn place(&self, tx: &mut Tx) -> Result<()> {
        if !self.plan.entries.is_empty() {
            tx.tell(News::Placed);
        }
        // In the order of their keys, as the lanes take them, so that two nodes cannot wait for each other in a circle.
        let mut placed: BTreeMap<Stream, Seq> = BTreeMap::new();
        for (index, entry) in (self.plan.edge.size()..).zip(&self.plan.entries) {
            let sql = "INSERT INTO log_entries (idx, stream, seq, leaf) VALUES ($1, $2, $3, $4)";
            tx.write_own(sql, params![rows::stored(index), entry.stream, entry.seq, entry.hash]).await?;
            placed.insert(entry.stream, entry.seq);
        }
        for (stream, seq) in placed {
            tx.write_own("UPDATE streams SET sequenced = $2 WHERE stream = $1", params![stream, seq]).await?;
        }
        let sql = "INSERT INTO log_frontier (id, size, peaks) VALUES (0, $1, $2) \
                   ON CONFLICT (id) DO UPDATE SET size = excluded.size, peaks = excluded.peaks";
        tx.write_own(sql, params![rows::stored(self.edge.size()), self.edge.peaks()]).await
    }
}

/// Copies the heads that the witness does not have yet. The inner result is the witness's own trouble.
async fn copy(store: &Store, witness: Witness) -> Result<Result<usize, WitnessError>> {
    let looking = witness.clone();
    let last = match tokio::task::spawn_blocking(move || looking.last()).await.map_err(|_| Error::Stopped)? {
        Ok(last) => last,
        Err(error) => return Ok(Err(error)),
    };
    let above = last.map_or(0, |last| last.head.size);
    let job = async move |reader: &mut Reader| {
        let same = rows::heads(reader, above.saturating_sub(1), above, 1).await?;
        Ok((same.first().copied(), rows::heads(reader, above, u64::MAX, BATCH).await?))
    };
    let (same, newer) = store.read::<_, Error, _>(job).await?;
    if same != last {
        return Ok(Err(witness.contradicts(above)));
    }
    let written = move || witness.append(&newer).map(|()| newer.len());
    tokio::task::spawn_blocking(written).await.map_err(|_| Error::Stopped)
}
