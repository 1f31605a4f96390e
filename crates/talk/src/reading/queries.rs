//! Who has read how far.

use kairan_core::{Instant, MemberId, RoomId, Seq};
use kairan_storage::{Reader, Result, params};

/// How far one member has read a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Who.
    pub member: MemberId,
    /// Everything up to here.
    pub upto: Seq,
}

/// Everyone's position in a room.
///
/// # Errors
/// What storage says.
pub async fn positions(reader: &mut Reader, room: RoomId) -> Result<Vec<Position>> {
    let rows = reader.query("SELECT member, upto FROM marks_read WHERE room = $1", params![room]).await?;
    rows.iter().map(|row| Ok(Position { member: row.get(0)?, upto: row.get(1)? })).collect()
}

/// One member's position; none before they read anything.
///
/// # Errors
/// What storage says.
pub async fn position(reader: &mut Reader, room: RoomId, member: MemberId) -> Result<Option<Seq>> {
    reader
        .maybe("SELECT upto FROM marks_read WHERE room = $1 AND member = $2", params![room, member])
        .await?
        .map(|row| row.get(0))
        .transpose()
}

/// Who read the message at a place, and when: the first time a range of theirs reached it.
///
/// # Errors
/// What storage says.
pub async fn readers(reader: &mut Reader, room: RoomId, seq: i64) -> Result<Vec<(MemberId, Instant)>> {
    let sql = "SELECT member, MIN(at) FROM marks_reading WHERE room = $1 AND upto >= $2 GROUP BY member ORDER BY MIN(at), member";
    reader.query(sql, params![room, seq]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
