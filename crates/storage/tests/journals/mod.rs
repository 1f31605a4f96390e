//! A small real journal for the tests of the log, and a way to damage it behind the store's back.

#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use kairan_core::surroundings::held;
use kairan_core::{Actor, ContentId, Seq};
use kairan_storage::log::heads::TreeHead;
use kairan_storage::log::tree::{Frontier, leaf_hash};
use kairan_storage::log::{KeyId, LogKey, Sequencer, Settings, SignedHead};
use kairan_storage::testing::{Schema, TestStore};
use kairan_storage::{Error, Hash, Stream, Tx, Value, facts, params};
use serde::{Deserialize, Serialize};

/// A note whose text lies beside the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    content: ContentId,
    commitment: String,
}

facts! {
    /// What can happen to notes.
    pub enum NoteFact { "note.written" => Written(Written) }
}

/// Nothing but the journal.
pub const SCHEMA: Schema = Schema { migrations: &[], projections: Vec::new };

/// The organisation's key of these tests.
pub fn key() -> LogKey {
    LogKey::generate(&held::surroundings(1).0)
}

/// The tables that a check reads.
const TABLES: [&str; 6] = ["events", "streams", "contents", "log_entries", "log_heads", "log_frontier"];

/// A journal of notes.
pub struct Journal {
    world: TestStore,
}

impl Journal {
    pub fn new(world: &TestStore) -> Self {
        Self { world: world.clone() }
    }

    pub async fn write(&self, stream: Stream, text: &str) {
        self.write_texts(stream, vec![text.to_owned()]).await;
    }

    pub async fn write_many(&self, stream: Stream, count: usize) {
        self.write_texts(stream, (0..count).map(|n| format!("第{n}報")).collect()).await;
    }

    async fn write_texts(&self, stream: Stream, texts: Vec<String>) {
        let job = async move |tx: &mut Tx| {
            for text in &texts {
                let content = tx.put_content(text).await?;
                let fact = NoteFact::from(Written { content: content.id, commitment: content.commitment });
                tx.append(stream, Actor::System, None, &fact).await?;
            }
            Ok::<_, Error>(())
        };
        self.world.store.write(stream, job).await.expect("a note is written");
    }

    /// A sequencer that signs whenever there is something to sign.
    pub fn sequencer(&self) -> Sequencer {
        self.sequencer_with(&Settings { head_every_ms: 0, witness_directory: None })
    }

    pub fn sequencer_with(&self, settings: &Settings) -> Sequencer {
        Sequencer::new(self.world.store.clone(), Arc::new(key()), settings)
    }

    pub async fn placed(&self, stream: Stream) -> Seq {
        let sql = "SELECT sequenced FROM streams WHERE stream = $1";
        let read =
            self.world.store.read(async move |reader| reader.one(sql, params![stream]).await?.get(0)).await;
        read.unwrap_or_else(|error: Error| panic!("{error}"))
    }

    pub async fn heads(&self) -> Vec<SignedHead> {
        let sql = "SELECT size, root, at, key_id, signature FROM log_heads ORDER BY size";
        let read = async move |reader: &mut kairan_storage::Reader| {
            let rows = reader.query(sql, params![]).await?;
            let head = |row: &kairan_storage::Row| -> Result<SignedHead, Error> {
                let size = u64::try_from(row.get::<i64>(0)?).expect("a size");
                let head = TreeHead { size, root: row.get(1)?, at: row.get(2)?, key: KeyId(row.get(3)?) };
                Ok(SignedHead { head, signature: row.get(4)? })
            };
            rows.iter().map(head).collect()
        };
        self.world.store.read(read).await.unwrap_or_else(|error: Error| panic!("{error}"))
    }

    /// Statements given straight to the engine, as somebody with the database's password could.
    pub async fn raw(&self, sql: &str) {
        match &self.world.url {
            None => {
                let file = self.world.store.database().file().expect("a file");
                let connection = rusqlite::Connection::open(file).expect("opens");
                connection.busy_timeout(std::time::Duration::from_secs(10)).expect("waits");
                connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            Some(url) => {
                let (client, connection) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connects");
                let running = tokio::spawn(connection);
                client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
                drop(client);
                drop(running.await);
            }
        }
    }

    /// Keeps a copy of every table, for [`Journal::restore`].
    pub async fn keep(&self) {
        self.raw(
            &TABLES.map(|table| format!("CREATE TABLE keep_{table} AS SELECT * FROM {table};")).concat(),
        )
        .await;
    }

    /// Puts everything back as it was kept.
    pub async fn restore(&self) {
        let back = |table| format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM keep_{table};");
        self.raw(&TABLES.map(back).concat()).await;
    }

    /// Cuts history after so many entries, so well that everything left fits. A head of this size must be signed.
    pub async fn cut(&self, size: u64) {
        let last = "SELECT MAX(e.seq) FROM events e WHERE e.stream = streams.stream";
        self.raw(&format!(
            "DELETE FROM log_heads WHERE size > {size}; DELETE FROM log_entries WHERE idx >= {size};
             DELETE FROM events WHERE (stream, seq) NOT IN (SELECT stream, seq FROM log_entries);
             DELETE FROM streams WHERE stream NOT IN (SELECT stream FROM log_entries);
             UPDATE streams SET seq = ({last}), sequenced = ({last});
             UPDATE streams SET hash = (SELECT e.hash FROM events e WHERE e.stream = streams.stream AND e.seq = streams.seq);"
        ))
        .await;
        self.set_edge(size).await;
    }

    /// Flips one bit of one value, both counted round from the numbers given. The statement that did it.
    pub async fn flip(&self, table: &str, keys: &str, column: &str, row: usize, bit: usize) -> String {
        let sql: &'static str = format!("SELECT {keys}, {column} FROM {table} ORDER BY {keys}").leak();
        let read = self.world.store.read(async move |reader| reader.query(sql, params![]).await).await;
        let rows = read.unwrap_or_else(|error: Error| panic!("{error}"));
        let (value, place) = rows[row % rows.len()].values().split_last().expect("a column");
        let flipped = match value {
            // Above the low bits, so that no key meets its neighbour.
            Value::Int(number) => Value::Int(number ^ (1 << (7 + bit % 24))),
            Value::Text(text) => {
                let mut bytes = text.clone().into_bytes();
                let at = bit % bytes.len();
                bytes[at] ^= 1;
                Value::Text(String::from_utf8(bytes).expect("was ASCII"))
            }
            Value::Bytes(bytes) => {
                let mut bytes = bytes.clone();
                let at = bit / 8 % bytes.len();
                bytes[at] ^= 1 << (bit % 8);
                Value::Bytes(bytes)
            }
            other => panic!("no bit to flip in {other:?}"),
        };
        let place: Vec<String> = place.iter().map(|key| self.literal_of(key)).collect();
        let statement = format!(
            "UPDATE {table} SET {column} = {} WHERE ({keys}) = ({})",
            self.literal_of(&flipped),
            place.join(", ")
        );
        self.raw(&statement).await;
        statement
    }

    fn literal_of(&self, value: &Value) -> String {
        match value {
            Value::Int(number) => number.to_string(),
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Value::Bytes(bytes) => self.literal(bytes),
            other => panic!("no key or value of these tables is {other:?}"),
        }
    }

    /// Makes the stored edge fit the entries, as the sequencer would have.
    pub async fn set_edge(&self, size: u64) {
        let edge = self.edge(size).await;
        let peaks = self.literal(&edge.peaks());
        self.raw(&format!("UPDATE log_frontier SET size = {size}, peaks = {peaks}")).await;
    }

    /// Signs every head anew over the entries as they are, at its old time: what the holder of the key can do.
    pub async fn sign_again(&self) {
        for signed in self.heads().await {
            let size = signed.head.size;
            let head = TreeHead::sign(&key(), size, self.edge(size).await.root(), signed.head.at);
            let (root, signature) = (self.literal(&head.head.root), self.literal(&head.signature));
            self.raw(&format!(
                "UPDATE log_heads SET root = {root}, signature = {signature} WHERE size = {size}"
            ))
            .await;
        }
    }

    async fn edge(&self, size: u64) -> Frontier {
        let sql = "SELECT leaf FROM log_entries ORDER BY idx";
        let read = self.world.store.read(async move |reader| reader.query(sql, params![]).await).await;
        let mut edge = Frontier::new();
        for row in
            &read.unwrap_or_else(|error: Error| panic!("{error}"))[..usize::try_from(size).expect("small")]
        {
            edge.push(leaf_hash(&row.get::<Hash>(0).expect("a hash")));
        }
        edge
    }

    /// Bytes as a literal of the engine.
    pub fn literal(&self, bytes: &[u8]) -> String {
        let digits = hex::encode(bytes);
        if self.world.url.is_some() { format!("'\\x{digits}'::bytea") } else { format!("x'{digits}'") }
    }
}
