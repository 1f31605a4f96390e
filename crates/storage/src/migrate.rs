//! Migrations: ordered files, each applied once, in one transaction, under a lock (R75: safe to kill anywhere).

use kairan_core::Surroundings;
use sha2::{Digest, Sha256};

use crate::database::{Database, Reader};
use crate::error::{Error, Result};
use crate::params;

/// One step of the schema. Never changed once released; the next step is a new file.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// `crate/0001_what`, unique.
    pub name: &'static str,
    /// Statements in the SQL both engines understand.
    pub sql: &'static str,
}

/// The journal's own steps; every other crate's come after.
pub static JOURNAL: &[Migration] = &[
    Migration { name: "storage/0001_journal", sql: include_str!("../migrations/0001_journal.sql") },
    Migration { name: "storage/0002_log", sql: include_str!("../migrations/0002_log.sql") },
];

/// Any number, the same on every node: `PostgreSQL`'s advisory lock for schema changes.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7216042613)";

/// Applies what is missing.
///
/// # Errors
/// What the engine says, or [`Error::Damaged`] when an applied step is not the one this binary knows.
pub async fn apply(database: &Database, migrations: &[Migration], surroundings: &Surroundings) -> Result<()> {
    let mut writer = database.writer().await?;
    writer.batch("CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY, digest TEXT NOT NULL, at BIGINT NOT NULL)").await?;
    for migration in JOURNAL.iter().chain(migrations) {
        writer.begin_write().await?;
        if let Err(error) = apply_one(&mut writer, migration, surroundings).await {
            let _ = writer.batch("ROLLBACK").await;
            return Err(error);
        }
        writer.batch("COMMIT").await?;
    }
    Ok(())
}

async fn apply_one(writer: &mut Reader, migration: &Migration, surroundings: &Surroundings) -> Result<()> {
    if writer.is_shared() {
        writer.batch(LOCK).await?;
    }
    let digest = hex::encode(Sha256::digest(migration.sql));
    if let Some(row) =
        writer.maybe("SELECT digest FROM migrations WHERE name = $1", params![migration.name]).await?
    {
        let applied: String = row.get(0)?;
        if applied == digest {
            return Ok(());
        }
        return Err(Error::Damaged(format!("migration {} was applied with another text", migration.name)));
    }
    writer.batch(migration.sql).await?;
    writer
        .execute(
            "INSERT INTO migrations (name, digest, at) VALUES ($1, $2, $3)",
            params![migration.name, digest, surroundings.now()],
        )
        .await?;
    Ok(())
}

/// The steps not applied yet, by name (for `doctor` and `/readyz`).
///
/// # Errors
/// What the engine says.
pub async fn pending(reader: &mut Reader, migrations: &[Migration]) -> Result<Vec<&'static str>> {
    let rows = reader.query("SELECT name FROM migrations", params![]).await?;
    let applied =
        rows.iter().map(|row| row.get::<String>(0)).collect::<Result<std::collections::HashSet<_>>>()?;
    Ok(JOURNAL
        .iter()
        .chain(migrations)
        .map(|migration| migration.name)
        .filter(|name| !applied.contains(*name))
        .collect())
}
