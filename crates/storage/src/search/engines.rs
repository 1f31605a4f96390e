//! What each engine is told. Everything else about the index is written once.

use std::collections::BTreeSet;

use super::{Tag, Wanted};
use crate::database::Reader;
use crate::error::Result;
use crate::params;
use crate::tx::Tx;

/// Throws the grams away and makes their empty table.
///
/// FTS5: contentless, for the texts lie elsewhere; `detail=none`, for grams are only ANDed; the `ascii` tokenizer keeps
/// every character beyond ASCII, and letters and digits, in a token: grams have no others.
/// GIN: a small pending list, for every search reads it through.
pub async fn make(writer: &mut Reader) -> Result<()> {
    let sql = if writer.is_shared() {
        "DROP TABLE IF EXISTS search_grams; \
         CREATE TABLE search_grams (doc BIGINT NOT NULL PRIMARY KEY, grams TSVECTOR NOT NULL); \
         CREATE INDEX search_grams_grams ON search_grams USING GIN (grams) WITH (fastupdate = ON, gin_pending_list_limit = 512)"
    } else {
        "DROP TABLE IF EXISTS search_grams; \
         CREATE VIRTUAL TABLE search_grams USING fts5 (grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii')"
    };
    writer.batch(sql).await
}

/// Puts a document in, or puts it in another way.
pub async fn put(tx: &mut Tx, doc: i64, tags: &[Tag], grams: &BTreeSet<String>) -> Result<()> {
    let tokens = tags.iter().map(Tag::token).chain(grams.iter().cloned()).collect::<Vec<_>>().join(" ");
    let sql = if tx.is_shared() {
        "INSERT INTO search_grams (doc, grams) VALUES ($1, array_to_tsvector(string_to_array(CAST($2 AS TEXT), ' '))) \
         ON CONFLICT (doc) DO UPDATE SET grams = excluded.grams"
    } else {
        "INSERT OR REPLACE INTO search_grams (rowid, grams) VALUES ($1, $2)"
    };
    tx.write_own(sql, params![doc, tokens]).await
}

/// Takes a document out.
pub async fn remove(tx: &mut Tx, doc: i64) -> Result<()> {
    let sql = if tx.is_shared() {
        "DELETE FROM search_grams WHERE doc = $1"
    } else {
        "DELETE FROM search_grams WHERE rowid = $1"
    };
    tx.write_own(sql, params![doc]).await
}

pub async fn candidates(
    reader: &mut Reader,
    wanted: &Wanted,
    from: i64,
    below: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    let shared = reader.is_shared();
    let expression = expression(wanted, shared);
    if shared {
        // Whether to go through the grams or down the documents depends on how common the grams are: a plan that is made
        // without knowing them is wrong for half of all words. Of this transaction only.
        reader.batch("SET LOCAL plan_cache_mode = force_custom_plan").await?;
    }
    let sql = match (shared, expression.is_empty()) {
        (true, false) => {
            "SELECT doc FROM search_grams WHERE grams @@ CAST(CAST($4 AS TEXT) AS TSQUERY) AND doc >= $1 AND doc < $2 ORDER BY doc DESC LIMIT $3"
        }
        (true, true) => {
            "SELECT doc FROM search_grams WHERE doc >= $1 AND doc < $2 ORDER BY doc DESC LIMIT $3"
        }
        (false, false) => {
            "SELECT rowid FROM search_grams WHERE search_grams MATCH $4 AND rowid >= $1 AND rowid < $2 ORDER BY rowid DESC LIMIT $3"
        }
        (false, true) => {
            "SELECT id FROM search_grams_docsize WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3"
        }
    };
    let mut params = params![from, below, limit];
    if !expression.is_empty() {
        params.push(expression.into());
    }
    reader.query(sql, params).await?.iter().map(|row| row.get(0)).collect()
}

/// What is wanted in the engine's own words. Tokens hold no quotes: grams have no punctuation.
fn expression(wanted: &Wanted, shared: bool) -> String {
    let (quote, and, or) = if shared { ('\'', " & ", " | ") } else { ('"', " AND ", " OR ") };
    let quoted = |token: &str| format!("{quote}{token}{quote}");
    let mut parts: Vec<String> = wanted.grams.iter().map(|gram| quoted(gram)).collect();
    for any in &wanted.any {
        let tags = any.iter().map(|tag| quoted(&tag.token())).collect::<Vec<_>>();
        parts.push(format!("({})", tags.join(or)));
    }
    parts.join(and)
}

/// `PostgreSQL` chooses its way by what it knows of the table; FTS5 needs nothing.
pub async fn settle(writer: &mut Reader) -> Result<()> {
    if writer.is_shared() { writer.batch("VACUUM ANALYZE search_grams").await } else { Ok(()) }
}

pub async fn size(reader: &mut Reader) -> Result<i64> {
    let sql = if reader.is_shared() {
        "SELECT pg_total_relation_size('search_grams')"
    } else {
        "SELECT CAST(SUM(pgsize) AS INTEGER) FROM dbstat WHERE name LIKE 'search_grams%'"
    };
    reader.one(sql, params![]).await?.get(0)
}
