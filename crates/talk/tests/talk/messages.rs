//! What people say, once and for the record.

use futures_util::future::join_all;
use kairan_core::MessageId;
use kairan_core::time::HOUR;
use kairan_storage::{Error, params};
use serde_json::{Value, json};

use crate::support::{Organisation, in_organisations, strings};

/// R27: a thousand retries of one id make one message.
#[tokio::test]
async fn a_thousand_retries_make_one_message() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        let message: MessageId = o.base.store.surroundings().id();
        let path = format!("/rooms/{room}/messages/{message}");
        let body = json!({"text": "一度だけ"});
        let replies = join_all((0..1_000).map(|_| o.put(&o.owner, &path, &body))).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!((made, replies.iter().filter(|reply| reply.status == 200).count()), (1, 999));
        assert!(replies.iter().all(|reply| reply.body["seq"] == 2));
        assert_eq!(o.texts(&o.owner, room).await, ["一度だけ"]);
    })
    .await;
}

#[tokio::test]
async fn anothers_message_id_is_not_to_be_had() {
    in_organisations(async |o: Organisation| {
        let other = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&other]).await;
        let elsewhere = o.room(&o.owner, &[]).await;
        let message = o.say(&o.owner, room, "わたしの").await["id"].as_str().expect("id").to_owned();
        o.put(&other, &format!("/rooms/{room}/messages/{message}"), &json!({"text": "とった"}))
            .await
            .refused(409, "message.id_taken");
        o.put(&o.owner, &format!("/rooms/{elsewhere}/messages/{message}"), &json!({"text": "移した"}))
            .await
            .refused(409, "message.id_taken");
    })
    .await;
}

/// R34, R35
#[tokio::test]
async fn a_text_is_stored_in_one_form_and_within_limits() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        assert_eq!(o.say(&o.owner, room, "か\u{3099}っこう").await["text"], "がっこう");
        o.say(&o.owner, room, &"長".repeat(7_999)).await;
        for (text, code) in [
            ("長".repeat(8_001), "text.too_long"),
            (" \n ".into(), "text.empty"),
            (format!("e{}", "\u{0323}".repeat(12)), "text.too_many_marks"),
            ("a\u{0}b".into(), "text.character"),
        ] {
            o.try_say(&o.owner, room, &json!({ "text": text })).await.refused(422, code);
        }
        assert_eq!(o.texts(&o.owner, room).await.len(), 2);
    })
    .await;
}

/// R33
#[tokio::test]
async fn everyone_is_addressed_by_right_and_three_times_an_hour() {
    in_organisations(async |o: Organisation| {
        let (chief, member) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let room = o.room(&chief, &[&member]).await;
        let all = json!({"text": "@{all} 集合"});
        o.try_say(&member, room, &all).await.refused(403, "mention_all.denied");
        for _ in 0..3 {
            o.try_say(&chief, room, &all).await.expect(201);
        }
        o.try_say(&chief, room, &all).await.refused(429, "mention_all.too_often");
        o.base.clock.advance(HOUR + 1);
        o.try_say(&chief, room, &all).await.expect(201);
        assert_eq!(o.see(&member, room).await["mine"]["mentions"], 4);
    })
    .await;
}

#[tokio::test]
async fn a_mention_finds_its_person_and_no_outsider_of_the_room() {
    in_organisations(async |o: Organisation| {
        let (one, two, out) =
            (o.member("甲野 一").await, o.member("乙川 二葉").await, o.member("丙山 三月").await);
        let room = o.room(&one, &[&two]).await;
        let posted = o.say(&one, room, &format!("@{{{}}} さん、10時に", two.id)).await;
        assert_eq!(posted["mentions"], json!([two.id.to_string()]));
        assert_eq!(o.see(&two, room).await["mine"]["mentions"], 1);
        o.try_say(&one, room, &json!({"text": format!("@{{{}}}", out.id)}))
            .await
            .refused(422, "mention.not_in_room");
        let path = format!("/rooms/{room}/messages/{}", posted["id"].as_str().expect("id"));
        o.patch(&one, &path, &json!({"text": "10時に"})).await.expect(200);
        assert_eq!(o.see(&two, room).await["mine"]["mentions"], 0);
    })
    .await;
}

/// R31: what was said before stays for the record; people see what is.
#[tokio::test]
async fn an_edit_and_a_deletion_keep_the_record() {
    in_organisations(async |o: Organisation| {
        let (author, other) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let room = o.room(&author, &[&other]).await;
        let message = o.say(&author, room, "10時に").await["id"].as_str().expect("id").to_owned();
        let path = format!("/rooms/{room}/messages/{message}");
        o.patch(&other, &path, &json!({"text": "11時に"})).await.refused(403, "message.not_author");
        let edited = o.patch(&author, &path, &json!({"text": "11時に"})).await.expect(200);
        assert_eq!((&edited["text"], &edited["edits"]), (&json!("11時に"), &json!(1)));
        o.put(&other, &format!("{path}/reactions/%F0%9F%91%8D"), &json!(null)).await.expect(204);
        o.delete(&other, &path).await.refused(403, "message.not_deletable");
        o.delete(&author, &path).await.expect(204);
        let gone = o.get(&other, &path).await.expect(200);
        assert_eq!(
            (&gone["text"], &gone["reactions"], gone["deleted_by"].as_str()),
            (&Value::Null, &json!([]), Some(author.id.to_string().as_str()))
        );
        o.patch(&author, &path, &json!({"text": "やっぱり"})).await.refused(409, "message.deleted");
        let events = o.get(&other, &format!("/rooms/{room}/events?after=1")).await.expect(200);
        assert!(
            events["events"]
                .as_array()
                .expect("events")
                .iter()
                .all(|event| event["body"].get("text").is_none_or(Value::is_null)),
            "a text that is gone is not sent again"
        );
        let kept = o
            .base
            .store
            .read(async |reader| reader.query("SELECT body FROM contents", params![]).await)
            .await;
        let mut kept: Vec<Vec<u8>> = kept
            .and_then(|rows| rows.iter().map(|row| row.get(0)).collect())
            .unwrap_or_else(|error: Error| panic!("{error}"));
        kept.sort();
        assert_eq!(kept, ["10時に".as_bytes(), "11時に".as_bytes()], "both versions are there for an audit");
    })
    .await;
}

#[tokio::test]
async fn replies_quote_what_is_in_the_room() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        let elsewhere = o.room(&o.owner, &[]).await;
        let (first, other) = (o.say(&o.owner, room, "閉店作業、完了").await, o.say(&o.owner, elsewhere, "別の部屋").await);
        let reply = o.try_say(&o.owner, room, &json!({"text": "測り直して", "reply_to": first["id"], "label": "request"})).await.expect(201);
        assert_eq!(reply["reply_to"], json!({"message": first["id"], "author": o.owner.id.to_string(), "text": "閉店作業、完了", "deleted": false, "files": 0, "file_kind": null}));
        o.try_say(&o.owner, room, &json!({"text": "測り直して", "reply_to": other["id"]})).await.refused(422, "reply.not_found");
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{}", first["id"].as_str().expect("id"))).await.expect(204);
        let quoted = o.get(&o.owner, &format!("/rooms/{room}/messages/{}", reply["id"].as_str().expect("id"))).await.expect(200);
        assert_eq!((&quoted["reply_to"]["text"], &quoted["reply_to"]["deleted"]), (&Value::Null, &json!(true)));
    })
    .await;
}

/// A 相談 is open until somebody answers it.
#[tokio::test]
async fn a_consultation_stays_open_until_answered() {
    in_organisations(async |o: Organisation| {
        let other = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&other]).await;
        let ask = o
            .try_say(&other, room, &json!({"text": "26日、交代できる方", "label": "consult"}))
            .await
            .expect(201);
        let report =
            o.try_say(&other, room, &json!({"text": "閉店作業、完了", "label": "report"})).await.expect(201);
        let path = |message: &Value| {
            format!("/rooms/{room}/messages/{}/answered", message["id"].as_str().expect("id"))
        };
        assert_eq!(o.see(&o.owner, room).await["mine"]["open_consults"], 1);
        o.put(&o.owner, &path(&report), &json!(null)).await.refused(409, "message.not_answerable");
        o.put(&o.owner, &path(&ask), &json!(null)).await.expect(204);
        assert_eq!(o.see(&o.owner, room).await["mine"]["open_consults"], 0);
        o.delete(&other, &path(&ask)).await.expect(204);
        assert_eq!(o.see(&o.owner, room).await["mine"]["open_consults"], 1);
    })
    .await;
}

/// R34: fifty different reactions at most; one of each from one person.
#[tokio::test]
async fn reactions_are_counted_by_kind() {
    in_organisations(async |o: Organisation| {
        let other = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&other]).await;
        let message = o.say(&o.owner, room, "できました").await["id"].as_str().expect("id").to_owned();
        let react = async |person, reaction: &str| {
            let encoded: String = reaction.bytes().map(|byte| format!("%{byte:02X}")).collect();
            o.put(person, &format!("/rooms/{room}/messages/{message}/reactions/{encoded}"), &json!(null))
                .await
        };
        react(&o.owner, "確認").await.expect(204);
        react(&o.owner, "確認").await.expect(204);
        react(&other, "確認").await.expect(204);
        for code in 0x1F600..0x1F600 + 49_u32 {
            react(&other, &char::from_u32(code).expect("an emoji").to_string()).await.expect(204);
        }
        react(&other, "🍎").await.refused(422, "reaction.too_many");
        react(&o.owner, "😀").await.expect(204);
        react(&other, "だめ").await.refused(422, "reaction.shape");
        let seen = o.get(&other, &format!("/rooms/{room}/messages/{message}")).await.expect(200);
        assert_eq!(seen["reactions"].as_array().map(Vec::len), Some(50));
        assert_eq!(
            seen["reactions"][0],
            json!({"reaction": "確認", "members": [o.owner.id.to_string(), other.id.to_string()]})
        );
        o.delete(&other, &format!("/rooms/{room}/messages/{message}/reactions/%E7%A2%BA%E8%AA%8D"))
            .await
            .expect(204);
        react(&other, "🍎").await.refused(422, "reaction.too_many");
    })
    .await;
}

#[tokio::test]
async fn pins_are_the_rooms() {
    in_organisations(async |o: Organisation| {
        let other = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&other]).await;
        let one = o.say(&o.owner, room, "鍵は金庫").await["id"].as_str().expect("id").to_owned();
        let two = o.say(&o.owner, room, "警備は7番").await["id"].as_str().expect("id").to_owned();
        for message in [&one, &two] {
            o.put(&other, &format!("/rooms/{room}/messages/{message}/pin"), &json!(null)).await.expect(204);
            o.base.clock.advance(1);
        }
        let pins = o.get(&o.owner, &format!("/rooms/{room}/pins")).await.expect(200);
        assert_eq!(strings(&pins["messages"], "text"), ["警備は7番", "鍵は金庫"]);
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{one}/pin")).await.expect(204);
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{two}")).await.expect(204);
        assert_eq!(o.get(&o.owner, &format!("/rooms/{room}/pins")).await.expect(200)["messages"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn pages_go_both_ways_without_a_hole() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        for n in 1..=25 {
            o.say(&o.owner, room, &format!("{n}")).await;
        }
        let page = async |query: &str| {
            let page = o.get(&o.owner, &format!("/rooms/{room}/messages?{query}")).await.expect(200);
            (
                strings(&page["messages"], "text").join(" "),
                page["more_before"] == true,
                page["more_after"] == true,
            )
        };
        assert_eq!(page("limit=4").await, ("22 23 24 25".into(), true, false));
        assert_eq!(page("before=23&limit=4").await, ("18 19 20 21".into(), true, true));
        assert_eq!(page("after=21&limit=4").await, ("21 22 23 24".into(), true, true));
        assert_eq!(page("after=23&limit=4").await, ("23 24 25".into(), true, false));
        assert_eq!(page("around=13&limit=4").await, ("10 11 12 13".into(), true, true));
        assert_eq!(page("around=2&limit=4").await, ("1 2".into(), false, true));
        o.get(&o.owner, &format!("/rooms/{room}/messages?before=1&after=2"))
            .await
            .refused(422, "query.shape");
        o.get(&o.owner, &format!("/rooms/{room}/messages?befor=1")).await.refused(422, "query.shape");
    })
    .await;
}
