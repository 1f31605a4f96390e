//! What waits for somebody, room by room.

use kairan_core::{MemberId, RoomId};
use kairan_storage::{Reader, Result, params};

use super::rules::Level;
use crate::rooms::rules::RoomKind;

/// What waits in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Where.
    pub room: RoomId,
    /// What the room is called; a room of two, after the other.
    pub name: String,
    /// Messages of others not read.
    pub unread: i64,
    /// Of these, addressed to them.
    pub mentions: i64,
    /// How many of them count: what their level wants.
    pub counted: i64,
}

/// The rooms of a member in which something waits that they want to be told of; those put away do not count. Silence for a
/// while does not change it.
///
/// # Errors
/// What storage says.
pub async fn waiting(reader: &mut Reader, member: MemberId) -> Result<Vec<Waiting>> {
    let mut all = Vec::new();
    for row in reader.query(WAITING, params![member]).await? {
        let (unread, mentions): (i64, i64) = (row.get(4)?, row.get(5)?);
        let direct = row.get::<String>(1)? == RoomKind::Direct.name();
        let level = Level::stored(row.get::<Option<String>>(3)?.as_deref());
        let counted = match level {
            Level::All => unread,
            Level::Mentions if direct => unread,
            Level::Mentions => mentions,
            Level::None => 0,
        };
        if counted > 0 {
            let name = row.get::<Option<String>>(2)?.unwrap_or_default();
            all.push(Waiting { room: row.get(0)?, name, unread, mentions, counted });
        }
    }
    Ok(all)
}

const WAITING: &str = "SELECT m.room, r.kind, COALESCE(r.name, (SELECT p.display_name FROM room_members t JOIN members p ON p.id = t.member
      WHERE t.room = m.room AND t.member <> m.member)), o.notify, COUNT(*),
    CAST(SUM(CASE WHEN g.everyone = TRUE OR n.member IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT)
  FROM room_members m JOIN rooms r ON r.id = m.room AND r.archived = FALSE
  LEFT JOIN marks_read k ON k.room = m.room AND k.member = m.member
  LEFT JOIN marks_room o ON o.room = m.room AND o.member = m.member
  JOIN messages g ON g.room = m.room AND g.seq > COALESCE(k.upto, m.since) AND g.seq > m.floor AND g.author <> m.member AND g.deleted_at IS NULL
  LEFT JOIN mentions n ON n.room = g.room AND n.member = m.member AND n.seq = g.seq
  WHERE m.member = $1 GROUP BY m.room, r.kind, r.name, o.notify, m.member ORDER BY m.room";
