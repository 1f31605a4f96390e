//! Who is in a room, and what follows from it.

use kairan_core::Role;
use serde_json::json;

use crate::support::{Organisation, in_organisations, strings};

/// R24: a room one is not in answers as one that does not exist, on every route.
#[tokio::test]
async fn a_room_one_is_not_in_does_not_exist() {
    in_organisations(async |o: Organisation| {
        let (inside, outside) = (o.member("乙川 二葉").await, o.member("丙山 三月").await);
        let room = o.room(&inside, &[]).await;
        let message = o.say(&inside, room, "中だけの話").await["id"].as_str().expect("an id").to_owned();
        let (nowhere, nothing) = (o.room_id(), o.room_id());
        let routes = |room: &str, message: &str| {
            vec![
                ("GET", format!("/rooms/{room}"), json!(null)),
                ("PATCH", format!("/rooms/{room}"), json!({"name": "のっとり"})),
                ("GET", format!("/rooms/{room}/messages"), json!(null)),
                ("GET", format!("/rooms/{room}/events?after=0"), json!(null)),
                ("GET", format!("/rooms/{room}/pins"), json!(null)),
                ("PUT", format!("/rooms/{room}/read"), json!({"upto": 1})),
                ("PUT", format!("/rooms/{room}/mine"), json!({"notify": "none"})),
                ("PUT", format!("/rooms/{room}/members/{}", outside.id), json!(null)),
                ("DELETE", format!("/rooms/{room}/members/{}", inside.id), json!(null)),
                ("PUT", format!("/rooms/{room}/managers/{}", outside.id), json!(null)),
                ("POST", format!("/rooms/{room}/leave"), json!(null)),
                ("PUT", format!("/rooms/{room}/archive"), json!(null)),
                ("GET", format!("/rooms/{room}/messages/{message}"), json!(null)),
                ("PATCH", format!("/rooms/{room}/messages/{message}"), json!({"text": "のっとり"})),
                ("DELETE", format!("/rooms/{room}/messages/{message}"), json!(null)),
                ("GET", format!("/rooms/{room}/messages/{message}/readers"), json!(null)),
                (
                    "PUT",
                    format!("/rooms/{room}/messages/{message}/reactions/%E7%A2%BA%E8%AA%8D"),
                    json!(null),
                ),
                ("PUT", format!("/rooms/{room}/messages/{message}/pin"), json!(null)),
                ("PUT", format!("/rooms/{room}/messages/{message}/answered"), json!(null)),
                ("GET", format!("/messages/{message}"), json!(null)),
            ]
        };
        let there = routes(&room.to_string(), &message);
        let not_there = routes(&nowhere.to_string(), &nothing.to_string());
        for ((method, path, body), (_, elsewhere, _)) in there.into_iter().zip(not_there) {
            let ask = async |path: &str| match method {
                "GET" => o.get(&outside, path).await,
                "PUT" => o.put(&outside, path, &body).await,
                "PATCH" => o.patch(&outside, path, &body).await,
                "POST" => o.post(&outside, path, &body).await,
                _ => o.delete(&outside, path).await,
            };
            let (one, other) = (ask(&path).await, ask(&elsewhere).await);
            one.refused(404, "not_found");
            assert_eq!((one.status, &one.text), (other.status, &other.text), "{method} {path}");
        }
        assert_eq!(o.texts(&inside, room).await, ["中だけの話"]);
    })
    .await;
}

/// R63: somebody always answers for a room.
#[tokio::test]
async fn the_last_manager_hands_over_before_leaving() {
    in_organisations(async |o: Organisation| {
        let (manager, other) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let room = o.room(&manager, &[&other]).await;
        o.post(&manager, &format!("/rooms/{room}/leave"), &json!(null))
            .await
            .refused(409, "room.last_manager");
        o.delete(&manager, &format!("/rooms/{room}/managers/{}", manager.id))
            .await
            .refused(409, "room.last_manager");
        o.put(&other, &format!("/rooms/{room}/managers/{}", other.id), &json!(null))
            .await
            .refused(403, "room.not_manager");
        o.put(&manager, &format!("/rooms/{room}/managers/{}", other.id), &json!(null)).await.expect(204);
        o.post(&manager, &format!("/rooms/{room}/leave"), &json!(null)).await.expect(204);
        o.get(&manager, &format!("/rooms/{room}")).await.refused(404, "not_found");
        let seen = o.see(&other, room).await;
        assert_eq!(seen["members"], json!([{"member": other.id.to_string(), "manager": true, "since": 1}]));
    })
    .await;
}

/// R25: what is said after a removal does not reach the removed, by any read.
#[tokio::test]
async fn removed_member_sees_nothing_after_removal() {
    in_organisations(async |o: Organisation| {
        let (manager, goes) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let room = o.room_of(&manager, &[&goes], json!({"kind": "group", "history": "from_join"})).await;
        let before = o.say(&goes, room, "いるあいだの話").await;
        o.delete(&manager, &format!("/rooms/{room}/members/{}", goes.id)).await.expect(204);
        let after = o.say(&manager, room, "いなくなってからの話").await;
        for path in [
            format!("/rooms/{room}/messages"),
            format!("/rooms/{room}/events?after=0"),
            format!("/messages/{}", before["id"].as_str().expect("id")),
        ] {
            o.get(&goes, &path).await.refused(404, "not_found");
        }
        assert_eq!(o.get(&goes, "/rooms").await.expect(200)["rooms"], json!([]));

        // Back again, they see from their return on: the room does not show the past.
        o.put(&manager, &format!("/rooms/{room}/members/{}", goes.id), &json!(null)).await.expect(204);
        o.say(&manager, room, "おかえりなさい").await;
        assert_eq!(o.texts(&goes, room).await, ["おかえりなさい"]);
        o.get(&goes, &format!("/messages/{}", after["id"].as_str().expect("id")))
            .await
            .refused(404, "not_found");
        let events = o.get(&goes, &format!("/rooms/{room}/events?after=0")).await.expect(200);
        assert_eq!(strings(&events["events"], "kind"), ["room.member_added", "message.posted"]);
        assert_eq!(o.texts(&manager, room).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_newcomer_sees_the_past_where_the_room_shows_it() {
    in_organisations(async |o: Organisation| {
        let (manager, new) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let room = o.room(&manager, &[]).await;
        o.say(&manager, room, "きのうの話").await;
        o.put(&manager, &format!("/rooms/{room}/members/{}", new.id), &json!(null)).await.expect(204);
        assert_eq!(o.texts(&new, room).await, ["きのうの話"]);
        assert_eq!(
            o.see(&new, room).await["mine"]["unread"],
            0,
            "what was said before one came is not unread"
        );
        o.patch(&manager, &format!("/rooms/{room}"), &json!({"history": "from_join"})).await.expect(200);
        let newer = o.member("丙山 三月").await;
        o.put(&manager, &format!("/rooms/{room}/members/{}", newer.id), &json!(null)).await.expect(204);
        assert!(o.texts(&newer, room).await.is_empty());
    })
    .await;
}

/// Department rooms follow in the same commit as the change of department.
#[tokio::test]
async fn a_department_room_follows_its_department() {
    in_organisations(async |o: Organisation| {
        let (one, two) = (o.member("乙川 二葉").await, o.member("丙山 三月").await);
        let store = o
            .post(&o.owner, "/departments", &json!({"name": "駅前店", "parent": null}))
            .await
            .expect(201)["id"]
            .clone();
        let section = o
            .post(&o.owner, "/departments", &json!({"name": "青果", "parent": store}))
            .await
            .expect(201)["id"]
            .clone();
        let place = async |person: &kairan_people::testing::Person, department: &serde_json::Value| {
            let departments = if department.is_null() {
                json!([])
            } else {
                json!([{"department": department, "position": null}])
            };
            o.patch(&o.owner, &format!("/members/{}", person.id), &json!({"departments": departments}))
                .await
                .expect(200);
        };
        place(&one, &store).await;
        let room = o
            .room_of(&o.owner, &[], json!({"kind": "department", "department": store, "history": "all"}))
            .await;
        o.say(&one, room, "店の話").await;
        o.get(&two, &format!("/rooms/{room}")).await.refused(404, "not_found");
        place(&two, &section).await;
        assert_eq!(o.texts(&two, room).await, ["店の話"], "people of departments below belong too");
        let path = format!("/departments/{}", section.as_str().expect("id"));
        o.patch(&o.owner, &path, &json!({"parent": null})).await.expect(200);
        o.get(&two, &format!("/rooms/{room}")).await.refused(404, "not_found");
        o.patch(&o.owner, &path, &json!({"parent": store})).await.expect(200);
        assert_eq!(o.texts(&two, room).await, ["店の話"], "and follow when a department moves");
        place(&one, &json!(null)).await;
        o.get(&one, &format!("/rooms/{room}")).await.refused(404, "not_found");
        let seen = o.see(&o.owner, room).await;
        assert_eq!(
            seen["members"].as_array().map(Vec::len),
            Some(2),
            "the manager stays, whatever their department"
        );
        o.put(&o.owner, &format!("/rooms/{room}/members/{}", one.id), &json!(null))
            .await
            .refused(409, "room.follows_department");
        o.post(&two, &format!("/rooms/{room}/leave"), &json!(null))
            .await
            .refused(409, "room.follows_department");
    })
    .await;
}

/// R70: a partner knows only those they share a room with.
#[tokio::test]
async fn a_partner_meets_only_those_in_their_rooms() {
    in_organisations(async |o: Organisation| {
        let (partner, host, stranger) =
            (o.partner("営業 担当").await, o.member("甲野 一").await, o.member("乙川 二葉").await);
        let hidden = o.room(&host, &[&stranger]).await;
        let room = o.room(&host, &[&partner]).await;
        let listed = o.get(&partner, "/members").await.expect(200);
        let mut names = strings(&listed["members"], "display_name");
        names.sort();
        assert_eq!(names, ["営業 担当", "甲野 一"]);
        o.get(&partner, &format!("/members/{}", stranger.id)).await.refused(404, "not_found");
        o.put(&partner, &format!("/direct/{}", stranger.id), &json!({"room": o.room_id()}))
            .await
            .refused(404, "not_found");
        o.put(&partner, &format!("/direct/{}", host.id), &json!({"room": o.room_id()})).await.expect(201);
        o.get(&partner, &format!("/rooms/{hidden}")).await.refused(404, "not_found");
        o.put(
            &partner,
            &format!("/rooms/{}", o.room_id()),
            &json!({"kind": "group", "name": "別の部屋", "history": "all"}),
        )
        .await
        .refused(403, "permission.denied");
        assert_eq!(o.see(&host, room).await["outsiders"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_pair_has_one_room() {
    in_organisations(async |o: Organisation| {
        let (one, two) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let first =
            o.put(&one, &format!("/direct/{}", two.id), &json!({"room": o.room_id()})).await.expect(201);
        let again =
            o.put(&two, &format!("/direct/{}", one.id), &json!({"room": o.room_id()})).await.expect(200);
        assert_eq!(first["id"], again["id"]);
        o.put(&one, &format!("/direct/{}", one.id), &json!({"room": o.room_id()}))
            .await
            .refused(422, "room.direct_self");
        let path = format!("/rooms/{}", first["id"].as_str().expect("id"));
        o.post(&one, &format!("{path}/leave"), &json!(null)).await.refused(409, "room.direct_fixed");
        o.patch(&one, &path, &json!({"name": "ふたり"})).await.refused(409, "room.direct_fixed");
        o.put(&one, &format!("{path}/members/{}", o.owner.id), &json!(null))
            .await
            .refused(409, "room.direct_fixed");
    })
    .await;
}

#[tokio::test]
async fn making_a_room_again_with_its_id_makes_it_once() {
    in_organisations(async |o: Organisation| {
        let one = o.member("甲野 一").await;
        let room = o.room_id();
        let new = json!({"kind": "group", "name": "日報", "history": "all"});
        o.put(&one, &format!("/rooms/{room}"), &new).await.expect(201);
        o.put(&one, &format!("/rooms/{room}"), &new).await.expect(200);
        o.put(&o.owner, &format!("/rooms/{room}"), &new).await.refused(409, "room.id_taken");
        assert_eq!(o.get(&one, "/rooms").await.expect(200)["rooms"].as_array().map(Vec::len), Some(1));
    })
    .await;
}

#[tokio::test]
async fn in_a_broadcast_room_managers_post_and_an_archived_room_rests() {
    in_organisations(async |o: Organisation| {
        let (chief, reader) = (o.with_role("甲野 一", Role::Manager).await, o.member("乙川 二葉").await);
        o.put(
            &reader,
            &format!("/rooms/{}", o.room_id()),
            &json!({"kind": "broadcast", "name": "お知らせ", "history": "all"}),
        )
        .await
        .refused(403, "permission.denied");
        let room = o.room_of(&chief, &[&reader], json!({"kind": "broadcast", "history": "all"})).await;
        let message = o.say(&chief, room, "歳末の配送停止日").await["id"].as_str().expect("id").to_owned();
        o.try_say(&reader, room, &json!({"text": "はい"})).await.refused(403, "room.only_managers_post");
        o.put(
            &reader,
            &format!("/rooms/{room}/messages/{message}/reactions/%E7%A2%BA%E8%AA%8D"),
            &json!(null),
        )
        .await
        .expect(204);
        o.put(&reader, &format!("/rooms/{room}/archive"), &json!(null))
            .await
            .refused(403, "room.not_manager");
        o.put(&chief, &format!("/rooms/{room}/archive"), &json!(null)).await.expect(204);
        o.try_say(&chief, room, &json!({"text": "もう一つ"})).await.refused(409, "room.archived");
        assert_eq!(o.texts(&reader, room).await.len(), 1);
        o.delete(&chief, &format!("/rooms/{room}/archive")).await.expect(204);
        o.say(&chief, room, "もう一つ").await;
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_new_room_is_named_at_once() {
    in_organisations(async |o: Organisation| {
        let path = format!("/rooms/{}", o.room_id());
        let reply = o.put(&o.owner, &path, &json!({"kind": "department", "name": " ", "icon": "ながい", "description": "あ".repeat(501), "history": "all"})).await;
        reply.refused(422, "fields.invalid");
        assert_eq!(strings(&reply.body["errors"], "field"), ["name", "description", "icon", "department"]);
        let stranger = o.room_id();
        o.put(&o.owner, &path, &json!({"kind": "group", "name": "日報", "members": [stranger.to_string()], "history": "all"})).await.refused(422, "fields.invalid");
        o.put(&o.owner, &path, &json!({"kind": "group", "name": "日\u{202e}報", "history": "all"})).await.refused(400, "fields.invalid");
    })
    .await;
}
