//! A small real journal for the tests of the log, and a way to damage it behind the store's back.

#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use kairan_core::surroundings::held;
use kairan_core::{Actor, ContentId, Seq};
use kairan_storage::log::heads::TreeHead;
use kairan_storage::log::{KeyId, LogKey, Sequencer, Settings, SignedHead};
use kairan_storage::testing::{Schema, TestStore};
use kairan_storage::{Error, Stream, Tx, facts, params};
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

    /// Bytes as a literal of the engine.
    pub fn literal(&self, bytes: &[u8]) -> String {
        let digits = hex::encode(bytes);
        if self.world.url.is_some() { format!("'\\x{digits}'::bytea") } else { format!("x'{digits}'") }
    }
}
