//! How a socket ends, and how it does not begin: each ending has its close code, and takes nobody else with it.

use std::time::Duration;

use axum::http::Method;
use kairan_people::devices::Purpose;
use kairan_people::testing::{ORIGIN, PASSWORD, Person};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::raw::PATIENCE;
use crate::socket::{Cursors, Socket, cursors, events, knock, ticket};
use crate::world::on_both_engines;

/// R20
const A_SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn what_is_not_a_frame_ends_the_connection() {
    on_both_engines(async |server| {
        let silent = tokio::time::timeout(PATIENCE, async {
            Socket::silent(&server, &server.owner).await.end().await
        });
        let text = |text: &str| Message::Text(text.to_owned().into());
        let bytes = |kind: Data, bytes: &[u8]| {
            Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(kind), true))
        };
        let hello = json!({"t": "hello", "cursors": {}, "looking": []}).to_string();
        // R39: (said after a good hello, said instead of it) and the close code.
        let cases: Vec<(Message, u16, u16)> = vec![
            (text("hello"), 1007, 1007),
            (text(""), 1007, 1007),
            (text("{"), 1007, 1007),
            (text("[]"), 1007, 1007),
            (text(r#"{"t":"shout"}"#), 1007, 1007),
            (text(r#"{"t":"typing"}"#), 1007, 1007),
            (text(r#"{"t":"typing","room":"x"}"#), 1007, 1007),
            (text(r#"{"t":"looking","rooms":[],"more":1}"#), 1007, 1007),
            (text(r#"{"t":"hello","cursors":{"x":1},"looking":[]}"#), 1007, 1007),
            (text(r#"{"t":"hello","cursors":{},"looking":[],"as":"owner"}"#), 1007, 1007),
            (text(&format!(r#"{{"t":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000))), 1007, 1007),
            (Message::Binary(hello.clone().into_bytes().into()), 1007, 1007),
            (bytes(Data::Text, b"{\"t\":\"ping\xff\"}"), 1007, 1007),
            (bytes(Data::Text, &vec![b' '; 600 * 1024]), 1007, 1007),
            (bytes(Data::Continue, b"ping"), 1007, 1007),
            (text(&hello), 1008, 0),
            (text(r#"{"t":"ping"}"#), 0, 1008),
            (text(r#"{"t":"looking","rooms":[]}"#), 0, 1008),
        ];
        for (message, after, instead) in cases {
            let said = format!("{message:?}").chars().take(120).collect::<String>();
            if after != 0 {
                let mut socket = Socket::open(&server, &server.owner).await;
                socket.send_raw(message.clone()).await;
                assert_eq!(socket.end().await, Some(after), "after hello: {said}");
            }
            if instead != 0 {
                let mut socket = Socket::silent(&server, &server.owner).await;
                socket.send_raw(message).await;
                assert_eq!(socket.end().await, Some(instead), "instead of hello: {said}");
            }
        }
        assert_eq!(silent.await, Ok(Some(1008)), "who says nothing at all");
        assert_eq!(server.metrics.sockets.get(), 0, "nobody is left");
    })
    .await;
}

/// R21
#[tokio::test]
async fn a_ticket_opens_one_socket_within_thirty_seconds_from_ones_own_page() {
    on_both_engines(async |server| {
        let person = server.member("切符 人").await;
        let offer = |ticket: &str| format!("kairan.v1, ticket.{ticket}");
        let refused = |code: &str| Some((403, code.to_owned()));
        let good = ticket(&server, &person).await;
        for origin in [
            None,
            Some("https://evil.example"),
            Some("null"),
            Some("http://localhost:8081"),
            Some("ws://localhost:8080"),
        ] {
            assert_eq!(
                knock(&server, origin, Some(&offer(&good))).await.err(),
                refused("origin.refused"),
                "{origin:?}"
            );
        }
        for protocols in [
            None,
            Some("kairan.v1".to_owned()),
            Some(offer("")),
            Some(offer("00")),
            Some(offer(&good[1..])),
            Some(offer(&good.to_uppercase())),
        ] {
            assert_eq!(
                knock(&server, Some(ORIGIN), protocols.as_deref()).await.err(),
                refused("gateway.ticket"),
                "{protocols:?}"
            );
        }
        // None of that has used it up.
        assert!(knock(&server, Some(ORIGIN), Some(&offer(&good))).await.is_ok());
        assert_eq!(
            knock(&server, Some(ORIGIN), Some(&offer(&good))).await.err(),
            refused("gateway.ticket"),
            "a second time"
        );

        let late = ticket(&server, &person).await;
        server.base.clock.advance(30_000);
        assert_eq!(
            knock(&server, Some(ORIGIN), Some(&offer(&late))).await.err(),
            refused("gateway.ticket"),
            "after 30 s"
        );
        let in_time = ticket(&server, &person).await;
        server.base.clock.advance(29_999);
        assert!(knock(&server, Some(ORIGIN), Some(&offer(&in_time))).await.is_ok());

        server.get(&person, "/gateway").await.refused(400, "gateway.not_a_socket");
        server.get(&person, &format!("/gateway?ticket={in_time}")).await.refused(400, "gateway.not_a_socket");
    })
    .await;
}

/// R20: however a session ends, its sockets end within a second, and no other's.
#[tokio::test]
async fn the_end_of_a_session_is_the_end_of_its_sockets() {
    on_both_engines(async |server| {
        let person = server.member("終田 人").await;
        let other = server.member("続山 人").await;
        let mut bystander = Socket::open(&server, &other).await;
        let pair = async |person: &Person| {
            [Socket::open(&server, person).await, Socket::open(&server, person).await]
        };
        let ended = async |sockets: [Socket; 2], how: &str| {
            for mut socket in sockets {
                assert_eq!(socket.end_within(A_SECOND).await, Some(4401), "{how}");
            }
        };

        let leaving = server.sign_in(&person).await;
        let sockets = pair(&leaving).await;
        server.delete(&leaving, "/session").await.expect(204);
        ended(sockets, "signed out").await;

        let elsewhere = server.sign_in(&person).await;
        let sockets = pair(&elsewhere).await;
        server.delete(&person, &format!("/me/sessions/{}", elsewhere.session)).await.expect(204);
        ended(sockets, "ended from another browser").await;

        let forgotten = server.sign_in(&person).await;
        let sockets = pair(&forgotten).await;
        server
            .put(&person, "/me/password", &json!({"current": PASSWORD, "password": PASSWORD}))
            .await
            .expect(204);
        ended(sockets, "the password is another").await;

        // R13: a lost phone, locked from the desk; a wipe by an administrator; a device that leaves its person at the door.
        let person = server.sign_in(&person).await;
        let phone = server.at_another_device(&person).await;
        let sockets = pair(&phone).await;
        let lost = format!("/devices/{}", phone.browser.device);
        server.post(&person, &format!("/me{lost}/lock"), &Value::Null).await.expect(200);
        ended(sockets, "its device is locked").await;
        server.get(&phone, "/session").await.refused(401, "session.missing");
        server.post(&person, &format!("/me{lost}/unlock"), &Value::Null).await.expect(200);
        let found = server.sign_in(&phone).await;
        let sockets = pair(&found).await;
        server.post(&server.owner, &format!("{lost}/wipe"), &Value::Null).await.expect(200);
        ended(sockets, "its device is to wipe itself").await;

        let sockets = pair(&person).await;
        let whole = format!("/members/{}", person.id);
        server.post(&server.owner, &format!("{whole}/lock"), &Value::Null).await.expect(200);
        ended(sockets, "its person is locked").await;
        server.get(&person, "/rooms").await.refused(401, "session.missing");
        server.post(&server.owner, &format!("{whole}/unlock"), &Value::Null).await.expect(200);
        let person = server.sign_in(&person).await;

        let promoted = server.sign_in(&person).await;
        let sockets = pair(&promoted).await;
        server
            .patch(&server.owner, &format!("/members/{}", person.id), &json!({"role": "manager"}))
            .await
            .expect(200);
        ended(sockets, "the role is another").await;

        let old = server.sign_in(&person).await;
        let sockets = pair(&old).await;
        server.base.clock.advance(30 * 24 * 60 * 60 * 1_000);
        server.people.close_sessions_over().await.expect("closed");
        ended(sockets, "its time is over").await;

        // The bystander's session is over by that time too, but not their word for it that others ended.
        assert_eq!(bystander.end_within(A_SECOND).await, Some(4401));
    })
    .await;
}

/// R20, R21: a ticket given before the session ended opens nothing after it.
#[tokio::test]
async fn a_ticket_does_not_outlive_its_session() {
    on_both_engines(async |server| {
        let person = server.member("遅切符 人").await;
        let mut silent = Socket::silent(&server, &person).await;
        let later = ticket(&server, &person).await;
        server.delete(&person, "/session").await.expect(204);
        silent.send(&json!({"t": "hello", "cursors": {}, "looking": []})).await;
        assert_eq!(silent.end_within(A_SECOND).await, Some(4401));
        if let Ok(socket) = knock(&server, Some(ORIGIN), Some(&format!("kairan.v1, ticket.{later}"))).await {
            let mut socket = Socket::from(socket);
            socket.send(&json!({"t": "hello", "cursors": {}, "looking": []})).await;
            assert_eq!(socket.end_within(A_SECOND).await, Some(4401));
        }
    })
    .await;
}

/// R78: what waits for a reader that does not read is bounded; it is sent away to come back, and the others never wait.
#[tokio::test]
async fn a_reader_that_does_not_read_is_sent_to_come_back() {
    on_both_engines(async |server| {
        let (slow, quick) = (server.member("遅井 人").await, server.member("速水 人").await);
        let room = server.room(&server.owner, &[&slow, &quick]).await;
        let mut stuck = Socket::narrow(&server, &slow).await;
        stuck.hello(&Cursors::new(), &[]).await;
        let mut reads = Socket::open(&server, &quick).await;
        let long = "長".repeat(8_000); // 24 kB in UTF-8
        let mut posted = 1;
        while server.metrics.sockets_too_slow.get() == 0 {
            assert!(posted < 1_500, "36 MB wait for one reader");
            server.say(&server.owner, room, &long).await;
            posted += 1;
            // What happened before, such as a profile that changed, may still be told.
            let (_, heard) = reads.until(|frame| frame["t"] == "event").await;
            assert_eq!(heard["seq"], posted, "the others hear each at once");
        }
        let mut had = 1;
        let code = loop {
            match stuck.heard().await {
                Ok(frame) if frame["t"] == "event" => {
                    had += 1;
                    assert_eq!(frame["seq"], had, "what it gets is whole and in order");
                }
                Ok(_) => {}
                Err(code) => break code,
            }
        };
        assert_eq!(code, Some(4408));
        assert!(had < posted, "something did not fit");
        let (mut back, _) = Socket::back(&server, &slow, &cursors(room, had)).await;
        server.mark(&slow);
        let missed = events(&back.until_marked().await, room);
        assert_eq!(
            missed.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
            (had + 1..=posted).collect::<Vec<_>>()
        );
    })
    .await;
}

/// A gateway that missed news does not know whose session ended or who was removed: everyone comes back and is asked anew.
#[tokio::test]
async fn a_gateway_that_fell_behind_sends_everyone_to_come_back() {
    on_both_engines(async |server| {
        let person = server.member("待田 人").await;
        let room = server.room(&server.owner, &[&person]).await;
        let mut socket = Socket::open(&server, &person).await;
        // More than the bus keeps, without letting the gateway's task run: this runtime has one thread.
        for _ in 0..20_000 {
            server.mark(&server.owner);
        }
        assert_eq!(socket.end().await, Some(4408));
        let (mut back, heads) = Socket::back(&server, &person, &cursors(room, 1)).await;
        assert_eq!(heads, cursors(room, 1));
        server.say(&server.owner, room, "もどった").await;
        assert_eq!(back.next().await["seq"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_goes_down_says_so_to_everyone_before_it_goes() {
    on_both_engines(async |server| {
        let mut sockets = Vec::new();
        for name in ["一 人", "二 人", "三 人"] {
            let person = server.member(name).await;
            sockets.push(Socket::open(&server, &person).await);
        }
        assert_eq!(server.metrics.sockets.get(), 3);
        let late = Socket::silent(&server, &server.owner).await;
        server.say_goodbye().await;
        assert_eq!(server.metrics.sockets.get(), 0, "it waits until they have gone");
        for socket in &mut sockets {
            assert_eq!(socket.end().await, Some(4409));
        }
        let mut late = late;
        late.send(&json!({"t": "hello", "cursors": {}, "looking": []})).await;
        assert_eq!(late.end().await, Some(4409), "and lets nobody in any more");
        server.anyone(Method::GET, "/welcome", &Value::Null).await.expect(200);
    })
    .await;
}

/// R12, R21: a copied cookie opens no socket, whatever else it opens in its ten minutes.
#[tokio::test]
async fn a_copied_cookie_opens_no_socket() {
    on_both_engines(async |server| {
        let (person, thief) = (server.member("持主 人").await, server.member("盗人 人").await);
        let ask =
            async |proof: Value| server.post(&person, "/gateway/ticket", &json!({ "device": proof })).await;
        ask(Value::Null).await.refused(401, "device.proof_refused");
        ask(server.signed(&thief, Purpose::Socket)).await.refused(401, "device.proof_refused");
        ask(server.signed(&person, Purpose::Renew)).await.refused(401, "device.proof_refused");
        let mut forged = server.signed(&thief, Purpose::Socket);
        forged["device"] = json!(person.browser.device);
        ask(forged).await.refused(401, "device.proof_refused");
        let mine = server.signed(&person, Purpose::Socket);
        ask(mine.clone()).await.expect(201);
        ask(mine).await.refused(401, "device.proof_refused");
        // A socket that is open outlives the token it was asked for with, not its session.
        let mut socket = Socket::open(&server, &person).await;
        server.base.clock.advance(10 * 60 * 1_000);
        server.get(&person, "/session").await.expect(200);
        server.mark(&person);
        socket.until_marked().await;
    })
    .await;
}
