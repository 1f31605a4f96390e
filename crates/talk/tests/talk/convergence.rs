//! Whatever people do, in whatever order: a client that only folds events ends where a fresh snapshot is.
//!
//! The run prints its seed; `KAIRAN_SEED=… cargo test -p kairan-talk convergence` repeats it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use kairan_core::{MessageId, RoomId};
use kairan_people::testing::Person;
use serde_json::{Value, json};

use crate::support::{Organisation, in_organisations};

/// Commands of one run, on each engine.
const COMMANDS: usize = 1_200;

/// splitmix64: small, good enough, the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % below as u64).expect("small")
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

#[expect(clippy::disallowed_methods, reason = "a run is repeated by the seed it printed")]
fn seed() -> u64 {
    let seed = std::env::var("KAIRAN_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| RandomState::new().hash_one("seed"));
    println!("KAIRAN_SEED={seed}");
    seed
}

/// A client's copy of a room, from events alone.
#[derive(Debug, Default, PartialEq)]
struct Copy {
    name: String,
    archived: bool,
    members: BTreeMap<String, bool>,
    messages: BTreeMap<i64, Said>,
    places: BTreeMap<String, i64>,
    head: i64,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Said {
    text: Option<String>,
    edits: i64,
    answered: bool,
    pinned: bool,
    reactions: BTreeSet<(String, String)>,
}

impl Copy {
    fn apply(&mut self, event: &Value) {
        let (seq, kind, body) =
            (event["seq"].as_i64().expect("seq"), event["kind"].as_str().expect("kind"), &event["body"]);
        assert_eq!(seq, self.head + 1, "R28: no gap");
        self.head = seq;
        let actor = event["actor"].as_str().unwrap_or_default().to_owned();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        match kind {
            "room.created" => {
                self.name = text("name").unwrap_or_default();
                for one in body["members"].as_array().expect("members") {
                    self.members.insert(one["member"].as_str().expect("id").into(), one["manager"] == true);
                }
            }
            "room.changed" => self.name = text("name").unwrap_or_else(|| self.name.clone()),
            "room.archived" => self.archived = true,
            "room.restored" => self.archived = false,
            "room.member_added" => {
                self.members.insert(text("member").expect("id"), body["manager"] == true);
            }
            "room.member_removed" => {
                self.members.remove(&text("member").expect("id"));
            }
            "room.manager_added" => {
                self.members.insert(text("member").expect("id"), true);
            }
            "room.manager_removed" => {
                self.members.insert(text("member").expect("id"), false);
            }
            "message.posted" => {
                self.places.insert(text("message").expect("id"), seq);
                self.messages.insert(seq, Said { text: text("text"), ..Said::default() });
            }
            _ => {
                let said = self
                    .messages
                    .get_mut(&self.places[body["message"].as_str().expect("id")])
                    .expect("posted before");
                match kind {
                    "message.edited" => {
                        said.text = text("text");
                        said.edits += 1;
                    }
                    "message.deleted" => {
                        *said = Said { edits: said.edits, answered: said.answered, ..Said::default() }
                    }
                    "message.pinned" => said.pinned = true,
                    "message.unpinned" => said.pinned = false,
                    "message.answered" => said.answered = true,
                    "message.reopened" => said.answered = false,
                    "reaction.added" => {
                        said.reactions.insert((text("reaction").expect("reaction"), actor));
                    }
                    "reaction.removed" => {
                        said.reactions.remove(&(text("reaction").expect("reaction"), actor));
                    }
                    other => panic!("an event this client does not know: {other}"),
                }
            }
        }
    }
}

/// The same from the snapshot routes.
async fn snapshot(o: &Organisation, person: &Person, room: RoomId) -> Copy {
    let seen = o.see(person, room).await;
    let mut copy = Copy {
        name: seen["name"].as_str().unwrap_or_default().into(),
        archived: seen["archived"] == true,
        head: seen["head"].as_i64().expect("head"),
        ..Copy::default()
    };
    for one in seen["members"].as_array().expect("members") {
        copy.members.insert(one["member"].as_str().expect("id").into(), one["manager"] == true);
    }
    let mut after = 0;
    loop {
        let page =
            o.get(person, &format!("/rooms/{room}/messages?after={after}&limit=200")).await.expect(200);
        for message in page["messages"].as_array().expect("messages") {
            after = message["seq"].as_i64().expect("seq");
            copy.places.insert(message["id"].as_str().expect("id").into(), after);
            let mut reactions = BTreeSet::new();
            for reaction in message["reactions"].as_array().expect("reactions") {
                for member in reaction["members"].as_array().expect("members") {
                    reactions.insert((
                        reaction["reaction"].as_str().expect("text").into(),
                        member.as_str().expect("id").into(),
                    ));
                }
            }
            let said = Said {
                text: message["text"].as_str().map(str::to_owned),
                edits: message["edits"].as_i64().expect("edits"),
                answered: !message["answered"].is_null(),
                pinned: !message["pinned"].is_null(),
                reactions,
            };
            copy.messages.insert(after, said);
        }
        if page["more_after"] != true {
            return copy;
        }
    }
}

/// R25, R28, and the promise behind every client: events lead to the snapshot.
#[tokio::test]
async fn events_lead_to_the_snapshot() {
    let seed = seed();
    in_organisations(async |o: Organisation| {
        let mut dice = Dice(seed);
        let people = [
            o.owner.clone(),
            o.member("甲野 一").await,
            o.member("乙川 二葉").await,
            o.member("丙山 三月").await,
        ];
        let mut live = Live::new();
        let mut news = o.base.store.bus().listen();
        let room = o.room(&people[0], &[&people[1], &people[2]]).await;
        let mut said: Vec<(String, usize)> = Vec::new();
        for n in 0..COMMANDS {
            command(&o, &mut dice, room, &people, &mut said, n).await;
            live.hear(&mut news);
        }
        let everyone = snapshot(&o, &people[0], room).await;
        assert_eq!(live.copy, everyone, "what was told live leads to the snapshot");
        let mut caught_up = Copy::default();
        loop {
            let page = o
                .get(&people[0], &format!("/rooms/{room}/events?after={}&limit=97", caught_up.head))
                .await
                .expect(200);
            let events = page["events"].as_array().expect("events");
            events.iter().for_each(|event| caught_up.apply(event));
            if events.is_empty() {
                break;
            }
        }
        assert_eq!(caught_up, everyone, "catching up leads to the snapshot");
    })
    .await;
}

/// A client that hears everything as it happens.
struct Live {
    copy: Copy,
}

impl Live {
    fn new() -> Self {
        Self { copy: Copy::default() }
    }
    fn hear(&mut self, news: &mut tokio::sync::broadcast::Receiver<kairan_storage::News>) {
        while let Ok(item) = news.try_recv() {
            if let kairan_storage::News::Event(committed) = item
                && let Some(frame) = kairan_talk::frames::live(&committed.event, &committed.contents)
            {
                self.copy.apply(&serde_json::to_value(&frame).expect("JSON"));
            }
        }
    }
}

async fn command(
    o: &Organisation,
    dice: &mut Dice,
    room: RoomId,
    people: &[Person; 4],
    said: &mut Vec<(String, usize)>,
    n: usize,
) {
    let who = dice.roll(people.len());
    // The owner stays: somebody has to see the end.
    let (person, other) = (&people[who], dice.pick(&people[1..]));
    let base = format!("/rooms/{room}");
    // Whether it is allowed is the server's business; refusals are part of the run.
    match dice.roll(20) {
        0..=7 => {
            let message: MessageId = o.base.store.surroundings().id();
            let label = dice.pick(&[Value::Null, json!("consult"), json!("report")]).clone();
            let reply = o
                .put(
                    person,
                    &format!("{base}/messages/{message}"),
                    &json!({"text": format!("{n}番め 👍 **太字**"), "label": label}),
                )
                .await;
            if reply.status == 201 {
                said.push((message.to_string(), who));
            }
        }
        8 if !said.is_empty() => {
            let (message, author) = dice.pick(said).clone();
            o.patch(
                &people[author],
                &format!("{base}/messages/{message}"),
                &json!({"text": format!("直した {n}")}),
            )
            .await;
        }
        9 if !said.is_empty() => {
            let (message, author) = dice.pick(said).clone();
            o.delete(&people[author], &format!("{base}/messages/{message}")).await;
        }
        10..=11 if !said.is_empty() => {
            let path = format!(
                "{base}/messages/{}/reactions/{}",
                dice.pick(said).0,
                dice.pick(&["%E7%A2%BA%E8%AA%8D", "%F0%9F%91%8D"])
            );
            if dice.roll(2) == 0 {
                o.put(person, &path, &json!(null)).await
            } else {
                o.delete(person, &path).await
            };
        }
        12..=13 if !said.is_empty() => {
            let path = format!("{base}/messages/{}/{}", dice.pick(said).0, dice.pick(&["pin", "answered"]));
            if dice.roll(2) == 0 {
                o.put(person, &path, &json!(null)).await
            } else {
                o.delete(person, &path).await
            };
        }
        14 => drop(o.put(&people[0], &format!("{base}/members/{}", other.id), &json!(null)).await),
        15 => drop(o.delete(&people[0], &format!("{base}/members/{}", other.id)).await),
        16 => {
            let path = format!("{base}/managers/{}", other.id);
            if dice.roll(2) == 0 {
                o.put(&people[0], &path, &json!(null)).await
            } else {
                o.delete(&people[0], &path).await
            };
        }
        17 => drop(o.patch(person, &base, &json!({"name": format!("部屋 {n}")})).await),
        18 => {
            let path = format!("{base}/archive");
            o.put(&people[0], &path, &json!(null)).await;
            o.delete(&people[0], &path).await;
        }
        _ => drop(o.put(person, &format!("{base}/read"), &json!({"upto": n})).await),
    }
}
