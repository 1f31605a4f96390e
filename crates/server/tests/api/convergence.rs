//! Whatever people do, in whatever order, and however often the line breaks: a client that only follows its socket ends
//! where a fresh load is.
//!
//! A run prints its seed; `KAIRAN_SEED=… cargo test -p kairan --test api convergence` repeats it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use kairan_core::{MessageId, RoomId};
use kairan_people::testing::Person;
use serde_json::{Value, json};

use crate::socket::{Cursors, Socket};
use crate::world::{Server, on_both_engines};

/// Commands of one run in all, on each engine.
const COMMANDS: usize = 1_200;
/// Rooms of one run, one after the other: half show newcomers everything, half nothing of before.
const ROOMS: usize = 6;

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

#[expect(clippy::disallowed_methods, reason = "whoever plays a run again says which")]
fn seed() -> u64 {
    let given = std::env::var("KAIRAN_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one("seed"));
    println!("KAIRAN_SEED={seed}");
    seed
}

/// A client's copy of a room.
#[derive(Debug, Default, PartialEq)]
struct Copy {
    name: String,
    archived: bool,
    /// Who is in it: whether they answer for it, and since which place.
    members: BTreeMap<String, (bool, i64)>,
    /// By place.
    messages: BTreeMap<i64, Said>,
    places: BTreeMap<String, i64>,
    head: i64,
    floor: i64,
    /// Loaded when its person was out again already: only the order is followed, until the removal.
    blind: bool,
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
    /// One more event. R28: it is the next one.
    fn apply(&mut self, event: &Value) {
        let (seq, body) = (event["seq"].as_i64().expect("seq"), &event["body"]);
        assert_eq!(seq, self.head + 1, "no gap: {event}");
        self.head = seq;
        if self.blind {
            return;
        }
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let member = || text("member").expect("whom");
        match event["kind"].as_str().expect("kind") {
            "room.created" => panic!("nobody had a cursor before the room was made"),
            "room.changed" => self.name = text("name").unwrap_or_else(|| self.name.clone()),
            "room.archived" => self.archived = true,
            "room.restored" => self.archived = false,
            "room.member_added" => drop(self.members.insert(member(), (body["manager"] == true, seq))),
            "room.member_removed" => drop(self.members.remove(&member())),
            "room.manager_added" => self.members.get_mut(&member()).expect("in the room").0 = true,
            "room.manager_removed" => self.members.get_mut(&member()).expect("in the room").0 = false,
            "message.posted" => {
                self.places.insert(text("message").expect("id"), seq);
                self.messages.insert(seq, Said { text: text("text"), ..Said::default() });
            }
            kind => self.about_a_message(kind, event),
        }
    }

    fn about_a_message(&mut self, kind: &str, event: &Value) {
        let body = &event["body"];
        let Some(place) = self.places.get(body["message"].as_str().expect("id")) else {
            assert!(self.floor > 0, "a message that was never posted: {event}");
            return;
        };
        let said = self.messages.get_mut(place).expect("it has its place");
        let reaction = || {
            let word = |value: &Value| value.as_str().expect("text").to_owned();
            (word(&body["reaction"]), word(&event["actor"]))
        };
        match kind {
            "message.edited" => {
                said.text = body["text"].as_str().map(str::to_owned);
                said.edits += 1;
            }
            "message.deleted" => {
                *said = Said { edits: said.edits, answered: said.answered, ..Said::default() };
            }
            "message.pinned" => said.pinned = true,
            "message.unpinned" => said.pinned = false,
            "message.answered" => said.answered = true,
            "message.reopened" => said.answered = false,
            "reaction.added" => drop(said.reactions.insert(reaction())),
            "reaction.removed" => drop(said.reactions.remove(&reaction())),
            other => panic!("an event this client does not know: {other}"),
        }
    }

    /// From the routes that show what is, or nothing when the room is not the person's to see.
    async fn load(server: &Server, person: &Person, room: RoomId) -> Option<Self> {
        let reply = server.get(person, &format!("/rooms/{room}")).await;
        if reply.status == 404 {
            return None;
        }
        let seen = reply.expect(200);
        let word = |value: &Value| value.as_str().expect("text").to_owned();
        let mut copy = Self {
            name: word(&seen["name"]),
            archived: seen["archived"] == true,
            head: seen["head"].as_i64().expect("head"),
            floor: seen["mine"]["floor"].as_i64().expect("floor"),
            ..Self::default()
        };
        for one in seen["members"].as_array().expect("members") {
            copy.members.insert(
                word(&one["member"]),
                (one["manager"] == true, one["since"].as_i64().expect("since")),
            );
        }
        let mut after = 0;
        loop {
            let path = format!("/rooms/{room}/messages?after={after}&limit=50");
            let page = server.get(person, &path).await.expect(200);
            for message in page["messages"].as_array().expect("messages") {
                after = message["seq"].as_i64().expect("seq");
                copy.places.insert(word(&message["id"]), after);
                copy.messages.insert(after, said(message));
            }
            if page["more_after"] != true {
                return Some(copy);
            }
        }
    }
}

fn said(message: &Value) -> Said {
    let mut reactions = BTreeSet::new();
    for one in message["reactions"].as_array().expect("reactions") {
        for member in one["members"].as_array().expect("members") {
            let word = |value: &Value| value.as_str().expect("text").to_owned();
            reactions.insert((word(&one["reaction"]), word(member)));
        }
    }
    Said {
        text: message["text"].as_str().map(str::to_owned),
        edits: message["edits"].as_i64().expect("edits"),
        answered: !message["answered"].is_null(),
        pinned: !message["pinned"].is_null(),
        reactions,
    }
}

/// A client: a socket while the line holds, and what it knows of the room.
struct Client {
    person: Person,
    socket: Option<Socket>,
    copy: Option<Copy>,
}

impl Client {
    /// Comes back with its cursor, and takes what it is welcomed with.
    async fn connect(&mut self, server: &Server, room: RoomId) {
        let mut has = Cursors::new();
        // What was followed blindly is no copy to go on from.
        self.copy = self.copy.take().filter(|copy| !copy.blind);
        if let Some(copy) = &self.copy {
            has.insert(room.to_string(), copy.head);
        }
        let (socket, heads) = Socket::back(server, &self.person, &has).await;
        if !heads.contains_key(&room.to_string()) {
            self.copy = None;
        } else if self.copy.is_none() {
            self.copy = Copy::load(server, &self.person, room).await;
        }
        self.socket = Some(socket);
    }

    /// Takes everything that was sent up to now.
    async fn listen(&mut self, server: &Server, room: RoomId) {
        let Some(socket) = &mut self.socket else { return };
        server.mark(&self.person);
        for frame in socket.until_marked().await {
            let here = [&frame["room"], &frame["room"]["id"]].contains(&&json!(room));
            match frame["t"].as_str().expect("a kind") {
                "event" if here => {
                    let seq = frame["seq"].as_i64().expect("seq");
                    // R25: nothing of a room one is out of, until one is let in again.
                    let copy = self
                        .copy
                        .as_mut()
                        .unwrap_or_else(|| panic!("an event for somebody outside: {frame}"));
                    // A load may be ahead of what was already on its way.
                    if seq <= copy.head {
                        continue;
                    }
                    copy.apply(&frame);
                    if frame["kind"] == "room.member_removed"
                        && frame["body"]["member"] == json!(self.person.id)
                    {
                        self.copy = None;
                    }
                }
                "room" | "refetch" if here => {
                    let head = frame["head"].as_i64().or(frame["room"]["head"].as_i64()).expect("a head");
                    let loaded = Copy::load(server, &self.person, room).await;
                    self.copy = Some(loaded.unwrap_or(Copy { head, blind: true, ..Copy::default() }));
                }
                _ => {}
            }
        }
    }

    /// Compares with a fresh load, once everything has come. The state of a room newly entered is read beside the rest,
    /// so it may come a moment later.
    async fn settle(&mut self, server: &Server, room: RoomId) {
        for _ in 0..200 {
            self.listen(server, room).await;
            let fresh = Copy::load(server, &self.person, room).await;
            let (had, has) = (self.copy.as_ref().map(|copy| copy.head), fresh.as_ref().map(|copy| copy.head));
            if had == has {
                assert_eq!(self.copy, fresh);
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} never got as far as the room", self.person.login);
    }
}

/// R25, R28, and the promise behind every client.
#[tokio::test]
async fn whatever_happens_a_client_ends_where_a_fresh_load_is() {
    let seed = seed();
    on_both_engines(async |server| {
        let mut dice = Dice(seed);
        let everyone = [
            server.owner.clone(),
            server.member("甲野 一").await,
            server.partner("乙川 二葉").await,
            server.member("丙山 三月").await,
        ];
        for n in 0..ROOMS {
            let history = if n % 2 == 0 { "all" } else { "from_join" };
            let first = &everyone[1..2 + n % 3];
            let body = json!({"kind": "group", "history": history});
            let room = server.room_of(&everyone[0], &first.iter().collect::<Vec<_>>(), body).await;
            talk_in(&server, &mut dice, room, &everyone).await;
        }
    })
    .await;
}

async fn talk_in(server: &Server, dice: &mut Dice, room: RoomId, everyone: &[Person; 4]) {
    let mut clients: Vec<Client> = everyone[..3]
        .iter()
        .map(|person| Client { person: person.clone(), socket: None, copy: None })
        .collect();
    let mut said = Vec::new();
    for n in 0..COMMANDS / ROOMS {
        command(server, dice, room, everyone, &mut said, n).await;
        let client = &mut clients[dice.roll(3)];
        match dice.roll(12) {
            0 if client.socket.is_some() => client.socket = None,
            1..=3 if client.socket.is_none() => client.connect(server, room).await,
            4..=5 => client.listen(server, room).await,
            _ => {}
        }
    }
    for client in &mut clients {
        if client.socket.is_none() {
            client.connect(server, room).await;
        }
        client.settle(server, room).await;
    }
}

/// One random act. Whether it is allowed is the server's business; a no is part of the run.
async fn command(
    server: &Server,
    dice: &mut Dice,
    room: RoomId,
    everyone: &[Person; 4],
    said: &mut Vec<(String, usize)>,
    n: usize,
) {
    let who = dice.roll(everyone.len());
    let (person, owner, other) = (&everyone[who], &everyone[0], dice.pick(&everyone[1..]).id);
    let base = format!("/rooms/{room}");
    let (message, author) = if said.is_empty() { (String::new(), 0) } else { dice.pick(said).clone() };
    let on = dice.roll(2) == 0;
    let toggle = async |person: &Person, path: String| {
        if on { server.put(person, &path, &Value::Null).await } else { server.delete(person, &path).await }
    };
    let reply = match dice.roll(20) {
        8 => {
            server
                .patch(
                    &everyone[author],
                    &format!("{base}/messages/{message}"),
                    &json!({"text": format!("直した {n}")}),
                )
                .await
        }
        9 => server.delete(&everyone[author], &format!("{base}/messages/{message}")).await,
        10..=11 => {
            let reaction = dice.pick(&["%E7%A2%BA%E8%AA%8D", "%F0%9F%91%8D"]); // 確認, 👍
            toggle(person, format!("{base}/messages/{message}/reactions/{reaction}")).await
        }
        12..=13 => {
            toggle(person, format!("{base}/messages/{message}/{}", dice.pick(&["pin", "answered"]))).await
        }
        14..=15 => toggle(owner, format!("{base}/members/{other}")).await,
        16 => toggle(owner, format!("{base}/managers/{other}")).await,
        17 => server.patch(person, &base, &json!({"name": format!("部屋 {n}")})).await,
        18 => toggle(owner, format!("{base}/archive")).await,
        19 => server.put(person, &format!("{base}/read"), &json!({"upto": n})).await,
        _ => {
            let new = server.id::<MessageId>();
            let label = dice.pick(&[Value::Null, json!("consult"), json!("report")]).clone();
            let body = json!({"text": format!("{n}番め 👍 **太字**"), "label": label});
            let reply = server.put(person, &format!("{base}/messages/{new}"), &body).await;
            if reply.status == 201 {
                said.push((new.to_string(), who));
            }
            reply
        }
    };
    assert!(reply.status.as_u16() < 500, "{}", reply.text);
}
