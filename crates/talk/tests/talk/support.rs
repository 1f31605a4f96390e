//! An organisation with rooms, on both engines.

use kairan_core::{MessageId, RoomId};
use kairan_people::testing::{Person, Reply, World};
use kairan_storage::blobs::{Blobs, SealingKey};
use kairan_storage::testing::{Schema, TestStore, both_engines};
use kairan_talk::Talk;
use kairan_talk::files::preview::InProcess;
use kairan_talk::files::scan::Scanner;
use kairan_talk::files::{Files, Receiving, Viewing};
use serde_json::{Value, json};
use std::sync::Arc;

/// The people and talk floors.
pub const SCHEMA: Schema = Schema {
    migrations: &[kairan_people::MIGRATIONS, kairan_talk::MIGRATIONS],
    projections: || {
        let mut projections = kairan_people::projections();
        projections.extend(kairan_talk::projections());
        projections
    },
};

/// Runs a scenario in a fresh organisation on each engine; afterwards the projections are replayed and compared.
pub async fn in_organisations<F, Done>(scenario: F)
where
    F: Fn(Organisation) -> Done,
    Done: Future<Output = ()>,
{
    both_engines(SCHEMA, async |base: TestStore| scenario(Organisation::new(&base).await).await).await;
}

/// The same, with a virus scanner.
pub async fn in_scanned_organisations<F, Done>(scanner: Arc<dyn Scanner>, scenario: F)
where
    F: Fn(Organisation) -> Done,
    Done: Future<Output = ()>,
{
    both_engines(SCHEMA, async |base: TestStore| {
        scenario(Organisation::with_files(&base, Some(scanner.clone()), |_| {}).await).await;
    })
    .await;
}

/// The same, with these turns to send parts.
pub async fn in_organisations_receiving<F, Done>(receiving: fn() -> Receiving, scenario: F)
where
    F: Fn(Organisation) -> Done,
    Done: Future<Output = ()>,
{
    both_engines(SCHEMA, async |base: TestStore| {
        scenario(Organisation::with_files(&base, None, |files| files.receiving = receiving()).await).await;
    })
    .await;
}

/// The same, with these turns to have pages drawn.
pub async fn in_organisations_viewing<F, Done>(viewing: fn() -> Viewing, scenario: F)
where
    F: Fn(Organisation) -> Done,
    Done: Future<Output = ()>,
{
    both_engines(SCHEMA, async |base: TestStore| {
        scenario(Organisation::with_files(&base, None, |files| files.viewing = viewing()).await).await;
    })
    .await;
}

/// An organisation just founded.
pub struct Organisation {
    pub world: World,
    pub files: Files,
}

impl std::ops::Deref for Organisation {
    type Target = World;
    fn deref(&self) -> &World {
        &self.world
    }
}

impl Organisation {
    async fn new(base: &TestStore) -> Self {
        Self::with_files(base, None, |_| {}).await
    }

    async fn with_files(
        base: &TestStore,
        scanner: Option<Arc<dyn Scanner>>,
        adjust: impl FnOnce(&mut Files),
    ) -> Self {
        let surroundings = base.store.surroundings();
        let (blobs, sealing) = (Blobs::memory(surroundings), SealingKey::generate(surroundings));
        let mut files = Files::new(blobs, sealing, Arc::new(InProcess::default()), scanner);
        adjust(&mut files);
        let held = files.clone();
        let world = World::with(base, kairan_talk::hooks(), |people| {
            let (routes, _) = kairan_talk::router().split_for_parts();
            routes.with_state(Talk { store: people.store.clone(), people: people.clone(), files: held })
        })
        .await;
        Self { world, files }
    }

    /// What the jobs hold.
    pub fn talk(&self) -> Talk {
        Talk { store: self.people.store.clone(), people: self.people.clone(), files: self.files.clone() }
    }

    pub fn room_id(&self) -> RoomId {
        self.base.store.surroundings().id()
    }

    /// A group room of `manager` with these members.
    pub async fn room(&self, manager: &Person, members: &[&Person]) -> RoomId {
        self.room_of(manager, members, json!({"kind": "group", "history": "all"})).await
    }

    /// A room with these properties besides its name and members.
    pub async fn room_of(&self, manager: &Person, members: &[&Person], mut properties: Value) -> RoomId {
        let room = self.room_id();
        properties["name"] = "駅前店 連絡".into();
        properties["members"] = members.iter().map(|one| one.id.to_string()).collect();
        self.put(manager, &format!("/rooms/{room}"), &properties).await.expect(201);
        room
    }

    /// Posts and returns the message.
    pub async fn say(&self, person: &Person, room: RoomId, text: &str) -> Value {
        self.try_say(person, room, &json!({ "text": text })).await.expect(201)
    }

    pub async fn try_say(&self, person: &Person, room: RoomId, body: &Value) -> Reply {
        let message: MessageId = self.base.store.surroundings().id();
        self.put(person, &format!("/rooms/{room}/messages/{message}"), body).await
    }

    /// All texts of a room as somebody sees them, oldest first.
    pub async fn texts(&self, person: &Person, room: RoomId) -> Vec<String> {
        let page = self.get(person, &format!("/rooms/{room}/messages?limit=200")).await.expect(200);
        strings(&page["messages"], "text")
    }

    /// One room as somebody sees it.
    pub async fn see(&self, person: &Person, room: RoomId) -> Value {
        self.get(person, &format!("/rooms/{room}")).await.expect(200)
    }
}

/// One member of each object of a list, as text.
pub fn strings(list: &Value, member: &str) -> Vec<String> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|one| one[member].as_str().unwrap_or("∅").to_owned())
        .collect()
}

/// The id of what a request made.
pub fn id_of(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}
