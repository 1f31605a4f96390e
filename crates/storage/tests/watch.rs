//! R62: a running server finds what is changed behind its back; what it does itself never raises an alarm.

mod journals;

use journals::{Journal, SCHEMA, key};
use kairan_core::RoomId;
use kairan_core::time::SECOND;
use kairan_storage::Stream;
use kairan_storage::log::{Fault, FirstFault, VerifyError, Watch, Watched};
use kairan_storage::testing::{TestStore, both_engines};

const BUDGET: u64 = 1_000;

fn watch(world: &TestStore) -> Watch {
    Watch::new(world.store.clone(), key().public().clone(), BUDGET)
}

async fn step(watch: &mut Watch) -> Result<Watched, FirstFault> {
    match watch.step().await {
        Ok(watched) => Ok(watched),
        Err(VerifyError::Fault(first)) => Err(*first),
        Err(VerifyError::Storage(error)) => panic!("{error}"),
    }
}

/// A journal of 2,500 events, a head under every 500, and 3 that wait.
async fn journal(world: &TestStore) -> Journal {
    let journal = Journal::new(world);
    let rooms = [0, 1].map(|_| Stream::Room(world.store.surroundings().id::<RoomId>()));
    let mut sequencer = journal.sequencer();
    for n in 0..5 {
        for stream in [Stream::Organisation, rooms[0], rooms[1], Stream::Organisation, rooms[n % 2]] {
            journal.write_many(stream, 100).await;
            world.clock.advance(SECOND);
        }
        sequencer.step().await.expect("places and signs");
    }
    journal.write_many(rooms[1], 3).await;
    journal.keep().await;
    journal
}

#[tokio::test]
async fn a_busy_server_never_alarms_itself() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = Journal::new(&world);
        let rooms: Vec<Stream> =
            (0..4).map(|_| Stream::Room(world.store.surroundings().id::<RoomId>())).collect();
        let (mut sequencer, mut watch) = (journal.sequencer(), watch(&world));
        for n in 0..60_usize {
            journal.write_many(rooms[n * n % 4], 20 * (n % 7)).await;
            world.clock.advance(SECOND);
            if n % 3 > 0 {
                sequencer.step().await.expect("places and signs");
            }
            step(&mut watch).await.unwrap_or_else(|first| panic!("on {} after {n}: {first}", world.engine));
        }
        assert!(step(&mut watch).await.expect("no alarm").rounds > 10);
    })
    .await;
}

/// The newest entries, what waits behind them and the ends of their streams are looked at in every step.
#[tokio::test]
async fn a_change_near_the_end_is_found_by_the_next_step() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        let hash = journal.literal(&[7; 32]);
        let at = "stream = (SELECT stream FROM log_entries WHERE idx = 2400) AND seq = (SELECT seq FROM log_entries WHERE idx = 2400)";
        let last = "seq = (SELECT MAX(seq) FROM events)";
        for (damage, fault) in [
            (format!("UPDATE events SET at = at + 1 WHERE {at}"), Fault::EventChanged),
            (format!("DELETE FROM events WHERE {at}"), Fault::EventMissing),
            ("DELETE FROM log_entries WHERE idx = 2400".into(), Fault::EntryMissing),
            (format!("UPDATE log_entries SET leaf = {hash} WHERE idx = 2400"), Fault::EntryChanged),
            (format!("UPDATE events SET body = body || ' ' WHERE {last}"), Fault::EventChanged),
            (format!("DELETE FROM events WHERE {last}"), Fault::EventMissing),
            (format!("UPDATE streams SET hash = {hash}"), Fault::StreamRecord),
            ("DELETE FROM streams".into(), Fault::StreamRecord),
            ("UPDATE log_heads SET at = at + 1".into(), Fault::HeadMissing),
        ] {
            let mut watch = watch(&world);
            step(&mut watch).await.expect("nothing is wrong yet");
            journal.raw(&damage).await;
            let first = step(&mut watch).await.expect_err(&damage);
            assert_eq!(first.fault, fault, "{damage} on {}: {first}", world.engine);
            journal.restore().await;
        }
    })
    .await;
}

/// An old entry is met again after `entries / budget` steps at the latest: here three.
#[tokio::test]
async fn an_old_change_is_found_within_a_round() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        let at = "stream = (SELECT stream FROM log_entries WHERE idx = 17) AND seq = (SELECT seq FROM log_entries WHERE idx = 17)";
        for (damage, fault) in [
            (format!("UPDATE events SET at = at + 1 WHERE {at}"), Fault::EventChanged),
            (format!("DELETE FROM events WHERE {at}"), Fault::EventMissing),
            ("DELETE FROM log_entries WHERE idx = 17".into(), Fault::EntryMissing),
            ("UPDATE log_heads SET signature = root || root WHERE size = 1000".into(), Fault::SignatureWrong),
        ] {
            let mut watch = watch(&world);
            step(&mut watch).await.expect("nothing is wrong yet");
            let signature = journal.literal(&[7; 64]);
            journal.raw(&damage.replace("root || root", &signature)).await;
            let mut found = None;
            for _ in 0..5 {
                found = found.or(step(&mut watch).await.err());
            }
            let first = found.unwrap_or_else(|| panic!("{damage} on {} was not found", world.engine));
            assert_eq!(first.fault, fault, "{damage} on {}", world.engine);
            journal.restore().await;
        }
    })
    .await;
}

/// Cut so that all that is left fits: only who has seen it before can tell.
#[tokio::test]
async fn history_cut_under_a_running_server_is_found_by_the_next_step() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        for keep in [1_000, 2_500] {
            let mut watch = watch(&world);
            journal.write_many(Stream::Organisation, 10).await;
            journal.sequencer().step().await.expect("places and signs");
            step(&mut watch).await.expect("nothing is wrong yet");
            journal.cut(keep).await;
            step(&mut watch).await.expect_err("what was seen is gone");
            let mut fresh = self::watch(&world);
            step(&mut fresh).await.expect("the database alone looks whole");
            journal.restore().await;
        }
    })
    .await;
}
