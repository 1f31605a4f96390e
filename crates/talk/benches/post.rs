//! How fast posts become durable: through the command layer (lanes, policy, journal, projections) on SQLite with
//! `synchronous=FULL`, beside a bare rusqlite loop that writes the same rows with the same number of posts in a commit.
//!
//! `make bench` prints posts a second and the ratio for 1, 16 and 256 posters. The two take turns, round by round, so that
//! a machine whose disk drifts hurts both.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock on the wall")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as Wall};

use kairan_core::ids::Id;
use kairan_core::surroundings::held;
use kairan_core::{Actor, MemberId, Role, RoomId, SessionId};
use kairan_people::Caller;
use kairan_storage::{Database, Error, Migration, Store, Stream, Tx};
use kairan_talk::messages::commands::{NewMessage, post_message};
use kairan_talk::rooms::events::{FirstMember, RoomCreated, RoomFact};
use kairan_talk::rooms::rules::{History, RoomKind};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

const TEXT: &str =
    "冷蔵ケース3番、8:10で4℃まで下がりました。扉のパッキンのずれを直してあります。昼にもう一度測ります。";
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "{:>8} {:>14} {:>14} {:>7}   (median of {ROUNDS} rounds of {} s; min–max in brackets)",
        "posters",
        "Kairan /s",
        "bare /s",
        "ratio",
        ROUND.as_secs()
    );
    for posters in [1_usize, 16, 256] {
        let folder = tempfile::tempdir().expect("a folder");
        let world = runtime.block_on(World::new(&folder.path().join("kairan.db")));
        let mut bare = Bare::new(&folder.path().join("bare.db"));
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let one = runtime.block_on(world.round(posters));
            let other = bare.round(posters);
            ours.push(one);
            theirs.push(other);
            ratios.push(one / other);
        }
        println!(
            "{posters:>8} {} {} {}",
            spread(&mut ours, 0),
            spread(&mut theirs, 0),
            spread(&mut ratios, 2)
        );
    }
}

fn spread(figures: &mut [f64], digits: usize) -> String {
    figures.sort_by(f64::total_cmp);
    let (low, middle, high) = (figures[0], figures[figures.len() / 2], figures[figures.len() - 1]);
    format!("{middle:>9.digits$} [{low:.digits$}–{high:.digits$}]")
}

#[derive(Clone)]
struct World {
    store: Store,
    caller: Caller,
    room: RoomId,
}

impl World {
    async fn new(file: &Path) -> Self {
        let (surroundings, _) = held::surroundings(7);
        let migrations: Vec<Migration> = [kairan_people::MIGRATIONS, kairan_talk::MIGRATIONS].concat();
        let store = Store::open(
            Database::sqlite(file).expect("a file"),
            surroundings.clone(),
            &migrations,
            kairan_talk::projections(),
            1,
        )
        .await
        .expect("opens");
        let (member, session, room): (MemberId, SessionId, RoomId) =
            (surroundings.id(), surroundings.id(), surroundings.id());
        let made = RoomFact::from(RoomCreated {
            kind: RoomKind::Group,
            name: Some("駅前店 連絡".into()),
            description: String::new(),
            icon: None,
            department: None,
            history: History::All,
            members: vec![FirstMember { member, manager: true }],
        });
        let _: Result<_, Error> = store
            .write(Stream::Room(room), async move |tx: &mut Tx| {
                tx.append(Stream::Room(room), Actor::System, None, &made).await
            })
            .await;
        let caller = Caller {
            member,
            role: Role::Member,
            kind: kairan_people::members::rules::Kind::Employee,
            session,
            proved_at: surroundings.now(),
            device: None,
            whence: kairan_people::Whence::default(),
        };
        Self { store, caller, room }
    }

    /// Posts a second that were acknowledged, and so are durable.
    async fn round(&self, posters: usize) -> f64 {
        let begin = Wall::now();
        let tasks: Vec<_> =
            (0..posters).map(|_| tokio::spawn(self.clone().post_until(begin + ROUND))).collect();
        let mut posts = 0_u32;
        for task in tasks {
            posts += task.await.expect("no panic");
        }
        f64::from(posts) / begin.elapsed().as_secs_f64()
    }

    async fn post_until(self, end: Wall) -> u32 {
        let mut posts = 0;
        let caller = Arc::new(self.caller);
        while Wall::now() < end {
            let new = NewMessage {
                id: self.store.surroundings().id(),
                text: TEXT.into(),
                label: None,
                reply_to: None,
                files: Vec::new(),
            };
            let (caller, room) = (caller.clone(), self.room);
            let posted = self
                .store
                .write(Stream::Room(room), async move |tx: &mut Tx| {
                    post_message(tx, &caller, room, &new).await
                })
                .await;
            posted.expect("posted");
            posts += 1;
        }
        posts
    }
}

/// The same rows, written by hand.
struct Bare {
    connection: Connection,
    seq: i64,
    prev: [u8; 32],
    ids: kairan_core::Surroundings,
    room: RoomId,
    member: MemberId,
}

impl Bare {
    fn new(file: &Path) -> Self {
        let connection = Connection::open(file).expect("a file");
        connection.pragma_update(None, "journal_mode", "WAL").expect("WAL");
        connection.pragma_update(None, "synchronous", "FULL").expect("FULL");
        connection.execute_batch(kairan_storage::migrate::JOURNAL[0].sql).expect("the journal's tables");
        connection.execute_batch(kairan_talk::MIGRATIONS[0].sql).expect("talk's tables");
        let (ids, _) = held::surroundings(8);
        Self { connection, seq: 0, prev: [0; 32], room: ids.id(), member: ids.id(), ids }
    }

    fn round(&mut self, posts_in_a_commit: usize) -> f64 {
        let begin = Wall::now();
        let mut posts = 0_u32;
        while begin.elapsed() < ROUND {
            self.commit(posts_in_a_commit);
            posts += u32::try_from(posts_in_a_commit).expect("small");
        }
        f64::from(posts) / begin.elapsed().as_secs_f64()
    }

    fn commit(&mut self, posts: usize) {
        let stream = Stream::Room(self.room).bytes();
        let tx = self.connection.transaction().expect("begins");
        {
            let mut event = tx
                .prepare_cached("INSERT INTO events (stream, seq, at, actor, member, device, kind, body, prev, hash) VALUES (?1, ?2, ?3, 'm', ?4, NULL, 'message.posted', ?5, ?6, ?7)")
                .expect("prepares");
            let mut content = tx
                .prepare_cached("INSERT INTO contents (id, salt, body) VALUES (?1, ?2, ?3)")
                .expect("prepares");
            let mut message = tx
                .prepare_cached("INSERT INTO messages (id, room, seq, at, author, content, mentions, everyone, edits) VALUES (?1, ?2, ?3, ?4, ?5, ?6, '[]', 0, 0)")
                .expect("prepares");
            for _ in 0..posts {
                self.seq += 1;
                let now = self.ids.now().ms();
                let (id, content_id): (kairan_core::MessageId, kairan_core::ContentId) =
                    (self.ids.id(), self.ids.id());
                let salt: [u8; 16] = self.ids.bytes();
                let commitment = hex::encode(Sha256::new().chain_update(salt).chain_update(TEXT).finalize());
                let body = format!(
                    r#"{{"message":"{id}","content":{{"id":"{content_id}","commitment":"{commitment}"}},"label":null,"reply_to":null,"mentions":[],"all":false}}"#
                );
                let hash: [u8; 32] = Sha256::new()
                    .chain_update(self.prev)
                    .chain_update(&stream)
                    .chain_update(&body)
                    .finalize()
                    .into();
                event
                    .execute(params![stream, self.seq, now, self.member.bytes(), body, self.prev, hash])
                    .expect("inserts");
                content.execute(params![content_id.bytes(), salt, TEXT.as_bytes()]).expect("inserts");
                message
                    .execute(params![
                        id.bytes(),
                        self.room.bytes(),
                        self.seq,
                        now,
                        self.member.bytes(),
                        content_id.bytes()
                    ])
                    .expect("inserts");
                self.prev = hash;
            }
            tx.prepare_cached("INSERT INTO streams (stream, seq, hash) VALUES (?1, ?2, ?3) ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash")
                .expect("prepares")
                .execute(params![stream, self.seq, self.prev])
                .expect("inserts");
        }
        tx.commit().expect("commits");
    }
}
