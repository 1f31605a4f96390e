//! How search is in a large organisation: a million synthetic Japanese messages in 200 rooms, posted through the journal,
//! placed by the sequencer, taken in by the indexer and asked for as the route asks.
//!
//! `make bench` prints bytes of index for each message, messages indexed a second, and p50 and p99 of each kind of query,
//! for somebody in 30 of the rooms and for somebody in all of them. `KAIRAN_BENCH_MESSAGES` sets the number of messages; with
//! `KAIRAN_TEST_POSTGRES` naming a server PostgreSQL is measured too, in a schema of its own that is dropped again.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock on the wall, and what it is told"
)]

use std::sync::Arc;
use std::time::{Duration, Instant as Wall};

use futures_util::future::try_join_all;
use kairan_core::surroundings::held::{self, HeldClock};
use kairan_core::{Actor, MemberId, MessageId, Role, RoomId, Seq, SessionId, Surroundings};
use kairan_people::members::events::{Added, MemberFact};
use kairan_people::members::rules::{Kind, Profile};
use kairan_people::{Caller, Hooks};
use kairan_storage::log::{LogKey, Sequencer, Settings};
use kairan_storage::rebuild::Scratch;
use kairan_storage::{Database, Error, Facts, Migration, Reader, Store, Stream, Tx, search as index};
use kairan_talk::messages;
use kairan_talk::messages::events::MessageFact;
use kairan_talk::rooms::events::{FirstMember, RoomCreated, RoomFact};
use kairan_talk::rooms::rules::{History, RoomKind};
use kairan_talk::search::queries::{self, Asked, Sort};
use kairan_talk::search::{Indexer, rules, words};
use serde_json::json;

const ROOMS: usize = 200;
const ROOMS_OF_ONE: usize = 30;
const PEOPLE: usize = 500;
/// Messages of one job; all of them happen at one moment.
const TOGETHER: usize = 50;
/// Jobs under way at once.
const UNDER_WAY: usize = 64;
/// Between two moments: a year holds a million messages.
const APART_MS: i64 = 31_000 * TOGETHER as i64;
/// Queries of each kind.
const ASKED: usize = 300;

fn main() {
    let count = std::env::var("KAIRAN_BENCH_MESSAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let file = || Database::sqlite(&folder.path().join("kairan.db")).expect("a file");
    runtime.block_on(measure(file(), count));
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
    println!("{}: {count} messages in {ROOMS} rooms by {PEOPLE} people", database.engine());
    let world = World::new(database).await;
    let (begin, letters) = (Wall::now(), world.post(count).await);
    #[expect(clippy::cast_precision_loss, reason = "a mean")]
    let mean = letters as f64 / count as f64;
    println!("  {:>8.0} s posting, {mean:.1} characters each", begin.elapsed().as_secs_f64());
    world.place().await;
    let begin = Wall::now();
    let mut indexer = Indexer::new(world.store.clone());
    while indexer.step().await.expect("indexes") {}
    let took = begin.elapsed();
    let read = async move |reader: &mut Reader| index::size(reader).await;
    let bytes = world.store.read::<_, Error, _>(read).await.expect("a size");
    println!(
        "  {:>8.0} messages indexed a second, {:.0} bytes of index each",
        per_second(count, took),
        bytes as f64 / count as f64
    );
    println!("  {:<28} {:>10} {:>10} {:>10} {:>8}", "ms", "p50", "p99", "longest", "hits");
    for (who, caller) in [("30 rooms", &world.one), ("all rooms", &world.all)] {
        for (kind, asked) in kinds() {
            world.ask(&format!("{kind}, {who}"), caller, &asked, Sort::New).await;
        }
        world.ask(&format!("two characters, best, {who}"), caller, &kinds()[0].1, Sort::Best).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

struct World {
    store: Store,
    clock: Arc<HeldClock>,
    people: Vec<MemberId>,
    rooms: Vec<RoomId>,
    one: Caller,
    all: Caller,
    _key: tempfile::TempDir,
    key: Arc<LogKey>,
}

impl World {
    async fn new(database: Database) -> Self {
        let (surroundings, clock) = held::surroundings(7);
        let migrations: Vec<Migration> = [kairan_people::MIGRATIONS, kairan_talk::MIGRATIONS].concat();
        let mut projections = kairan_people::projections();
        projections.extend(kairan_talk::projections());
        let store =
            Store::open(database, surroundings.clone(), &migrations, projections, 4).await.expect("opens");
        let folder = tempfile::tempdir().expect("a folder");
        let key = Arc::new(LogKey::open_or_create(folder.path(), &surroundings).expect("a key"));
        let people: Vec<MemberId> = (0..PEOPLE).map(|_| surroundings.id()).collect();
        let rooms: Vec<RoomId> = (0..ROOMS).map(|_| surroundings.id()).collect();
        let caller = |member, surroundings: &Surroundings| Caller {
            member,
            role: Role::Member,
            kind: Kind::Employee,
            session: surroundings.id::<SessionId>(),
            proved_at: surroundings.now(),
            device: None,
            whence: kairan_people::Whence::default(),
        };
        let (one, all) = (caller(people[0], &surroundings), caller(people[1], &surroundings));
        let world = Self { store, clock, people, rooms, one, all, _key: folder, key };
        world.found().await;
        world
    }

    async fn found(&self) {
        let people = self.people.clone();
        let add = async move |tx: &mut Tx| {
            for (number, member) in people.iter().enumerate() {
                let fact =
                    MemberFact::from(Added { member: *member, profile: profile(number), role: Role::Member });
                tx.append(Stream::Organisation, Actor::System, None, &fact).await?;
            }
            Ok::<_, Error>(())
        };
        self.store.write(Stream::Organisation, add).await.expect("added");
        for (number, room) in self.rooms.iter().copied().enumerate() {
            let mut members: Vec<MemberId> =
                self.people.iter().copied().skip(2 + number).step_by(17).collect();
            members.push(self.all.member);
            // Not the busiest ones: every sixth room.
            if number % 6 == 3 && number / 6 < ROOMS_OF_ONE {
                members.push(self.one.member);
            }
            let made = RoomFact::from(RoomCreated {
                kind: RoomKind::Group,
                name: Some(format!("{} 連絡 {number}", pick(PLACES, number as u64))),
                description: String::new(),
                icon: None,
                department: None,
                history: History::All,
                members: members.into_iter().map(|member| FirstMember { member, manager: true }).collect(),
            });
            let make = async move |tx: &mut Tx| -> Result<Seq, Error> {
                tx.append(Stream::Room(room), Actor::System, None, &made).await
            };
            self.store.write(Stream::Room(room), make).await.expect("made");
        }
    }

    /// Posts, and says how many characters that were.
    async fn post(&self, count: usize) -> usize {
        let mut dice = Dice(2_026);
        let mut letters = 0;
        let jobs = count.div_ceil(TOGETHER);
        for many in (0..jobs).collect::<Vec<_>>().chunks(UNDER_WAY) {
            let mut posting = Vec::with_capacity(many.len());
            for job in many {
                let room = self.rooms[dice.skewed(ROOMS)];
                let left = count - job * TOGETHER;
                let posts: Vec<(MemberId, String)> = (0..left.min(TOGETHER))
                    .map(|_| (self.people[dice.skewed(PEOPLE)], text(&mut dice)))
                    .collect();
                letters += posts.iter().map(|(_, text)| text.chars().count()).sum::<usize>();
                self.clock.advance(APART_MS);
                posting.push(self.store.write(Stream::Room(room), async move |tx: &mut Tx| {
                    for (author, text) in &posts {
                        post(tx, room, *author, text).await?;
                    }
                    Ok::<_, Error>(())
                }));
            }
            try_join_all(posting).await.expect("posted");
        }
        letters
    }

    async fn place(&self) {
        let settings = Settings { head_every_ms: 50_000, witness_directory: None };
        let mut sequencer = Sequencer::new(self.store.clone(), self.key.clone(), &settings);
        while sequencer.step().await.expect("places").more {}
    }

    async fn ask(&self, kind: &str, caller: &Caller, typed: &[String], sort: Sort) {
        let mut took = Vec::with_capacity(ASKED);
        let mut hits = 0;
        for number in 0..ASKED {
            let query = rules::parse(&typed[number % typed.len()]).expect("a query");
            let begin = Wall::now();
            hits += self
                .answer(caller, Asked { query, room: None, sort, cursor: None, limit: 20, zone: 540 })
                .await;
            took.push(begin.elapsed().as_secs_f64() * 1_000.0);
        }
        took.sort_by(f64::total_cmp);
        let (middle, last) = (took[ASKED / 2], took[ASKED - 1]);
        println!(
            "  {kind:<28} {middle:>10.2} {:>10.2} {last:>10.2} {:>8.1}",
            took[ASKED * 99 / 100],
            per(hits)
        );
    }

    /// What the route does with a query, but for JSON.
    async fn answer(&self, caller: &Caller, asked: Asked) -> usize {
        let caller = caller.clone();
        let read = async move |reader: &mut Reader| {
            let hooks: Hooks = kairan_talk::hooks();
            let found = queries::search(reader, &caller, &hooks, &asked).await?;
            let places: Vec<_> = found.hits.iter().map(|hit| (hit.room, hit.message)).collect();
            let shown = messages::queries::visible(reader, caller.member, &places).await?;
            for hit in &found.hits {
                std::hint::black_box(words::snippet(&hit.text, &asked.query.terms));
            }
            Ok::<_, kairan_core::Refusal>(shown.len())
        };
        self.store.read(read).await.expect("answered")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean")]
fn per(hits: usize) -> f64 {
    hits as f64 / ASKED as f64
}

async fn post(tx: &mut Tx, room: RoomId, author: MemberId, text: &str) -> Result<(), Error> {
    let content = tx.put_content(text).await?;
    let message: MessageId = tx.surroundings().id();
    let body = json!({
        "message": message, "content": {"id": content.id, "commitment": content.commitment}, "label": null,
        "reply_to": null, "mentions": [], "all": false,
    });
    let posted = MessageFact::read("message.posted", &body.to_string()).expect("a post")?;
    tx.append(Stream::Room(room), Actor::Member(author), None, &posted).await?;
    Ok(())
}

fn profile(number: usize) -> Profile {
    let number = number as u64;
    let (family, given) = (pick(NAMES, number), format!("{}{}", pick(PLACES, number / 7), number));
    Profile {
        display_name: format!("{family} {given}"),
        family_name: family.to_owned(),
        given_name: given,
        family_kana: "かな".to_owned(),
        given_kana: "かな".to_owned(),
        staff_number: Some(format!("A{number:05}")),
        login: Some(format!("person{number}")),
        email: None,
        company: None,
        kind: Kind::Employee,
        departments: Vec::new(),
    }
}

/// Queries of each kind, from common to rare.
fn kinds() -> Vec<(&'static str, Vec<String>)> {
    let listed = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let three: Vec<String> =
        [&["冷蔵庫", "会議室", "担当者", "請求書", "納品書", "在庫数"][..], &["駅前店", "本社前"]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect();
    let mut dice = Dice(99);
    let mut products: Vec<String> = (0..50).map(|_| product(&mut dice)).collect();
    products.extend(listed(&["サラダ", "レジ", "シフト"]));
    let two_words =
        TOPICS.iter().zip(NAMES.iter().rev()).map(|(topic, name)| format!("{topic} {name}")).collect();
    vec![
        ("two characters", listed(TOPICS)),
        ("three characters", three),
        ("two words", two_words),
        ("one character", listed(&["の", "を", "店", "会", "鮭", "。", "a", "7"])),
        ("a product, katakana", products),
        ("what is not there", listed(&["象牙", "鯨肉と", "xyzzy", "議会堂"])),
        (
            "filters",
            listed(&["from:佐藤 会議", "in:駅前 納品", "会議 before:2027-03-01", "確認 after:2027-11-01"]),
        ),
    ]
}

const TOPICS: &[&str] = &[
    "会議", "納品", "在庫", "発注", "請求", "確認", "清掃", "検品", "開店", "閉店", "休憩", "売上", "面接",
    "研修", "点検", "返品", "予約", "電話", "配送", "価格", "棚卸", "温度", "賞味", "期限", "補充", "欠品",
    "急ぎ", "相談", "報告", "連絡", "見積", "契約", "修理", "故障", "体調", "遅刻", "早退", "有休", "応援",
    "販促", "陳列", "試食", "割引", "両替", "金庫", "施錠", "鍵番", "冷凍",
];
const LONG: &[&str] = &[
    "冷蔵庫",
    "会議室",
    "担当者",
    "請求書",
    "納品書",
    "在庫数",
    "勤務表",
    "売上高",
    "防犯カメラ",
    "レジ締め",
    "シフト表",
    "お客さま",
    "アルバイト",
    "本部長",
    "取引先",
    "配送業者",
    "エアコン",
    "自動ドア",
    "サラダ油",
    "惣菜売場",
    "青果売場",
    "精肉売場",
];
const PLACES: &[&str] = &[
    "駅前店",
    "本社前",
    "北口店",
    "南町店",
    "川端店",
    "桜台店",
    "港店",
    "大通店",
    "東口",
    "西館",
    "倉庫",
    "第二倉庫",
    "事務所",
    "本部",
    "工場",
    "営業所",
    "空港店",
    "城下店",
    "緑台店",
    "若葉店",
];
const NAMES: &[&str] = &[
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "林",
    "斎藤",
    "清水",
    "山崎",
    "森",
    "池田",
    "橋本",
    "阿部",
    "石川",
    "前田",
    "藤田",
    "小川",
    "岡田",
    "後藤",
    "長谷川",
];
const ENDS: &[&str] = &[
    "をお願いします。",
    "は終わりました。",
    "について確認中です。",
    "が足りません。至急対応します。",
    "は明日に変更になりました。",
    "の件、了解しました。",
    "を共有します。",
    "に立ち会えますか。",
    "は予定どおりです。",
    "でトラブルがありました。",
    "を見直しましょう。",
    "の手順が変わります。ご注意ください。",
    "はどうなっていますか。",
    "、ありがとうございました。",
    "を15時までに終わらせます。",
];
const OPENS: &[&str] =
    &["お疲れさまです。", "おはようございます。", "", "", "", "すみません、", "共有です。", "【至急】"];
const SYLLABLES: &[&str] = &[
    "ア", "イ", "ウ", "カ", "キ", "ク", "サ", "シ", "ス", "タ", "チ", "テ", "ト", "ナ", "ニ", "ノ", "ハ",
    "ヒ", "フ", "マ", "ミ", "モ", "ラ", "リ", "ル", "ロ", "ン", "ー", "バ", "パ", "ガ", "ジャ", "ショ",
    "ット",
];

/// splitmix64: the same million messages every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Few often, most seldom: the logarithm of the place is even.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "dice"
    )]
    fn skewed(&mut self, many: usize) -> usize {
        let even = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        (((many as f64 + 1.0).powf(even) - 1.0) as usize).min(many - 1)
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.skewed(words.len())]
    }
}

fn pick<'w>(words: &[&'w str], number: u64) -> &'w str {
    words[usize::try_from(number % words.len() as u64).unwrap_or(0)]
}

/// One of thousands of names of products.
fn product(dice: &mut Dice) -> String {
    let length = 2 + dice.roll() % 3;
    (0..length).map(|_| dice.of(SYLLABLES)).collect()
}

fn text(dice: &mut Dice) -> String {
    let mut text = dice.of(OPENS).to_owned();
    for _ in 0..=dice.skewed(4) {
        let roll = dice.roll();
        match roll % 5 {
            0 => text += &format!("{}さん、{}の{}", dice.of(NAMES), dice.of(PLACES), dice.of(TOPICS)),
            1 => text += &format!("{}の{}{}", dice.of(LONG), dice.of(TOPICS), roll % 1_000),
            2 => text += &format!("{}（{}個）の{}", product(dice), roll % 97, dice.of(TOPICS)),
            3 => text += &format!("{}月{}日の{}", 1 + roll % 12, 1 + roll / 13 % 28, dice.of(LONG)),
            _ => text += &format!("{}と{}", dice.of(TOPICS), dice.of(TOPICS)),
        }
        text += dice.of(ENDS);
    }
    text
}
