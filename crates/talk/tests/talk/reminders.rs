//! あとで知らせる.

use kairan_core::time::{DAY, HOUR, MINUTE};
use kairan_people::testing::Person;
use kairan_storage::News;
use kairan_talk::due;
use serde_json::{Value, json};

use crate::support::{Organisation, id_of, in_organisations};

async fn states(o: &Organisation, person: &Person) -> Vec<(String, String)> {
    let page = o.get(person, "/reminders").await.expect(200);
    let text = |value: &Value| value.as_str().unwrap_or("∅").to_owned();
    let list = page["reminders"].as_array().expect("a list").iter();
    list.map(|one| (text(&one["message"]["text"]), text(&one["state"]))).collect()
}

fn pair(text: &str, state: &str) -> (String, String) {
    (text.into(), state.into())
}

/// R58: an instant is an instant, whatever the clocks on the wall do between.
#[tokio::test]
async fn a_reminder_falls_due_once_at_its_time() {
    in_organisations(async |o: Organisation| {
        let me = o.member("甲野 一").await;
        let room = o.room(&me, &[]).await;
        let (one, two) = (id_of(&o.say(&me, room, "一").await), id_of(&o.say(&me, room, "二").await));
        let now = o.base.store.surroundings().now();
        let (first, second) = (o.room_id(), o.room_id());
        // The night the clocks go forward in New York lies between: 2027-03-14, 02:00.
        let spring = kairan_core::Instant(1_805_007_600_000);
        o.put(&me, &format!("/reminders/{first}"), &json!({"message": one, "at": now.plus_ms(HOUR)}))
            .await
            .expect(201);
        let set = o
            .put(&me, &format!("/reminders/{second}"), &json!({"message": two, "at": spring}))
            .await
            .expect(201);
        assert_eq!(
            (&set["at"], &set["state"], &set["message"]["text"]),
            (&json!(spring), &json!("set"), &json!("二"))
        );
        assert_eq!(due::run(&o.base.store).await.expect("storage answers"), Some(now.plus_ms(HOUR)));
        assert_eq!(states(&o, &me).await, [pair("一", "set"), pair("二", "set")]);
        o.base.clock.advance(HOUR - 1);
        due::run(&o.base.store).await.expect("storage answers");
        assert_eq!(states(&o, &me).await[0], pair("一", "set"));
        o.base.clock.advance(1);
        let mut news = o.base.store.bus().listen();
        assert_eq!(due::run(&o.base.store).await.expect("storage answers"), Some(spring));
        assert!(matches!(news.try_recv(), Ok(News::Event(event)) if event.event.kind == "reminder.due"));
        assert!(
            matches!(news.try_recv(), Ok(News::Mine { member, what: "reminders", .. }) if member == me.id)
        );
        due::run(&o.base.store).await.expect("storage answers");
        assert!(news.try_recv().is_err(), "once");
        assert_eq!(states(&o, &me).await, [pair("一", "due"), pair("二", "set")]);
        // A retry of the request does not set it anew; another time does.
        let again = json!({"message": one, "at": now.plus_ms(HOUR)});
        let retried = o.put(&me, &format!("/reminders/{first}"), &again).await.expect(200);
        assert_eq!(retried["state"], "due");
        let later = json!({"message": one, "at": now.plus_ms(2 * HOUR)});
        assert_eq!(o.put(&me, &format!("/reminders/{first}"), &later).await.expect(200)["state"], "set");
        for _ in 0..2 {
            o.delete(&me, &format!("/reminders/{first}")).await.expect(204);
        }
        o.base.clock.advance(spring.since(o.base.store.surroundings().now()));
        assert_eq!(due::run(&o.base.store).await.expect("storage answers"), None);
        let me = o.sign_in(&me).await;
        assert_eq!(states(&o, &me).await, [pair("二", "due")]);
    })
    .await;
}

#[tokio::test]
async fn a_late_reminder_is_due_at_once_and_one_too_far_is_refused() {
    in_organisations(async |o: Organisation| {
        let room = o.room(&o.owner, &[]).await;
        let message = id_of(&o.say(&o.owner, room, "一").await);
        let now = o.base.store.surroundings().now();
        let put = async |at: i64| {
            o.put(&o.owner, &format!("/reminders/{}", o.room_id()), &json!({"message": message, "at": at}))
                .await
        };
        put(now.plus_ms(-MINUTE).ms()).await.expect(201);
        due::run(&o.base.store).await.expect("storage answers");
        assert_eq!(states(&o, &o.owner).await, [pair("一", "due")]);
        put(now.plus_ms(367 * DAY).ms()).await.refused(422, "reminder.too_late");
        put(i64::MAX).await.refused(422, "reminder.too_late");
    })
    .await;
}

/// R25
#[tokio::test]
async fn a_reminder_shows_only_what_its_owner_sees_now() {
    in_organisations(async |o: Organisation| {
        let member = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&member]).await;
        let (kept, deleted) =
            (id_of(&o.say(&o.owner, room, "残る").await), id_of(&o.say(&o.owner, room, "消える").await));
        let at = o.base.store.surroundings().now().plus_ms(30 * MINUTE);
        for message in [&kept, &deleted] {
            o.put(&member, &format!("/reminders/{}", o.room_id()), &json!({"message": message, "at": at}))
                .await
                .expect(201);
        }
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{deleted}")).await.expect(204);
        assert_eq!(states(&o, &member).await, [pair("残る", "set")]);
        assert_eq!(states(&o, &o.owner).await, [], "nobody else's business");
        let membership = format!("/rooms/{room}/members/{}", member.id);
        o.delete(&o.owner, &membership).await.expect(204);
        assert_eq!(states(&o, &member).await, []);
        let new = format!("/reminders/{}", o.room_id());
        o.put(&member, &new, &json!({"message": kept, "at": at})).await.refused(404, "not_found");
        o.base.clock.advance(30 * MINUTE);
        due::run(&o.base.store).await.expect("storage answers");
        assert_eq!(states(&o, &member).await, []);
    })
    .await;
}
