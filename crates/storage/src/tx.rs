//! The handle of a write job: read, append, put content and secrets. No other way to write exists.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use kairan_core::{Actor, ContentId, DeviceId, Instant, SecretId, Seq, Surroundings};
use sha2::{Digest, Sha256};

use crate::bus::{Committed, News};
use crate::database::Reader;
use crate::error::{Error, Result};
use crate::journal::{Event, Facts, Hash, Stream};
use crate::params;
use crate::projection::{Projection, Tables};
use crate::value::Params;

/// Where a stream stands.
#[derive(Debug, Clone, Copy)]
struct Head {
    seq: Seq,
    hash: Hash,
    /// Whether this transaction has moved it: only then it is written.
    moved: bool,
}

/// Content as named by an event: the id to find it, the commitment to prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Where it lies.
    pub id: ContentId,
    /// Hexadecimal SHA-256(salt ‖ content).
    pub commitment: String,
}

/// SHA-256(salt ‖ content), what an event keeps of a content.
#[must_use]
pub fn commitment(salt: &[u8], content: &[u8]) -> String {
    hex::encode(Sha256::new().chain_update(salt).chain_update(content).finalize())
}

/// A write job's view of the database, inside the lane's transaction.
pub struct Tx {
    reader: Reader,
    surroundings: Surroundings,
    projections: Arc<[Box<dyn Projection>]>,
    now: Instant,
    /// Heads of the streams of this transaction. Written to `streams` once, before the commit.
    heads: HashMap<Stream, Head>,
    job: JobLog,
}

const SAVEPOINT: &str = "SAVEPOINT job";

/// What the running job has done, so that it alone can be undone.
#[derive(Default)]
struct JobLog {
    events: Vec<Event>,
    contents: HashMap<ContentId, String>,
    heads_before: Vec<(Stream, Option<Head>)>,
    news: Vec<News>,
}

impl Deref for Tx {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

impl Tx {
    pub(crate) fn new(
        reader: Reader,
        surroundings: Surroundings,
        projections: Arc<[Box<dyn Projection>]>,
    ) -> Self {
        let now = surroundings.now();
        Self { reader, surroundings, projections, now, heads: HashMap::new(), job: JobLog::default() }
    }

    /// The moment of this job; every event it appends has it.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Time and chance, for new ids.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Appends an event to a stream and lets the projections write what follows from it.
    ///
    /// # Errors
    /// What the engine or a projection says; the whole job is then undone.
    pub async fn append<F: Facts>(
        &mut self,
        stream: Stream,
        actor: Actor,
        device: Option<DeviceId>,
        fact: &F,
    ) -> Result<Seq> {
        let head = self.head(stream).await?;
        let mut event = Event {
            stream,
            seq: head.seq.next(),
            at: self.now,
            actor,
            device,
            kind: fact.kind().to_owned(),
            body: fact.body()?,
            prev: head.hash,
            hash: [0; 32],
        };
        event.hash = event.computed_hash();
        self.reader.write(Event::INSERT, event.row()).await?;
        let before = self.heads.insert(stream, Head { seq: event.seq, hash: event.hash, moved: true });
        self.job.heads_before.push((stream, before));
        for projection in &*self.projections.clone() {
            projection.apply(&mut Tables(&mut self.reader), &event).await?;
        }
        let seq = event.seq;
        self.job.events.push(event);
        Ok(seq)
    }

    /// The last sequence number of a stream; zero when it is empty.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn last_seq(&mut self, stream: Stream) -> Result<Seq> {
        Ok(self.head(stream).await?.seq)
    }

    /// Puts content beside the journal, under a salt of its own.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn put_content(&mut self, text: &str) -> Result<Content> {
        let id: ContentId = self.surroundings.id();
        let salt: [u8; 16] = self.surroundings.bytes();
        self.reader
            .write(
                "INSERT INTO contents (id, salt, body) VALUES ($1, $2, $3)",
                params![id, salt, text.as_bytes()],
            )
            .await?;
        self.job.contents.insert(id, text.to_owned());
        Ok(Content { id, commitment: commitment(&salt, text.as_bytes()) })
    }

    /// Erases a content; the events that name it keep their proof.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn erase_content(&mut self, content: ContentId) -> Result<()> {
        self.reader
            .write("UPDATE contents SET salt = NULL, body = NULL WHERE id = $1", params![content])
            .await
    }

    /// Puts a secret (a hash, never a plain one) beside the journal.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn put_secret(&mut self, kind: &'static str, value: &[u8]) -> Result<SecretId> {
        let id: SecretId = self.surroundings.id();
        self.reader
            .write("INSERT INTO secrets (id, kind, value) VALUES ($1, $2, $3)", params![id, kind, value])
            .await?;
        Ok(id)
    }

    /// Gives a secret another value under the same id: what the one before opened stays shut. For what is renewed too often
    /// for the journal.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn replace_secret(&mut self, secret: SecretId, value: &[u8]) -> Result<()> {
        self.reader.write("UPDATE secrets SET value = $2 WHERE id = $1", params![secret, value]).await
    }

    /// Erases a secret; what it opened stays shut.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn erase_secret(&mut self, secret: SecretId) -> Result<()> {
        self.reader.write("DELETE FROM secrets WHERE id = $1", params![secret]).await
    }

    /// Writes a mark: something frequent that is only a convenience, in a table named `marks_…`. Rows changed.
    ///
    /// # Errors
    /// What the engine says; [`Error::Damaged`] for any other table.
    pub async fn mark(&mut self, sql: &'static str, params: Params) -> Result<u64> {
        if !["INSERT INTO marks_", "UPDATE marks_", "DELETE FROM marks_"]
            .iter()
            .any(|start| sql.starts_with(start))
        {
            return Err(Error::Damaged(format!("not a mark: {sql}")));
        }
        self.reader.execute(sql, params).await
    }

    /// Tells something after the commit that is not an event.
    pub fn tell(&mut self, news: News) {
        self.job.news.push(news);
    }

    /// A write of storage's own (sequencer, erasure).
    pub(crate) async fn write_own(&mut self, sql: &'static str, params: Params) -> Result<()> {
        self.reader.write(sql, params).await
    }

    async fn head(&mut self, stream: Stream) -> Result<Head> {
        if let Some(head) = self.heads.get(&stream) {
            return Ok(*head);
        }
        let sql = if self.reader.is_shared() {
            // Another node may be writing this stream: wait for it here rather than meet it at the unique key.
            "SELECT seq, hash FROM streams WHERE stream = $1 FOR UPDATE"
        } else {
            "SELECT seq, hash FROM streams WHERE stream = $1"
        };
        let head = match self.reader.maybe(sql, params![stream]).await? {
            Some(row) => Head { seq: row.get(0)?, hash: row.get(1)?, moved: false },
            None => Head { seq: Seq::START, hash: [0; 32], moved: false },
        };
        self.heads.insert(stream, head);
        // Going back to the savepoint gives up the lock that was taken here: then the head must be asked for again.
        self.job.heads_before.push((stream, None));
        Ok(head)
    }

    // The lane's side, in the order of a batch's life.

    /// Starts the batch's transaction and, where other nodes write too, takes its streams in a fixed order.
    pub(crate) async fn begin(&mut self, streams: impl Iterator<Item = Stream>) -> Result<()> {
        self.heads.clear();
        self.job = JobLog::default();
        self.reader.forget_pending();
        self.reader.begin_write().await?;
        if self.reader.is_shared() {
            let ordered: std::collections::BTreeSet<Stream> = streams.collect();
            for stream in ordered {
                self.head(stream).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn begin_job(&mut self) -> Result<()> {
        self.now = self.surroundings.now();
        self.job = JobLog::default();
        self.reader.write(SAVEPOINT, Params::new()).await
    }

    /// Keeps the job's work and returns what is to be told once it is committed.
    pub(crate) async fn keep_job(&mut self) -> Result<Vec<News>> {
        self.reader.write("RELEASE SAVEPOINT job", Params::new()).await?;
        self.reader.flush().await?;
        let job = std::mem::take(&mut self.job);
        let contents = Arc::new(job.contents);
        let events = job
            .events
            .into_iter()
            .map(|event| Committed { event, contents: contents.clone(), found: false })
            .map(|committed| News::Event(Arc::new(committed)));
        Ok(events.chain(job.news).collect())
    }

    pub(crate) async fn undo_job(&mut self) -> Result<()> {
        // When not even the savepoint had been sent, there is nothing to go back from.
        if !self.reader.forget_pending().contains(&SAVEPOINT) {
            self.reader.batch("ROLLBACK TO SAVEPOINT job").await?;
        }
        for (stream, before) in std::mem::take(&mut self.job).heads_before.into_iter().rev() {
            match before {
                Some(head) => self.heads.insert(stream, head),
                None => self.heads.remove(&stream),
            };
        }
        Ok(())
    }

    /// Writes the heads and commits; durable when it returns.
    pub(crate) async fn commit(&mut self) -> Result<()> {
        for (stream, head) in &self.heads {
            if head.moved {
                self.reader
                    .write(
                        "INSERT INTO streams (stream, seq, hash) VALUES ($1, $2, $3) ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
                        params![*stream, head.seq, head.hash],
                    )
                    .await?;
            }
        }
        self.reader.batch("COMMIT").await
    }

    pub(crate) async fn abandon(&mut self) {
        self.reader.forget_pending();
        // The connection may be gone; then there is nothing left to roll back.
        let _ = self.reader.batch("ROLLBACK").await;
        self.heads.clear();
    }
}

impl Reader {
    /// The text of a content; `None` when erased or never there.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn content(&mut self, content: ContentId) -> Result<Option<String>> {
        let row = self.maybe("SELECT body FROM contents WHERE id = $1", params![content]).await?;
        Ok(row
            .map(|row| row.get::<Option<Vec<u8>>>(0))
            .transpose()?
            .flatten()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// A secret's value.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn secret(&mut self, secret: SecretId) -> Result<Option<Vec<u8>>> {
        self.maybe("SELECT value FROM secrets WHERE id = $1", params![secret])
            .await?
            .map(|row| row.get(0))
            .transpose()
    }

    /// The secret of this kind with this value.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn find_secret(&mut self, kind: &'static str, value: &[u8]) -> Result<Option<SecretId>> {
        self.maybe("SELECT id FROM secrets WHERE kind = $1 AND value = $2", params![kind, value])
            .await?
            .map(|row| row.get(0))
            .transpose()
    }
}
