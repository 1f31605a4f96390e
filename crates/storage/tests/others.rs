//! Two processes on one database: each hears what the other committed, in order, once.

use std::sync::Arc;

use futures_util::future::join_all;
use kairan_core::surroundings::held;
use kairan_core::{Actor, RoomId, Seq};
use kairan_storage::log::{LogKey, Sequencer, Settings};
use kairan_storage::testing::{Schema, TestStore, both_engines};
use kairan_storage::{Database, Error, News, Others, Store, Stream, Tx, facts};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// Something was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// By which process.
    by: String,
}

facts! {
    /// What is said.
    pub enum SaidFact { "said.said" => Said(Said) }
}

const SCHEMA: Schema = Schema { migrations: &[], projections: Vec::new };

async fn say(store: &Store, stream: Stream, by: &str) -> Seq {
    let by = by.to_owned();
    let job = async move |tx: &mut Tx| {
        let said = SaidFact::from(Said { by: by.clone() });
        tx.append(stream, Actor::System, None, &said).await
    };
    store.write::<_, Error, _>(stream, job).await.expect("written")
}

/// The same database, opened as another process does: connections, lanes and a bus of its own.
async fn another(world: &TestStore) -> Store {
    let database = match &world.url {
        Some(url) => Database::postgres(url, None),
        None => Database::sqlite(&world.store.database().file().expect("a file")),
    };
    // Another seed, so that ids differ.
    let (surroundings, _) = held::surroundings(7);
    Store::open(database.expect("opens"), surroundings, &[], Vec::new(), 4).await.expect("opens")
}

/// Everything told by now: stream, place, whether it was found in the journal.
fn told(news: &mut Receiver<News>) -> Vec<(Stream, i64, bool)> {
    let mut told = Vec::new();
    loop {
        match news.try_recv() {
            Ok(News::Event(committed)) => {
                told.push((committed.event.stream, committed.event.seq.0, committed.found));
            }
            Ok(_) => {}
            Err(TryRecvError::Empty) => return told,
            Err(error) => panic!("{error}"),
        }
    }
}

fn room(store: &Store) -> Stream {
    Stream::Room(store.surroundings().id::<RoomId>())
}

/// R20: what another process wrote is told once, and not what stood before.
#[tokio::test]
async fn what_another_process_commits_is_told_once() {
    both_engines(SCHEMA, async |world: TestStore| {
        let (here, there) = (&world.store, another(&world).await);
        let (one, two) = (room(here), room(here));
        say(&there, one, "before the start").await;
        let mut others = Others::start(here.clone()).await.expect("starts");
        let mut news = here.bus().listen();
        assert_eq!(others.step().await.expect("looks"), 0);
        say(&there, one, "there").await;
        say(&there, two, "there").await;
        say(&there, one, "there").await;
        assert_eq!(others.step().await.expect("looks"), 3);
        let mut heard = told(&mut news);
        heard.sort_by_key(|(stream, seq, _)| (*stream, *seq));
        let mut all = vec![(one, 2, true), (one, 3, true), (two, 1, true)];
        all.sort_by_key(|(stream, seq, _)| (*stream, *seq));
        assert_eq!(heard, all, "on {}", world.engine);
        assert_eq!(others.step().await.expect("looks"), 0);
        assert_eq!(told(&mut news), []);
    })
    .await;
}

/// What this process commits is told at once and not again when it is looked for.
#[tokio::test]
async fn ones_own_commits_are_not_told_twice() {
    both_engines(SCHEMA, async |world: TestStore| {
        let here = &world.store;
        let stream = room(here);
        let mut others = Others::start(here.clone()).await.expect("starts");
        let mut news = here.bus().listen();
        say(here, stream, "here").await;
        assert_eq!(told(&mut news), [(stream, 1, false)]);
        others.step().await.expect("looks");
        say(here, stream, "here").await;
        others.step().await.expect("looks");
        assert_eq!(told(&mut news), [(stream, 2, false)], "on {}", world.engine);
    })
    .await;
}

/// One's own event behind another's that was not told yet waits for it: a stream is told in its order.
#[tokio::test]
async fn a_stream_is_told_in_its_order_whoever_wrote_it() {
    both_engines(SCHEMA, async |world: TestStore| {
        let (here, there) = (&world.store, another(&world).await);
        let (stream, other) = (room(here), room(here));
        let mut others = Others::start(here.clone()).await.expect("starts");
        let mut news = here.bus().listen();
        say(here, stream, "here").await;
        say(&there, stream, "there").await;
        say(here, stream, "here").await;
        say(here, other, "here").await;
        say(here, stream, "here").await;
        assert_eq!(told(&mut news), [(stream, 1, false), (other, 1, false)], "another stream does not wait");
        others.step().await.expect("looks");
        assert_eq!(told(&mut news), [(stream, 2, true), (stream, 3, true), (stream, 4, true)]);
        say(here, stream, "here").await;
        assert_eq!(told(&mut news), [(stream, 5, false)], "on {}", world.engine);
    })
    .await;
}

/// Events may have got their place in the log before anybody looked, or after, or never.
#[tokio::test]
async fn placed_or_waiting_an_event_is_found() {
    both_engines(SCHEMA, async |world: TestStore| {
        let folder = tempfile::tempdir().expect("a folder");
        let (here, there) = (&world.store, another(&world).await);
        let key = LogKey::open_or_create(folder.path(), here.surroundings()).expect("a key");
        let settings = Settings { head_every_ms: 0, witness_directory: None };
        let mut sequencer = Sequencer::new(there.clone(), Arc::new(key), &settings);
        let stream = room(here);
        say(&there, stream, "before").await;
        sequencer.step().await.expect("places");
        let mut others = Others::start(here.clone()).await.expect("starts");
        let mut news = here.bus().listen();
        say(&there, stream, "placed before the look").await;
        sequencer.step().await.expect("places");
        others.step().await.expect("looks");
        say(&there, stream, "placed after the look").await;
        others.step().await.expect("looks");
        sequencer.step().await.expect("places");
        others.step().await.expect("looks");
        assert_eq!(told(&mut news), [(stream, 2, true), (stream, 3, true)], "on {}", world.engine);
    })
    .await;
}

/// Both write the same streams at once while one looks: every event once, every stream in order.
#[tokio::test]
async fn under_load_every_event_is_told_once_and_in_order() {
    both_engines(SCHEMA, async |world: TestStore| {
        let (here, there) = (&world.store, another(&world).await);
        let streams: Vec<Stream> = (0..3).map(|_| room(here)).collect();
        let mut others = Others::start(here.clone()).await.expect("starts");
        let mut news = here.bus().listen();
        let writes = (0..240).map(|n| {
            let (store, stream) = (if n % 2 == 0 { here.clone() } else { there.clone() }, streams[n % 3]);
            tokio::spawn(async move { say(&store, stream, "both").await })
        });
        let writing = tokio::spawn(join_all(writes));
        while !writing.is_finished() {
            others.step().await.expect("looks");
            tokio::task::yield_now().await;
        }
        others.step().await.expect("looks");
        let heard = told(&mut news);
        assert_eq!(heard.len(), 240, "on {}", world.engine);
        for stream in streams {
            let places: Vec<i64> =
                heard.iter().filter(|(of, _, _)| *of == stream).map(|(_, seq, _)| *seq).collect();
            assert_eq!(places, (1..=80).collect::<Vec<i64>>(), "on {}", world.engine);
        }
    })
    .await;
}

/// What is committed while it is learned where the streams stand is not lost.
#[tokio::test]
async fn what_is_written_during_the_start_is_told() {
    both_engines(SCHEMA, async |world: TestStore| {
        let here = &world.store;
        let stream = room(here);
        let mut news = here.bus().listen();
        let writing = tokio::spawn({
            let here = here.clone();
            async move {
                for _ in 0..20 {
                    say(&here, stream, "here").await;
                }
            }
        });
        let mut others = Others::start(here.clone()).await.expect("starts");
        writing.await.expect("written");
        others.step().await.expect("looks");
        let places: Vec<i64> = told(&mut news).into_iter().map(|(_, seq, _)| seq).collect();
        assert_eq!(places, (1..=20).collect::<Vec<i64>>(), "on {}", world.engine);
    })
    .await;
}

/// What is no event crosses between servers too (on `PostgreSQL`; `SQLite` has one), and an event without waiting for a look.
#[tokio::test]
async fn servers_tell_each_other_what_is_no_event() {
    both_engines(SCHEMA, async |world: TestStore| {
        if world.url.is_none() {
            return;
        }
        let (here, there) = (world.store.clone(), another(&world).await);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let mut running = Vec::new();
        for store in [&here, &there] {
            let others = Others::start(store.clone()).await.expect("starts");
            let mut stopped = stopped.clone();
            let stop = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
            running.push(tokio::spawn(others.run(stop)));
        }
        let mut news = here.bus().listen();
        let member = here.surroundings().id();
        let stream = room(&here);
        // Until the line is open: what is told before that is told to nobody.
        loop {
            there.tell(News::Mine { member, what: "drafts", room: None });
            let heard = tokio::time::timeout(std::time::Duration::from_millis(50), news.recv()).await;
            if let Ok(Ok(News::Mine { member: whose, what, .. })) = heard {
                assert_eq!((whose, what), (member, "drafts"));
                break;
            }
        }
        let job = async move |tx: &mut Tx| {
            let said = SaidFact::from(Said { by: "there".into() });
            tx.append(stream, Actor::System, None, &said).await?;
            tx.tell(News::Own(member));
            Ok(())
        };
        there.write::<_, Error, _>(stream, job).await.expect("written");
        let mut heard = Vec::new();
        while heard.len() < 2 {
            match news.recv().await.expect("told") {
                News::Event(committed) => heard.push(committed.event.kind.clone()),
                News::Own(whose) if whose == member => heard.push("own".to_owned()),
                _ => {}
            }
        }
        assert_eq!(heard, ["said.said", "own"], "the event first");
        stop.send(true).expect("they run");
        for one in running {
            one.await.expect("an orderly end");
        }
    })
    .await;
}
