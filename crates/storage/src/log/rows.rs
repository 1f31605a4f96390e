//! The log's tables, read.

use super::heads::{SignedHead, TreeHead};
use super::keys::KeyId;
use super::tree::Frontier;
use crate::database::Reader;
use crate::error::{Error, Result};
use crate::params;
use crate::value::{Params, Row};

/// A number of entries as the database keeps it. Nothing has 2⁶³ entries.
pub fn stored(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A number of entries out of the database.
pub fn size(row: &Row, column: usize) -> Result<u64> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| Error::Damaged("a negative size in the log".into()))
}

/// How far the tree has grown.
pub async fn frontier(reader: &mut Reader) -> Result<Frontier> {
    let Some(row) = reader.maybe("SELECT size, peaks FROM log_frontier WHERE id = 0", params![]).await?
    else {
        return Ok(Frontier::new());
    };
    Frontier::restore(size(&row, 0)?, &row.get::<Vec<u8>>(1)?)
        .ok_or_else(|| Error::Damaged("the stored edge of the log does not fit its size".into()))
}

/// How many entries the tree has, without its edge.
pub async fn entries(reader: &mut Reader) -> Result<i64> {
    let row = reader.maybe("SELECT size FROM log_frontier WHERE id = 0", params![]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// The columns of a head, in the order of [`head`].
fn head(row: &Row) -> Result<SignedHead> {
    let head = TreeHead { size: size(row, 0)?, root: row.get(1)?, at: row.get(2)?, key: KeyId(row.get(3)?) };
    Ok(SignedHead { head, signature: row.get(4)? })
}

/// A head as a row.
pub fn head_row(signed: &SignedHead) -> Params {
    let head = &signed.head;
    params![stored(head.size), head.root, head.at, head.key.0, signed.signature]
}

/// The newest head.
pub async fn newest_head(reader: &mut Reader) -> Result<Option<SignedHead>> {
    let sql = "SELECT size, root, at, key_id, signature FROM log_heads ORDER BY size DESC LIMIT 1";
    reader.maybe(sql, params![]).await?.as_ref().map(head).transpose()
}

/// Heads of more than `above` and at most `upto` entries, smallest first.
pub async fn heads(reader: &mut Reader, above: u64, upto: u64, limit: i64) -> Result<Vec<SignedHead>> {
    let sql = "SELECT size, root, at, key_id, signature FROM log_heads WHERE size > $1 AND size <= $2 ORDER BY size LIMIT $3";
    reader.query(sql, params![stored(above), stored(upto), limit]).await?.iter().map(head).collect()
}
