//! The transparency log on both engines: placing, signing, witnessing.

mod journals;

use std::sync::Arc;

use journals::{Journal, SCHEMA, key};
use kairan_core::surroundings::held;
use kairan_core::time::{MINUTE, SECOND};
use kairan_core::{RoomId, Seq};
use kairan_storage::log::{
    LogError, LogKey, Sequencer, Settings, SignedHead, Witness, WitnessError, verify, witness,
};
use kairan_storage::testing::{TestStore, both_engines};
use kairan_storage::{Error, Stream};

/// R51: whatever the setting, an event is under a signed and copied head 60 seconds after it was committed.
#[tokio::test]
async fn a_head_is_signed_and_copied_within_a_minute() {
    both_engines(SCHEMA, async |world: TestStore| {
        let outside = tempfile::tempdir().unwrap();
        let settings = Settings { head_every_ms: MINUTE, witness_directory: Some(outside.path().to_owned()) };
        let mut sequencer = Sequencer::new(world.store.clone(), Arc::new(key()), &settings);
        let journal = Journal::new(&world);
        let mut written = Vec::new();
        for second in 0..300 {
            if second < 200 && second % 7 == 0 {
                journal.write(Stream::Organisation, "こんにちは").await;
                written.push(world.store.surroundings().now());
            }
            if second % 5 == 0 {
                sequencer.step().await.unwrap().witness.unwrap().unwrap();
            }
            world.clock.advance(SECOND);
        }
        let heads = witness::read(&outside.path().join("heads.jsonl")).unwrap();
        for (index, at) in written.iter().enumerate() {
            let head = heads.iter().find(|kept| kept.head.size > index as u64).unwrap();
            assert!(head.head.at.since(*at) <= MINUTE, "event {index} waited {} ms", head.head.at.since(*at));
        }
        assert!(heads.len() < 10, "no head without need: {}", heads.len());
        let report = verify(world.store.database(), key().public(), &heads).await.unwrap();
        assert_eq!((report.entries, report.waiting, report.unsigned), (written.len() as u64, 0, 0));
        assert_eq!((report.heads, report.witnessed), (heads.len() as u64, heads.len() as u64));
        assert_eq!(report.contents, written.len() as u64);
    })
    .await;
}

/// A long backlog of one room does not keep the others from their place, and a batch is in the order of time.
#[tokio::test]
async fn every_waiting_stream_gets_its_share_of_a_batch() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = Journal::new(&world);
        let [busy, quiet] = [0, 1].map(|_| Stream::Room(world.store.surroundings().id::<RoomId>()));
        journal.write_many(busy, 1_700).await;
        world.clock.advance(SECOND);
        journal.write(quiet, "しずか").await;
        let mut sequencer = journal.sequencer();
        let first = sequencer.step().await.unwrap();
        assert!(first.placed <= 1_000 && first.more, "{first:?}");
        assert_eq!(journal.placed(quiet).await, Seq(1));
        while sequencer.step().await.unwrap().more {}
        assert_eq!(journal.placed(busy).await, Seq(1_700));
        let report = verify(world.store.database(), key().public(), &[]).await.unwrap();
        assert_eq!((report.entries, report.waiting), (1_701, 0));
    })
    .await;
}

/// R58: a clock that was set back changes nothing in the order of a stream, nor of the heads.
#[tokio::test]
async fn a_clock_set_back_changes_no_order() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = Journal::new(&world);
        let mut sequencer = journal.sequencer();
        for _ in 0..4 {
            for n in 0..3 {
                journal.write(Stream::Organisation, &format!("{n}")).await;
                world.clock.advance(-MINUTE);
            }
            assert!(sequencer.step().await.unwrap().signed.is_some());
        }
        let heads = journal.heads().await;
        assert!(heads.is_sorted_by_key(|signed| signed.head.at) && heads.len() == 4);
        verify(world.store.database(), key().public(), &heads).await.unwrap();
    })
    .await;
}

/// Killed anywhere, run twice at once, started anew: each event has exactly one place in the end.
#[tokio::test(flavor = "multi_thread")]
async fn two_sequencers_that_are_killed_again_and_again_place_everything_once() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = Journal::new(&world);
        let outside = tempfile::tempdir().unwrap();
        let settings = Settings { head_every_ms: 5, witness_directory: Some(outside.path().to_owned()) };
        let rooms: Vec<Stream> =
            (0..5).map(|_| Stream::Room(world.store.surroundings().id::<RoomId>())).collect();
        for round in 0_u64..40 {
            for room in &rooms {
                journal.write_many(*room, 4).await;
            }
            world.clock.advance(3);
            let steps = [0, 1].map(|_| {
                let mut sequencer = Sequencer::new(world.store.clone(), Arc::new(key()), &settings);
                tokio::spawn(async move { sequencer.step().await.map(|_| ()) })
            });
            tokio::time::sleep(std::time::Duration::from_micros(round * 97 % 4_000)).await;
            steps[0].abort();
            if round % 3 == 0 {
                steps[1].abort();
            }
            for step in steps {
                // Aborted, done, or overtaken at the log's keys: all the same to the log.
                if let Ok(Err(error)) = step.await {
                    assert!(matches!(&error, LogError::Storage(error) if error.is_conflict() || error.is_unique_violation()), "{error}");
                }
            }
        }
        let stop = tokio::sync::oneshot::channel::<()>();
        stop.0.send(()).unwrap();
        let last = Sequencer::new(world.store.clone(), Arc::new(key()), &settings);
        last.run(async { drop(stop.1.await) }).await;
        let mut heads = witness::read(&outside.path().join("heads.jsonl")).unwrap();
        heads.dedup();
        let report = verify(world.store.database(), key().public(), &heads).await.unwrap();
        assert_eq!((report.entries, report.waiting, report.unsigned), (800, 0, 0), "on {}", world.engine);
        assert_eq!(heads, journal.heads().await);
    })
    .await;
}

/// Signing on with another key, or on top of what somebody else has put there, would make a lie look true.
#[tokio::test]
async fn the_sequencer_goes_on_from_nothing_but_its_own() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = Journal::new(&world);
        let mut sequencer = journal.sequencer();
        journal.write_many(Stream::Organisation, 5).await;
        sequencer.step().await.unwrap();
        journal.write_many(Stream::Organisation, 5).await;

        let other = LogKey::generate(&held::surroundings(99).0);
        let settings = Settings { head_every_ms: 0, witness_directory: None };
        let refused =
            Sequencer::new(world.store.clone(), Arc::new(other), &settings).step().await.unwrap_err();
        assert!(refused.to_string().contains("restore log-key.pem"), "{refused}");

        journal.raw(&format!("UPDATE log_frontier SET peaks = {}", journal.literal(&[7; 64]))).await;
        assert!(matches!(sequencer.step().await, Err(LogError::EdgeChanged)));
        assert!(matches!(journal.sequencer().step().await, Err(LogError::EdgeChanged)));
        journal.raw("UPDATE log_frontier SET size = 4").await;
        assert!(matches!(sequencer.step().await, Err(LogError::Storage(Error::Damaged(_)))));
        journal.raw("DELETE FROM log_frontier").await;
        assert!(matches!(journal.sequencer().step().await, Err(LogError::EdgeChanged)));
    })
    .await;
}

/// A witness that cannot be written stops neither placing nor signing, and gets what it missed later.
#[tokio::test]
async fn a_witness_that_was_away_gets_every_head_it_missed() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = Journal::new(&world);
        let outside = tempfile::tempdir().unwrap();
        let share = outside.path().join("share");
        let settings = Settings { head_every_ms: 0, witness_directory: Some(share.clone()) };
        let mut sequencer = Sequencer::new(world.store.clone(), Arc::new(key()), &settings);
        for _ in 0..3 {
            journal.write(Stream::Organisation, "x").await;
            let progress = sequencer.step().await.unwrap();
            assert!(progress.signed.is_some());
            assert!(matches!(progress.witness, Some(Err(WitnessError::File { .. }))));
        }
        std::fs::create_dir(&share).unwrap();
        assert_eq!(sequencer.step().await.unwrap().witness.unwrap().unwrap(), 3);
        assert_eq!(witness::read(Witness::new(&share).path()).unwrap(), journal.heads().await);

        // An older database beside a newer witness: nothing is written over the evidence.
        journal.raw("DELETE FROM log_heads WHERE size = 3").await;
        world.clock.advance(SECOND);
        let progress = journal.sequencer_with(&settings).step().await.unwrap();
        assert!(
            matches!(progress.witness, Some(Err(WitnessError::Contradicts { size: 3, .. }))),
            "{progress:?}"
        );
        let kept: Vec<SignedHead> = witness::read(Witness::new(&share).path()).unwrap();
        assert_eq!(kept.len(), 3);
    })
    .await;
}

/// What has gone for good (retention, law) is no fault; what has changed is.
#[tokio::test]
async fn erased_content_leaves_the_proof_whole() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = Journal::new(&world);
        journal.write_many(Stream::Organisation, 6).await;
        journal.sequencer().step().await.unwrap();
        journal.raw("UPDATE contents SET salt = NULL, body = NULL WHERE id = (SELECT id FROM contents ORDER BY id LIMIT 1)").await;
        let report = verify(world.store.database(), key().public(), &[]).await.unwrap();
        assert_eq!((report.contents, report.erased), (5, 1));
    })
    .await;
}
