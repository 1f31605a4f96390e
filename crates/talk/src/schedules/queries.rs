//! Reading scheduled messages.

use kairan_core::{ContentId, Instant, MemberId, MessageId, RoomId};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::rules::{Failure, ScheduleState};
use crate::files;
use crate::files::queries::FileView;
use crate::messages::rules::Label;

/// A scheduled message.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleView {
    /// Its id, and the message's.
    pub id: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Where its text lies.
    pub content: ContentId,
    /// Its text; none when it is done.
    pub text: Option<String>,
    /// Its label.
    pub label: Option<Label>,
    /// What it answers.
    pub reply_to: Option<MessageId>,
    /// When.
    pub at: Instant,
    /// Where it stands.
    pub state: ScheduleState,
    /// Why it was not posted.
    pub failure: Option<Failure>,
    /// What it will bring, in order; nothing once it is done.
    pub files: Vec<FileView>,
}

/// One of a member's scheduled messages, in whatever state.
///
/// # Errors
/// What storage says.
pub async fn schedule(
    reader: &mut Reader,
    member: MemberId,
    message: MessageId,
) -> Result<Option<ScheduleView>> {
    let sql = "SELECT s.id, s.room, s.content, c.body, s.label, s.reply_to, s.at, s.state, s.failure FROM schedules s LEFT JOIN contents c ON c.id = s.content WHERE s.member = $1 AND s.id = $2";
    let Some(mut there) =
        reader.maybe(sql, params![member, message]).await?.as_ref().map(view).transpose()?
    else {
        return Ok(None);
    };
    let all = files::queries::of_schedules(reader, member).await?;
    there.files = all.into_iter().filter(|(one, _)| *one == message).map(|(_, file)| file).collect();
    Ok(Some(there))
}

/// A member's scheduled messages that are not done, by their time.
///
/// # Errors
/// What storage says.
pub async fn schedules(reader: &mut Reader, member: MemberId) -> Result<Vec<ScheduleView>> {
    let sql = "SELECT s.id, s.room, s.content, c.body, s.label, s.reply_to, s.at, s.state, s.failure FROM schedules s LEFT JOIN contents c ON c.id = s.content
        WHERE s.member = $1 AND s.state IN ('waiting', 'failed') ORDER BY s.at, s.id";
    let mut mine: Vec<ScheduleView> =
        reader.query(sql, params![member]).await?.iter().map(view).collect::<Result<_>>()?;
    for (schedule, file) in files::queries::of_schedules(reader, member).await? {
        if let Some(one) = mine.iter_mut().find(|one| one.id == schedule) {
            one.files.push(file);
        }
    }
    Ok(mine)
}

/// How many of a member's scheduled messages are not done.
///
/// # Errors
/// What storage says.
pub async fn count(reader: &mut Reader, member: MemberId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM schedules WHERE member = $1 AND state IN ('waiting', 'failed')";
    reader.one(sql, params![member]).await?.get(0)
}

/// Whose time has come: whose, which, and where to. The longest due first.
///
/// # Errors
/// What storage says.
pub async fn falling_due(
    reader: &mut Reader,
    now: Instant,
    limit: i64,
) -> Result<Vec<(MemberId, MessageId, RoomId)>> {
    let sql = "SELECT member, id, room FROM schedules WHERE state = 'waiting' AND at <= $1 ORDER BY at, id LIMIT $2";
    let rows = reader.query(sql, params![now, limit]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

/// When the next one is to be posted.
///
/// # Errors
/// What storage says.
pub async fn next(reader: &mut Reader) -> Result<Option<Instant>> {
    let sql = "SELECT at FROM schedules WHERE state = 'waiting' ORDER BY at LIMIT 1";
    reader.maybe(sql, params![]).await?.map(|row| row.get(0)).transpose()
}

fn view(row: &Row) -> Result<ScheduleView> {
    let label: Option<String> = row.get(4)?;
    let failure: Option<String> = row.get(8)?;
    Ok(ScheduleView {
        id: row.get(0)?,
        room: row.get(1)?,
        content: row.get(2)?,
        text: row.get::<Option<Vec<u8>>>(3)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        label: label.map(|name| Label::named(&name).ok_or(Error::NoRow("a label"))).transpose()?,
        reply_to: row.get(5)?,
        at: row.get(6)?,
        state: ScheduleState::named(&row.get::<String>(7)?).ok_or(Error::NoRow("a schedule's state"))?,
        failure: failure.map(|failure| serde_json::from_str(&failure)).transpose()?,
        files: Vec::new(),
    })
}
