//! Reading reminders.

use kairan_core::{Instant, MemberId, MessageId, ReminderId, RoomId};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::rules::ReminderState;
use crate::messages::queries::{MessageView, visible};

/// A reminder as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: ReminderId,
    /// Of which message.
    pub message: MessageId,
    /// In which room.
    pub room: RoomId,
    /// When.
    pub at: Instant,
    /// Where it stands.
    pub state: ReminderState,
}

fn kept_from(row: &Row) -> Result<Kept> {
    Ok(Kept {
        id: row.get(0)?,
        message: row.get(1)?,
        room: row.get(2)?,
        at: row.get(3)?,
        state: ReminderState::named(&row.get::<String>(4)?).ok_or(Error::NoRow("a reminder's state"))?,
    })
}

/// One reminder of a member.
///
/// # Errors
/// What storage says.
pub async fn kept(reader: &mut Reader, member: MemberId, reminder: ReminderId) -> Result<Option<Kept>> {
    let sql = "SELECT id, message, room, at, state FROM reminders WHERE member = $1 AND id = $2";
    reader.maybe(sql, params![member, reminder]).await?.map(|row| kept_from(&row)).transpose()
}

/// How many a member keeps.
///
/// # Errors
/// What storage says.
pub async fn count(reader: &mut Reader, member: MemberId) -> Result<i64> {
    reader.one("SELECT COUNT(*) FROM reminders WHERE member = $1", params![member]).await?.get(0)
}

/// A member's reminders by their time, those of messages that they see and nobody deleted.
///
/// # Errors
/// What storage says.
pub async fn reminders(reader: &mut Reader, member: MemberId) -> Result<Vec<(Kept, MessageView)>> {
    let sql = "SELECT id, message, room, at, state FROM reminders WHERE member = $1 ORDER BY at, id";
    let kept: Vec<Kept> =
        reader.query(sql, params![member]).await?.iter().map(kept_from).collect::<Result<_>>()?;
    shown(reader, member, kept).await
}

/// These reminders with their messages, as far as the member sees them and nobody deleted them.
///
/// # Errors
/// What storage says.
pub async fn shown(
    reader: &mut Reader,
    member: MemberId,
    kept: Vec<Kept>,
) -> Result<Vec<(Kept, MessageView)>> {
    let mut asked: Vec<(RoomId, MessageId)> = Vec::with_capacity(kept.len());
    for one in &kept {
        if !asked.contains(&(one.room, one.message)) {
            asked.push((one.room, one.message));
        }
    }
    let messages = visible(reader, member, &asked).await?;
    let living =
        |one: &Kept| messages.iter().find(|message| message.id == one.message && message.deleted.is_none());
    Ok(kept.into_iter().filter_map(|one| Some((one, living(&one)?.clone()))).collect())
}

/// Reminders whose time has come and that are not due yet, the longest due first.
///
/// # Errors
/// What storage says.
pub async fn falling_due(
    reader: &mut Reader,
    now: Instant,
    limit: i64,
) -> Result<Vec<(MemberId, ReminderId)>> {
    let sql = "SELECT member, id FROM reminders WHERE state = 'set' AND at <= $1 ORDER BY at LIMIT $2";
    reader.query(sql, params![now, limit]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// When the next one falls due.
///
/// # Errors
/// What storage says.
pub async fn next(reader: &mut Reader) -> Result<Option<Instant>> {
    let sql = "SELECT at FROM reminders WHERE state = 'set' ORDER BY at LIMIT 1";
    reader.maybe(sql, params![]).await?.map(|row| row.get(0)).transpose()
}
