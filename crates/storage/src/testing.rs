//! Worlds for tests: the same scenario on a fresh `SQLite` file and a fresh, real `PostgreSQL` database.
//!
//! After every scenario the projections are replayed and compared, so a write that goes round the journal fails the
//! test that made it (invariant 2).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kairan_core::Surroundings;
use kairan_core::surroundings::held::{self, HeldClock};

use crate::migrate::Migration;
use crate::projection::Projection;
use crate::rebuild::{self, Scratch};
use crate::{Database, Store};

/// What a world is made of.
#[derive(Clone, Copy)]
pub struct Schema {
    /// The migrations after the journal's own.
    pub migrations: &'static [&'static [Migration]],
    /// Makes the projections.
    pub projections: fn() -> Vec<Box<dyn Projection>>,
}

/// A fresh store, time in the test's hand.
#[derive(Clone)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<HeldClock>,
    /// `sqlite` or `postgres`, for messages.
    pub engine: &'static str,
    /// The address of the `PostgreSQL` database, when it is one.
    pub url: Option<String>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Runs the scenario on both engines, then proves that the projections follow from the journal.
///
/// # Panics
/// When a scenario fails, or when `KAIRAN_TEST_POSTGRES` names no server: a skipped engine would be a silent hole.
pub async fn both_engines<F, Done>(schema: Schema, scenario: F)
where
    F: Fn(TestStore) -> Done,
    Done: Future<Output = ()>,
{
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = Database::sqlite(&folder.path().join("kairan.db")).expect("a fresh file");
    on_engine(schema, file, None, &scenario).await;

    #[expect(clippy::disallowed_methods, reason = "the test runner says where the server is")]
    let server = std::env::var("KAIRAN_TEST_POSTGRES")
        .expect("KAIRAN_TEST_POSTGRES names a PostgreSQL server (scripts/with-postgres.sh sets it)");
    let name = format!("kairan_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let mut admin = Database::postgres(&server, None)
        .expect("a postgres:// URL")
        .writer()
        .await
        .expect("the test PostgreSQL answers");
    admin.batch(&format!("DROP DATABASE IF EXISTS {name}")).await.expect("may drop databases");
    admin.batch(&format!("CREATE DATABASE {name}")).await.expect("may make databases");
    let url = with_database(&server, &name);
    on_engine(schema, Database::postgres(&url, None).expect("a postgres:// URL"), Some(url), &scenario).await;
    admin.batch(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("may drop databases");
}

fn with_database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').map_or((server, ""), |(base, query)| (base, query));
    let start = base.find("://").map_or(0, |at| at + 3);
    let host_end = base[start..].find('/').map_or(base.len(), |at| start + at);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{}/{name}{query}", &base[..host_end])
}

async fn on_engine<F, Done>(schema: Schema, database: Database, url: Option<String>, scenario: &F)
where
    F: Fn(TestStore) -> Done,
    Done: Future<Output = ()>,
{
    let (surroundings, clock) = held::surroundings(20_261_207);
    let migrations: Vec<Migration> = schema.migrations.iter().copied().flatten().copied().collect();
    let engine = database.engine();
    let store = Store::open(database, surroundings.clone(), &migrations, (schema.projections)(), 4)
        .await
        .expect("a fresh database opens");
    scenario(TestStore { store: store.clone(), clock, engine, url: url.clone() }).await;
    prove_projections(&store, &migrations, &(schema.projections)(), url.as_deref(), &surroundings).await;
}

async fn prove_projections(
    store: &Store,
    migrations: &[Migration],
    projections: &[Box<dyn Projection>],
    url: Option<&str>,
    surroundings: &Surroundings,
) {
    let source = store.database();
    let scratch = Scratch::beside(source, url, surroundings).await.expect("room for a replay");
    let differences = rebuild::check(source, &scratch.database, migrations, projections, surroundings)
        .await
        .expect("the journal replays");
    scratch.discard(source).await.expect("the replay is dropped");
    assert!(
        differences.is_empty(),
        "on {}: tables that do not follow from the journal: {differences:#?}",
        source.engine()
    );
}
