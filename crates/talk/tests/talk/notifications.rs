//! Who is told of what, and what a notification says.

use kairan_core::{Instant, RoomId, Seq};
use kairan_people::testing::Person;
use kairan_storage::{Database, Error, Reader, Store, Tx, params};
use kairan_talk::notifications::payload::Tidings;
use kairan_talk::notifications::{What, commands, queries, summaries};
use serde_json::{Value, json};

use crate::support::{Organisation, in_organisations};

/// The keys of RFC 8291, Appendix A.
const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

impl Organisation {
    async fn push(&self, on: bool, shows: &str) {
        let settings = json!({
            "files": {"largest": 1_073_741_824, "per_member": null, "total": null},
            "push": {"on": on, "shows": shows}, "mail": {"on": true},
        });
        self.put(&self.owner, "/organisation/settings", &settings).await.expect(200);
    }

    async fn subscribe(&self, person: &Person) {
        let endpoint = format!("https://push.example.jp/{}", person.session);
        let body = json!({"endpoint": endpoint, "p256dh": P256DH, "auth": AUTH});
        self.put(person, "/me/push", &body).await.expect(201);
    }

    /// What their browser would be told of a room now.
    async fn told(&self, person: &Person, room: RoomId) -> Option<Tidings> {
        let (session, now) = (person.session, self.base.store.surroundings().now());
        let read =
            async move |reader: &mut Reader| queries::of_room(reader, session, room, Seq::START, now).await;
        self.base.store.read::<_, Error, _>(read).await.expect("read")
    }

    async fn payload(&self, person: &Person, room: RoomId) -> Value {
        let told = self.told(person, room).await.expect("something to tell");
        serde_json::to_value(told.payload).expect("JSON")
    }

    async fn keep(&self, person: &Person, room: RoomId, body: Value) {
        self.put(person, &format!("/rooms/{room}/mine"), &body).await.expect(204);
    }
}

/// R15: for each choice of the organisation, exactly what it allows and no more.
#[tokio::test]
async fn a_notification_says_what_the_organisation_allows() {
    in_organisations(async |o: Organisation| {
        let hana = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&hana]).await;
        o.push(true, "nothing").await;
        o.subscribe(&hana).await;
        let text = format!("@{{{}}} 棚卸しは3時からです", hana.id);
        o.say(&o.owner, room, &text).await;
        let nothing = o.payload(&hana, room).await;
        let tag = nothing["tag"].as_str().expect("a tag").to_owned();
        assert_eq!(nothing, json!({"v": 1, "what": "messages", "tag": tag, "badge": 1, "waiting": [tag]}));
        assert!(tag.len() == 24 && !tag.contains(&room.to_string()));
        o.push(true, "room").await;
        let named = o.payload(&hana, room).await;
        assert_eq!((&named["title"], &named["body"]), (&json!("駅前店 連絡"), &Value::Null));
        o.push(true, "text").await;
        let shown = o.payload(&hana, room).await;
        assert_eq!(
            (&shown["title"], &shown["body"]),
            (&json!("駅前店 連絡"), &json!("見本 大工：@乙川 二葉 棚卸しは3時からです"))
        );
        o.push(false, "text").await;
        assert!(o.told(&hana, room).await.is_none(), "R76");
    })
    .await;
}

#[tokio::test]
async fn a_room_of_two_is_called_after_the_other_and_long_texts_stay_short() {
    in_organisations(async |o: Organisation| {
        let hana = o.member("乙川 二葉").await;
        o.push(true, "text").await;
        o.subscribe(&hana).await;
        let room = o.room_id();
        o.put(&o.owner, &format!("/direct/{}", hana.id), &json!({ "room": room })).await.expect(201);
        o.keep(&hana, room, json!({"notify": "mentions"})).await;
        o.say(&o.owner, room, &format!("e{}", "\u{301}".repeat(10)).repeat(600)).await;
        let shown = o.payload(&hana, room).await;
        assert_eq!(shown["title"], "見本 大工");
        assert!(shown.to_string().len() < 3_993, "it fits one record (RFC 8291 §4)");
        assert_eq!(shown["badge"], 1, "in a room of two everything is addressed to them");
        assert!(o.told(&hana, room).await.expect("told").urgent);
    })
    .await;
}

/// R25: removed at n, told of nothing above n; and of nothing before they came.
#[tokio::test]
async fn who_was_removed_or_came_later_is_told_nothing_of_it() {
    in_organisations(async |o: Organisation| {
        let (hana, ichi) = (o.member("乙川 二葉").await, o.member("甲野 一").await);
        let room = o.room_of(&o.owner, &[&hana], json!({"kind": "group", "history": "from_join"})).await;
        o.push(true, "text").await;
        for person in [&hana, &ichi] {
            o.subscribe(person).await;
        }
        o.say(&o.owner, room, "まえのこと").await;
        assert!(o.told(&hana, room).await.is_some());
        o.put(&o.owner, &format!("/rooms/{room}/members/{}", ichi.id), &json!(null)).await.expect(204);
        assert!(o.told(&ichi, room).await.is_none(), "below their floor");
        o.delete(&o.owner, &format!("/rooms/{room}/members/{}", hana.id)).await.expect(204);
        o.say(&o.owner, room, "あとのこと").await;
        assert!(o.told(&hana, room).await.is_none());
        let waiting = o.get(&hana, "/me/push/waiting").await.expect(200);
        assert_eq!(waiting, json!({"badge": 0, "rooms": []}));
        assert!(o.told(&ichi, room).await.is_some());
        // Back again: what was said meanwhile is neither told nor counted.
        o.put(&o.owner, &format!("/rooms/{room}/members/{}", hana.id), &json!(null)).await.expect(204);
        assert!(o.told(&hana, room).await.is_none());
        assert_eq!(o.see(&hana, room).await["mine"]["unread"], 0);
        // R20: signed out, told nothing; and neither is a session whose time is over but that nobody closed yet.
        o.say(&o.owner, room, "さいご").await;
        assert!(o.told(&hana, room).await.is_some());
        o.delete(&hana, "/session").await;
        assert!(o.told(&hana, room).await.is_none());
        o.base.clock.advance(400 * kairan_core::time::DAY);
        assert!(o.told(&ichi, room).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn levels_silence_reading_and_deleting_keep_it_still() {
    in_organisations(async |o: Organisation| {
        let hana = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&hana]).await;
        o.push(true, "nothing").await;
        o.subscribe(&hana).await;
        let soon = o.base.store.surroundings().now().plus_ms(60_000).ms();
        let message = o.say(&o.owner, room, "おはようございます").await;
        let told = async || o.told(&hana, room).await.is_some();
        let badge = async || o.get(&hana, "/me/push/waiting").await.expect(200)["badge"].clone();
        assert!(told().await);
        assert!(o.told(&o.owner, room).await.is_none(), "the author is not told");
        o.keep(&hana, room, json!({"notify": "mentions"})).await;
        assert!(!told().await);
        assert_eq!(badge().await, 0);
        o.say(&o.owner, room, &format!("@{{{}}} さんへ", hana.id)).await;
        assert!(told().await);
        assert_eq!(badge().await, 1);
        o.keep(&hana, room, json!({"notify": "none"})).await;
        assert_eq!((told().await, badge().await), (false, json!(0)));
        o.keep(&hana, room, json!({"notify": "all", "quiet_until": soon})).await;
        assert_eq!((told().await, badge().await), (false, json!(2)), "silence rings no bell, and counts");
        o.keep(&hana, room, json!({"quiet_until": null})).await;
        o.put(&hana, "/me/notifications", &json!({"quiet_until": soon})).await.expect(200);
        assert!(!told().await);
        o.base.clock.advance(60_000);
        assert!(told().await);
        let id = message["id"].as_str().expect("an id");
        o.put(&o.owner, &format!("/rooms/{room}/archive"), &json!(null)).await.expect(204);
        assert_eq!((told().await, badge().await), (false, json!(0)), "put away");
        o.delete(&o.owner, &format!("/rooms/{room}/archive")).await.expect(204);
        o.delete(&o.owner, &format!("/rooms/{room}/messages/{id}")).await.expect(204);
        assert_eq!(badge().await, 1);
        o.put(&hana, &format!("/rooms/{room}/read"), &json!({"upto": 99})).await.expect(200);
        assert_eq!((told().await, badge().await), (false, json!(0)), "read meanwhile");
        o.say(&o.owner, room, "むかしのこと").await;
        o.base.clock.advance(25 * kairan_core::time::HOUR);
        assert!(!told().await, "a day later it is no news");
    })
    .await;
}

/// R15, R24
#[tokio::test]
async fn what_waits_is_listed_under_the_names_that_notifications_have() {
    in_organisations(async |o: Organisation| {
        let hana = o.member("乙川 二葉").await;
        let room = o.room(&o.owner, &[&hana]).await;
        o.push(true, "nothing").await;
        o.subscribe(&hana).await;
        o.say(&o.owner, room, &format!("@{{{}}} さんへ", hana.id)).await;
        let tag = o.payload(&hana, room).await["tag"].clone();
        let waiting = o.get(&hana, "/me/push/waiting").await.expect(200);
        let one = json!({"tag": tag, "room": room, "name": null, "unread": 1, "mentions": 1});
        assert_eq!(waiting, json!({"badge": 1, "rooms": [one]}));
        o.push(true, "room").await;
        assert_eq!(o.get(&hana, "/me/push/waiting").await.expect(200)["rooms"][0]["name"], "駅前店 連絡");
        let other = o.sign_in(&hana).await;
        let elsewhere = o.get(&other, "/me/push/waiting").await.expect(200);
        assert_ne!(elsewhere["rooms"][0]["tag"], tag, "another browser has other names");
    })
    .await;
}

#[tokio::test]
async fn a_notice_waits_until_it_was_told() {
    in_organisations(async |o: Organisation| {
        let hana = o.member("乙川 二葉").await;
        let store = &o.base.store;
        let member = hana.id;
        let stream = kairan_storage::Stream::Member(member);
        let tell = async || {
            let job =
                async move |tx: &mut Tx| kairan_talk::notifications::tell(tx, member, What::Reminder).await;
            store.write::<_, Error, _>(stream, job).await.expect("told");
        };
        let waiting = async || {
            let read = async |reader: &mut Reader| queries::notices(reader).await;
            store.read::<_, Error, _>(read).await.expect("read")
        };
        tell().await;
        let first = store.surroundings().now();
        assert_eq!(waiting().await, [(member, What::Reminder, first)]);
        o.base.clock.advance(5_000);
        tell().await;
        let told = async |at: Instant| {
            let job = async move |tx: &mut Tx| commands::told(tx, member, What::Reminder, at).await;
            store.write::<_, Error, _>(stream, job).await.expect("noted");
        };
        told(first).await;
        assert_eq!(waiting().await.len(), 1, "told again since");
        told(first.plus_ms(5_000)).await;
        assert_eq!(waiting().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_summary_is_due_once_for_what_has_waited() {
    in_organisations(async |o: Organisation| {
        const HOUR: i64 = kairan_core::time::HOUR;
        const NOBODY: [i64; 0] = [];
        let (hana, ichi) = (o.member("乙川 二葉").await, o.member("甲野 一").await);
        let room = o.room(&ichi, &[&hana]).await;
        let due = async || {
            let now = o.base.store.surroundings().now();
            let read = async move |reader: &mut Reader| summaries::due(reader, now, 4 * HOUR, HOUR).await;
            let due = o.base.store.read::<_, Error, _>(read).await.expect("read");
            due.iter().map(|one| one.rooms.iter().map(|room| room.count).sum()).collect::<Vec<i64>>()
        };
        let mailed = async || {
            let (member, now) = (hana.id, o.base.store.surroundings().now());
            let job = async move |tx: &mut Tx| commands::mailed(tx, member, now).await;
            let stream = kairan_storage::Stream::Member(member);
            o.base.store.write::<_, Error, _>(stream, job).await.expect("noted");
        };
        let to_her = format!("@{{{}}} お願いします", hana.id);
        o.say(&ichi, room, "みなさんへ").await;
        o.say(&ichi, room, &to_her).await;
        o.base.clock.advance(HOUR);
        assert_eq!(due().await, NOBODY, "she did not ask for mail");
        o.put(&hana, "/me/notifications", &json!({"mail": true})).await.expect(200);
        assert_eq!(due().await, NOBODY, "and has no address");
        let address = json!({"email": "futaba@example.jp"});
        let owner = o.sign_in(&o.owner).await;
        o.patch(&owner, &format!("/members/{}", hana.id), &address).await.expect(200);
        assert_eq!(due().await, [1], "only what is addressed to her");
        mailed().await;
        o.base.clock.advance(HOUR);
        o.say(&ichi, room, &to_her).await;
        o.base.clock.advance(2 * HOUR);
        assert_eq!(due().await, NOBODY, "four hours have not passed");
        o.base.clock.advance(HOUR);
        assert_eq!(due().await, [2]);
        mailed().await;
        o.base.clock.advance(9 * HOUR);
        assert_eq!(due().await, NOBODY, "nothing new waits");
        o.say(&ichi, room, &to_her).await;
        o.base.clock.advance(HOUR - 1);
        assert_eq!(due().await, NOBODY, "it has not waited for an hour");
        o.base.clock.advance(1);
        o.keep(&hana, room, json!({"notify": "none"})).await;
        assert_eq!(due().await, NOBODY);
        o.keep(&hana, room, json!({"notify": "all"})).await;
        assert_eq!(due().await, [3]);
        o.put(&hana, &format!("/rooms/{room}/read"), &json!({"upto": 99})).await.expect(200);
        assert_eq!(due().await, NOBODY);
    })
    .await;
}

/// R75: what was silenced before stays silent.
#[tokio::test]
async fn a_room_that_was_muted_is_told_of_as_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kairan.db");
    let (surroundings, _) = kairan_core::surroundings::held::surroundings(1);
    let open = async |migrations: Vec<kairan_storage::Migration>| {
        let database = Database::sqlite(&file).expect("a file");
        Store::open(database, surroundings.clone(), &migrations, Vec::new(), 1).await.expect("it opens")
    };
    let (people, talk) = (kairan_people::MIGRATIONS, kairan_talk::MIGRATIONS);
    drop(open([&people[..1], &talk[..1]].concat()).await);
    let raw = rusqlite::Connection::open(&file).expect("opens");
    let sql = "INSERT INTO marks_room (room, member, muted, favourite) VALUES (x'01', x'01', 1, 1), (x'02', x'01', 0, 0)";
    raw.execute(sql, []).expect("written");
    drop(raw);
    let store = open([people, talk].concat()).await;
    let read = async |reader: &mut Reader| -> Result<Vec<(String, bool)>, Error> {
        let rows = reader.query("SELECT notify, favourite FROM marks_room ORDER BY room", params![]).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    };
    let kept = store.read(read).await.expect("read");
    assert_eq!(kept, [("none".to_owned(), true), ("all".to_owned(), false)]);
}
