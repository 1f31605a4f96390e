//! How fast the transparency log places events and how fast it is checked, on a fresh `SQLite` file:
//! `cargo bench -p kairan-storage --bench log [events]`, 100,000 events unless told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kairan_core::surroundings::held;
use kairan_core::{Actor, ContentId, RoomId};
use kairan_storage::log::{LogKey, Sequencer, Settings, Watch, verify};
use kairan_storage::{Database, Error, Store, Stream, Tx, facts};
use serde::{Deserialize, Serialize};

/// A message as large as most are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Posted {
    id: ContentId,
    commitment: String,
}

facts! {
    /// What is measured with.
    enum BenchFact { "bench.posted" => Posted(Posted) }
}

const ROOMS: usize = 50;

#[tokio::main]
async fn main() {
    // Cargo passes `--bench` and whatever else stands on the line.
    let events = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (surroundings, _clock) = held::surroundings(1);
    let database = Database::sqlite(&folder.path().join("bench.db")).expect("a fresh file");
    let store = Store::open(database, surroundings.clone(), &[], Vec::new(), 1).await.expect("opens");
    let key = Arc::new(LogKey::generate(&surroundings));

    let rooms: Vec<Stream> = (0..ROOMS).map(|_| Stream::Room(surroundings.id::<RoomId>())).collect();
    report("written", events, timed(write(&store, &rooms, events)).await);
    let settings = Settings { head_every_ms: 0, witness_directory: None };
    let mut sequencer = Sequencer::new(store.clone(), key.clone(), &settings);
    let placing = async { while sequencer.step().await.expect("places").more {} };
    report("placed and signed", events, timed(placing).await);
    let checking = async { verify(store.database(), key.public(), &[]).await.expect("whole").entries };
    report("verified", events, timed(async { assert_eq!(checking.await, events as u64) }).await);
    let mut watch = Watch::new(store.clone(), key.public().clone(), u64::MAX);
    report(
        "watched",
        events,
        timed(async { assert_eq!(watch.step().await.expect("whole").rounds, 1) }).await,
    );
}

async fn write(store: &Store, rooms: &[Stream], events: usize) {
    for start in (0..events).step_by(100) {
        let stream = rooms[start / 100 % rooms.len()];
        let many = 100.min(events - start);
        let job = async move |tx: &mut Tx| {
            for _ in 0..many {
                let content =
                    tx.put_content("本日の朝礼は9時からです。全員、制服で集まってください。").await?;
                let fact = BenchFact::from(Posted { id: content.id, commitment: content.commitment });
                tx.append(stream, Actor::System, None, &fact).await?;
            }
            Ok::<_, Error>(())
        };
        store.write(stream, job).await.expect("written");
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

fn report(what: &str, events: usize, took: Duration) {
    let rate = events as f64 / took.as_secs_f64();
    println!("{what:>18}: {events} events in {:>6.2} s, {rate:>8.0} a second", took.as_secs_f64());
}
