//! The dispatcher and the summaries, from a message to what leaves the house, with time in the test's hand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use kairan_core::ids::Id;
use kairan_core::time::{DAY, HOUR, MINUTE, SECOND};
use kairan_core::{MemberId, RoomId};
use kairan_people::testing::Person;
use kairan_server::config;
use kairan_server::mail::Summaries;
use kairan_server::metrics::Metrics;
use kairan_server::push::{Carrier, Dispatcher, Letter, Outcome};
use kairan_storage::{Error, Reader, Stream, Tx, params};
use kairan_talk::notifications::{What, tell};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::world::{Server, on_both_engines};

/// The keys of RFC 8291, Appendix A.
const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

/// Keeps what it is given, and answers as told: when nothing is left to say, that it was sent.
#[derive(Default)]
struct Post {
    given: Mutex<Vec<Letter>>,
    answers: Mutex<VecDeque<Outcome>>,
}

impl Carrier for Post {
    fn carry(&self, letter: Letter) -> BoxFuture<'_, Outcome> {
        self.given.lock().expect("no one panics while holding it").push(letter);
        let answer = self.answers.lock().expect("no one panics while holding it").pop_front();
        Box::pin(async move { answer.unwrap_or(Outcome::Sent) })
    }
}

impl Post {
    fn answers(&self, outcomes: &[Outcome]) {
        self.answers.lock().expect("no one panics while holding it").extend(outcomes);
    }
    /// What it was given since the last look.
    fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.given.lock().expect("no one panics while holding it"))
    }
}

struct House<'a> {
    server: &'a Server,
    post: Arc<Post>,
    dispatcher: Dispatcher,
    metrics: Metrics,
    hana: Person,
    room: RoomId,
}

impl<'a> House<'a> {
    async fn new(server: &'a Server) -> Self {
        decide(server, true).await;
        let hana = server.member("乙川 二葉").await;
        let room = server.room(&server.owner, &[&hana]).await;
        subscribe(server, &hana).await;
        let (post, metrics) = (Arc::new(Post::default()), Metrics::new("test"));
        let dispatcher = Dispatcher::new(server.base.store.clone(), post.clone(), metrics.clone());
        Self { server, post, dispatcher, metrics, hana, room }
    }

    async fn say(&self, text: &str) {
        self.server.say(&self.server.owner, self.room, text).await;
    }

    /// Moves the clock on and lets the dispatcher do what is due. What left the house.
    async fn after(&mut self, ms: i64) -> Vec<Letter> {
        self.server.base.clock.advance(ms);
        self.dispatcher.turn().await;
        self.post.take()
    }

    /// A server that starts again: nothing is remembered but the database.
    fn restart(&mut self) {
        let store = self.server.base.store.clone();
        self.dispatcher = Dispatcher::new(store, self.post.clone(), self.metrics.clone());
    }

    fn counts(&self) -> (u64, u64, u64) {
        (self.metrics.push_sent.get(), self.metrics.push_failed.get(), self.metrics.push_dropped.get())
    }
}

async fn decide(server: &Server, on: bool) {
    let settings = json!({
        "files": {"largest": 1_073_741_824, "per_member": null, "total": null},
        "push": {"on": on, "shows": "nothing"}, "mail": {"on": on},
    });
    server.put(&server.owner, "/organisation/settings", &settings).await.expect(200);
}

async fn subscribe(server: &Server, person: &Person) {
    let endpoint = format!("https://fcm.googleapis.com/fcm/send/{}", person.session);
    let body = json!({"endpoint": endpoint, "p256dh": P256DH, "auth": AUTH});
    server.put(person, "/me/push", &body).await.expect(201);
}

fn payload(letter: &Letter) -> Value {
    serde_json::from_slice(&letter.payload).expect("JSON")
}

/// R15
#[tokio::test]
async fn those_who_are_not_looking_are_told_once_after_two_seconds() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        house.say("おはようございます").await;
        assert!(house.after(SECOND).await.is_empty(), "they may be reading it");
        let sent = house.after(SECOND).await;
        assert_eq!(sent.len(), 1, "the author is not told");
        assert_eq!(sent[0].topic, payload(&sent[0])["tag"]);
        assert!(!String::from_utf8_lossy(&sent[0].payload).contains("おはよう"));
        assert!(house.after(HOUR).await.is_empty());
        // Three more: one notification of the same name, with the count as it is.
        for text in ["ひとつ", "ふたつ", "みっつ"] {
            let owner = house.server.sign_in(&house.server.owner).await;
            house.server.say(&owner, house.room, text).await;
        }
        let more = house.after(2 * SECOND).await;
        assert_eq!(more.len(), 1);
        assert_eq!((more[0].topic.clone(), &payload(&more[0])["badge"]), (sent[0].topic.clone(), &json!(4)));
        assert_eq!(house.counts(), (2, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn who_read_it_meanwhile_is_left_alone() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        house.say("おはようございます").await;
        house.after(SECOND).await;
        let path = format!("/rooms/{}/read", house.room);
        server.put(&house.hana, &path, &json!({"upto": 99})).await.expect(200);
        assert!(house.after(SECOND).await.is_empty());
        // R25: and who was taken out before it was their turn.
        house.say("まだいます").await;
        server.remove(&server.owner, house.room, &house.hana).await;
        assert!(house.after(2 * SECOND).await.is_empty());
    })
    .await;
}

/// R76
#[tokio::test]
async fn nothing_leaves_once_the_organisation_has_turned_it_off() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        house.post.answers(&[Outcome::Later(None)]);
        house.say("ひとつ").await;
        assert_eq!(house.after(2 * SECOND).await.len(), 1);
        decide(&server, false).await;
        house.say("ふたつ").await;
        assert!(house.after(HOUR / 2).await.is_empty(), "neither what is new nor what is tried again");
    })
    .await;
}

#[tokio::test]
async fn a_service_that_is_busy_is_asked_again_later_and_one_that_is_down_is_given_up() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        house.post.answers(&[Outcome::Later(Some(30 * SECOND)), Outcome::Later(None)]);
        house.say("ひとつ").await;
        assert_eq!(house.after(2 * SECOND).await.len(), 1);
        assert!(house.after(29 * SECOND).await.is_empty(), "as long as it asked for");
        assert_eq!(house.after(SECOND).await.len(), 1);
        assert_eq!(house.after(20 * SECOND).await.len(), 1, "then it takes it");
        assert_eq!(house.counts(), (1, 2, 0));
        house.post.answers(&[Outcome::Later(None); 9]);
        house.say("ふたつ").await;
        house.after(2 * SECOND).await;
        let mut tries = 1;
        for _ in 0..12 {
            tries += house.after(30 * MINUTE / 6).await.len();
        }
        for _ in 0..12 {
            tries += house.after(15 * MINUTE).await.len();
        }
        assert_eq!((tries, house.counts().2), (7, 1));
    })
    .await;
}

/// R14: a subscription that its service does not know any more is over, its secret erased; a renewed one stays.
#[tokio::test]
async fn a_subscription_that_is_gone_is_dropped() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        let subscribed = async |house: &House<'_>| {
            server.get(&house.hana, "/me/notifications").await.expect(200)["push"]["subscribed"] == true
        };
        house.post.answers(&[Outcome::Refused]);
        house.say("ひとつ").await;
        house.after(2 * SECOND).await;
        assert!(subscribed(&house).await, "a refusal of one notification is not the end");
        house.post.answers(&[Outcome::Gone]);
        house.say("ふたつ").await;
        assert_eq!(house.after(2 * SECOND).await.len(), 1);
        assert!(!subscribed(&house).await);
        house.say("みっつ").await;
        assert!(house.after(2 * SECOND).await.is_empty());
    })
    .await;
}

/// R14: a device that is to wipe itself is woken, although its session and its subscription are over, and after that nobody
/// knows any more where it is reached.
#[tokio::test]
async fn a_device_is_called_once_to_wipe_itself() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        let secrets = async || {
            let read = async |reader: &mut Reader| {
                reader.one("SELECT COUNT(*) FROM secrets WHERE kind = 'push'", params![]).await?.get::<i64>(0)
            };
            server.base.store.read::<_, Error, _>(read).await.expect("read")
        };
        let owner = server.sign_in(&server.owner).await;
        let device = format!("/devices/{}", house.hana.browser.device);
        server.post(&owner, &format!("{device}/lock"), &Value::Null).await.expect(200);
        house.say("もう聞こえません").await;
        assert!(house.after(2 * SECOND).await.is_empty(), "a lock ends what is told, and calls nobody");
        // Taken back before it was its turn, it is no call.
        server.post(&owner, &format!("{device}/wipe"), &Value::Null).await.expect(200);
        server.delete(&owner, &format!("{device}/wipe")).await.expect(200);
        assert!(house.after(SECOND).await.is_empty());
        server.post(&owner, &format!("{device}/wipe"), &Value::Null).await.expect(200);
        house.post.answers(&[Outcome::Later(None)]);
        let sent = house.after(SECOND).await;
        assert_eq!(sent.len(), 1);
        let said = payload(&sent[0]);
        assert_eq!(
            said,
            json!({"v": 1, "what": "wipe", "tag": sent[0].topic, "badge": 0, "waiting": []}),
            "nothing of anybody"
        );
        assert_eq!((sent[0].urgent, sent[0].kept), (true, 28 * DAY), "also when it is off for weeks");
        house.restart(); // killed while the service was busy
        assert_eq!(house.after(SECOND).await.len(), 1);
        assert_eq!(secrets().await, 0, "nothing is kept of where it was reached");
        assert!(house.after(HOUR).await.is_empty(), "once");
    })
    .await;
}

/// R14: a service that is down for long does not keep the call from going out later.
#[tokio::test]
async fn a_call_to_wipe_is_not_given_up() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        let owner = server.sign_in(&server.owner).await;
        house.post.answers(&[Outcome::Later(None); 20]);
        let path = format!("/devices/{}/wipe", house.hana.browser.device);
        server.post(&owner, &path, &Value::Null).await.expect(200);
        let mut tries = 0;
        for _ in 0..24 {
            tries += house.after(10 * MINUTE).await.len();
        }
        assert!(tries > 7, "{tries}");
        house.post.answers.lock().expect("no one panics while holding it").clear();
        assert_eq!(house.after(HOUR).await.len(), 1);
        assert!(house.after(HOUR).await.is_empty());
    })
    .await;
}

/// R77: whatever moment the server is killed at, what nobody was told of is told by the next start, and what was told is
/// not told again.
#[tokio::test]
async fn a_kill_loses_no_notification_and_doubles_none() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        house.say("ひとつ").await;
        house.restart(); // killed before anybody was told
        let sent = house.after(2 * SECOND).await;
        assert_eq!(sent.len(), 1);
        house.restart();
        assert!(house.after(2 * SECOND).await.is_empty(), "told already");
        house.post.answers(&[Outcome::Later(None)]);
        house.say("ふたつ").await;
        assert_eq!(house.after(2 * SECOND).await.len(), 1);
        house.restart(); // killed while the service was busy
        let again = house.after(2 * SECOND).await;
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].topic, sent[0].topic, "it takes the place of the one before");
        house.restart();
        assert!(house.after(2 * SECOND).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_reminder_is_told_on_every_device_of_its_member() {
    on_both_engines(async |server| {
        let mut house = House::new(&server).await;
        let phone = server.sign_in(&house.hana).await;
        subscribe(&server, &phone).await;
        let remind = async |member: MemberId| {
            let job = async move |tx: &mut Tx| tell(tx, member, What::Reminder).await;
            server.base.store.write::<_, Error, _>(Stream::Member(member), job).await.expect("told");
        };
        remind(house.hana.id).await;
        remind(server.owner.id).await; // who has no device to be told on
        let sent = house.after(SECOND).await;
        assert_eq!(sent.len(), 2);
        for letter in &sent {
            assert_eq!(payload(letter)["what"], "reminder");
        }
        assert_ne!(sent[0].topic, "reminder");
        assert!(house.after(SECOND).await.is_empty());
        remind(house.hana.id).await;
        let until = server.base.store.surroundings().now().plus_ms(HOUR).ms();
        server.put(&house.hana, "/me/notifications", &json!({"quiet_until": until})).await.expect(200);
        assert!(house.after(SECOND).await.is_empty(), "silence is silence");
    })
    .await;
}

/// What a mail server hears: one connection after another, each mail as it came.
async fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let mails = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mails = mails.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                let mut mail: Option<String> = None;
                write.write_all(b"220 mail.example ESMTP\r\n").await.expect("heard");
                while let Ok(Some(line)) = lines.next_line().await {
                    let answer: &[u8] = match &mut mail {
                        Some(text) if line == "." => {
                            mails.lock().expect("no one panics").push(std::mem::take(text));
                            mail = None;
                            b"250 taken\r\n"
                        }
                        Some(text) => {
                            text.push_str(&line);
                            text.push('\n');
                            continue;
                        }
                        None if line == "DATA" => {
                            mail = Some(String::new());
                            b"354 go on\r\n"
                        }
                        None if line.starts_with("EHLO") => b"250-mail.example\r\n250 8BITMIME\r\n",
                        None if line.contains("<refused@") => b"550 no such person\r\n",
                        None => b"250 ok\r\n",
                    };
                    write.write_all(answer).await.expect("heard");
                }
            });
        }
    });
    (port, heard)
}

fn decoded(mail: &str) -> String {
    use base64::Engine as _;
    let (head, body) = mail.split_once("\n\n").expect("a body");
    let body: String = if head.contains("base64") {
        let bytes = base64::engine::general_purpose::STANDARD.decode(body.replace('\n', "")).expect("base64");
        String::from_utf8(bytes).expect("text")
    } else {
        body.to_owned()
    };
    format!("{head}\n\n{body}")
}

/// R15, R76: from an unread message to a mail server, once in four hours, saying only that something waits.
#[tokio::test]
async fn a_summary_goes_to_the_mail_server() {
    on_both_engines(async |server| {
        let (port, heard) = mail_server().await;
        let mail = config::Mail {
            smtp: format!("smtp://127.0.0.1:{port}"),
            from: "kairan@example.jp".parse().expect("an address"),
        };
        let (store, metrics) = (server.base.store.clone(), Metrics::new("test"));
        let origin = "https://kairan.example.jp".to_owned();
        let summaries = Summaries::new(store, &mail, origin, metrics.clone()).expect("an address");
        let (hana, ichi) = (server.member("乙川 二葉").await, server.member("甲野 一").await);
        for (person, address) in [(&hana, "futaba@example.jp"), (&ichi, "refused@example.jp")] {
            let change = json!({ "email": address });
            server.patch(&server.owner, &format!("/members/{}", person.id), &change).await.expect(200);
            server.put(person, "/me/notifications", &json!({"mail": true})).await.expect(200);
        }
        let room = server.room(&server.owner, &[&hana, &ichi]).await;
        server
            .say(&server.owner, room, &format!("@{{{}}} @{{{}}} 金庫の番号は7です", hana.id, ichi.id))
            .await;
        server.base.clock.advance(HOUR);
        assert_eq!(summaries.turn().await.expect("read"), 0, "the organisation has not said so");
        assert!(heard.lock().expect("no one panics").is_empty());
        let owner = server.sign_in(&server.owner).await;
        let settings = json!({
            "files": {"largest": 1_073_741_824, "per_member": null, "total": null},
            "push": {"on": false, "shows": "nothing"}, "mail": {"on": true},
        });
        server.put(&owner, "/organisation/settings", &settings).await.expect(200);
        assert_eq!(summaries.turn().await.expect("read"), 1);
        assert_eq!(summaries.turn().await.expect("read"), 0, "once in four hours, taken or not");
        assert_eq!((metrics.mail_sent.get(), metrics.mail_failed.get()), (1, 1));
        let mails = heard.lock().expect("no one panics").clone();
        assert_eq!(mails.len(), 1);
        let mail = decoded(&mails[0]);
        for part in [
            "To: futaba@example.jp",
            "List-Unsubscribe: <https://kairan.example.jp/me/notifications>",
            "Auto-Submitted: auto-generated",
            "未読が1件あります",
        ] {
            assert!(mail.contains(part), "{part}\n{mail}");
        }
        for secret in ["金庫", "駅前店", &room.to_string(), &hana.id.uuid().to_string()] {
            assert!(!mail.contains(secret), "{secret}\n{mail}");
        }
    })
    .await;
}
