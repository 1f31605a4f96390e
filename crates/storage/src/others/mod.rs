//! Other writers: what another process or node committed to the same database, told on this one's bus.
//!
//! The command line beside a running server, and several servers on one `PostgreSQL`. It stays true that every event that
//! somebody else commits reaches the bus once, in the order of its stream, and that what stood before the start does not:
//! the bus keeps up to where each stream was told, and what lies beyond is read from the journal.
//!
//! Looking is cheap (docs/decisions/0013). An event either waits for its place in the transparency log, for which there is an
//! index, or lies behind the last place this process has seen. Both are read in one snapshot, so nothing falls between.

mod line;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kairan_core::Seq;
pub(crate) use line::Hint;
use line::{Heard, Line};
use tokio::time::{MissedTickBehavior, interval};

use crate::bus::{Committed, Marks, News};
use crate::database::Reader;
use crate::error::Result;
use crate::journal::{Event, Stream};
use crate::log::entries;
use crate::params;
use crate::rebuild::events_after;
use crate::store::Store;

/// Pause between two looks: a fifth of the second within which a lock must reach the sockets (R20), so that a look may be
/// late or fail and the next one is still in time.
const LOOK: Duration = Duration::from_millis(200);
/// Pause after a look that failed.
const AGAIN: Duration = Duration::from_secs(1);
/// Turns between two tries to open a line that was not to be had.
const OPEN_EVERY: u32 = 100;
/// Most events read at once.
const PAGE: usize = 1_000;

/// Looks for what others write.
pub struct Others {
    store: Store,
    /// The `SQLite` connection that is asked whether anybody committed anything; nobody else uses it.
    eye: Option<Reader>,
    /// What it answered before the last look.
    version: i64,
    /// Entries of the log at the last look.
    placed: i64,
}

/// Where the streams of a snapshot stand that have moved since the log had `placed` entries, and how many it has.
async fn moved(reader: &mut Reader, placed: i64) -> Result<(Marks, i64)> {
    let size = entries(reader).await?;
    let mut reached = Marks::new();
    let sql = "SELECT stream, MAX(seq) FROM log_entries WHERE idx >= $1 GROUP BY stream";
    for row in reader.query(sql, params![placed]).await? {
        reached.insert(row.get(0)?, row.get(1)?);
    }
    // Those that wait stand further than what has its place.
    for row in reader.query("SELECT stream, seq FROM streams WHERE sequenced < seq", params![]).await? {
        reached.insert(row.get(0)?, row.get(1)?);
    }
    Ok((reached, size))
}

/// Where all streams stand.
async fn all(reader: &mut Reader) -> Result<(Marks, i64)> {
    let size = entries(reader).await?;
    let rows = reader.query("SELECT stream, seq FROM streams", params![]).await?;
    let standing = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
    Ok((standing.collect::<Result<_>>()?, size))
}

/// The events after these places, a thousand at most.
async fn beyond(reader: &mut Reader, told: Vec<(Stream, Seq)>) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for (stream, after) in told {
        let room = i64::try_from(PAGE - events.len().min(PAGE)).unwrap_or(0);
        if room == 0 {
            break;
        }
        events.extend(events_after(reader, stream, after, room).await?);
    }
    Ok(events)
}

impl Others {
    /// Learns where the streams stand: what is committed from now on will be told, by whomever.
    ///
    /// # Errors
    /// What the engine says; then only this process's own commits are told.
    pub async fn start(store: Store) -> Result<Self> {
        let bus = store.bus().clone();
        bus.learn();
        let learned = Self::learn(store).await;
        match learned {
            Ok((others, standing)) => {
                bus.learned(Some(standing));
                Ok(others)
            }
            Err(error) => {
                bus.learned(None);
                Err(error)
            }
        }
    }

    async fn learn(store: Store) -> Result<(Self, Marks)> {
        let database = store.database();
        let eye = if database.engine() == "sqlite" { Some(database.reader().await?) } else { None };
        let mut others = Self { store, eye, version: 0, placed: 0 };
        others.version = others.changed().await?.unwrap_or(0);
        let (standing, placed) = others.store.read(async |reader: &mut Reader| all(reader).await).await?;
        others.placed = placed;
        Ok((others, standing))
    }

    /// The number that another commits change, where the engine has one (`SQLite`'s `data_version`); `None`: look yourself.
    async fn changed(&mut self) -> Result<Option<i64>> {
        let Some(eye) = &mut self.eye else { return Ok(None) };
        Ok(Some(eye.one("PRAGMA data_version", params![]).await?.get(0)?))
    }

    /// Tells what others have written since the last look. How many events.
    ///
    /// # Errors
    /// What the engine says; the next step finds what this one did not.
    pub async fn step(&mut self) -> Result<usize> {
        let version = self.changed().await?;
        if version == Some(self.version) && !self.store.bus().is_behind() {
            return Ok(0);
        }
        let placed = self.placed;
        let look = async move |reader: &mut Reader| moved(reader, placed).await;
        let (reached, placed) = self.store.read(look).await?;
        let mut told = 0;
        loop {
            let untold = self.store.bus().untold(&reached);
            if untold.is_empty() {
                break;
            }
            let read = async move |reader: &mut Reader| beyond(reader, untold).await;
            let events = self.store.read(read).await?;
            if events.is_empty() {
                tracing::error!("events that were written are not in the journal: run `kairan verify`");
                break;
            }
            told += events.len();
            for event in events {
                let committed = Committed { event, contents: Arc::default(), found: true };
                self.store.bus().retell(News::Event(Arc::new(committed)));
            }
        }
        self.placed = placed;
        self.version = version.unwrap_or(0);
        Ok(told)
    }

    /// Looks until `stop` resolves: at once when another server on the line has told that it wrote, else every now and then.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        let store = self.store.clone();
        let mut line = open(&store).await;
        // One clock for all turns: a server that has much to tell the others looks none the less.
        let mut clock = interval(LOOK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = 0_u32;
        loop {
            let heard = tokio::select! {
                biased;
                () = &mut stop => return,
                _ = clock.tick() => Heard::Others(Vec::new()),
                // Written behind something untold: the look need not wait.
                () = store.bus().behind() => Heard::Others(Vec::new()),
                heard = next(&mut line) => heard,
            };
            looks = looks.wrapping_add(1);
            if line.is_none() && looks.is_multiple_of(OPEN_EVERY) {
                line = open(&store).await;
            }
            let well = match heard {
                Heard::Own(hints) => told(line.as_ref(), hints).await,
                Heard::Others(hints) => self.look(hints).await,
                Heard::Broken => false,
            };
            if !well {
                tokio::select! {
                    biased;
                    () = &mut stop => return,
                    () = tokio::time::sleep(AGAIN) => {}
                }
                line = open(&store).await;
            }
        }
    }

    /// A step, then what other servers told: so nobody hears of a reading of what they have not heard of. Whether it went well.
    async fn look(&mut self, hints: Vec<Hint>) -> bool {
        let looked = self.step().await;
        for news in hints.into_iter().filter_map(Hint::news) {
            self.store.bus().retell(news);
        }
        looked
            .inspect_err(|error| {
                tracing::warn!(%error, "what others write could not be looked for; it will be tried again");
            })
            .is_ok()
    }
}

/// The line to other servers; without it the looks find what they write.
async fn open(store: &Store) -> Option<Line> {
    Line::open(store).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "there is no line to other servers; what they write is looked for");
        None
    })
}

/// The next thing on the line; without one nothing ever.
async fn next(line: &mut Option<Line>) -> Heard {
    match line {
        Some(line) => line.next().await,
        None => std::future::pending().await,
    }
}

/// Tells the other servers. Whether the line holds.
async fn told(line: Option<&Line>, hints: Vec<Hint>) -> bool {
    match line {
        Some(line) => line.tell(hints).await.is_ok(),
        None => true,
    }
}
