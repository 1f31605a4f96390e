//! The journal and its lanes on both engines, with a small feature of the tests' own.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::poll;
use kairan_core::{Actor, Refusal, RoomId, Seq, refusal};
use kairan_storage::testing::{Schema, TestStore, both_engines};
use kairan_storage::{
    Database, Error, Event, Facts, LocalBoxFuture, Migration, News, Projection, Result, Store, Stream,
    Tables, Tx, events_after, facts, params, rebuild,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// It counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// By how much.
    by: i64,
}

facts! {
    /// What can happen to a counter.
    pub enum CounterFact { "counter.counted" => Counted(Counted) }
}

struct Counters;

impl Projection for Counters {
    fn tables(&self) -> &'static [&'static str] {
        &["counters"]
    }
    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(fact) = CounterFact::of(event).transpose()? else { return Ok(()) };
            let CounterFact::Counted(Counted { by }) = fact;
            tables
                .run(
                    "INSERT INTO counters (stream, total) VALUES ($1, $2) ON CONFLICT (stream) DO UPDATE SET total = counters.total + excluded.total",
                    params![event.stream, by],
                )
                .await
        })
    }
}

static MIGRATIONS: &[Migration] = &[Migration {
    name: "test/0001",
    sql: "CREATE TABLE counters (stream BYTEA NOT NULL PRIMARY KEY, total BIGINT NOT NULL CHECK (total < 1000000)); CREATE TABLE marks_test (id BIGINT PRIMARY KEY);",
}];

const SCHEMA: Schema = Schema { migrations: &[MIGRATIONS], projections: || vec![Box::new(Counters)] };

async fn count(world: &TestStore, stream: Stream, by: i64) -> Result<Seq, Refusal> {
    world
        .store
        .write(stream, async move |tx: &mut Tx| {
            tx.append(stream, Actor::System, None, &CounterFact::from(Counted { by }))
                .await
                .map_err(Refusal::from)
        })
        .await
}

async fn total(world: &TestStore, stream: Stream) -> Option<i64> {
    world
        .store
        .read(async move |reader| {
            reader
                .maybe("SELECT total FROM counters WHERE stream = $1", params![stream])
                .await?
                .map(|row| row.get(0))
                .transpose()
        })
        .await
        .unwrap_or_else(|error: Error| panic!("{error}"))
}

/// R28: numbers have no gap, whoever writes at once and whoever fails in between.
#[tokio::test]
async fn many_writers_make_a_gapless_chain() {
    both_engines(SCHEMA, async |world: TestStore| {
        let rooms: Vec<Stream> =
            (0..3).map(|_| Stream::Room(world.store.surroundings().id::<RoomId>())).collect();
        let writes = (0..300).map(|n| {
            let (world, stream) = (world.clone(), rooms[n % 3]);
            tokio::spawn(async move {
                // Every seventh breaks a rule of the table only after its event was appended.
                count(&world, stream, if n % 7 == 0 { 2_000_000 } else { 1 }).await.is_ok()
            })
        });
        let kept =
            join_all(writes).await.into_iter().filter(|kept| *kept.as_ref().expect("no panic")).count();
        assert_eq!(kept, 300 - 43, "on {}", world.engine);
        for stream in rooms {
            let events = world
                .store
                .read(async move |reader| events_after(reader, stream, Seq::START, 1_000).await)
                .await
                .unwrap_or_else(|error: Error| panic!("{error}"));
            assert_eq!(Some(events.len() as i64), total(&world, stream).await);
            let mut prev = [0; 32];
            for (index, event) in events.iter().enumerate() {
                assert_eq!(
                    (event.seq.0, event.prev, event.hash),
                    (index as i64 + 1, prev, event.computed_hash())
                );
                prev = event.hash;
            }
        }
    })
    .await;
}

/// Invariant 6: a refused write left nothing, and its neighbours stand.
#[tokio::test]
async fn a_refused_job_leaves_nothing() {
    both_engines(SCHEMA, async |world: TestStore| {
        let stream = Stream::Organisation;
        count(&world, stream, 1).await.expect("kept");
        let mut news = world.store.bus().listen();
        let refused: Result<(), Refusal> = world
            .store
            .write(stream, async move |tx: &mut Tx| {
                tx.append(stream, Actor::System, None, &CounterFact::from(Counted { by: 5 })).await?;
                tx.put_content("ない").await?;
                tx.put_secret("test", b"nothing").await?;
                Err(Refusal::new(&refusal::FORBIDDEN))
            })
            .await;
        assert_eq!(refused.expect_err("refused").code, &refusal::FORBIDDEN);
        assert_eq!(count(&world, stream, 1).await.expect("kept"), Seq(2));
        assert_eq!(total(&world, stream).await, Some(2));
        let News::Event(told) = news.recv().await.expect("told once") else { panic!("an event") };
        assert_eq!(told.event.seq, Seq(2), "the refused event was never told");
        let left: i64 = world.store.read(async |reader| reader.one("SELECT CAST((SELECT COUNT(*) FROM contents) + (SELECT COUNT(*) FROM secrets) AS BIGINT)", params![]).await?.get(0)).await.unwrap_or_else(|error: Error| panic!("{error}"));
        assert_eq!(left, 0);
    })
    .await;
}

/// A panic in a job takes only that job down.
#[tokio::test]
async fn a_panicking_job_is_undone_and_the_lane_goes_on() {
    both_engines(SCHEMA, async |world: TestStore| {
        let stream = Stream::Organisation;
        let panicked: Result<(), Refusal> = world
            .store
            .write(stream, async move |tx: &mut Tx| {
                tx.append(stream, Actor::System, None, &CounterFact::from(Counted { by: 5 })).await?;
                panic!("on purpose")
            })
            .await;
        assert!(panicked.is_err());
        assert_eq!(count(&world, stream, 1).await.expect("kept"), Seq(1));
    })
    .await;
}

/// Marks go only to their own tables.
#[tokio::test]
async fn a_mark_cannot_write_a_feature_table() {
    both_engines(SCHEMA, async |world: TestStore| {
        let outcome: Result<u64, Error> = world
            .store
            .write(Stream::Organisation, async |tx: &mut Tx| tx.mark("DELETE FROM counters", params![]).await)
            .await;
        assert!(matches!(outcome, Err(Error::Damaged(_))));
        let outcome: Result<u64, Error> = world
            .store
            .write(Stream::Organisation, async |tx: &mut Tx| {
                tx.mark("INSERT INTO marks_test (id) VALUES ($1)", params![1]).await
            })
            .await;
        assert_eq!(outcome.expect("a mark"), 1);
    })
    .await;
}

/// Rebuilding replaces damaged tables by what the journal says.
#[tokio::test]
async fn tables_follow_from_the_journal() {
    both_engines(SCHEMA, async |world: TestStore| {
        count(&world, Stream::Organisation, 7).await.expect("kept");
        rebuild::rebuild(world.store.database(), &[Box::new(Counters)]).await.expect("replays");
        assert_eq!(total(&world, Stream::Organisation).await, Some(7));
    })
    .await;
}

/// Holds a job at a place of the test's choosing.
#[derive(Default)]
struct Gate {
    reached: Notify,
    open: Notify,
}

/// Invariant 6, R28: a job that took another stream's head and was undone gave up that stream's lock with its savepoint.
/// Whoever writes the stream meanwhile is neither overlooked nor overwritten when the batch of the undone job commits.
#[tokio::test]
async fn an_undone_job_gives_up_the_head_together_with_the_lock() {
    both_engines(SCHEMA, async |world: TestStore| {
        let room = Stream::Room(world.store.surroundings().id::<RoomId>());
        assert_eq!(count(&world, room, 1).await.expect("kept"), Seq(1));
        let refuses = async move |tx: &mut Tx| {
            assert_eq!(tx.last_seq(room).await?, Seq(1));
            Err::<(), _>(Refusal::new(&refusal::FORBIDDEN))
        };
        let Some(url) = &world.url else {
            // SQLite has one lane, and nobody writes between two jobs of a batch: the same steps one after the other.
            world.store.write(Stream::Organisation, refuses).await.expect_err("refused");
            assert_eq!(count(&world, room, 1).await.expect("kept"), Seq(2));
            assert_eq!(count(&world, Stream::Organisation, 1).await.expect("kept"), Seq(1));
            assert_eq!(count(&world, room, 1).await.expect("kept"), Seq(3));
            return;
        };
        let database = Database::postgres(url, None).expect("a postgres:// URL");
        let surroundings = world.store.surroundings().clone();
        let node = Store::open(database, surroundings, MIGRATIONS, vec![Box::new(Counters)], 1);
        let other = TestStore { store: node.await.expect("another node"), ..world.clone() };

        // One job keeps the lane busy until two others stand in line behind it: those two are one batch.
        let (busy, last) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
        let held = busy.clone();
        let first = world.store.write(Stream::Organisation, async move |_: &mut Tx| {
            held.reached.notify_one();
            held.open.notified().await;
            Ok::<(), Refusal>(())
        });
        let mut first = pin!(first);
        assert!(poll!(&mut first).is_pending());
        busy.reached.notified().await;
        let mut undone = pin!(world.store.write(Stream::Organisation, refuses));
        assert!(poll!(&mut undone).is_pending());
        let held = last.clone();
        let mut kept = pin!(world.store.write(Stream::Organisation, async move |tx: &mut Tx| {
            held.reached.notify_one();
            held.open.notified().await;
            tx.append(Stream::Organisation, Actor::System, None, &CounterFact::from(Counted { by: 1 }))
                .await?;
            tx.last_seq(room).await.map_err(Refusal::from)
        }));
        assert!(poll!(&mut kept).is_pending());
        busy.open.notify_one();
        first.await.expect("kept");
        undone.await.expect_err("refused");

        // The refused job is undone and its batch still open while the other node writes.
        last.reached.notified().await;
        assert_eq!(count(&other, room, 1).await.expect("the lock was given up"), Seq(2));
        last.open.notify_one();
        assert_eq!(kept.await.expect("kept"), Seq(2), "the head was asked for again");
        for (writer, seq) in [(&world, 3), (&other, 4)] {
            assert_eq!(count(writer, room, 1).await.expect("the stream goes on"), Seq(seq));
        }
        assert_eq!(total(&world, room).await, Some(4));
    })
    .await;
}
