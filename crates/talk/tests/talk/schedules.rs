//! Messages written now and posted at a time.

use kairan_core::time::{DAY, HOUR, MINUTE};
use kairan_core::{Actor, Instant, MemberId, RoomId};
use kairan_people::testing::{Person, Reply};
use kairan_storage::{Error, News, Reader, Store, Stream, Tx, params};
use kairan_talk::schedules::events::{ScheduleFact, ScheduleSet};
use kairan_talk::{due, schedules};
use serde_json::{Value, json};

/// Half an hour: the owner's session lives an hour unused (R19).
const HALF: i64 = 30 * MINUTE;

use crate::support::{Organisation, SCHEMA, id_of, in_organisations, strings};

impl Organisation {
    async fn schedule(&self, person: &Person, room: RoomId, text: &str, at: Instant) -> Reply {
        let body = json!({"room": room, "text": text, "at": at});
        self.put(person, &format!("/schedules/{}", self.room_id()), &body).await
    }

    fn soon(&self) -> Instant {
        self.base.store.surroundings().now().plus_ms(HALF)
    }

    /// What is in somebody's list: text, state, and the code of why.
    async fn scheduled(&self, person: &Person) -> Vec<(String, String, Option<String>)> {
        let page = self.get(person, "/schedules").await.expect(200);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let list = page["schedules"].as_array().expect("a list").iter();
        list.map(|one| {
            (
                text(&one["text"]).unwrap_or_default(),
                text(&one["state"]).unwrap_or_default(),
                text(&one["why"]["code"]),
            )
        })
        .collect()
    }

    async fn pass(&self, ms: i64) {
        self.base.clock.advance(ms);
        due::run(&self.base.store).await.expect("storage answers");
    }
}

fn one(text: &str, state: &str, why: Option<&str>) -> (String, String, Option<String>) {
    (text.into(), state.into(), why.map(str::to_owned))
}

/// R58
#[tokio::test]
async fn a_scheduled_message_is_posted_once_at_its_time_under_its_own_id() {
    in_organisations(async |o: Organisation| {
        let (me, other) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let room = o.room(&other, &[&me]).await;
        let first = id_of(&o.say(&other, room, "明日の件").await);
        // The night the clocks go back in Berlin lies between: the hour from 2027-10-31 02:00 comes twice.
        let autumn = Instant(1_824_944_400_000);
        let id = o.room_id();
        let body = json!({"room": room, "text": format!("@{{{}}} 了解", other.id), "label": "report", "reply_to": first, "at": autumn});
        let path = format!("/schedules/{id}");
        let made = o.put(&me, &path, &body).await.expect(201);
        assert_eq!((&made["at"], &made["state"], &made["why"]), (&json!(autumn), &json!("waiting"), &Value::Null));
        assert_eq!(o.put(&me, &path, &body).await.expect(200), made, "a retry is harmless");
        assert_eq!(o.texts(&other, room).await, ["明日の件"]);
        assert_eq!(due::run(&o.base.store).await.expect("storage answers"), Some(autumn));
        o.pass(autumn.since(o.base.store.surroundings().now()) - 1).await;
        let other = o.sign_in(&other).await;
        assert_eq!(o.texts(&other, room).await.len(), 1, "not a millisecond early");
        o.pass(1).await;
        o.pass(1).await;
        let (me, other) = (o.sign_in(&me).await, o.sign_in(&other).await);
        let posted = o.get(&other, &format!("/rooms/{room}/messages/{id}")).await.expect(200);
        assert_eq!(
            (&posted["author"], &posted["label"], &posted["reply_to"]["text"], &posted["mentions"], &posted["at"]),
            (&json!(me.id), &json!("report"), &json!("明日の件"), &json!([other.id]), &json!(autumn))
        );
        assert_eq!(o.texts(&other, room).await.len(), 2);
        assert_eq!(o.scheduled(&me).await, []);
        o.put(&me, &path, &body).await.refused(409, "schedule.over");
        o.patch(&me, &path, &json!({"text": "やっぱり"})).await.refused(409, "schedule.over");
        o.delete(&me, &path).await.refused(409, "schedule.over");
        assert_eq!(o.post(&me, &format!("{path}/send"), &Value::Null).await.expect(200)["id"], json!(id));
    })
    .await;
}

/// A job that is cut off leaves nothing: neither a message without its end in the list, nor the other way round.
#[tokio::test]
async fn it_is_sent_exactly_once_whenever_the_server_is_killed() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        let made = o.schedule(&o.owner, room, "一度だけ", o.soon()).await.expect(201);
        let id: kairan_core::MessageId = id_of(&made).parse().expect("an id");
        o.base.clock.advance(HALF);
        // Killed after the message and its end were written, and before the commit.
        let member = o.owner.id;
        let cut = async move |tx: &mut Tx| -> Result<(), kairan_core::Refusal> {
            kairan_talk::schedules::commands::send_due(tx, member, id).await?;
            Err(kairan_core::Refusal::fault("killed"))
        };
        o.base.store.write(Stream::Room(room), cut).await.expect_err("it was cut off");
        assert_eq!(o.texts(&o.owner, room).await, Vec::<String>::new());
        assert_eq!(o.scheduled(&o.owner).await, [one("一度だけ", "waiting", None)]);
        // Two servers come up on the same database and both see that it is due.
        let open = async || {
            let migrations: Vec<_> = SCHEMA.migrations.iter().copied().flatten().copied().collect();
            let (database, surroundings) =
                (o.base.store.database().clone(), o.base.store.surroundings().clone());
            Store::open(database, surroundings, &migrations, (SCHEMA.projections)(), 4)
                .await
                .expect("it opens")
        };
        // One SQLite file has one server; PostgreSQL may have several.
        let stores = if o.base.engine == "sqlite" {
            vec![open().await]
        } else {
            vec![open().await, open().await, open().await]
        };
        futures_util::future::join_all(stores.iter().map(due::run)).await;
        for store in &stores {
            due::run(store).await.expect("storage answers");
        }
        assert_eq!(o.texts(&o.owner, room).await, ["一度だけ"]);
        assert_eq!(o.scheduled(&o.owner).await, []);
        let kinds = |stream: Stream, prefix: &'static str| {
            let read = async move |reader: &mut Reader| {
                let events =
                    kairan_storage::events_after(reader, stream, kairan_core::Seq::START, 100).await?;
                Ok::<_, Error>(
                    events
                        .into_iter()
                        .map(|event| event.kind)
                        .filter(|kind| kind.starts_with(prefix))
                        .collect::<Vec<_>>(),
                )
            };
            o.base.store.read(read)
        };
        assert_eq!(
            kinds(Stream::Member(member), "schedule").await.expect("events"),
            ["schedule.set", "schedule.sent"]
        );
        assert_eq!(kinds(Stream::Room(room), "message").await.expect("events"), ["message.posted"]);
    })
    .await;
}

#[tokio::test]
async fn it_may_be_changed_cancelled_or_sent_at_once() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        let (changed, cancelled, sent) = (
            id_of(&o.schedule(&o.owner, room, "直す前", o.soon()).await.expect(201)),
            id_of(&o.schedule(&o.owner, room, "やめる", o.soon()).await.expect(201)),
            id_of(&o.schedule(&o.owner, room, "すぐ送る", o.soon()).await.expect(201)),
        );
        let path = |id: &str| format!("/schedules/{id}");
        let later = o.soon().plus_ms(HALF);
        let change = json!({"text": "直した後", "label": "notice", "at": later});
        let view = o.patch(&o.owner, &path(&changed), &change).await.expect(200);
        assert_eq!(
            (&view["text"], &view["label"], &view["at"]),
            (&json!("直した後"), &json!("notice"), &json!(later))
        );
        let view = o.patch(&o.owner, &path(&changed), &json!({"label": null})).await.expect(200);
        assert_eq!(
            (&view["text"], &view["label"], &view["at"]),
            (&json!("直した後"), &Value::Null, &json!(later))
        );
        o.patch(&o.owner, &path(&changed), &json!({"text": " "})).await.refused(422, "text.empty");
        o.patch(&o.owner, &path(&changed), &json!({"at": 0})).await.refused(422, "schedule.too_soon");
        for _ in 0..2 {
            o.delete(&o.owner, &path(&cancelled)).await.expect(204);
        }
        o.post(&o.owner, &format!("{}/send", path(&cancelled)), &Value::Null)
            .await
            .refused(409, "schedule.over");
        let posted = o.post(&o.owner, &format!("{}/send", path(&sent)), &Value::Null).await.expect(201);
        assert_eq!((posted["id"].as_str(), &posted["text"]), (Some(sent.as_str()), &json!("すぐ送る")));
        o.pass(HALF).await;
        assert_eq!(o.texts(&o.owner, room).await, ["すぐ送る"]);
        o.pass(HALF).await;
        assert_eq!(o.texts(&o.owner, room).await, ["すぐ送る", "直した後"]);
        // What nobody was sent is not kept; what was sent is there once.
        let kept = async |reader: &mut Reader| {
            reader.query("SELECT body FROM contents WHERE body IS NOT NULL", params![]).await
        };
        let kept: Result<Vec<_>, Error> = o.base.store.read(kept).await;
        assert_eq!(kept.expect("contents").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_posted_at_its_time_stays_with_the_reason_and_its_author_is_told() {
    in_organisations(async |o: Organisation| {
        let author = o.member("甲野 一").await;
        let archived = o.room(&o.owner, &[&author]).await;
        let left = o.room(&o.owner, &[&author]).await;
        let loud = o.room(&author, &[]).await;
        o.schedule(&author, archived, "しまわれた", o.soon()).await.expect(201);
        o.schedule(&author, left, "外された", o.soon().plus_ms(1)).await.expect(201);
        for n in 0..4 {
            o.schedule(&author, loud, &format!("@{{all}} {n}"), o.soon().plus_ms(2 + n)).await.expect(201);
        }
        o.put(&o.owner, &format!("/rooms/{archived}/archive"), &Value::Null).await.expect(204);
        o.delete(&o.owner, &format!("/rooms/{left}/members/{}", author.id)).await.expect(204);
        let mut news = o.base.store.bus().listen();
        o.pass(HALF + 10).await;
        // A job is answered before its news is told, so it is waited for.
        let each_end = async {
            let mut told = 0;
            while told < 6 {
                let heard = news.recv().await.expect("the store is open");
                told += usize::from(
                    matches!(heard, News::Mine { member, what: "schedules", .. } if member == author.id),
                );
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), each_end).await.expect("each end is told");
        assert_eq!(
            o.scheduled(&author).await,
            [
                one("しまわれた", "failed", Some("room.archived")),
                one("外された", "failed", Some("schedule.room_gone")),
                one("@{all} 3", "failed", Some("mention_all.too_often")),
            ]
        );
        assert_eq!(o.texts(&author, loud).await.len(), 3, "R33 holds for what was scheduled");
        let page = o.get(&author, "/schedules").await.expect(200);
        let why = &page["schedules"][2]["why"];
        assert!(why["detail"].as_str().is_some_and(|words| words.contains("3回まで")), "{why}");
        // Failed ones may be given another time, or sent by hand once they can be.
        o.put(&o.owner, &format!("/rooms/{archived}/archive"), &Value::Null).await.expect(204);
        let id = strings(&page["schedules"], "id");
        o.post(&author, &format!("/schedules/{}/send", id[0]), &Value::Null)
            .await
            .refused(409, "room.archived");
        o.delete(&o.owner, &format!("/rooms/{archived}/archive")).await.expect(204);
        o.post(&author, &format!("/schedules/{}/send", id[0]), &Value::Null).await.expect(201);
        o.patch(&author, &format!("/schedules/{}", id[2]), &json!({}))
            .await
            .refused(422, "schedule.too_soon");
        let again = o
            .patch(&author, &format!("/schedules/{}", id[2]), &json!({"at": o.soon().plus_ms(HALF)}))
            .await
            .expect(200);
        assert_eq!((&again["state"], &again["why"]), (&json!("waiting"), &Value::Null));
        o.pass(HOUR).await;
        assert_eq!(o.texts(&author, loud).await.len(), 4);
        assert_eq!(o.scheduled(&author).await, [one("外された", "failed", Some("schedule.room_gone"))]);
        o.delete(&author, &format!("/schedules/{}", id[1])).await.expect(204);
        assert_eq!(o.scheduled(&author).await, []);
    })
    .await;
}

/// An ended session stops nothing; somebody who may not sign in any more does.
#[tokio::test]
async fn a_message_goes_out_without_its_authors_session() {
    in_organisations(async |o: Organisation| {
        let author = o.member("甲野 一").await;
        let room = o.room(&o.owner, &[&author]).await;
        o.schedule(&author, room, "夜のあいさつ", o.soon()).await.expect(201);
        o.delete(&author, "/session").await.expect(204);
        o.pass(HALF).await;
        assert_eq!(o.texts(&o.owner, room).await, ["夜のあいさつ"]);
    })
    .await;
}

/// Here: somebody who was never let in. The state of one who has left is as little `active`.
#[tokio::test]
async fn nothing_is_sent_for_somebody_who_may_not_sign_in() {
    in_organisations(async |o: Organisation| {
        let new = json!({"family_name": "未来", "given_name": "人", "family_kana": "みらい", "given_kana": "じん", "kind": "employee"});
        let absent: MemberId = id_of(&o.post(&o.owner, "/members", &new).await.expect(201)).parse().expect("an id");
        let room = o.room_of(&o.owner, &[], json!({"kind": "group", "history": "all"})).await;
        o.put(&o.owner, &format!("/rooms/{room}/members/{absent}"), &Value::Null).await.expect(204);
        let (message, at) = (o.base.store.surroundings().id(), o.soon());
        let set = async move |tx: &mut Tx| -> Result<(), Error> {
            let content = tx.put_content("いない人から").await?.into();
            let set = ScheduleSet { message, room, content, label: None, reply_to: None, at, files: Vec::new() };
            tx.append(Stream::Member(absent), Actor::System, None, &ScheduleFact::from(set)).await?;
            Ok(())
        };
        o.base.store.write(Stream::Member(absent), set).await.expect("it is set");
        o.pass(HALF).await;
        assert_eq!(o.texts(&o.owner, room).await, Vec::<String>::new());
        let there = async move |reader: &mut Reader| schedules::queries::schedule(reader, absent, message).await;
        let there: Result<_, Error> = o.base.store.read(there).await;
        let failure = there.expect("read").expect("there").failure.expect("a reason");
        assert_eq!(failure.code, "schedule.author_left");
    })
    .await;
}

#[tokio::test]
async fn the_times_and_the_number_have_limits() {
    in_organisations(async |o: Organisation| {
        let member = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[]).await;
        let now = o.base.store.surroundings().now();
        for (ahead, code) in
            [(0, "schedule.too_soon"), (MINUTE - 1, "schedule.too_soon"), (367 * DAY, "schedule.too_late")]
        {
            o.schedule(&o.owner, room, "いつ", now.plus_ms(ahead)).await.refused(422, code);
        }
        o.schedule(&o.owner, room, " ", o.soon()).await.refused(422, "text.empty");
        o.schedule(&member, room, "外から", o.soon()).await.refused(404, "not_found");
        o.schedule(&o.owner, room, &format!("@{{{}}}", member.id), o.soon())
            .await
            .refused(422, "mention.not_in_room");
        for n in 0..100 {
            o.schedule(&o.owner, room, "たくさん", now.plus_ms(MINUTE + n)).await.expect(201);
        }
        o.schedule(&o.owner, room, "もう1件", o.soon()).await.refused(422, "schedule.too_many");
        o.pass(MINUTE).await;
        o.schedule(&o.owner, room, "空いた", o.soon()).await.expect(201);
    })
    .await;
}

/// R25: somebody else's list is nobody's business, not even of what they cannot see.
#[tokio::test]
async fn a_list_is_its_owners() {
    in_organisations(async |o: Organisation| {
        let member = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&member]).await;
        let id = id_of(&o.schedule(&o.owner, room, "わたしの", o.soon()).await.expect(201));
        assert_eq!(o.scheduled(&member).await, []);
        let path = format!("/schedules/{id}");
        o.patch(&member, &path, &json!({"text": "とった"})).await.refused(404, "not_found");
        o.delete(&member, &path).await.refused(404, "not_found");
        o.post(&member, &format!("{path}/send"), &Value::Null).await.refused(404, "not_found");
        // Ids are each person's own; the second to be posted finds the message's id taken.
        let body = json!({"room": room, "text": "同じ番号", "at": o.soon().plus_ms(1)});
        o.put(&member, &path, &body).await.expect(201);
        o.pass(HALF + 1).await;
        assert_eq!(o.texts(&member, room).await, ["わたしの"]);
        assert_eq!(o.scheduled(&member).await, [one("同じ番号", "failed", Some("message.id_taken"))]);
    })
    .await;
}
