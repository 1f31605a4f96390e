//! 未返信.

use kairan_core::{MemberId, RoomId};
use kairan_people::testing::Person;
use kairan_talk::messages::rules::Label;
use kairan_talk::unanswered::rules::Asked;
use serde_json::{Value, json};

use crate::support::{Organisation, id_of, in_organisations, strings};

async fn waiting(o: &Organisation, person: &Person) -> Vec<String> {
    let page = o.get(person, "/unanswered").await.expect(200);
    let count = o.get(person, "/unanswered/count").await.expect(200)["count"].clone();
    let texts = strings(&page["messages"], "text");
    assert_eq!(count, json!(texts.len()));
    texts
}

async fn direct(o: &Organisation, one: &Person, other: &Person) -> RoomId {
    let room = o.room_id();
    o.put(one, &format!("/direct/{}", other.id), &json!({"room": room})).await.expect(201);
    room
}

#[tokio::test]
async fn a_mention_waits_until_one_answers_or_reacts() {
    in_organisations(async |o: Organisation| {
        let me = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&me]).await;
        let ask = async |text: &str| id_of(&o.say(&o.owner, room, &format!("@{{{}}}{text}", me.id)).await);
        let texts =
            |names: &[&str]| names.iter().map(|name| format!("@{{{}}}{name}", me.id)).collect::<Vec<_>>();
        let first = ask("1").await;
        o.base.clock.advance(1);
        ask("2").await;
        o.say(&o.owner, room, "@{all} みなさん").await;
        assert_eq!(waiting(&o, &me).await, texts(&["2", "1"]), "everyone is nobody in particular");
        o.put(&me, &format!("/rooms/{room}/messages/{first}/reactions/%E7%A2%BA%E8%AA%8D"), &Value::Null)
            .await
            .expect(204);
        assert_eq!(waiting(&o, &me).await, texts(&["2"]));
        o.delete(&me, &format!("/rooms/{room}/messages/{first}/reactions/%E7%A2%BA%E8%AA%8D"))
            .await
            .expect(204);
        assert_eq!(waiting(&o, &me).await, texts(&["2", "1"]));
        let answer = id_of(&o.say(&me, room, "はい").await);
        assert_eq!(waiting(&o, &me).await, Vec::<String>::new());
        o.delete(&me, &format!("/rooms/{room}/messages/{answer}")).await.expect(204);
        assert_eq!(waiting(&o, &me).await, texts(&["2", "1"]), "an answer taken back is none");
        o.put(&o.owner, &format!("/rooms/{room}/archive"), &Value::Null).await.expect(204);
        assert_eq!(waiting(&o, &me).await, Vec::<String>::new(), "nobody can answer in an archived room");
        o.delete(&o.owner, &format!("/rooms/{room}/archive")).await.expect(204);
        // R25
        o.delete(&o.owner, &format!("/rooms/{room}/members/{}", me.id)).await.expect(204);
        assert_eq!(waiting(&o, &me).await, Vec::<String>::new());
        assert_eq!(waiting(&o, &o.owner).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_question_between_two_waits_until_it_is_settled() {
    in_organisations(async |o: Organisation| {
        let me = o.member("乙川 二葉").await;
        let room = direct(&o, &o.owner, &me).await;
        let ask = o
            .try_say(&o.owner, room, &json!({"text": "26日、交代できますか", "label": "consult"}))
            .await
            .expect(201);
        o.try_say(&o.owner, room, &json!({"text": "閉店作業、完了", "label": "report"})).await.expect(201);
        assert_eq!(waiting(&o, &me).await, ["26日、交代できますか"]);
        assert_eq!(
            waiting(&o, &o.owner).await,
            Vec::<String>::new(),
            "one's own question waits for the other"
        );
        let path = format!("/rooms/{room}/messages/{}/answered", id_of(&ask));
        o.put(&o.owner, &path, &Value::Null).await.expect(204);
        assert_eq!(waiting(&o, &me).await, Vec::<String>::new());
        o.delete(&o.owner, &path).await.expect(204);
        assert_eq!(waiting(&o, &me).await, ["26日、交代できますか"]);
    })
    .await;
}

#[tokio::test]
async fn what_came_before_one_is_not_asked_of_one() {
    in_organisations(async |o: Organisation| {
        let me = o.member("乙川 二葉").await;
        let room = o.room_of(&o.owner, &[&me], json!({"kind": "group", "history": "from_join"})).await;
        o.say(&o.owner, room, &format!("@{{{}}}", me.id)).await;
        let membership = format!("/rooms/{room}/members/{}", me.id);
        o.delete(&o.owner, &membership).await.expect(204);
        o.put(&o.owner, &membership, &Value::Null).await.expect(204);
        assert_eq!(waiting(&o, &me).await, Vec::<String>::new());
    })
    .await;
}

/// The SQL says what the rule says, whatever happened.
#[tokio::test]
async fn the_query_agrees_with_the_rule() {
    in_organisations(async |o: Organisation| {
        let (me, other) = (o.member("乙川 二葉").await, o.member("丙山 三月").await);
        let mut rooms = vec![direct(&o, &o.owner, &me).await, direct(&o, &other, &me).await];
        for _ in 0..6 {
            rooms.push(o.room(&o.owner, &[&me, &other]).await);
        }
        let people = [&o.owner, &me, &other];
        let random = || usize::from(o.base.store.surroundings().bytes::<1>()[0]);
        let mut said: Vec<(RoomId, String)> = Vec::new();
        for _ in 0..160 {
            let (person, room) = (people[[0, 0, 0, 0, 2, 2, 1][random() % 7]], rooms[random() % 8]);
            o.base.clock.advance(i64::from(random() % 4 != 0));
            match (random() % 8, said.get(random() % said.len().max(1)).cloned()) {
                (0, Some((room, message))) => {
                    drop(o.delete(person, &format!("/rooms/{room}/messages/{message}")).await);
                }
                (1, Some((room, message))) => {
                    drop(
                        o.put(
                            person,
                            &format!("/rooms/{room}/messages/{message}/reactions/%F0%9F%91%8D"),
                            &Value::Null,
                        )
                        .await,
                    );
                }
                (2, Some((room, message))) => {
                    drop(
                        o.put(person, &format!("/rooms/{room}/messages/{message}/answered"), &Value::Null)
                            .await,
                    );
                }
                (3, Some((room, message))) => {
                    drop(
                        o.patch(
                            person,
                            &format!("/rooms/{room}/messages/{message}"),
                            &json!({"text": "別の話"}),
                        )
                        .await,
                    );
                }
                (kind, _) => {
                    let text = if kind % 2 == 0 {
                        "はい".to_owned()
                    } else {
                        format!("@{{{}}}", people[random() % 3].id)
                    };
                    let label = [Value::Null, json!("consult"), json!("request"), json!("notice")]
                        [random() % 4]
                        .clone();
                    let posted = o.try_say(person, room, &json!({"text": text, "label": label})).await;
                    if posted.status == 201 {
                        said.push((room, id_of(&posted.body)));
                    }
                }
            }
        }
        let mut waits_for_somebody = 0;
        for person in people {
            let mut expected: Vec<String> = Vec::new();
            for (at, room) in rooms.iter().enumerate() {
                let direct = at < 2;
                let page = o.get(person, &format!("/rooms/{room}/messages?limit=200")).await;
                if page.status != 200 {
                    continue;
                }
                let messages = page.body["messages"].as_array().expect("a list").clone();
                for message in &messages {
                    if asked(message, &messages, person.id, direct).waits() {
                        expected.push(message["id"].as_str().expect("an id").to_owned());
                    }
                }
            }
            waits_for_somebody += expected.len();
            let mut found: Vec<String> = Vec::new();
            let mut query = String::from("?limit=2");
            loop {
                let page = o.get(person, &format!("/unanswered{query}")).await.expect(200);
                found.extend(strings(&page["messages"], "id"));
                let Some(last) =
                    page["messages"].as_array().and_then(|list| list.last()).filter(|_| page["more"] == true)
                else {
                    break;
                };
                query = format!("?limit=2&older_than={}", last["at"]);
            }
            found.sort();
            expected.sort();
            assert_eq!(found, expected);
        }
        assert!(waits_for_somebody > 5, "the scenario shows something: {waits_for_somebody}");
    })
    .await;
}

/// The rule's view of a message, told from the room as it is.
fn asked(message: &Value, all: &[Value], me: MemberId, direct: bool) -> Asked {
    let is_me = |value: &Value| *value == json!(me);
    let label = message["label"].as_str().and_then(Label::named);
    Asked {
        named: message["mentions"].as_array().expect("a list").iter().any(is_me),
        label,
        direct,
        mine: is_me(&message["author"]),
        deleted: !message["deleted_at"].is_null(),
        answered: !message["answered"].is_null(),
        archived: false,
        posted_since: all.iter().any(|later| {
            is_me(&later["author"])
                && later["deleted_at"].is_null()
                && later["seq"].as_i64() > message["seq"].as_i64()
        }),
        reacted: message["reactions"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|reaction| reaction["members"].as_array().expect("a list").iter().any(is_me)),
    }
}
