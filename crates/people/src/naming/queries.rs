//! Reading wishes for another name.

use kairan_core::{Instant, MemberId};
use kairan_storage::{Reader, Result, Row, params};

/// A wish that stands open, or was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whose.
    pub member: MemberId,
    /// The name.
    pub display_name: String,
    /// Since when.
    pub asked_at: Instant,
    /// That it was refused.
    pub refused: Option<Refusal>,
}

/// That a wish was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: Option<MemberId>,
    /// Why.
    pub reason: String,
}

fn from_row(row: &Row) -> Result<Request> {
    let refused_at: Option<Instant> = row.get(3)?;
    let refused = match refused_at {
        Some(at) => {
            Some(Refusal { at, by: row.get(4)?, reason: row.get::<Option<_>>(5)?.unwrap_or_default() })
        }
        None => None,
    };
    Ok(Request { member: row.get(0)?, display_name: row.get(1)?, asked_at: row.get(2)?, refused })
}

/// Somebody's wish.
///
/// # Errors
/// What the engine says.
pub async fn request(reader: &mut Reader, member: MemberId) -> Result<Option<Request>> {
    let sql = "SELECT member, display_name, asked_at, refused_at, refused_by, reason FROM name_requests WHERE member = $1";
    reader.maybe(sql, params![member]).await?.map(|row| from_row(&row)).transpose()
}

/// Every wish that stands open, oldest first.
///
/// # Errors
/// What the engine says.
pub async fn waiting(reader: &mut Reader) -> Result<Vec<Request>> {
    let sql = "SELECT member, display_name, asked_at, refused_at, refused_by, reason FROM name_requests WHERE refused_at IS NULL ORDER BY asked_at, member";
    reader.query(sql, params![]).await?.iter().map(from_row).collect()
}
