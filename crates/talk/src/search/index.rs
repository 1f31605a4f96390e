//! The job that keeps the index: it trails the transparency log, one step after the other.
//!
//! It stays true that a step and the position after it are committed together, so that it may be killed anywhere and
//! simply goes on; and that a document is put in as its message is now, so that doing a step again changes nothing.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kairan_core::{Instant, MemberId, MessageId};
use kairan_storage::search::{self, Change, Placed, State, Tag};
use kairan_storage::{Error, Facts, News, Reader, Result, Row, Store, Stream, Tx};

use super::scan::{in_list, list, names_of};
use super::words::Searched;
use crate::messages::events::MessageFact;
use crate::messages::rules::Label;

/// Most events of one step: others wait for `SQLite`'s one writer meanwhile.
const BATCH: i64 = 500;
/// Longest pause between two looks; the bus tells earlier that there is something.
const TICK: Duration = Duration::from_secs(5);
/// Pause after a step that failed.
const AGAIN: Duration = Duration::from_secs(1);
/// Documents after which the engine is told to look at what it holds.
const MANY: i64 = 20_000;

/// How far the index is behind, for `/metrics`.
#[derive(Debug, Default)]
pub struct Lag {
    events: AtomicI64,
    /// When the oldest missing event happened, ms UTC; 0: none is missing.
    since: AtomicI64,
}

impl Lag {
    /// Events of the journal that are not in the index.
    pub fn events(&self) -> i64 {
        self.events.load(Ordering::Relaxed)
    }
    /// How long ago the oldest of them happened, ms.
    pub fn ms(&self, now: Instant) -> i64 {
        match self.since.load(Ordering::Relaxed) {
            0 => 0,
            since => now.since(Instant(since)).max(0),
        }
    }
}

/// Keeps the index. Several may work on one database: each step is done once.
pub struct Indexer {
    store: Store,
    lag: Arc<Lag>,
    unsettled: i64,
}

impl Indexer {
    /// An indexer of this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, lag: Arc::default(), unsettled: 0 }
    }

    /// How far the index is behind, as this indexer last saw it.
    #[must_use]
    pub fn lag(&self) -> Arc<Lag> {
        self.lag.clone()
    }

    /// Works until `stop` resolves.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut grown = self.store.bus().hints(|news| matches!(news, News::Placed));
        let mut stop = std::pin::pin!(stop);
        loop {
            grown.forget();
            let pause = async {
                match self.step().await {
                    Ok(true) => {}
                    // The bus is a hint: what it misses, or another node places, the tick finds.
                    Ok(false) => drop(tokio::time::timeout(TICK, grown.next()).await),
                    Err(error) => {
                        tracing::error!(%error, "the search index does not go on");
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = pause => {}
            }
        }
    }

    /// Takes the next events into the index. Whether there may be more.
    ///
    /// # Errors
    /// What storage says; nothing has changed then.
    pub async fn step(&mut self) -> Result<bool> {
        let (from, to, changes) = self.store.read::<_, Error, _>(plan).await?;
        let moved = from != to;
        if moved {
            let changed = i64::try_from(changes.len()).unwrap_or(i64::MAX);
            let work = async move |tx: &mut Tx| search::advance(tx, &from, &to, &changes).await;
            if !self.store.write::<_, Error, _>(own_line(), work).await? {
                return Ok(true); // somebody else was quicker; the next look sees it
            }
            self.unsettled += changed;
        }
        let behind = self.store.read::<_, Error, _>(search::behind).await?;
        self.lag.events.store(behind.events, Ordering::Relaxed);
        self.lag.since.store(behind.since.map_or(0, Instant::ms), Ordering::Relaxed);
        if !moved && self.unsettled >= MANY {
            search::settle(self.store.database()).await?;
            self.unsettled = 0;
        }
        Ok(moved)
    }
}

/// The index's own place among the lanes: a stream that nobody has.
fn own_line() -> Stream {
    Stream::Member(MemberId::try_from([u8::MAX; 16].as_slice()).expect("sixteen bytes are an id"))
}

/// What the next step is to write.
async fn plan(reader: &mut Reader) -> Result<(State, State, Vec<Change>)> {
    let from = search::state(reader).await?.ok_or(Error::NoRow("the state of the search index"))?;
    let mut to = from;
    let mut touched = BTreeSet::new();
    for Placed { index, event } in search::placed(reader, from.position, BATCH).await? {
        if index != to.position {
            return Err(Error::Damaged(format!("the log has no entry {}: run `kairan verify`", to.position)));
        }
        to.goes_on(event.at);
        if let Some(fact) = MessageFact::of(&event) {
            match fact? {
                MessageFact::Posted(posted) => drop(touched.insert(posted.message)),
                MessageFact::Edited(edited) => drop(touched.insert(edited.message)),
                MessageFact::Deleted(deleted) => drop(touched.insert(deleted.message)),
                _ => {}
            }
        }
    }
    let touched: Vec<MessageId> = touched.into_iter().collect();
    Ok((from, to, changes(reader, &touched).await?))
}

/// These messages as they are now.
async fn changes(reader: &mut Reader, messages: &[MessageId]) -> Result<Vec<Change>> {
    let sql = in_list!(
        "SELECT l.idx, g.room, g.author, g.label, g.deleted_at IS NOT NULL, c.body, e.body FROM messages g JOIN rooms r ON r.id = g.room
           JOIN log_entries l ON l.stream = r.stream AND l.seq = g.seq
           JOIN events e ON e.stream = r.stream AND e.seq = g.seq
           LEFT JOIN contents c ON c.id = g.content WHERE g.id IN ",
        0
    );
    let mut changes = Vec::with_capacity(messages.len());
    for some in list(messages.iter().map(|message| (*message).into())) {
        for row in reader.query(sql, some).await? {
            changes.push(change(reader, &row).await?);
        }
    }
    Ok(changes)
}

async fn change(reader: &mut Reader, row: &Row) -> Result<Change> {
    let doc = row.get(0)?;
    if row.get(4)? {
        return Ok(Change::Remove { doc });
    }
    let mut tags = vec![Tag::Room(row.get(1)?), Tag::Author(row.get(2)?)];
    let label: Option<String> = row.get(3)?;
    tags.extend(label.as_deref().and_then(Label::named).map(|label| Tag::Label(label.name())));
    let text = row.get::<Option<Vec<u8>>>(5)?.unwrap_or_default();
    let files = names_of(reader, &row.get::<String>(6)?).await?;
    if !files.is_empty() {
        tags.push(Tag::File);
    }
    let searched =
        Searched::new(&String::from_utf8_lossy(&text), files.iter().map(|file| file.name.as_str()));
    Ok(Change::Put { doc, tags, grams: searched.grams() })
}
