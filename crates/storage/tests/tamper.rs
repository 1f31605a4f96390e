//! R52: whatever is flipped, deleted, reordered, cut or forked behind the store's back, `verify` names the first place.
//!
//! Each row of a table damages the same small, real journal by SQL, on both engines, and says what must be found.

mod journals;

use std::sync::Arc;

use journals::{Journal, NoteFact, SCHEMA, key};
use kairan_core::surroundings::held;
use kairan_core::time::SECOND;
use kairan_core::{Actor, RoomId};
use kairan_storage::log::heads::TreeHead;
use kairan_storage::log::{Fault, FirstFault, LogKey, Sequencer, Settings, SignedHead, VerifyError, verify};
use kairan_storage::testing::{TestStore, both_engines};
use kairan_storage::{Error, Event, Facts, Stream, events_after};

/// 40 notes in three streams, one second apart: 10, 20 and 30 of them signed, 6 placed and not signed yet, 4 waiting.
/// So index 3n is the organisation's, and the entries of each stream are three apart.
async fn journal(world: &TestStore) -> Journal {
    let journal = Journal::new(world);
    let rooms = [0, 1].map(|_| Stream::Room(world.store.surroundings().id::<RoomId>()));
    let streams = [Stream::Organisation, rooms[0], rooms[1]];
    let settings = Settings { head_every_ms: 10 * SECOND, witness_directory: None };
    let mut sequencer = Sequencer::new(world.store.clone(), Arc::new(key()), &settings);
    for n in 0..40 {
        journal.write(streams[n % 3], &format!("回覧{n}")).await;
        if [9, 19, 29, 35].contains(&n) {
            sequencer.step().await.expect("places and signs");
        }
        world.clock.advance(SECOND);
    }
    let report = check(world, &[]).await.expect("nothing is wrong yet");
    assert_eq!((report.0, report.1, report.2), (36, 6, 4));
    journal.keep().await;
    journal
}

async fn check(world: &TestStore, witnessed: &[SignedHead]) -> Result<(u64, u64, u64), FirstFault> {
    match verify(world.store.database(), key().public(), witnessed).await {
        Ok(report) => Ok((report.entries, report.unsigned, report.waiting)),
        Err(VerifyError::Fault(first)) => Err(*first),
        Err(VerifyError::Storage(error)) => panic!("on {}: {error}", world.engine),
    }
}

/// What a row of the table expects: the index (where the fault is one of the log) and how the fault begins.
async fn expect(world: &TestStore, witnessed: &[SignedHead], name: &str, index: Option<u64>, fault: &str) {
    let engine = world.engine;
    let first = check(world, witnessed).await.expect_err(&format!("{name} on {engine} was not found"));
    assert_eq!(first.index(), index, "{name} on {engine}: {first}");
    assert!(format!("{:?}", first.fault).starts_with(fault), "{name} on {engine}: {first:?}");
}

const EVENT_AT_17: &str = "WHERE stream = (SELECT stream FROM log_entries WHERE idx = 17) AND seq = (SELECT seq FROM log_entries WHERE idx = 17)";
/// An event that has no place in the log yet: the organisation's fourteenth, at position 39 of all.
const WAITING: &str = "WHERE seq = 14 AND stream = (SELECT stream FROM log_entries WHERE idx = 0)";

#[tokio::test]
async fn every_changed_field_is_found_at_its_index() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        let other = journal.literal(&[7; 32]);
        let id = journal.literal(&[7; 16]);
        let flips = [
            ("at", "at + 1"),
            ("actor", "'c'"),
            ("actor", "'?'"),
            ("member", &id),
            ("device", &id),
            ("kind", "kind || 'x'"),
            ("body", "body || ' '"),
            ("body", "replace(body, 'a', 'b')"),
            ("prev", &other),
            ("hash", &other),
            ("hash", "prev"),
        ];
        for (column, value) in flips {
            for (place, index) in [(EVENT_AT_17, Some(17)), (WAITING, None)] {
                journal.restore().await;
                journal.raw(&format!("UPDATE events SET {column} = {value} {place}")).await;
                let fault = if value == "'?'" || column == "member" { "Unreadable" } else { "EventChanged" };
                expect(&world, &[], &format!("events.{column} = {value}"), index, fault).await;
            }
        }
        journal.restore().await;
        check(&world, &[]).await.expect("restoring leaves nothing behind");
    })
    .await;
}

#[tokio::test]
async fn every_deletion_insertion_and_swap_is_found_at_its_index() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        let (other, half) = (journal.literal(&[7; 32]), journal.literal(&[7; 16]));
        let salt = "SELECT salt FROM contents ORDER BY id LIMIT 1";
        let nth = |n: usize| format!("(SELECT id FROM contents ORDER BY id LIMIT 1 OFFSET {n})");
        let table: Vec<(&str, String, Option<u64>, &str)> = vec![
            // the journal
            ("an event deleted", format!("DELETE FROM events {EVENT_AT_17}"), Some(17), "EventMissing"),
            ("the first event deleted", "DELETE FROM events WHERE seq = 1".into(), Some(0), "EventMissing"),
            ("a waiting event deleted", format!("DELETE FROM events {WAITING}"), None, "EventMissing"),
            ("the tail of the journal deleted", "DELETE FROM events WHERE seq > 6".into(), Some(18), "EventMissing"),
            ("two events swapped", "UPDATE events SET seq = 99 WHERE seq = 4; UPDATE events SET seq = 4 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 99".into(), Some(9), "EventChanged"),
            ("an event doubled", "INSERT INTO events SELECT stream, 15, at, actor, member, device, kind, body, prev, hash FROM events WHERE seq = 14".into(), None, "EventChanged"),
            ("an event before the first", "INSERT INTO events SELECT stream, 0, at, actor, member, device, kind, body, prev, hash FROM events WHERE seq = 14".into(), None, "EventStray"),
            ("an event in a stream of its own", format!("INSERT INTO events SELECT {half}, seq, at, actor, member, device, kind, body, prev, hash FROM events WHERE seq = 14"), None, "Unreadable"),
            // contents
            ("a text changed", format!("UPDATE contents SET body = {half} WHERE id = {}", nth(17)), Some(17), "ContentChanged"),
            ("a salt changed", format!("UPDATE contents SET salt = ({salt}) WHERE id = {}", nth(17)), Some(17), "ContentChanged"),
            ("a salt taken away", format!("UPDATE contents SET salt = NULL WHERE id = {}", nth(17)), Some(17), "ContentChanged"),
            ("a waiting text changed", format!("UPDATE contents SET body = {half} WHERE id = {}", nth(39)), None, "ContentChanged"),
            // the log
            ("an entry changed", format!("UPDATE log_entries SET leaf = {other} WHERE idx = 17"), Some(17), "EntryChanged"),
            ("an unsigned entry changed", format!("UPDATE log_entries SET leaf = {other} WHERE idx = 33"), Some(33), "EntryChanged"),
            ("an entry deleted", "DELETE FROM log_entries WHERE idx = 17".into(), Some(17), "EntryMissing"),
            ("the first entry deleted", "DELETE FROM log_entries WHERE idx = 0".into(), Some(0), "EntryMissing"),
            ("an entry before the first", format!("INSERT INTO log_entries VALUES (-1, {half}, 1, {other})"), Some(36), "ExtraEntries"),
            ("a stranger at the end", format!("INSERT INTO log_entries VALUES (36, {half}, 1, {other})"), Some(36), "Unreadable"),
            ("entries of one stream swapped", "UPDATE log_entries SET idx = 99 WHERE idx = 17; UPDATE log_entries SET idx = 17 WHERE idx = 20; UPDATE log_entries SET idx = 20 WHERE idx = 99".into(), Some(17), "OutOfOrder"),
            ("neighbours swapped", "UPDATE log_entries SET idx = 99 WHERE idx = 17; UPDATE log_entries SET idx = 17 WHERE idx = 18; UPDATE log_entries SET idx = 18 WHERE idx = 99".into(), Some(10), "Rewritten"),
            ("the unsigned tail cut", "DELETE FROM log_entries WHERE idx >= 33".into(), Some(33), "EntryMissing"),
            ("the log cut below a head", "DELETE FROM log_entries WHERE idx >= 25".into(), Some(25), "Cut"),
            ("the log emptied", "DELETE FROM log_entries".into(), Some(0), "Cut"),
            // heads
            ("a root changed", format!("UPDATE log_heads SET root = {other} WHERE size = 20"), None, "SignatureWrong"),
            ("a time changed", "UPDATE log_heads SET at = at - 1 WHERE size = 20".into(), None, "SignatureWrong"),
            ("a signature changed", "UPDATE log_heads SET signature = (SELECT signature FROM log_heads WHERE size = 10) WHERE size = 20".into(), None, "SignatureWrong"),
            ("a head moved", "UPDATE log_heads SET size = 21 WHERE size = 20".into(), None, "SignatureWrong"),
            ("all heads deleted", "DELETE FROM log_heads".into(), None, "HeadMissing"),
            // where things stand
            ("a stream cut short", "UPDATE streams SET seq = seq - 1".into(), None, "StreamRecord"),
            ("a stream's hash changed", format!("UPDATE streams SET hash = {other}"), None, "StreamRecord"),
            ("a stream's record deleted", "DELETE FROM streams".into(), None, "StreamRecord"),
            ("a stream to be placed anew", "UPDATE streams SET sequenced = 3".into(), None, "PlacedCount"),
            ("a stream said to be placed", "UPDATE streams SET sequenced = seq".into(), None, "EntryMissing"),
            ("the edge changed", format!("UPDATE log_frontier SET size = 1, peaks = {other}"), None, "EdgeChanged"),
            ("the edge deleted", "DELETE FROM log_frontier".into(), None, "EdgeChanged"),
        ];
        for (name, damage, index, fault) in table {
            journal.restore().await;
            journal.raw(&damage).await;
            expect(&world, &[], name, index, fault).await;
        }
        journal.restore().await;
        check(&world, &[]).await.expect("restoring leaves nothing behind");
    })
    .await;
}

/// Somebody clever makes all hashes fit again; without the key the signed head still says no.
#[tokio::test]
async fn rewritten_history_does_not_fit_the_signed_heads() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        rewrite(&world, &journal, 4).await;
        // Index 12 is the organisation's fifth event; the head of 10 still vouches for what is before it.
        expect(&world, &[], "rewritten with all hashes after it", Some(10), "Rewritten").await;

        // Only one event and its entry: the event after it in its stream still names what was there.
        journal.restore().await;
        rewrite(&world, &journal, 4).await;
        let later = "WHERE seq > 5 AND stream = (SELECT stream FROM log_entries WHERE idx = 0)";
        for (table, column) in [("events", "prev"), ("events", "hash"), ("log_entries", "leaf")] {
            let same = format!("k.stream = {table}.stream AND k.seq = {table}.seq");
            journal.raw(&format!("UPDATE {table} SET {column} = (SELECT k.{column} FROM keep_{table} k WHERE {same}) {later}")).await;
        }
        expect(&world, &[], "rewritten alone", Some(12), "BrokenLink").await;

        // In the part that nobody has signed yet it is only the edge that remembers.
        journal.restore().await;
        rewrite(&world, &journal, 11).await;
        expect(&world, &[], "the unsigned tail rewritten", None, "EdgeChanged").await;
    })
    .await;
}

/// Whoever has the key can make everything fit: only what is outside the host tells.
#[tokio::test]
async fn a_witness_finds_what_the_holder_of_the_key_has_done() {
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        let witnessed = journal.heads().await;
        check(&world, &witnessed).await.expect("the witness agrees");

        journal.cut(10).await;
        assert_eq!(
            check(&world, &[]).await,
            Ok((10, 0, 0)),
            "cut so well that the database alone cannot tell"
        );
        expect(&world, &witnessed, "everything after the first head cut", Some(10), "Cut").await;

        journal.restore().await;
        rewrite(&world, &journal, 4).await;
        journal.set_edge(36).await;
        journal.sign_again().await;
        assert_eq!(
            check(&world, &[]).await,
            Ok((36, 6, 4)),
            "forked so well that the database alone cannot tell"
        );
        expect(&world, &witnessed, "a fork signed with the key", Some(10), "Rewritten").await;

        journal.restore().await;
        journal.raw("DELETE FROM log_heads WHERE size = 20").await;
        check(&world, &[]).await.expect("one head less is no proof");
        expect(&world, &witnessed, "a head taken away", None, "HeadMissing").await;

        journal.restore().await;
        let mut later = witnessed.clone();
        later[1] = TreeHead::sign(&key(), 20, later[1].head.root, later[1].head.at.plus_ms(1));
        expect(&world, &later, "two heads of one size", None, "Forked").await;
        let stranger = LogKey::generate(&held::surroundings(99).0);
        later[1] = TreeHead::sign(&stranger, 20, later[1].head.root, later[1].head.at);
        expect(&world, &later, "a head of somebody else", None, "SignatureWrong").await;
        let refused = verify(world.store.database(), stranger.public(), &[]).await;
        let Err(VerifyError::Fault(first)) = refused else { panic!("another key signed nothing here") };
        assert_eq!(first.fault, Fault::SignatureWrong);
    })
    .await;
}

/// One changed bit of one value, anywhere: no column is without a guard. (An id of `contents` is the exception: content
/// that cannot be found counts as erased.)
#[tokio::test]
async fn one_changed_bit_of_any_value_is_found() {
    const COLUMNS: [(&str, &str, &[&str]); 6] = [
        ("events", "stream, seq", &["stream", "seq", "at", "actor", "kind", "body", "prev", "hash"]),
        ("streams", "stream", &["stream", "seq", "hash", "sequenced"]),
        ("contents", "id", &["salt", "body"]),
        ("log_entries", "idx", &["idx", "stream", "seq", "leaf"]),
        ("log_heads", "size", &["size", "root", "at", "key_id", "signature"]),
        ("log_frontier", "id", &["size", "peaks"]),
    ];
    both_engines(SCHEMA, async |world: TestStore| {
        let journal = journal(&world).await;
        let chance = held::surroundings(20_261_207).0;
        for (table, keys, columns) in COLUMNS {
            for column in columns {
                for _ in 0..4 {
                    let [bit, row] = chance.bytes::<2>();
                    let damage = journal.flip(table, keys, column, row.into(), bit.into()).await;
                    assert!(check(&world, &[]).await.is_err(), "on {} not found: {damage}", world.engine);
                    journal.restore().await;
                }
            }
        }
    })
    .await;
}

/// Changes the organisation's event after `seq`, then makes every hash, link, entry and record fit again.
async fn rewrite(world: &TestStore, journal: &Journal, seq: i64) {
    let read = world.store.read(async move |reader| {
        events_after(reader, Stream::Organisation, kairan_core::Seq(seq), 100).await
    });
    let mut events: Vec<Event> = read.await.unwrap_or_else(|error: Error| panic!("{error}"));
    assert!(matches!(NoteFact::of(&events[0]), Some(Ok(_))));
    events[0].actor = Actor::Nobody;
    let mut prev = events[0].prev;
    for event in &mut events {
        event.prev = prev;
        event.hash = event.computed_hash();
        prev = event.hash;
        let place =
            format!("WHERE stream = {} AND seq = {}", journal.literal(&event.stream.bytes()), event.seq.0);
        let (prev, hash) = (journal.literal(&event.prev), journal.literal(&event.hash));
        let actor = event.actor.letter();
        journal
            .raw(&format!("UPDATE events SET actor = '{actor}', prev = {prev}, hash = {hash} {place}"))
            .await;
        journal.raw(&format!("UPDATE log_entries SET leaf = {hash} {place}")).await;
    }
    let organisation = journal.literal(&Stream::Organisation.bytes());
    journal
        .raw(&format!("UPDATE streams SET hash = {} WHERE stream = {organisation}", journal.literal(&prev)))
        .await;
}
