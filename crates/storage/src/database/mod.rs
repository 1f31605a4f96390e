//! The thin face over two engines: every statement is written once, in the SQL both understand.
//!
//! A [`Reader`] can only read; a [`Tx`](crate::Tx) can append to the journal; only a projection is handed
//! [`Tables`](crate::Tables), which write. What you may do decides which handle you are given.

mod postgres;
mod sqlite;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use postgres::Wire;
pub use sqlite::OLDEST as OLDEST_SQLITE;

use crate::error::{Error, Result};
use crate::value::{Params, Row};

/// A database of either engine. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Engine>);

#[expect(clippy::large_enum_variant, reason = "there is one in a process, behind an `Arc`")]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// Connections of a pool: lanes, readers and jobs of one node.
const POOL: usize = 24;

impl Database {
    /// Opens the `SQLite` file, making it when it is not there.
    ///
    /// # Errors
    /// When the linked `SQLite` is too old (R79) or the file cannot be opened.
    pub fn sqlite(path: &Path) -> Result<Self> {
        Ok(Self(Arc::new(Engine::Sqlite(sqlite::Sqlite::open(path)?))))
    }

    /// A pool on a `postgres://` URL, optionally confined to one schema.
    ///
    /// # Errors
    /// When the URL does not read. Connections are made when first needed.
    pub fn postgres(url: &str, schema: Option<&str>) -> Result<Self> {
        Ok(Self(Arc::new(Engine::Postgres(postgres::Postgres::open(url, POOL, schema)?))))
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match &*self.0 {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// The `SQLite` file, when it is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        match &*self.0 {
            Engine::Sqlite(sqlite) => Some(sqlite.path().to_owned()),
            Engine::Postgres(_) => None,
        }
    }

    /// A connection that only reads. Give it back with [`Database::give_back`].
    pub(crate) async fn reader(&self) -> Result<Reader> {
        Ok(Reader::over(match &*self.0 {
            Engine::Sqlite(sqlite) => Connection::Sqlite(sqlite.reader()?),
            Engine::Postgres(postgres) => Connection::Postgres(postgres.connect().await?),
        }))
    }

    /// A connection that may write; only lanes, migrations and replays hold one.
    pub(crate) async fn writer(&self) -> Result<Reader> {
        Ok(Reader::over(match &*self.0 {
            Engine::Sqlite(sqlite) => Connection::Sqlite(sqlite.connect(true)?),
            Engine::Postgres(postgres) => Connection::Postgres(postgres.connect().await?),
        }))
    }

    /// Where servers on one database tell each other something; none on `SQLite`, which has one server.
    pub(crate) async fn wire(&self) -> Result<Option<Wire>> {
        match &*self.0 {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(postgres) => postgres.wire().await.map(Some),
        }
    }

    pub(crate) fn give_back(&self, reader: Reader) {
        if let (Engine::Sqlite(sqlite), Connection::Sqlite(connection)) = (&*self.0, reader.connection) {
            sqlite.give_back(connection);
        }
    }
}

enum Connection {
    Sqlite(sqlite::SqliteConnection),
    Postgres(postgres::PostgresConnection),
}

/// A connection one can ask.
pub struct Reader {
    connection: Connection,
    /// Writes not sent yet: on `PostgreSQL` they go out together, before the next question or the end of the job.
    pending: Vec<(&'static str, Params)>,
}

/// Writes held back at most; more are sent at once.
const PENDING: usize = 64;

impl Reader {
    fn over(connection: Connection) -> Self {
        Self { connection, pending: Vec::new() }
    }

    /// All rows.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn query(&mut self, sql: &'static str, params: Params) -> Result<Vec<Row>> {
        self.flush().await?;
        match &mut self.connection {
            Connection::Sqlite(sqlite) => sqlite.query(sql, &params),
            Connection::Postgres(postgres) => postgres.query(sql, &params).await,
        }
    }

    /// The first row, if any.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn maybe(&mut self, sql: &'static str, params: Params) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// The first row, which must be there (aggregates, rows known to exist).
    ///
    /// # Errors
    /// [`Error::NoRow`], or what the engine says.
    pub async fn one(&mut self, sql: &'static str, params: Params) -> Result<Row> {
        self.maybe(sql, params).await?.ok_or(Error::NoRow(sql))
    }

    /// Every row of a table, by name (replays compare whole tables).
    pub(crate) async fn table(&mut self, table: &str) -> Result<Vec<Row>> {
        self.flush().await?;
        let sql = format!("SELECT * FROM {table}");
        match &mut self.connection {
            Connection::Sqlite(sqlite) => sqlite.query_once(&sql),
            Connection::Postgres(postgres) => postgres.query_once(&sql).await,
        }
    }

    /// Statements without parameters, several at once.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        self.flush().await?;
        match &mut self.connection {
            Connection::Sqlite(sqlite) => sqlite.batch(sql),
            Connection::Postgres(postgres) => postgres.batch(sql).await,
        }
    }

    /// A write whose count nobody needs: at once on `SQLite`, held back and pipelined on `PostgreSQL`.
    pub(crate) async fn write(&mut self, sql: &'static str, params: Params) -> Result<()> {
        if let Connection::Sqlite(sqlite) = &mut self.connection {
            sqlite.execute(sql, &params)?;
            return Ok(());
        }
        self.pending.push((sql, params));
        if self.pending.len() >= PENDING { self.flush().await } else { Ok(()) }
    }

    /// A write, done now. Rows changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, params: Params) -> Result<u64> {
        self.flush().await?;
        match &mut self.connection {
            Connection::Sqlite(sqlite) => sqlite.execute(sql, &params),
            Connection::Postgres(postgres) => Ok(postgres.pipeline(&[(sql, params)]).await?[0]),
        }
    }

    /// Sends what was held back; every answer is checked.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let writes = std::mem::take(&mut self.pending);
        if let Connection::Postgres(postgres) = &mut self.connection {
            postgres.pipeline(&writes).await?;
        }
        Ok(())
    }

    /// Forgets what was held back, because its transaction is being rolled back, and says what it was.
    pub(crate) fn forget_pending(&mut self) -> Vec<&'static str> {
        self.pending.drain(..).map(|(sql, _)| sql).collect()
    }

    /// Whether this is the engine where other nodes may write the same stream.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// Starts a transaction that writes. `SQLite` takes its lock now, so that what is read stays true until the commit.
    pub(crate) async fn begin_write(&mut self) -> Result<()> {
        self.batch(if self.is_shared() { "BEGIN" } else { "BEGIN IMMEDIATE" }).await
    }

    /// Starts a transaction that sees one moment.
    pub(crate) async fn begin_snapshot(&mut self) -> Result<()> {
        self.batch(if self.is_shared() { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" })
            .await
    }

    /// The `SQLite` connection inside, for the online backup.
    pub(crate) fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match &self.connection {
            Connection::Sqlite(sqlite) => Some(&sqlite.connection),
            Connection::Postgres(_) => None,
        }
    }
}
