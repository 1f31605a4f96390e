//! What waits for somebody's word, found from where they last spoke in each room.
//!
//! Only what came after one's last word in a room is looked at, by `messages_author`, `mentions`' key and
//! `messages_place`; so a long past costs nothing.

use kairan_core::{Instant, MemberId, MessageId, RoomId};
use kairan_storage::{Reader, Result, params};

use crate::messages::queries::{MessageView, visible};

/// [`super::rules::Asked::waits`] in SQL: `open` holds what waits for member $1.
const OPEN: &str = "WITH mine AS (
  SELECT m.room, m.floor, r.kind, COALESCE((SELECT MAX(p.seq) FROM messages p
      WHERE p.author = m.member AND p.room = m.room AND p.deleted_at IS NULL), 0) AS posted
  FROM room_members m JOIN rooms r ON r.id = m.room WHERE m.member = $1 AND r.archived = FALSE),
asked AS (
  SELECT g.room, g.id, g.at, g.author FROM mine w
    JOIN mentions n ON n.room = w.room AND n.member = $1 AND n.seq > w.posted AND n.seq > w.floor
    JOIN messages g ON g.room = n.room AND g.seq = n.seq
    WHERE g.deleted_at IS NULL AND g.answered_at IS NULL
  UNION
  SELECT g.room, g.id, g.at, g.author FROM mine w
    JOIN messages g ON g.room = w.room AND g.seq > w.posted AND g.seq > w.floor
    WHERE w.kind = 'direct' AND g.label IN ('consult', 'request') AND g.deleted_at IS NULL AND g.answered_at IS NULL),
open AS (
  SELECT a.room, a.id, a.at FROM asked a WHERE a.author <> $1
    AND NOT EXISTS (SELECT 1 FROM reactions x WHERE x.message = a.id AND x.member = $1)) ";

/// One statement, `OPEN` in front; made once so that the database prepares it once.
macro_rules! select {
    ($rest:literal) => {{
        static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| [OPEN, $rest].concat());
        SQL.as_str()
    }};
}

/// How many messages wait for a member.
///
/// # Errors
/// What storage says.
pub async fn count(reader: &mut Reader, member: MemberId) -> Result<i64> {
    reader.one(select!("SELECT COUNT(*) FROM open"), params![member]).await?.get(0)
}

/// The messages that wait for a member, from before a moment, newest first, about `limit` (see
/// [`crate::bookmarks::queries::page`]); and whether there are older ones.
///
/// # Errors
/// What storage says.
pub async fn page(
    reader: &mut Reader,
    member: MemberId,
    before: Instant,
    limit: i64,
) -> Result<(Vec<MessageView>, bool)> {
    let sql = select!(
        "SELECT room, id, at FROM open WHERE at < $2
           AND at >= COALESCE((SELECT MAX(at) FROM open WHERE at < (SELECT at FROM open WHERE at < $2 ORDER BY at DESC LIMIT 1 OFFSET $3)), 0)
         ORDER BY at DESC, id DESC"
    );
    let rows = reader.query(sql, params![member, before, limit - 1]).await?;
    let ats: Vec<Instant> = rows.iter().map(|row| row.get(2)).collect::<Result<_>>()?;
    let (most, more) = crate::mine::cut(&ats, limit);
    let mut asked: Vec<(RoomId, MessageId)> = Vec::with_capacity(most);
    for row in &rows[..most] {
        asked.push((row.get(0)?, row.get(1)?));
    }
    Ok((visible(reader, member, &asked).await?, more))
}
