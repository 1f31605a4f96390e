//! 既読.

use serde_json::json;

use crate::support::{Organisation, in_organisations};

#[tokio::test]
async fn who_has_read_and_when() {
    in_organisations(async |o: Organisation| {
        let (one, two) = (o.member("甲野 一").await, o.member("乙川 二葉").await);
        let room = o.room(&o.owner, &[&one, &two]).await;
        let first = o.say(&o.owner, room, "一つめ").await;
        let second = o.say(&o.owner, room, "二つめ").await;
        assert_eq!(o.see(&one, room).await["mine"]["unread"], 2);
        let began = o.base.store.surroundings().now().ms();
        let read = async |person, upto: i64| o.put(person, &format!("/rooms/{room}/read"), &json!({ "upto": upto })).await.expect(200)["read"].clone();
        o.base.clock.advance(1_000);
        assert_eq!(read(&one, 2).await, 2);
        o.base.clock.advance(1_000);
        assert_eq!(read(&one, 3).await, 3);
        assert_eq!(read(&one, 2).await, 3, "a position only moves forward");
        assert_eq!(read(&two, 99).await, 3, "and never beyond the end");
        let readers = async |message: &serde_json::Value| o.get(&o.owner, &format!("/rooms/{room}/messages/{}/readers", message["id"].as_str().expect("id"))).await.expect(200);
        assert_eq!(
            readers(&first).await,
            json!({"read": [{"member": one.id.to_string(), "at": began + 1_000}, {"member": two.id.to_string(), "at": began + 2_000}], "unread": []})
        );
        assert_eq!(readers(&second).await["read"][0]["at"], began + 2_000);
        let third = o.say(&o.owner, room, "三つめ").await;
        let mut waiting = vec![one.id.to_string(), two.id.to_string()];
        waiting.sort();
        assert_eq!(readers(&third).await["unread"], json!(waiting));
        let page = o.get(&o.owner, &format!("/rooms/{room}/messages")).await.expect(200);
        let counts: Vec<i64> = page["messages"].as_array().expect("messages").iter().filter_map(|message| message["read_count"].as_i64()).collect();
        assert_eq!(counts, [2, 2, 0]);
        assert_eq!(o.see(&two, room).await["mine"]["unread"], 1);
    })
    .await;
}

#[tokio::test]
async fn how_somebody_keeps_a_room_is_theirs_alone() {
    in_organisations(async |o: Organisation| {
        let other = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&other]).await;
        o.put(&other, &format!("/rooms/{room}/mine"), &json!({"favourite": true})).await.expect(204);
        let soon = o.base.store.surroundings().now().plus_ms(60_000).ms();
        let keep = async |body: serde_json::Value| o.put(&other, &format!("/rooms/{room}/mine"), &body).await;
        keep(json!({"notify": "mentions", "quiet_until": soon})).await.expect(204);
        let mine = |seen: serde_json::Value| {
            let mine = &seen["mine"];
            (mine["favourite"].clone(), mine["notify"].clone(), mine["quiet_until"].clone())
        };
        let kept = |notify: &str, until| (json!(true), json!(notify), until);
        assert_eq!(mine(o.see(&other, room).await), kept("mentions", json!(soon)));
        keep(json!({"notify": "none"})).await.expect(204);
        assert_eq!(mine(o.see(&other, room).await), kept("none", json!(soon)), "what is not named stays");
        keep(json!({"quiet_until": null})).await.expect(204);
        assert_eq!(mine(o.see(&other, room).await), kept("none", json!(null)));
        assert_eq!(mine(o.see(&o.owner, room).await), (json!(false), json!("all"), json!(null)));
        keep(json!({"quiet_until": i64::MAX})).await.refused(422, "quiet.too_long");
        keep(json!({"notify": "some"})).await.refused(422, "body.shape");
        keep(json!({"muted": true})).await.refused(422, "body.unknown_field");
    })
    .await;
}
