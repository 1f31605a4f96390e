//! Search through its route, on both engines: the same corpus, the same hits.

use std::sync::Arc;

use kairan_core::folding::fold;
use kairan_core::time::{DAY, MINUTE, SECOND};
use kairan_core::{MessageId, RoomId};
use kairan_people::testing::{Person, Reply};
use kairan_storage::log::{LogKey, Sequencer, Settings};
use kairan_storage::search as index;
use kairan_talk::search::Indexer;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::support::{Organisation, in_organisations, strings};

/// The jobs that a server runs beside its routes, a step whenever the test says.
struct Jobs {
    sequencer: Mutex<Sequencer>,
    indexer: Mutex<Indexer>,
    _key: tempfile::TempDir,
}

impl Jobs {
    fn new(o: &Organisation) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = LogKey::open_or_create(folder.path(), o.base.store.surroundings()).expect("a key");
        let settings = Settings { head_every_ms: MINUTE, witness_directory: None };
        Self {
            sequencer: Mutex::new(Sequencer::new(o.base.store.clone(), Arc::new(key), &settings)),
            indexer: Mutex::new(Indexer::new(o.base.store.clone())),
            _key: folder,
        }
    }

    async fn place(&self) {
        while self.sequencer.lock().await.step().await.expect("places").more {}
    }

    /// Until everything that was written can be found.
    async fn catch_up(&self) {
        self.place().await;
        while self.indexer.lock().await.step().await.expect("indexes") {}
    }
}

async fn ask(o: &Organisation, person: &Person, q: &str, more: &str) -> Reply {
    let q: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
    o.get(person, &format!("/search?q={q}{more}")).await
}

/// The texts found, newest first.
async fn texts(o: &Organisation, person: &Person, q: &str) -> Vec<String> {
    let answer = ask(o, person, q, "&limit=50").await.expect(200);
    answer["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|hit| hit["message"]["text"].as_str().expect("a text").to_owned())
        .collect()
}

fn id(message: &Value) -> &str {
    message["id"].as_str().expect("an id")
}

/// R35: two-character words, width, kana and case; several words are AND, quotes are exact.
#[tokio::test]
async fn japanese_is_found() {
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let (one, room) = (o.member("甲野 一").await, o.room(&o.owner, &[]).await);
        o.put(&o.owner, &format!("/rooms/{room}/members/{}", one.id), &json!(null)).await.expect(204);
        for text in
            ["明日の会議は15時", "ｶｲｷﾞは中止、ABC商事へ納品", "カイギ室で納品 書を確認🎉", "ａｂｃの件"]
        {
            o.say(&o.owner, room, text).await;
        }
        assert_eq!(texts(&o, &one, "会議").await, [""; 0], "nothing is indexed yet");
        jobs.catch_up().await;
        assert_eq!(texts(&o, &one, "会議").await, ["明日の会議は15時"]);
        assert_eq!(
            texts(&o, &one, "カイギ").await,
            ["カイギ室で納品 書を確認🎉", "ｶｲｷﾞは中止、ABC商事へ納品"]
        );
        assert_eq!(texts(&o, &one, "Ａｂc").await, ["ａｂｃの件", "ｶｲｷﾞは中止、ABC商事へ納品"]);
        assert_eq!(texts(&o, &one, "納品 かいぎ").await.len(), 2);
        assert_eq!(texts(&o, &one, "\"納品 書\"").await, ["カイギ室で納品 書を確認🎉"]);
        assert_eq!(texts(&o, &one, "室").await.len(), 1, "one character");
        assert_eq!(texts(&o, &one, "🎉").await.len(), 1);
        assert_eq!(texts(&o, &one, "、").await.len(), 1, "punctuation alone");
        assert_eq!(texts(&o, &one, "議室").await, [""; 0], "not a pair of this text");
        assert_eq!(texts(&o, &one, "会時").await, [""; 0], "both characters, but apart");
        let hit = &ask(&o, &one, "かいぎ 納品", "").await.expect(200)["messages"][1];
        assert_eq!(hit["snippet"], json!({"text": "ｶｲｷﾞは中止、ABC商事へ納品", "marks": [[0, 4], [14, 2]]}));
        assert_eq!(hit["message"]["room"], room.to_string());
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_and_what_they_name_is_told() {
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let (one, two) = (o.member("佐藤 花子").await, o.member("鈴木 一").await);
        let sales = o.room(&o.owner, &[&one, &two]).await;
        o.patch(&o.owner, &format!("/rooms/{sales}"), &json!({"name": "営業 連絡"})).await.expect(200);
        let shop = o.room(&o.owner, &[&one, &two]).await;
        o.say(&one, sales, "納品のこと 1").await;
        o.base.clock.advance(DAY);
        let two = o.sign_in(&two).await;
        o.try_say(&two, shop, &json!({"text": "納品のこと 2", "label": "consult"})).await.expect(201);
        o.base.clock.advance(DAY);
        let (one, owner) = (o.sign_in(&one).await, o.sign_in(&o.owner).await);
        o.say(&one, shop, "納品のこと 3").await;
        jobs.catch_up().await;
        let found = async |q: &str| {
            let all = texts(&o, &owner, q).await;
            all.iter().map(|text| text.chars().last().expect("a digit")).collect::<String>()
        };
        for (q, hits) in [
            ("納品", "321"),
            ("from:佐藤 納品", "31"),
            ("差出人:鈴木", "2"),
            ("from:佐藤 from:鈴木 納品", "321"),
            ("in:営業", "1"),
            ("in:ｴｲｷﾞｮｳ", ""),
            ("部屋:駅前 from:佐藤", "3"),
            ("label:相談", "2"),
            ("ラベル:相談 ラベル:報告", "2"),
            ("納品 has:file", ""),
            ("納品 before:2026-12-08", "1"),
            ("納品 after:2026-12-08", "32"),
            ("納品 after:2026-12-08 before:2026-12-09", "2"),
            ("納品 from:だれか", ""),
            ("納品 label:急ぎ", ""),
            ("from:自分 納品", ""),
        ] {
            assert_eq!(found(q).await, hits, "{q}");
        }
        // 2026-12-08 begins 9 hours earlier in Japan, and the second message was posted at 00:00 UTC.
        let japan = ask(&o, &one, "納品 before:2026-12-08", "&zone=540").await.expect(200);
        assert_eq!(japan["messages"].as_array().map(Vec::len), Some(1));
        let understood = ask(&o, &one, "納品 from:佐藤 in:無い部屋 before:2026/12/8 label:相談", "").await.expect(200);
        assert_eq!(
            understood["query"],
            json!({"terms": [{"text": "納品", "exact": false}], "from": [one.id], "in": [], "before": "2026-12-08",
                "after": null, "has_file": false, "labels": ["consult"], "unknown": ["in:無い部屋"]})
        );
        let named = ask(&o, &one, "営業", "").await.expect(200);
        assert_eq!(named["rooms"], json!([{"id": sales, "name": "営業 連絡", "kind": "group"}]));
        let named = ask(&o, &one, "ハナコ", "").await.expect(200);
        assert_eq!(named["people"].as_array().map(Vec::len), Some(0), "their kana are others");
        let named = ask(&o, &one, "佐藤花", "").await.expect(200);
        assert_eq!(strings(&named["people"], "display_name"), ["佐藤 花子"]);
    })
    .await;
}

/// R26, R25, R31: only what one may see now, by membership, and as it is now.
#[tokio::test]
async fn results_come_and_go_with_access() {
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let (stays, goes, late) =
            (o.member("甲野 一").await, o.member("乙川 二葉").await, o.member("丙田 三").await);
        let partner = o.partner("社外 客").await;
        let room =
            o.room_of(&o.owner, &[&stays, &goes], json!({"kind": "group", "history": "from_join"})).await;
        let before = o.say(&stays, room, "納品の相談 前").await;
        jobs.catch_up().await;
        for stranger in [&late, &partner] {
            let answer = ask(&o, stranger, "納品", "").await.expect(200);
            let nothing = ask(&o, stranger, "無い言葉", "").await.expect(200);
            assert_eq!(answer["messages"], nothing["messages"]);
            assert_eq!(
                (&answer["next"], &answer["people"], &answer["rooms"]),
                (&Value::Null, &json!([]), &json!([]))
            );
        }
        ask(&o, &late, "納品", &format!("&room={room}")).await.refused(404, "not_found");
        ask(&o, &late, "納品", &format!("&room={}", o.room_id())).await.refused(404, "not_found");
        let cursor = format!("&cursor=after.{}", id(&before));
        ask(&o, &late, "納品", &cursor).await.refused(422, "search.cursor");
        // An unindexed removal counts at once: the index only narrows.
        o.delete(&o.owner, &format!("/rooms/{room}/members/{}", goes.id)).await.expect(204);
        assert_eq!(texts(&o, &goes, "納品").await, [""; 0]);
        o.put(&o.owner, &format!("/rooms/{room}/members/{}", late.id), &json!(null)).await.expect(204);
        let after = o.say(&stays, room, "納品の相談 後").await;
        jobs.catch_up().await;
        assert_eq!(texts(&o, &late, "納品").await, ["納品の相談 後"]);
        assert_eq!(texts(&o, &stays, "納品").await, ["納品の相談 後", "納品の相談 前"]);
        ask(&o, &late, "納品", &cursor).await.refused(422, "search.cursor");
        // Edited: the old text is not found, not even before the index knows; the new one is, once it does.
        let path = |message: &Value| format!("/rooms/{room}/messages/{}", id(message));
        o.patch(&stays, &path(&after), &json!({"text": "検品の相談"})).await.expect(200);
        assert_eq!(texts(&o, &late, "納品").await, [""; 0]);
        jobs.catch_up().await;
        assert_eq!(
            (texts(&o, &late, "検品").await, texts(&o, &late, "納品").await),
            (vec!["検品の相談".to_owned()], vec![])
        );
        // Deleted: at once, and for good.
        o.delete(&stays, &path(&after)).await.expect(204);
        assert_eq!(texts(&o, &late, "検品").await, [""; 0]);
        jobs.catch_up().await;
        assert_eq!(texts(&o, &stays, "相談").await, ["納品の相談 前"]);
        // People and rooms: a partner meets nobody here.
        assert_eq!(ask(&o, &partner, "甲野", "").await.expect(200)["people"], json!([]));
        assert_eq!(ask(&o, &late, "甲野", "").await.expect(200)["people"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            ask(&o, &partner, "from:甲野 相談", "").await.expect(200)["query"]["unknown"],
            json!(["from:甲野"])
        );
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_in_both_orders() {
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let rooms = [o.room(&o.owner, &[]).await, o.room(&o.owner, &[]).await];
        for n in 0..90 {
            o.base.clock.advance(SECOND);
            let text = if n % 30 == 7 {
                format!("会議、会議、会議 {n}")
            } else {
                format!("定例会議 {n}")
            };
            o.say(&o.owner, rooms[n % 2], &text).await;
        }
        jobs.catch_up().await;
        for sort in ["new", "best"] {
            let (mut found, mut next) = (Vec::new(), String::new());
            loop {
                let page =
                    ask(&o, &o.owner, "会議", &format!("&limit=20&sort={sort}{next}")).await.expect(200);
                found.extend(page["messages"].as_array().expect("messages").iter().map(|hit| {
                    hit["message"]["seq"].as_i64().expect("a place") * 2
                        + i64::from(hit["message"]["room"] == rooms[1].to_string())
                }));
                assert!(found.len() <= 90);
                let Some(cursor) = page["next"].as_str() else { break };
                next = format!("&cursor={cursor}");
            }
            let newest_first = found.is_sorted_by(|one, other| one > other);
            assert_eq!((found.len(), newest_first), (90, sort == "new"), "{sort}: {found:?}");
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), 90, "each once");
        }
        let best = ask(&o, &o.owner, "会議", "&sort=best&limit=3").await.expect(200);
        for (hit, n) in best["messages"].as_array().expect("messages").iter().zip([67, 37, 7]) {
            assert_eq!(hit["message"]["text"], format!("会議、会議、会議 {n}"));
        }
        for bad in ["x", "after.x", "best.x", "after.", "after.00000000-0000-0000-0000-000000000000"] {
            ask(&o, &o.owner, "会議", &format!("&cursor={bad}")).await.refused(422, "search.cursor");
        }
        let cursor = best["next"].as_str().expect("more").to_owned();
        ask(&o, &o.owner, "会議", &format!("&cursor={cursor}")).await.refused(422, "search.cursor");
    })
    .await;
}

/// Very much that does not hit is looked at in bounded answers, and what lies behind it is found all the same.
#[tokio::test]
async fn much_that_does_not_hit_is_passed_in_several_answers() {
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let room = o.room(&o.owner, &[]).await;
        o.say(&o.owner, room, "、！").await;
        for _ in 0..2_100 {
            o.say(&o.owner, room, "あ").await;
        }
        jobs.catch_up().await;
        let first = ask(&o, &o.owner, "!", "").await.expect(200);
        assert_eq!(first["messages"], json!([]));
        let cursor = first["next"].as_str().expect("not at the end").to_owned();
        let second = ask(&o, &o.owner, "!", &format!("&cursor={cursor}")).await.expect(200);
        assert_eq!((second["messages"].as_array().map(Vec::len), &second["next"]), (Some(1), &Value::Null));
    })
    .await;
}

/// R26: whatever is said in rooms that somebody is not in gets in the way of nothing in the many rooms they are in.
#[tokio::test]
async fn many_rooms_are_searched_though_others_say_more() {
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let one = o.member("甲野 一").await;
        let mut said = Vec::new();
        for n in 0..9 {
            let room = o.room(&one, &[]).await;
            said.push(format!("納品{n}です"));
            o.say(&one, room, &said[n]).await;
        }
        let elsewhere = o.room(&o.owner, &[]).await;
        for n in 0..150 {
            o.say(&o.owner, elsewhere, &format!("納品は{n}個")).await;
        }
        jobs.catch_up().await;
        let mut found = texts(&o, &one, "納品").await;
        found.sort_unstable();
        assert_eq!(found, said);
    })
    .await;
}

/// The index follows from the journal: made anew it holds the same, in steps that may be killed, and behind it says so.
#[tokio::test]
async fn the_index_may_be_thrown_away() {
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let room = o.room(&o.owner, &[]).await;
        let said = o.say(&o.owner, room, "会議は火曜").await;
        o.patch(&o.owner, &format!("/rooms/{room}/messages/{}", id(&said)), &json!({"text": "会議は水曜"}))
            .await
            .expect(200);
        let gone = o.say(&o.owner, room, "会議は無し").await;
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{}", id(&gone))).await.expect(204);
        o.base.clock.advance(5 * SECOND);
        let behind = ask(&o, &o.owner, "会議", "").await.expect(200);
        assert_eq!((&behind["messages"], &behind["lag_ms"]), (&json!([]), &json!(5_000)), "not even placed");
        jobs.place().await;
        assert_eq!(ask(&o, &o.owner, "会議", "").await.expect(200)["lag_ms"], 5_000, "placed, not indexed");
        jobs.catch_up().await;
        let whole = ask(&o, &o.owner, "会議", "").await.expect(200);
        assert_eq!(
            (whole["lag_ms"].clone(), texts(&o, &o.owner, "会議").await),
            (Value::Null, vec!["会議は水曜".to_owned()])
        );
        let lag = jobs.indexer.lock().await.lag();
        assert_eq!((lag.events(), lag.ms(o.base.store.surroundings().now())), (0, 0));

        index::empty(o.base.store.database()).await.expect("emptied");
        assert_eq!(ask(&o, &o.owner, "会議", "").await.expect(200)["messages"], json!([]));
        // Two at once, as two nodes or a command beside a server are: each event is taken in once.
        let mut other = Indexer::new(o.base.store.clone());
        loop {
            let mut own = jobs.indexer.lock().await;
            let (one, two) = tokio::join!(own.step(), other.step());
            if !(one.expect("steps") | two.expect("steps")) {
                break;
            }
        }
        let mut again = ask(&o, &o.owner, "会議", "").await.expect(200);
        again["lag_ms"] = Value::Null;
        assert_eq!(again, whole);
    })
    .await;
}

/// A message is findable soon after it was posted, by the jobs as the server runs them: woken, not polled.
#[tokio::test]
async fn what_was_said_is_found_at_once() {
    in_organisations(async |o: Organisation| {
        let Jobs { sequencer, indexer, _key } = Jobs::new(&o);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let until = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
            let _ended = stopped.wait_for(|stop| *stop).await;
        };
        let jobs = [
            tokio::spawn(sequencer.into_inner().run(until(stopped.clone()))),
            tokio::spawn(indexer.into_inner().run(until(stopped))),
        ];
        let room = o.room(&o.owner, &[]).await;
        for n in 0..3 {
            o.say(&o.owner, room, &format!("会議 {n}")).await;
            let found = async {
                while texts(&o, &o.owner, &format!("会議 {n}")).await.is_empty() {
                    tokio::task::yield_now().await;
                }
            };
            let second = std::time::Duration::from_secs(1);
            tokio::time::timeout(second, found).await.expect("within a second");
        }
        stop.send_replace(true);
        for job in jobs {
            job.await.expect("ends in order");
        }
    })
    .await;
}

/// The same as looking through every message by hand, whatever is written and looked for.
#[tokio::test]
async fn the_index_finds_what_a_scan_finds() {
    const SAID: &str = "([かガｶﾞガがきキ]|ー|[会議室納品書]|[a-cＡ-Ｃ]|[0-9]|[ 　、。!・\n]|🎉|㍿|々){1,14}";
    let mut random = TestRunner::deterministic();
    let mut some = |pattern: &str, many: usize| -> Vec<String> {
        let strategy = proptest::string::string_regex(pattern).expect("a pattern");
        (0..many).map(|_| strategy.new_tree(&mut random).expect("a value").current()).collect()
    };
    let said: Vec<String> = some(SAID, 300).into_iter().filter(|text| !text.trim().is_empty()).collect();
    let sought = some("([かガがｶき会議室納品a-c0-9、🎉社]){1,4}( [会議かa]{1,2})?", 200);
    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let room = o.room(&o.owner, &[]).await;
        for text in &said {
            o.say(&o.owner, room, text).await;
        }
        jobs.catch_up().await;
        for q in &sought {
            let terms: Vec<String> = q.split_whitespace().map(|term| fold(term).trim().to_owned()).collect();
            let by_hand: Vec<&String> =
                said.iter().rev().filter(|text| terms.iter().all(|term| fold(text).contains(term))).collect();
            let mut found = Vec::new();
            let mut next = String::new();
            loop {
                let page = ask(&o, &o.owner, q, &format!("&limit=50{next}")).await.expect(200);
                let hits = page["messages"].as_array().expect("messages").clone();
                found.extend(
                    hits.iter().map(|hit| hit["message"]["text"].as_str().expect("a text").to_owned()),
                );
                let Some(cursor) = page["next"].as_str() else { break };
                next = format!("&cursor={cursor}");
            }
            // Stored texts are NFC; what was said is compared folded, which is the same for both.
            let fold_all = |texts: &[&String]| texts.iter().map(|text| fold(text)).collect::<Vec<_>>();
            assert_eq!(
                fold_all(&found.iter().collect::<Vec<_>>()),
                fold_all(&by_hand),
                "{q:?} on {}",
                o.base.engine
            );
        }
    })
    .await;
}

/// A post that brings files, as the journal has it: found by their names (R26 as every other).
#[tokio::test]
async fn names_of_files_are_found() {
    use kairan_core::ids::Id;
    use kairan_core::{Actor, FileId, refusal};
    use kairan_storage::{Facts, Stream, Tx};

    /// A post with files, in the form that posts with files have.
    struct Posted(Value);
    impl Facts for Posted {
        fn kind(&self) -> &'static str {
            "message.posted"
        }
        fn body(&self) -> serde_json::Result<String> {
            serde_json::to_string(&self.0)
        }
        fn read(_: &str, _: &str) -> Option<serde_json::Result<Self>> {
            None
        }
    }

    in_organisations(async |o: Organisation| {
        let jobs = Jobs::new(&o);
        let room = o.room(&o.owner, &[]).await;
        let (message, file): (MessageId, FileId) =
            (o.base.store.surroundings().id(), o.base.store.surroundings().id());
        let author = o.owner.id;
        let post = async move |tx: &mut Tx| {
            let (text, name) = (tx.put_content("見てください").await?, tx.put_content("納品書_12月.PDF").await?);
            let body = json!({
                "message": message, "content": {"id": text.id, "commitment": text.commitment}, "label": null,
                "reply_to": null, "mentions": [], "all": false,
                "files": [{"file": file, "name": {"id": name.id, "commitment": name.commitment}, "size": 1,
                    "media": "application/pdf", "kind": "pdf", "extension": "pdf", "width": null, "height": null,
                    "preview": false, "state": "ready"}],
            });
            Ok::<_, kairan_core::Refusal>(tx.append(Stream::Room(room), Actor::Member(author), None, &Posted(body)).await?)
        };
        o.base.store.write(Stream::Room(room), post).await.expect(refusal::SERVER_FAULT.name);
        jobs.catch_up().await;
        for q in ["納品書", "pdf ください", "has:file", "12月"] {
            let found = ask(&o, &o.owner, q, "").await.expect(200);
            assert_eq!(found["messages"][0]["message"]["id"], message.uuid().to_string(), "{q}");
        }
        let found = ask(&o, &o.owner, "ｐｄｆ", "").await.expect(200);
        assert_eq!(found["messages"][0]["file_marks"], json!([{"file": file, "marks": [[8, 3]]}]));
        assert_eq!(found["messages"][0]["snippet"], json!({"text": "見てください", "marks": []}));
        assert_eq!(texts(&o, &o.owner, "請求書").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_query_that_asks_nothing_or_too_much_is_refused() {
    in_organisations(async |o: Organisation| {
        let room: RoomId = o.room_id();
        for q in ["", "   ", "　", "from:", "\"\"", "\u{200b}"] {
            ask(&o, &o.owner, q, "").await.refused(422, "search.empty");
        }
        ask(&o, &o.owner, &"あ".repeat(301), "").await.refused(422, "search.too_long");
        ask(&o, &o.owner, "会議", &format!("&room={room}")).await.refused(404, "not_found");
        for (limit, zone) in [(i64::MIN, i64::MIN), (0, 0), (i64::MAX, i64::MAX)] {
            ask(&o, &o.owner, "会議 before:2026-12-01", &format!("&limit={limit}&zone={zone}"))
                .await
                .expect(200);
        }
        for hostile in [
            "' OR 1=1 --",
            "\u{e000}0",
            "a\" AND \"b",
            "NEAR(a b)",
            "*",
            "会議*",
            "a:b",
            "grams:会議",
            "\\",
            "& | !",
            "<->",
        ] {
            ask(&o, &o.owner, hostile, "").await.expect(200);
        }
    })
    .await;
}
