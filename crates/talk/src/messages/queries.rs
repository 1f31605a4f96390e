//! Reading messages: pages of a room as somebody may see them.

use std::collections::HashMap;

use kairan_core::{Instant, MemberId, MessageId, RoomId, Seq};
use kairan_storage::{Error, Params, Reader, Result, Row, params};

use super::rules::Label;
use crate::files;
use crate::files::queries::FileView;
use crate::files::rules::FileKind;

/// Who did something to a message, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Who.
    pub by: MemberId,
    /// When.
    pub at: Instant,
}

/// The message another one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Its id.
    pub message: MessageId,
    /// Its author.
    pub author: MemberId,
    /// Its text now; none when deleted.
    pub text: Option<String>,
    /// How many files it brings.
    pub files: i64,
    /// What the first of them is.
    pub file_kind: Option<FileKind>,
}

/// A message as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Its place there.
    pub seq: Seq,
    /// When it was posted.
    pub at: Instant,
    /// Who wrote it.
    pub author: MemberId,
    /// Its text; none when deleted.
    pub text: Option<String>,
    /// 報告・連絡・相談・依頼.
    pub label: Option<Label>,
    /// Settled, when it was a question.
    pub answered: Option<Done>,
    /// What it answers.
    pub reply_to: Option<Quoted>,
    /// Who is addressed by name.
    pub mentions: Vec<MemberId>,
    /// Whether everyone is.
    pub everyone: bool,
    /// When it was last edited.
    pub edited_at: Option<Instant>,
    /// How often.
    pub edits: i64,
    /// Deleted, by whom and when.
    pub deleted: Option<Done>,
    /// Pinned, by whom and when.
    pub pinned: Option<Done>,
    /// Reactions in the order they first came.
    pub reactions: Vec<(String, Vec<MemberId>)>,
    /// Readers other than the author.
    pub read_count: i64,
    /// The files it brings, in order; none when deleted.
    pub files: Vec<FileView>,
}

/// Which part of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The newest.
    Newest,
    /// Those before a place.
    Before(i64),
    /// Those after a place.
    After(i64),
    /// Those around a place.
    Around(i64),
}

/// A page, ascending, and whether there is more either way.
#[derive(Debug, Clone)]
pub struct Page {
    /// The messages, ascending by place.
    pub messages: Vec<MessageView>,
    /// Older ones exist.
    pub more_before: bool,
    /// Newer ones exist.
    pub more_after: bool,
}

const COLUMNS: &str = "SELECT g.id, g.room, g.seq, g.at, g.author, CASE WHEN g.deleted_at IS NULL THEN c.body ELSE NULL END, g.label,
    g.answered_by, g.answered_at, g.reply_to, q.author, CASE WHEN q.deleted_at IS NULL THEN d.body ELSE NULL END,
    g.mentions, g.everyone, g.edited_at, g.edits, g.deleted_by, g.deleted_at, g.pinned_by, g.pinned_at, q.seq,
    CASE WHEN q.deleted_at IS NULL THEN (SELECT COUNT(*) FROM message_files k WHERE k.message = q.id) ELSE 0 END,
    CASE WHEN q.deleted_at IS NULL THEN (SELECT f.kind FROM message_files k JOIN files f ON f.id = k.file WHERE k.message = q.id ORDER BY k.position LIMIT 1) ELSE NULL END
  FROM messages g LEFT JOIN contents c ON c.id = g.content LEFT JOIN messages q ON q.id = g.reply_to LEFT JOIN contents d ON d.id = q.content ";

/// One statement for each part, `COLUMNS` in front; made once so that the database prepares it once.
macro_rules! select {
    ($rest:literal) => {{
        static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| [COLUMNS, $rest].concat());
        SQL.as_str()
    }};
}

/// A page of a room above `floor`.
///
/// # Errors
/// What storage says.
pub async fn page(reader: &mut Reader, room: RoomId, floor: i64, part: Part, limit: i64) -> Result<Page> {
    let before = select!("WHERE g.room = $1 AND g.seq > $2 AND g.seq < $3 ORDER BY g.seq DESC LIMIT $4");
    let after = select!("WHERE g.room = $1 AND g.seq > $2 AND g.seq > $3 ORDER BY g.seq LIMIT $4");
    let ask = |place: i64, limit: i64| params![room, floor, place, limit + 1];
    let (older, newer) = match part {
        Part::Newest => (reader.query(before, ask(i64::MAX, limit)).await?, Vec::new()),
        Part::Before(place) => (reader.query(before, ask(place, limit)).await?, Vec::new()),
        Part::After(place) => (Vec::new(), reader.query(after, ask(place, limit)).await?),
        Part::Around(place) => {
            let half = (limit / 2).max(1);
            (
                reader.query(before, ask(place, half)).await?,
                reader.query(after, ask(place.saturating_sub(1), limit - half)).await?,
            )
        }
    };
    let (most_older, most_newer) = match part {
        Part::Around(_) => ((limit / 2).max(1), limit - (limit / 2).max(1)),
        Part::Newest | Part::Before(_) | Part::After(_) => (limit, limit),
    };
    let fits = |rows: &[Row], most: i64| i64::try_from(rows.len()).unwrap_or(i64::MAX) <= most;
    let (no_more_before, no_more_after) = (fits(&older, most_older), fits(&newer, most_newer));
    let take = |most: i64| usize::try_from(most).unwrap_or(0);
    let rows = older.iter().take(take(most_older)).rev().chain(newer.iter().take(take(most_newer)));
    let mut messages: Vec<MessageView> = rows.map(|row| view(row, floor)).collect::<Result<_>>()?;
    complete(reader, room, &mut messages).await?;
    let first = messages.first().map_or(floor, |message| message.seq.0);
    let last = messages.last().map_or(i64::MAX, |message| message.seq.0);
    let (more_before, more_after) = match part {
        Part::Newest => (!no_more_before, false),
        Part::Before(_) => (!no_more_before, !messages.is_empty() && beyond(reader, room, last).await?),
        Part::After(_) => (!messages.is_empty() && behind(reader, room, floor, first).await?, !no_more_after),
        Part::Around(_) => (!no_more_before, !no_more_after),
    };
    Ok(Page { messages, more_before, more_after })
}

async fn beyond(reader: &mut Reader, room: RoomId, place: i64) -> Result<bool> {
    Ok(reader
        .maybe("SELECT 1 FROM messages WHERE room = $1 AND seq > $2 LIMIT 1", params![room, place])
        .await?
        .is_some())
}

async fn behind(reader: &mut Reader, room: RoomId, floor: i64, place: i64) -> Result<bool> {
    Ok(reader
        .maybe(
            "SELECT 1 FROM messages WHERE room = $1 AND seq > $2 AND seq < $3 LIMIT 1",
            params![room, floor, place],
        )
        .await?
        .is_some())
}

/// One message of a room above `floor`.
///
/// # Errors
/// What storage says.
pub async fn message(
    reader: &mut Reader,
    room: RoomId,
    floor: i64,
    message: MessageId,
) -> Result<Option<MessageView>> {
    let sql = select!("WHERE g.id = $1 AND g.room = $2 AND g.seq > $3");
    some(reader, room, floor, sql, params![message, room, floor]).await.map(|found| found.into_iter().next())
}

/// The pinned messages of a room above `floor`, newest pin first.
///
/// # Errors
/// What storage says.
pub async fn pinned(reader: &mut Reader, room: RoomId, floor: i64) -> Result<Vec<MessageView>> {
    let sql = select!(
        "WHERE g.room = $1 AND g.seq > $2 AND g.pinned_at IS NOT NULL ORDER BY g.pinned_at DESC, g.seq DESC"
    );
    some(reader, room, floor, sql, params![room, floor]).await
}

/// Messages of any rooms in the order asked for: those of rooms that `member` is in, above their floor (R25).
///
/// # Errors
/// What storage says.
pub async fn visible(
    reader: &mut Reader,
    member: MemberId,
    asked: &[(RoomId, MessageId)],
) -> Result<Vec<MessageView>> {
    let floors: HashMap<RoomId, Seq> =
        crate::rooms::queries::rooms_of(reader, member).await?.into_iter().collect();
    let sql = select!("WHERE g.id = $1 AND g.room = $2 AND g.seq > $3");
    let mut messages = Vec::with_capacity(asked.len());
    for (room, message) in asked {
        let Some(floor) = floors.get(room) else { continue };
        if let Some(row) = reader.maybe(sql, params![*message, *room, *floor]).await? {
            messages.push(view(&row, floor.0)?);
        }
    }
    // Reactions and readers are asked for by stretches of a room, so that what lies far apart is not read in between.
    messages.sort_by_key(|message| (message.room, message.seq));
    for stretch in messages.chunk_by_mut(|one, next| one.room == next.room && next.seq.0 - one.seq.0 <= 64) {
        let room = stretch[0].room;
        complete(reader, room, stretch).await?;
    }
    let place: HashMap<MessageId, usize> =
        asked.iter().enumerate().map(|(at, (_, message))| (*message, at)).collect();
    messages.sort_by_key(|message| place.get(&message.id).copied());
    Ok(messages)
}

async fn some(
    reader: &mut Reader,
    room: RoomId,
    floor: i64,
    sql: &'static str,
    params: Params,
) -> Result<Vec<MessageView>> {
    let rows = reader.query(sql, params).await?;
    let mut messages: Vec<MessageView> = rows.iter().map(|row| view(row, floor)).collect::<Result<_>>()?;
    complete(reader, room, &mut messages).await?;
    Ok(messages)
}

/// Where a message is, for links to it; the asker's right to see it is decided by the caller.
///
/// # Errors
/// What storage says.
pub async fn place(reader: &mut Reader, message: MessageId) -> Result<Option<(RoomId, i64)>> {
    reader
        .maybe("SELECT room, seq FROM messages WHERE id = $1", params![message])
        .await?
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .transpose()
}

/// What a command needs to know of a message.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its room.
    pub room: RoomId,
    /// Its place.
    pub seq: i64,
    /// Its author.
    pub author: MemberId,
    /// Its label.
    pub label: Option<Label>,
    /// Whether it is settled.
    pub answered: bool,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Whether it is pinned.
    pub pinned: bool,
}

/// See [`Known`].
///
/// # Errors
/// What storage says.
pub async fn known(reader: &mut Reader, message: MessageId) -> Result<Option<Known>> {
    let sql = "SELECT room, seq, author, label, answered_at IS NOT NULL, deleted_at IS NOT NULL, pinned_at IS NOT NULL FROM messages WHERE id = $1";
    let row = reader.maybe(sql, params![message]).await?;
    row.map(|row| {
        Ok(Known {
            room: row.get(0)?,
            seq: row.get(1)?,
            author: row.get(2)?,
            label: label(&row, 3)?,
            answered: row.get(4)?,
            deleted: row.get(5)?,
            pinned: row.get(6)?,
        })
    })
    .transpose()
}

/// How often somebody addressed everyone since a moment (R33).
///
/// # Errors
/// What storage says.
pub async fn everyone_count(reader: &mut Reader, author: MemberId, since: Instant) -> Result<i64> {
    reader
        .one(
            "SELECT COUNT(*) FROM messages WHERE author = $1 AND everyone = TRUE AND at > $2",
            params![author, since],
        )
        .await?
        .get(0)
}

/// Different reactions on a message, whether this one is among them, and whether this member gave it.
///
/// # Errors
/// What storage says.
pub async fn reaction_state(
    reader: &mut Reader,
    message: MessageId,
    reaction: &str,
    member: MemberId,
) -> Result<(i64, bool, bool)> {
    let rows =
        reader.query("SELECT DISTINCT reaction FROM reactions WHERE message = $1", params![message]).await?;
    let there = rows.iter().any(|row| row.get::<String>(0).is_ok_and(|one| one == reaction));
    let mine = reader
        .maybe(
            "SELECT 1 FROM reactions WHERE message = $1 AND reaction = $2 AND member = $3",
            params![message, reaction, member],
        )
        .await?
        .is_some();
    Ok((i64::try_from(rows.len()).unwrap_or(i64::MAX), there, mine))
}

/// Adds reactions, files and readers to messages of one room.
async fn complete(reader: &mut Reader, room: RoomId, messages: &mut [MessageView]) -> Result<()> {
    let (Some(first), Some(last)) =
        (messages.iter().map(|m| m.seq).min(), messages.iter().map(|m| m.seq).max())
    else {
        return Ok(());
    };
    let index: HashMap<MessageId, usize> =
        messages.iter().enumerate().map(|(at, message)| (message.id, at)).collect();
    let sql = "SELECT r.message, r.reaction, r.member FROM messages g JOIN reactions r ON r.message = g.id
        WHERE g.room = $1 AND g.seq >= $2 AND g.seq <= $3 ORDER BY r.seq, r.reaction, r.member";
    for row in reader.query(sql, params![room, first, last]).await? {
        let Some(at) = index.get(&row.get(0)?) else { continue };
        let (reaction, member): (String, MemberId) = (row.get(1)?, row.get(2)?);
        let reactions = &mut messages[*at].reactions;
        match reactions.iter_mut().find(|(one, _)| *one == reaction) {
            Some((_, members)) => members.push(member),
            None => reactions.push((reaction, vec![member])),
        }
    }
    for (message, file) in files::queries::of_messages(reader, room, first, last).await? {
        if let Some(at) = index.get(&message) {
            messages[*at].files.push(file);
        }
    }
    let positions = crate::reading::queries::positions(reader, room).await?;
    for message in messages {
        let readers = positions
            .iter()
            .filter(|position| position.member != message.author && position.upto >= message.seq);
        message.read_count = i64::try_from(readers.count()).unwrap_or(i64::MAX);
    }
    Ok(())
}

/// A message as somebody sees it who sees what stands above `floor`: an answer to what stands below quotes nothing.
fn view(row: &Row, floor: i64) -> Result<MessageView> {
    let reply: Option<MessageId> = row.get(9)?;
    let quoted_author: Option<MemberId> = row.get(10)?;
    let quoted_place: Option<i64> = row.get(20)?;
    Ok(MessageView {
        id: row.get(0)?,
        room: row.get(1)?,
        seq: row.get(2)?,
        at: row.get(3)?,
        author: row.get(4)?,
        text: words(row, 5)?,
        label: label(row, 6)?,
        answered: done(row, 7)?,
        reply_to: match reply.zip(quoted_author) {
            Some((message, author)) if quoted_place.is_some_and(|place| place > floor) => Some(Quoted {
                message,
                author,
                text: words(row, 11)?,
                files: row.get(21)?,
                file_kind: row.get::<Option<String>>(22)?.as_deref().and_then(FileKind::named),
            }),
            _ => None,
        },
        mentions: serde_json::from_str(&row.get::<String>(12)?)?,
        everyone: row.get(13)?,
        edited_at: row.get(14)?,
        edits: row.get(15)?,
        deleted: done(row, 16)?,
        pinned: done(row, 18)?,
        reactions: Vec::new(),
        read_count: 0,
        files: Vec::new(),
    })
}

fn words(row: &Row, column: usize) -> Result<Option<String>> {
    Ok(row.get::<Option<Vec<u8>>>(column)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn label(row: &Row, column: usize) -> Result<Option<Label>> {
    let name: Option<String> = row.get(column)?;
    name.map(|name| Label::named(&name).ok_or(Error::NoRow("a label"))).transpose()
}

/// Reads `by, at` at `column` and the next.
fn done(row: &Row, column: usize) -> Result<Option<Done>> {
    let (by, at): (Option<MemberId>, Option<Instant>) = (row.get(column)?, row.get(column + 1)?);
    Ok(by.zip(at).map(|(by, at)| Done { by, at }))
}
