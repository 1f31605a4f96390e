//! A running server in this process: the routes as `kairan serve` assembles them, a real listener for sockets, time in the
//! test's hand.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use kairan_core::ids::Id;
use kairan_core::{FileId, MessageId, RoomId};
use kairan_people::People;
use kairan_people::signin::Hasher;
use kairan_people::testing::{Person, World};
use kairan_server::assemble::{self, Assembled, Goodbye, Parts};
use kairan_server::client::Client;
use kairan_server::config::{Config, Flags, load};
use kairan_server::environment::Environment;
use kairan_server::listen::{Door, Stop};
use kairan_server::metrics::Metrics;
use kairan_server::push::PushKey;
use kairan_server::site::Site;
use kairan_storage::blobs::{Blobs, SealingKey};
use kairan_storage::testing::{Schema, TestStore, both_engines};
use kairan_storage::{News, Store};
use kairan_talk::files::preview::InProcess;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// The whole schema.
pub const SCHEMA: Schema = Schema {
    migrations: &[kairan_people::MIGRATIONS, kairan_talk::MIGRATIONS],
    projections: assemble::projections,
};

/// Runs a scenario on a fresh server on each engine.
pub async fn on_both_engines<F, Done>(scenario: F)
where
    F: Fn(Arc<Server>) -> Done,
    Done: Future<Output = ()>,
{
    both_engines(SCHEMA, async |base: TestStore| {
        let server = Arc::new(Server::found(&base).await);
        scenario(server.clone()).await;
        server.stop().await;
    })
    .await;
}

/// A server with an organisation just founded.
pub struct Server {
    /// Its people, and requests made in this process.
    pub world: World,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it counts.
    pub metrics: Metrics,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: Stop,
    goodbye: Goodbye,
    serving: JoinHandle<()>,
}

impl Deref for Server {
    type Target = World;
    fn deref(&self) -> &World {
        &self.world
    }
}

impl Server {
    async fn found(base: &TestStore) -> Self {
        let (people, app, address, metrics, running) = start(&base.store).await;
        let world = World::found(base, people, app).await;
        Self { world, address, metrics, running: Mutex::new(Some(running)) }
    }

    /// The same organisation, served anew from its database: what a restart leaves.
    pub async fn restarted(&self) -> Self {
        self.stop().await;
        let base = &self.world.base;
        let store = Store::open(
            base.store.database().clone(),
            base.store.surroundings().clone(),
            &assemble::migrations(),
            assemble::projections(),
            4,
        )
        .await
        .expect("the database opens again");
        let (people, app, address, metrics, running) = start(&store).await;
        let world = self.world.served_by(TestStore { store, ..base.clone() }, people, app);
        Self { world, address, metrics, running: Mutex::new(Some(running)) }
    }

    /// Ends it as the system does: the goodbye first, then the door.
    pub async fn stop(&self) {
        let Some(running) = self.running.lock().await.take() else { return };
        (running.goodbye)().await;
        running.stop.now();
        running.serving.await.expect("the door closes in order");
    }

    /// Says goodbye to every socket, and goes on listening until [`Self::stop`].
    pub async fn say_goodbye(&self) {
        let mut running = self.running.lock().await;
        let Some(Running { stop, goodbye, serving }) = running.take() else { return };
        goodbye().await;
        *running = Some(Running { stop, goodbye: Box::new(|| Box::pin(async {})), serving });
    }

    /// A new id, as a client makes one.
    pub fn id<T: Id>(&self) -> T {
        self.base.store.surroundings().id()
    }

    /// Tells `person`'s sockets `me`, after everything that was committed before: what has not come by then does not come.
    pub fn mark(&self, person: &Person) {
        self.base.store.tell(News::Own(person.id));
    }

    /// A group room of `manager` with these members.
    pub async fn room(&self, manager: &Person, members: &[&Person]) -> RoomId {
        self.room_of(manager, members, json!({"kind": "group", "history": "all"})).await
    }

    /// A room with these properties besides its name and members.
    pub async fn room_of(&self, manager: &Person, members: &[&Person], mut properties: Value) -> RoomId {
        let room = self.id();
        properties["name"] = "駅前店 連絡".into();
        properties["members"] = members.iter().map(|one| one.id.to_string()).collect();
        self.put(manager, &format!("/rooms/{room}"), &properties).await.expect(201);
        room
    }

    /// Posts, and returns the message's id.
    pub async fn say(&self, person: &Person, room: RoomId, text: &str) -> MessageId {
        let message = self.id();
        self.put(person, &format!("/rooms/{room}/messages/{message}"), &json!({ "text": text }))
            .await
            .expect(201);
        message
    }

    /// Uploads a file of at most one part and finishes it.
    pub async fn upload(&self, person: &Person, room: RoomId, name: &str, bytes: &[u8]) -> FileId {
        let file: FileId = self.id();
        let new = json!({"room": room, "name": name, "size": bytes.len()});
        self.put(person, &format!("/uploads/{file}"), &new).await.expect(201);
        self.put_bytes(person, &format!("/uploads/{file}/parts/0"), bytes.to_vec()).await.expect(204);
        self.post(person, &format!("/uploads/{file}/finish"), &Value::Null).await.expect(201);
        file
    }

    /// Posts a file with nothing said.
    pub async fn send_file(&self, person: &Person, room: RoomId, name: &str, bytes: &[u8]) -> FileId {
        let file = self.upload(person, room, name, bytes).await;
        let path = format!("/rooms/{room}/messages/{}", self.id::<MessageId>());
        self.put(person, &path, &json!({"text": "", "files": [file]})).await.expect(201);
        file
    }

    /// Takes somebody out of a room.
    pub async fn remove(&self, manager: &Person, room: RoomId, gone: &Person) {
        self.delete(manager, &format!("/rooms/{room}/members/{}", gone.id)).await.expect(204);
    }

    /// Brings somebody into a room.
    pub async fn add(&self, manager: &Person, room: RoomId, new: &Person) {
        self.put(manager, &format!("/rooms/{room}/members/{}", new.id), &Value::Null).await.expect(204);
    }
}

/// What `kairan serve` does between a started database and a serving door, with cheap password hashes.
async fn start(store: &Store) -> (People, Router, SocketAddr, Metrics, Running) {
    assemble::catch_up(store).await;
    let config = config();
    let metrics = Metrics::new("0.0.0-test");
    let stop = Stop::default();
    let mut people = assemble::people(store, &config, None, Some(&PushKey::generate(store.surroundings())));
    people.hasher = Hasher::weak(people.surroundings());
    let Assembled { api, goodbye } = assemble::assemble(Parts {
        config: config.clone(),
        store: store.clone(),
        people: people.clone(),
        blobs: Blobs::memory(store.surroundings()),
        sealing: SealingKey::generate(store.surroundings()),
        renderer: Arc::new(InProcess::default()),
        scanner: None,
        metrics: metrics.clone(),
        stop: stop.clone(),
    });
    let site = Site {
        api,
        client: Client::of(&[]),
        metrics: metrics.clone(),
        readiness: Arc::new(|| Box::pin(async { Ok(()) })),
        surroundings: store.surroundings().clone(),
    };
    let app = site.router(&config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let door =
        Door { listener, encryption: None, app: app.clone(), connections: 1_000, metrics: metrics.clone() };
    let serving = tokio::spawn(door.serve(stop.clone()));
    (people, app, address, metrics, Running { stop, goodbye, serving })
}

/// The settings of an installation on this machine.
pub fn config() -> Config {
    load(&Flags { file: None, settings: Vec::new() }, &Environment::default())
        .expect("the defaults are valid")
}
