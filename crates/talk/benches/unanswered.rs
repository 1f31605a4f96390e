//! How soon it is known what waits for somebody's word (未返信), a hundred thousand messages into an organisation.
//!
//! `make bench` prints p50 and p99 of the count and of the first page: for somebody in 30 of 200 rooms, for somebody in all
//! of them, and for somebody who is in all, has 60 rooms of two beside, and never says a word, so that nothing is over.
//! `KAIRAN_BENCH_MESSAGES` sets the number of messages; with `KAIRAN_TEST_POSTGRES` naming a server PostgreSQL is measured
//! too, in a schema of its own that is dropped again.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock on the wall, and what it is told"
)]

use std::sync::Arc;
use std::time::Instant as Wall;

use futures_util::future::try_join_all;
use kairan_core::surroundings::held::{self, HeldClock};
use kairan_core::{Actor, Instant, MemberId, MessageId, RoomId, Seq};
use kairan_storage::rebuild::Scratch;
use kairan_storage::{Database, Error, Facts, Migration, Reader, Store, Stream, Tx};
use kairan_talk::messages::events::MessageFact;
use kairan_talk::rooms::events::{FirstMember, RoomCreated, RoomFact};
use kairan_talk::rooms::rules::{History, RoomKind};
use kairan_talk::unanswered::queries;
use serde_json::json;

const ROOMS: usize = 200;
const ROOMS_OF_ONE: usize = 30;
/// Rooms of two of the one who says nothing.
const PAIRS: usize = 60;
const PEOPLE: usize = 500;
/// Messages of one job.
const TOGETHER: usize = 50;
/// Jobs under way at once.
const UNDER_WAY: usize = 64;
/// One message in this many names somebody, or asks when there are but two.
const ADDRESSED: usize = 10;
/// Messages of a page.
const PAGE: i64 = 30;
/// Queries of each kind.
const ASKED: usize = 300;

fn main() {
    let count = std::env::var("KAIRAN_BENCH_MESSAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let file = Database::sqlite(&folder.path().join("kairan.db")).expect("a file");
    runtime.block_on(measure(file, count));
    let Ok(url) = std::env::var("KAIRAN_TEST_POSTGRES") else {
        println!("PostgreSQL: not measured; KAIRAN_TEST_POSTGRES names no server");
        return;
    };
    runtime.block_on(async {
        let source = Database::postgres(&url, None).expect("an address");
        let scratch =
            Scratch::beside(&source, Some(&url), &held::surroundings(11).0).await.expect("a schema");
        measure(scratch.database.clone(), count).await;
        scratch.discard(&source).await.expect("dropped");
    });
}

async fn measure(database: Database, count: usize) {
    println!("{}: {count} messages in {} rooms", database.engine(), ROOMS + PAIRS);
    let world = World::new(database).await;
    world.post(count).await;
    println!("  {:<36} {:>8} {:>8} {:>8} {:>8}", "ms", "p50", "p99", "longest", "waiting");
    for (who, member) in [
        ("in 30 rooms", world.people[0]),
        ("in all rooms", world.people[1]),
        ("in all rooms, never a word", world.people[2]),
    ] {
        let counted = async move |reader: &mut Reader| queries::count(reader, member).await;
        world.ask(&format!("count, {who}"), counted).await;
        let paged = async move |reader: &mut Reader| {
            let (page, _) = queries::page(reader, member, Instant(i64::MAX), PAGE).await?;
            Ok(i64::try_from(page.len()).unwrap_or_default())
        };
        world.ask(&format!("first page, {who}"), paged).await;
    }
}

struct World {
    store: Store,
    clock: Arc<HeldClock>,
    people: Vec<MemberId>,
    /// Groups first, then rooms of two.
    rooms: Vec<(RoomId, Vec<MemberId>)>,
}

impl World {
    async fn new(database: Database) -> Self {
        let (surroundings, clock) = held::surroundings(7);
        let migrations: Vec<Migration> = [kairan_people::MIGRATIONS, kairan_talk::MIGRATIONS].concat();
        let store =
            Store::open(database, surroundings.clone(), &migrations, kairan_talk::projections(), 4).await;
        let people: Vec<MemberId> = (0..PEOPLE).map(|_| surroundings.id()).collect();
        let mut rooms = Vec::with_capacity(ROOMS + PAIRS);
        for number in 0..ROOMS {
            let mut members: Vec<_> = people.iter().copied().skip(3 + number % 17).step_by(17).collect();
            members.extend(&people[1..3]);
            if number % 6 == 3 && number / 6 < ROOMS_OF_ONE {
                members.push(people[0]);
            }
            rooms.push((surroundings.id(), members));
        }
        rooms.extend((0..PAIRS).map(|number| (surroundings.id(), vec![people[2], people[3 + number]])));
        let world = Self { store: store.expect("opens"), clock, people, rooms };
        for (room, members) in &world.rooms {
            world.make(*room, members).await;
        }
        world
    }

    async fn make(&self, room: RoomId, members: &[MemberId]) {
        let kind = if members.len() == 2 { RoomKind::Direct } else { RoomKind::Group };
        let made = RoomFact::from(RoomCreated {
            kind,
            name: (kind == RoomKind::Group).then(|| "駅前店 連絡".to_owned()),
            description: String::new(),
            icon: None,
            department: None,
            history: History::All,
            members: members.iter().map(|member| FirstMember { member: *member, manager: true }).collect(),
        });
        let make = async move |tx: &mut Tx| -> Result<Seq, Error> {
            tx.append(Stream::Room(room), Actor::System, None, &made).await
        };
        self.store.write(Stream::Room(room), make).await.expect("made");
    }

    async fn post(&self, count: usize) {
        let mut dice = Dice(2_026);
        let jobs = count.div_ceil(TOGETHER);
        for many in (0..jobs).collect::<Vec<_>>().chunks(UNDER_WAY) {
            let mut posting = Vec::with_capacity(many.len());
            for _ in many {
                let (room, members) = self.rooms[dice.roll(self.rooms.len())].clone();
                // Whoever says nothing writes nothing.
                let writers: Vec<_> = members.iter().copied().filter(|one| *one != self.people[2]).collect();
                let posts: Vec<_> = (0..TOGETHER)
                    .map(|_| {
                        let author = writers[dice.roll(writers.len())];
                        let addressed =
                            (dice.roll(ADDRESSED) == 0).then(|| members[dice.roll(members.len())]);
                        (author, addressed)
                    })
                    .collect();
                self.clock.advance(60_000);
                let is_pair = members.len() == 2;
                posting.push(self.store.write(Stream::Room(room), async move |tx: &mut Tx| {
                    for (author, addressed) in &posts {
                        post(tx, room, *author, *addressed, is_pair).await?;
                    }
                    Ok::<_, Error>(())
                }));
            }
            try_join_all(posting).await.expect("posted");
        }
    }

    async fn ask(
        &self,
        what: &str,
        query: impl AsyncFn(&mut Reader) -> Result<i64, Error> + Copy + Send + 'static,
    ) {
        let mut took = Vec::with_capacity(ASKED);
        let mut found = 0;
        for _ in 0..ASKED {
            let begin = Wall::now();
            found = self
                .store
                .read(async move |reader: &mut Reader| query(reader).await)
                .await
                .expect("answered");
            took.push(begin.elapsed().as_secs_f64() * 1_000.0);
        }
        took.sort_by(f64::total_cmp);
        println!(
            "  {what:<36} {:>8.2} {:>8.2} {:>8.2} {found:>8}",
            took[ASKED / 2],
            took[ASKED * 99 / 100],
            took[ASKED - 1]
        );
    }
}

async fn post(
    tx: &mut Tx,
    room: RoomId,
    author: MemberId,
    addressed: Option<MemberId>,
    is_pair: bool,
) -> Result<(), Error> {
    let content = tx.put_content("冷蔵ケース3番、8:10で4℃まで下がりました。昼にもう一度測ります。").await?;
    let message: MessageId = tx.surroundings().id();
    let (label, mentions) = match addressed {
        Some(_) if is_pair => (Some("consult"), Vec::new()),
        Some(member) => (None, vec![member]),
        None => (None, Vec::new()),
    };
    let body = json!({
        "message": message, "content": {"id": content.id, "commitment": content.commitment}, "label": label,
        "reply_to": null, "mentions": mentions, "all": false,
    });
    let posted = MessageFact::read("message.posted", &body.to_string()).expect("a post")?;
    tx.append(Stream::Room(room), Actor::Member(author), None, &posted).await?;
    Ok(())
}

/// Chance that is the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap_or_default()
    }
}
