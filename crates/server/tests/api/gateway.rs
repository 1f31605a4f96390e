//! The gateway on real sockets: what was committed reaches whoever may see it, in order, once; and nobody else.

use kairan_core::MessageId;
use kairan_people::testing::Person;
use serde_json::{Value, json};

use crate::socket::{Cursors, Socket, cursors, events};
use crate::world::on_both_engines;

#[tokio::test]
async fn everyone_hears_the_same_in_the_same_order() {
    on_both_engines(async |server| {
        let people = [server.owner.clone(), server.member("甲野 一").await, server.member("乙川 二葉").await];
        let room = server.room(&people[0], &[&people[1], &people[2]]).await;
        let mut sockets = Vec::new();
        for person in &people {
            let (socket, heads) = Socket::back(&server, person, &Cursors::new()).await;
            assert_eq!(heads, cursors(room, 1), "a room without a cursor begins at its head");
            sockets.push(socket);
        }
        let posts = (0..60).map(|n| {
            let person = &people[n % 3];
            let path = format!("/rooms/{room}/messages/{}", server.id::<MessageId>());
            let server = &server;
            async move { server.put(person, &path, &json!({"text": format!("同時 {n}")})).await.expect(201) }
        });
        futures_util::future::join_all(posts).await;
        let mut heard = Vec::new();
        for (socket, person) in sockets.iter_mut().zip(&people) {
            server.mark(person);
            heard.push(socket.until_marked().await);
        }
        let first = events(&heard[0], room);
        assert_eq!(first.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (2..=61).collect::<Vec<i64>>());
        let of_room = |frames: &Vec<Value>| -> Vec<Value> {
            frames.iter().filter(|frame| frame["t"] == "event").cloned().collect()
        };
        assert!(heard.iter().all(|frames| of_room(frames) == of_room(&heard[0])), "byte for byte the same");
        assert_eq!(heard[0][0]["body"]["text"].as_str().map(|text| text.starts_with("同時")), Some(true));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_was_away_gets_exactly_what_it_missed() {
    on_both_engines(async |server| {
        let reader = server.member("留守 番").await;
        let room = server.room(&server.owner, &[&reader]).await;
        let first = server.say(&server.owner, room, "直される前").await;
        for n in 0..5 {
            server.say(&server.owner, room, &format!("留守のあいだ {n}")).await;
        }
        server
            .patch(&server.owner, &format!("/rooms/{room}/messages/{first}"), &json!({"text": "直した後"}))
            .await
            .expect(200);
        let gone = server.say(&server.owner, room, "消える").await;
        server.delete(&server.owner, &format!("/rooms/{room}/messages/{gone}")).await.expect(204);

        let again = server.restarted().await;
        let (mut socket, heads) = Socket::back(&again, &reader, &cursors(room, 1)).await;
        assert_eq!(heads[&room.to_string()], 10);
        again.mark(&reader);
        let missed = socket.until_marked().await;
        let places: Vec<i64> = events(&missed, room).into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(places, (2..=10).collect::<Vec<i64>>());
        assert_eq!(missed[0]["body"]["text"], "直した後", "a text is caught up with as it is now");
        assert_eq!(missed[7]["body"]["text"], Value::Null, "what is deleted is not sent again");
        assert!(!format!("{missed:?}").contains("消える"));
        // Nothing missed, nothing sent; and live from there.
        let (mut socket, _) = Socket::back(&again, &reader, &cursors(room, 10)).await;
        again.say(&again.owner, room, "いま").await;
        assert_eq!(socket.next().await["seq"], 11);
        again.stop().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_is_too_far_behind_or_ahead_loads_the_room_anew() {
    on_both_engines(async |server| {
        let reader = server.member("遅読 人").await;
        let room = server.room(&server.owner, &[&reader]).await;
        for n in 0..501 {
            server.say(&server.owner, room, &format!("{n}")).await;
        }
        for (cursor, frame) in [
            (1, json!({"t": "refetch", "room": room, "head": 502})),
            (i64::MIN, json!({"t": "refetch", "room": room, "head": 502})),
            // A journal restored to an earlier day: what the client has beyond its head never happened here.
            (503, json!({"t": "refetch", "room": room, "head": 502})),
            (i64::MAX, json!({"t": "refetch", "room": room, "head": 502})),
        ] {
            let (mut socket, _) = Socket::back(&server, &reader, &cursors(room, cursor)).await;
            assert_eq!(socket.next().await, frame, "cursor {cursor}");
        }
        let (mut socket, _) = Socket::back(&server, &reader, &cursors(room, 2)).await;
        server.mark(&reader);
        assert_eq!(events(&socket.until_marked().await, room).len(), 500);
    })
    .await;
}

/// Out and in again while away: what one had may not be one's own any more, and one's own removal is not the end.
#[tokio::test]
async fn whoever_came_back_into_a_room_while_away_loads_it_anew() {
    on_both_engines(async |server| {
        let reader = server.member("出戻 人").await;
        for history in ["from_join", "all"] {
            let body = json!({"kind": "group", "history": history});
            let room = server.room_of(&server.owner, &[&reader], body).await;
            server.say(&server.owner, room, "はじめ").await;
            server.remove(&server.owner, room, &reader).await;
            server.say(&server.owner, room, "いないあいだ").await;
            server.add(&server.owner, room, &reader).await;
            server.say(&server.owner, room, "もどった").await;
            for (cursor, first) in [(2, "refetch"), (3, "refetch"), (4, "refetch"), (5, "event")] {
                let (mut socket, _) = Socket::back(&server, &reader, &cursors(room, cursor)).await;
                assert_eq!(socket.next().await["t"], first, "{history}, {cursor}");
            }
        }
    })
    .await;
}

/// R25
#[tokio::test]
async fn a_removed_member_gets_their_removal_and_nothing_after_it() {
    on_both_engines(async |server| {
        let (gone, stays) = (server.member("去田 人").await, server.member("残山 人").await);
        let room = server.room(&server.owner, &[&gone, &stays]).await;
        let mut sockets = [Socket::open(&server, &gone).await, Socket::open(&server, &gone).await];
        sockets[1].send(&json!({"t": "looking", "rooms": [room]})).await;
        sockets[1].until(|frame| frame["t"] == "presence" && frame["member"] == gone.id.to_string()).await;
        let mut stayer = Socket::open(&server, &stays).await;
        server.say(&server.owner, room, "まだいる").await;
        server.remove(&server.owner, room, &gone).await;
        for n in 0..20 {
            server.say(&server.owner, room, &format!("もういない {n}")).await;
        }
        server.put(&stays, &format!("/rooms/{room}/read"), &json!({"upto": 22})).await.expect(200);
        stayer.send(&json!({"t": "typing", "room": room})).await;
        stayer.until(|frame| frame["seq"] == 23).await;
        server.mark(&gone);
        for socket in &mut sockets {
            let frames = socket.until_marked().await;
            assert_eq!(
                events(&frames, room),
                [(2, "message.posted".into()), (3, "room.member_removed".into())]
            );
            let after = frames.iter().skip_while(|frame| frame["kind"] != "room.member_removed").skip(1);
            assert_eq!(after.filter(|frame| frame.to_string().contains(&room.to_string())).count(), 0);
            assert!(!format!("{frames:?}").contains("もういない"));
        }
        // Coming back with a cursor from before the removal brings nothing either.
        let (mut back, heads) = Socket::back(&server, &gone, &cursors(room, 2)).await;
        assert_eq!(heads, Cursors::new());
        back.send(&json!({"t": "looking", "rooms": [room]})).await;
        back.send(&json!({"t": "typing", "room": room})).await;
        server.say(&server.owner, room, "まだもういない").await;
        server.mark(&gone);
        assert_eq!(back.until_marked().await, Vec::<Value>::new());
        server.get(&gone, &format!("/rooms/{room}/events?after=2")).await.refused(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn a_newcomer_gets_the_room_and_then_everything_after_it_once() {
    on_both_engines(async |server| {
        let newcomer = server.member("新田 人").await;
        let room = server.room_of(&server.owner, &[], json!({"kind": "group", "history": "from_join"})).await;
        server.say(&server.owner, room, "来る前").await;
        let mut socket = Socket::open(&server, &newcomer).await;
        server.add(&server.owner, room, &newcomer).await;
        // While the room is being read for the newcomer, it goes on.
        for n in 0..30 {
            server.say(&server.owner, room, &format!("{n}")).await;
        }
        let (before, state) = socket.until(|frame| frame["t"] == "room").await;
        assert_eq!(events(&before, room), [], "the room comes first");
        assert_eq!(state["room"]["mine"]["floor"], 2);
        let head = state["room"]["head"].as_i64().expect("a head");
        let mut expected = head + 1;
        while expected <= 33 {
            let frame = socket.next().await;
            assert_eq!((&frame["t"], &frame["seq"]), (&"event".into(), &expected.into()));
            expected += 1;
        }
        server.mark(&newcomer);
        assert_eq!(socket.until_marked().await, Vec::<Value>::new());
        // A room just made reaches its first members too.
        let made = server.room(&server.owner, &[&newcomer]).await;
        let (_, state) = socket.until(|frame| frame["t"] == "room").await;
        assert_eq!(state["room"]["id"], made.to_string());
    })
    .await;
}

#[tokio::test]
async fn typing_and_presence_go_to_those_who_look() {
    on_both_engines(async |server| {
        let (looks, away, types) = (
            server.member("見田 人").await,
            server.member("余所見 人").await,
            server.member("打田 人").await,
        );
        let room = server.room(&server.owner, &[&looks, &away, &types]).await;
        let other = server.room(&server.owner, &[&looks]).await;
        let mut looking = Socket::silent(&server, &looks).await;
        looking.hello(&Cursors::new(), &[room]).await;
        looking.until(|frame| frame["t"] == "presence" && frame["member"] == looks.id.to_string()).await;
        let mut elsewhere = Socket::silent(&server, &away).await;
        elsewhere.hello(&Cursors::new(), &[other]).await;
        looking.until(|frame| *frame == json!({"t": "presence", "member": away.id, "online": true})).await;

        let mut typist = Socket::open(&server, &types).await;
        let came = json!({"t": "presence", "member": types.id, "online": true});
        assert_eq!(looking.next().await, came);
        typist.send(&json!({"t": "typing", "room": room})).await;
        assert_eq!(looking.next().await, json!({"t": "typing", "room": room, "member": types.id}));
        // Not in that room: nobody hears it.
        typist.send(&json!({"t": "typing", "room": other})).await;
        drop(typist);
        let went = json!({"t": "presence", "member": types.id, "online": false});
        assert_eq!(looking.next().await, went);
        server.mark(&away);
        assert_eq!(elsewhere.until_marked().await, Vec::<Value>::new(), "who looks elsewhere hears neither");

        looking.send(&json!({"t": "looking", "rooms": []})).await;
        looking.send(&json!({"t": "ping"})).await;
        looking.until(|frame| frame["t"] == "pong").await;
        let _again = Socket::open(&server, &types).await;
        server.mark(&looks);
        assert_eq!(looking.until_marked().await, Vec::<Value>::new(), "who looks away hears no more");
    })
    .await;
}

/// What is not the room's business reaches whom it concerns.
#[tokio::test]
async fn profiles_departments_and_own_settings_reach_those_they_concern() {
    on_both_engines(async |server| {
        let (member, stranger) = (server.member("知人 人").await, server.partner("他人 人").await);
        let met = server.partner("同室 人").await;
        server.room(&server.owner, &[&met, &member]).await;
        let mut sockets = Vec::new();
        for person in [&member, &met, &stranger] {
            sockets.push(Socket::open(&server, person).await);
        }
        server
            .patch(&server.owner, &format!("/members/{}", member.id), &json!({"display_name": "知人 改"}))
            .await
            .expect(200);
        for socket in &mut sockets[..2] {
            // Profiles from before, told late, are passed over.
            let (_, told) = socket.until(|frame| frame["member"]["display_name"] == "知人 改").await;
            assert_eq!((&told["t"], told["member"].get("email")), (&"member".into(), None));
        }
        server
            .post(&server.owner, "/departments", &json!({"name": "総務課", "parent": null}))
            .await
            .expect(201);
        let (mut before, _) = sockets[2].until(|frame| frame["t"] == "departments").await;
        before.retain(|frame| frame["member"]["id"] != stranger.id.to_string());
        assert_eq!(
            before,
            Vec::<Value>::new(),
            "a partner hears nothing of whom they share no room with (R70)"
        );
        server
            .put(&member, "/me/preferences", &json!({"language": "en", "theme": null, "enter_sends": false}))
            .await
            .expect(200);
        sockets[0].until(|frame| frame["t"] == "me").await;
        server.mark(&met);
        assert!(sockets[1].until_marked().await.iter().all(|frame| frame["t"] != "me"));
    })
    .await;
}

/// What people keep for themselves is told to their own devices, each of them, and to nobody else's.
#[tokio::test]
async fn what_is_kept_for_oneself_is_told_to_ones_own_devices() {
    on_both_engines(async |server| {
        let (me, other) = (server.member("自分 人").await, server.member("隣席 人").await);
        let room = server.room(&server.owner, &[&me, &other]).await;
        let message = server.say(&server.owner, room, "あとで読む").await;
        let mut mine = [Socket::open(&server, &me).await, Socket::open(&server, &me).await];
        let mut others = Socket::open(&server, &other).await;
        let at = server.base.store.surroundings().now().plus_ms(kairan_core::time::HOUR);
        let draft = json!({"text": "書きかけ", "picked": [], "label": null, "reply_to": null, "at": 1});
        server.put(&me, &format!("/rooms/{room}/draft"), &draft).await.expect(204);
        server.put(&me, &format!("/bookmarks/{message}"), &Value::Null).await.expect(204);
        let (reminder, schedule) = (server.id::<MessageId>(), server.id::<MessageId>());
        server
            .put(&me, &format!("/reminders/{reminder}"), &json!({"message": message, "at": at}))
            .await
            .expect(201);
        let body = json!({"room": room, "text": "予約", "at": at});
        server.put(&me, &format!("/schedules/{schedule}"), &body).await.expect(201);
        server.mark(&me);
        server.mark(&other);
        for socket in &mut mine {
            let told = socket.until_marked().await;
            assert_eq!(
                told,
                [
                    json!({"t": "mine", "what": "drafts", "room": room}),
                    json!({"t": "mine", "what": "bookmarks"}),
                    json!({"t": "mine", "what": "reminders"}),
                    json!({"t": "mine", "what": "schedules"}),
                ]
            );
        }
        assert_eq!(others.until_marked().await, Vec::<Value>::new());
    })
    .await;
}

/// R71's rule for what was arranged: done at boot, before anybody can ask for anything.
#[tokio::test]
async fn what_fell_due_while_the_server_was_down_is_done_before_it_listens() {
    on_both_engines(async |server| {
        let me = server.member("自分 人").await;
        let room = server.room(&me, &[]).await;
        let schedule = server.id::<MessageId>();
        let at = server.base.store.surroundings().now().plus_ms(kairan_core::time::HOUR);
        let body = json!({"room": room, "text": "開店します", "at": at});
        server.put(&me, &format!("/schedules/{schedule}"), &body).await.expect(201);
        server.stop().await;
        server.base.clock.advance(2 * kairan_core::time::HOUR);
        let again = server.restarted().await;
        let posted = again.get(&me, &format!("/rooms/{room}/messages/{schedule}")).await.expect(200);
        assert_eq!(posted["text"], "開店します");
        assert_eq!(again.get(&me, "/schedules").await.expect(200), json!({"schedules": []}));
        again.stop().await;
    })
    .await;
}

/// R13: the key to what lies on a device is lent to a live session, and to that one only.
#[tokio::test]
async fn a_lease_is_for_a_live_session_and_each_has_its_own() {
    on_both_engines(async |server| {
        let me = server.member("自分 人").await;
        let lease = async |person: &Person| server.post(person, "/session/lease", &Value::Null).await;
        let first = lease(&me).await.expect(200);
        let now = server.base.store.surroundings().now();
        assert_eq!(first["expires_at"], json!(now.plus_ms(kairan_core::time::DAY)));
        // 32 bytes in base64 (RFC 4648 §4).
        assert!(first["key"].as_str().is_some_and(|key| key.len() == 44 && key.ends_with('=')));
        server.base.clock.advance(60_000);
        let renewed = lease(&me).await.expect(200);
        assert_eq!(renewed["key"], first["key"], "the same for the whole session");
        let elsewhere = server.sign_in(&me).await;
        assert_ne!(lease(&elsewhere).await.expect(200)["key"], first["key"], "another session has another");
        server.delete(&elsewhere, &format!("/me/sessions/{}", me.session)).await.expect(204);
        lease(&me).await.refused(401, "session.missing");
        server.delete(&elsewhere, "/session").await.expect(204);
        lease(&elsewhere).await.refused(401, "session.missing");
    })
    .await;
}

/// R64: what is to be known is told on open sockets: to the member it is about, and to those who manage members; to nobody
/// else, and without saying what it is.
#[tokio::test]
async fn alarms_are_told_on_open_sockets() {
    on_both_engines(async |server| {
        let (hana, taro) = (server.member("乙川 二葉").await, server.member("丙山 太郎").await);
        let mut own = Socket::open(&server, &hana).await;
        let mut admins = Socket::open(&server, &server.owner).await;
        let mut others = Socket::open(&server, &taro).await;
        let phone = server.at_another_device(&hana).await;
        let (_, told) = own.until(|frame| frame["t"] == "alarm").await;
        assert_eq!(told, json!({"t": "alarm", "audience": "member"}));
        let list = server.get(&hana, "/me/alarms").await.expect(200);
        assert_eq!((&list["unseen"], &list["alarms"][0]["kind"]), (&json!(1), &json!("new_device")));

        // What a member denies, those who manage members hear of; and the device's socket ends (R20).
        let mut there = Socket::open(&server, &phone).await;
        let deny = format!("/me/alarms/{}/not-me", list["alarms"][0]["id"].as_str().expect("an id"));
        server.post(&hana, &deny, &json!(null)).await.expect(200);
        assert_eq!(there.end().await, Some(4401));
        let (_, told) = admins.until(|frame| frame["t"] == "alarm").await;
        assert_eq!(told, json!({"t": "alarm", "audience": "admins"}));
        server.mark(&taro);
        let heard = others.until_marked().await;
        assert!(heard.iter().all(|frame| frame["t"] != "alarm"), "{heard:?}");
    })
    .await;
}
