//! A room whose newcomers see nothing of before: no way leads to it, neither a page, nor an answer that quotes it, nor an
//! event about it.

use axum::http::Method;
use kairan_core::{MessageId, RoomId};
use kairan_people::testing::Person;
use serde_json::{Value, json};

use crate::socket::{Socket, cursors, events};
use crate::world::{Server, on_both_engines};

/// In every text of before.
const SECRET: &str = "来る前の話";

#[tokio::test]
async fn what_was_said_before_a_newcomer_came_reaches_them_by_no_way() {
    on_both_engines(async |server| {
        let newcomer = server.member("新参 者").await;
        let owner = &server.owner;
        let room = server.room_of(owner, &[], json!({"kind": "group", "history": "from_join"})).await;
        let before = server.say(owner, room, SECRET).await;
        server.put(owner, &format!("/rooms/{room}/messages/{before}/pin"), &Value::Null).await.expect(204);
        server.add(owner, room, &newcomer).await;
        none_of_it(&server, &newcomer, room, before).await;

        let mut socket = Socket::back(&server, &newcomer, &cursors(room, 4)).await.0;
        let at = format!("/rooms/{room}/messages/{before}");
        server.patch(owner, &at, &json!({"text": format!("{SECRET}、直した")})).await.expect(200);
        server.put(owner, &format!("{at}/reactions/%E7%A2%BA%E8%AA%8D"), &Value::Null).await.expect(204);
        let answer = json!({"text": "前の話の続き", "reply_to": before});
        let path = format!("/rooms/{room}/messages/{}", server.id::<MessageId>());
        server.put(owner, &path, &answer).await.expect(201);
        none_of_it(&server, &newcomer, room, before).await;

        // Live, and caught up with.
        server.mark(&newcomer);
        let live = socket.until_marked().await;
        let (mut back, _) = Socket::back(&server, &newcomer, &cursors(room, 4)).await;
        server.mark(&newcomer);
        let missed = back.until_marked().await;
        for frames in [live, missed] {
            assert!(!format!("{frames:?}").contains(SECRET), "{frames:#?}");
            let told = [(5, "message.edited"), (6, "reaction.added"), (7, "message.posted")];
            assert_eq!(events(&frames, room), told.map(|(seq, kind)| (seq, kind.to_owned())), "no gap");
        }

        // Whoever was there has it all.
        let (mut old, _) = Socket::back(&server, owner, &cursors(room, 4)).await;
        let edited = old.next().await;
        assert_eq!(edited["body"]["text"], format!("{SECRET}、直した"));
        let quoted = server.get(owner, &path).await.expect(200)["reply_to"]["text"].clone();
        assert_eq!(quoted, format!("{SECRET}、直した"));
    })
    .await;
}

/// Every way to ask for it.
async fn none_of_it(server: &Server, newcomer: &Person, room: RoomId, before: MessageId) {
    let base = format!("/rooms/{room}");
    for path in [
        "/rooms".to_owned(),
        base.clone(),
        format!("{base}/messages"),
        format!("{base}/messages?after=0"),
        format!("{base}/messages?around=2"),
        format!("{base}/events?after=0"),
        format!("{base}/events?after=4"),
        format!("{base}/pins"),
    ] {
        let reply = server.get(newcomer, &path).await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.text.contains(SECRET), "{path}: {}", reply.text);
    }
    let answer = json!({"text": "何の話ですか", "reply_to": before});
    let path = format!("{base}/messages/{}", server.id::<MessageId>());
    server.put(newcomer, &path, &answer).await.refused(422, "reply.not_found");
    for (method, path) in [
        (Method::GET, format!("{base}/messages/{before}")),
        (Method::GET, format!("{base}/messages/{before}/readers")),
        (Method::PUT, format!("{base}/messages/{before}/pin")),
        (Method::GET, format!("/messages/{before}")),
    ] {
        let reply = match method {
            Method::GET => server.get(newcomer, &path).await,
            _ => server.put(newcomer, &path, &Value::Null).await,
        };
        reply.refused(404, "not_found");
    }
}
