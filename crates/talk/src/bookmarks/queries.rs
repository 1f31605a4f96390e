//! Reading one's bookmarks.

use kairan_core::{Instant, MemberId, MessageId, RoomId};
use kairan_storage::{Reader, Result, params};

use crate::messages::queries::{MessageView, visible};

/// Whether a member has marked a message.
///
/// # Errors
/// What storage says.
pub async fn has(reader: &mut Reader, member: MemberId, message: MessageId) -> Result<bool> {
    let sql = "SELECT 1 FROM bookmarks WHERE member = $1 AND message = $2";
    Ok(reader.maybe(sql, params![member, message]).await?.is_some())
}

/// How many messages a member has marked, those they no longer see among them.
///
/// # Errors
/// What storage says.
pub async fn count(reader: &mut Reader, member: MemberId) -> Result<i64> {
    reader.one("SELECT COUNT(*) FROM bookmarks WHERE member = $1", params![member]).await?.get(0)
}

/// A page of a member's bookmarks, newest first.
#[derive(Debug)]
pub struct Page {
    /// Each with when it was marked.
    pub bookmarks: Vec<(MessageView, Instant)>,
    /// Older ones exist.
    pub more: bool,
}

/// Bookmarks made before a moment, of messages that the member sees and nobody deleted. About `limit`: what was marked in
/// one millisecond stays on one page, or the next, which goes on by time, would pass it over.
///
/// # Errors
/// What storage says.
pub async fn page(reader: &mut Reader, member: MemberId, before: Instant, limit: i64) -> Result<Page> {
    let sql = "WITH seen AS (
          SELECT b.room, b.message, b.at FROM bookmarks b
          JOIN room_members m ON m.room = b.room AND m.member = b.member
          JOIN messages g ON g.id = b.message AND g.seq > m.floor AND g.deleted_at IS NULL
          WHERE b.member = $1 AND b.at < $2)
        SELECT room, message, at FROM seen
        WHERE at >= COALESCE((SELECT MAX(at) FROM seen WHERE at < (SELECT at FROM seen ORDER BY at DESC LIMIT 1 OFFSET $3)), 0) ORDER BY at DESC, message DESC";
    let rows = reader.query(sql, params![member, before, limit - 1]).await?;
    // One moment more was read than the page holds, to see whether there is more.
    let ats: Vec<Instant> = rows.iter().map(|row| row.get(2)).collect::<Result<_>>()?;
    let (most, more) = crate::mine::cut(&ats, limit);
    let mut asked: Vec<(RoomId, MessageId)> = Vec::with_capacity(most);
    for row in &rows[..most] {
        asked.push((row.get(0)?, row.get(1)?));
    }
    let mut messages = visible(reader, member, &asked).await?.into_iter().peekable();
    let mut bookmarks = Vec::with_capacity(most);
    for ((_, id), at) in asked.iter().zip(ats) {
        bookmarks.extend(messages.next_if(|message| message.id == *id).map(|message| (message, at)));
    }
    Ok(Page { bookmarks, more })
}
