//! Reading rooms: what somebody is in them, and how they look to that person now.

use std::collections::HashMap;

use kairan_core::{DepartmentId, Instant, MemberId, MessageId, Permission, RoomId, Seq};
use kairan_people::Caller;
use kairan_storage::{Error, Reader, Result, Row, Stream, params};

use crate::files::rules::FileKind;

use super::rules::{History, RoomKind, Standing};
use crate::notifications::rules::Level;

/// What `member` is in `room`; `None` when they are not in it, or it does not exist.
///
/// # Errors
/// What storage says.
pub async fn standing(reader: &mut Reader, room: RoomId, member: MemberId) -> Result<Option<Standing>> {
    let row = reader
        .maybe(
            "SELECT r.kind, r.history, r.archived, m.manager, m.floor FROM room_members m JOIN rooms r ON r.id = m.room WHERE m.room = $1 AND m.member = $2",
            params![room, member],
        )
        .await?;
    row.map(|row| {
        Ok(Standing {
            kind: kind(&row, 0)?,
            history: history(&row, 1)?,
            archived: row.get(2)?,
            manager: row.get(3)?,
            floor: row.get(4)?,
        })
    })
    .transpose()
}

/// Who is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomMember {
    /// Who.
    pub member: MemberId,
    /// Whether they answer for the room.
    pub manager: bool,
    /// The place of the event that brought them in.
    pub since: Seq,
    /// They see what stands above this place.
    pub floor: Seq,
}

/// Everyone in a room, in the order they came.
///
/// # Errors
/// What storage says.
pub async fn members(reader: &mut Reader, room: RoomId) -> Result<Vec<RoomMember>> {
    let rows = reader
        .query(
            "SELECT member, manager, since, floor FROM room_members WHERE room = $1 ORDER BY since, member",
            params![room],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(RoomMember {
                member: row.get(0)?,
                manager: row.get(1)?,
                since: row.get(2)?,
                floor: row.get(3)?,
            })
        })
        .collect()
}

/// Who is in which of all rooms, and above which place they see (the gateway's picture at its start).
///
/// # Errors
/// What storage says.
pub async fn all_memberships(reader: &mut Reader) -> Result<Vec<(RoomId, MemberId, Seq)>> {
    reader
        .query("SELECT room, member, floor FROM room_members", params![])
        .await?
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .collect()
}

/// The rooms somebody is in, with the floor above which they see.
///
/// # Errors
/// What storage says.
pub async fn rooms_of(reader: &mut Reader, member: MemberId) -> Result<Vec<(RoomId, Seq)>> {
    reader
        .query("SELECT room, floor FROM room_members WHERE member = $1", params![member])
        .await?
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Everyone who shares a room with `member`, themselves included: all that a partner may know of the organisation (R70).
///
/// # Errors
/// What storage says.
pub async fn acquaintances(reader: &mut Reader, member: MemberId) -> Result<Vec<MemberId>> {
    let sql = "SELECT DISTINCT o.member FROM room_members m JOIN room_members o ON o.room = m.room WHERE m.member = $1";
    reader.query(sql, params![member]).await?.iter().map(|row| row.get(0)).collect()
}

/// Whether the caller may know of this person and put them into a room: they have not left, and a partner shares a room
/// with them already (R70).
///
/// # Errors
/// What storage says.
pub async fn may_know(reader: &mut Reader, caller: &Caller, member: MemberId) -> Result<bool> {
    if member != caller.member
        && caller.may(Permission::ViewDirectory).is_err()
        && !acquaintances(reader, caller.member).await?.contains(&member)
    {
        return Ok(false);
    }
    Ok(reader
        .maybe("SELECT 1 FROM members WHERE id = $1 AND state <> 'left'", params![member])
        .await?
        .is_some())
}

/// The direct room of a pair.
///
/// # Errors
/// What storage says.
pub async fn direct_room(reader: &mut Reader, one: MemberId, other: MemberId) -> Result<Option<RoomId>> {
    let pair = super::project::pair([one, other].into_iter());
    reader
        .maybe("SELECT id FROM rooms WHERE pair = $1", params![pair])
        .await?
        .map(|row| row.get(0))
        .transpose()
}

/// Whether the room exists at all (for making one with a client's id; never told to anyone outside).
///
/// # Errors
/// What storage says.
pub async fn exists(reader: &mut Reader, room: RoomId) -> Result<bool> {
    Ok(reader.maybe("SELECT 1 FROM rooms WHERE id = $1", params![room]).await?.is_some())
}

/// The rooms that follow a department.
///
/// # Errors
/// What storage says.
pub async fn department_rooms(reader: &mut Reader) -> Result<Vec<(RoomId, DepartmentId, History)>> {
    let rows = reader
        .query(
            "SELECT id, department, history FROM rooms WHERE kind = 'department' AND department IS NOT NULL",
            params![],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, history(row, 2)?))).collect()
}

/// A room as one member sees it.
#[derive(Debug, Clone)]
pub struct RoomView {
    /// Its id.
    pub id: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// Its name; none for direct rooms.
    pub name: Option<String>,
    /// What it is for.
    pub description: String,
    /// One grapheme.
    pub icon: Option<String>,
    /// The department it follows.
    pub department: Option<DepartmentId>,
    /// What newcomers see.
    pub history: History,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was made.
    pub created_at: Instant,
    /// The last place of its stream.
    pub head: Seq,
    /// Everyone in it.
    pub members: Vec<RoomMember>,
    /// How many of them are from outside.
    pub outsiders: i64,
    /// How it stands with the one who asks.
    pub mine: Mine,
    /// Its last message, as far as they may see it.
    pub last: Option<LastMessage>,
}

/// How a room stands with the one who asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mine {
    /// They see what stands above.
    pub floor: i64,
    /// They have read up to here.
    pub read: i64,
    /// When they last read.
    pub read_at: Option<Instant>,
    /// Messages of others not read.
    pub unread: i64,
    /// Of these, addressed to them.
    pub mentions: i64,
    /// Open 相談 and 依頼 of the room.
    pub open_consults: i64,
    /// What of it they want to be told of.
    pub notify: Level,
    /// Nothing before this instant.
    pub quiet_until: Option<Instant>,
    /// Kept at the top.
    pub favourite: bool,
}

/// The last message of a room.
#[derive(Debug, Clone)]
pub struct LastMessage {
    /// Its id.
    pub message: MessageId,
    /// Its place.
    pub seq: Seq,
    /// When.
    pub at: Instant,
    /// By whom.
    pub author: MemberId,
    /// Its text; none when deleted.
    pub text: Option<String>,
    /// How many files it brings.
    pub files: i64,
    /// What the first of them is.
    pub file_kind: Option<FileKind>,
}

/// Rooms of `member`, or the one named, as they see them. Not theirs or not there: not in the answer.
///
/// # Errors
/// What storage says.
pub async fn views(reader: &mut Reader, member: MemberId, only: Option<RoomId>) -> Result<Vec<RoomView>> {
    let asked = params![member, only];
    let mut views: Vec<RoomView> =
        reader.query(ROOMS, asked.clone()).await?.iter().map(view).collect::<Result<_>>()?;
    let index: HashMap<RoomId, usize> = views.iter().enumerate().map(|(at, view)| (view.id, at)).collect();
    let at = |row: &Row| -> Result<usize> {
        index.get(&row.get(0)?).copied().ok_or(Error::NoRow("a room of the first answer"))
    };

    for row in reader.query(MEMBERS, asked.clone()).await? {
        let view = &mut views[at(&row)?];
        view.members.push(RoomMember {
            member: row.get(1)?,
            manager: row.get(2)?,
            since: row.get(3)?,
            floor: row.get(4)?,
        });
        view.outsiders += i64::from(row.get::<bool>(5)?);
    }
    for row in reader.query(UNREAD, asked.clone()).await? {
        views[at(&row)?].mine.unread = row.get(1)?;
    }
    for row in reader.query(MENTIONED, asked.clone()).await? {
        views[at(&row)?].mine.mentions = row.get(1)?;
    }
    for row in reader.query(OPEN, asked.clone()).await? {
        views[at(&row)?].mine.open_consults = row.get(1)?;
    }
    for row in reader.query(LAST, asked).await? {
        let text: Option<Vec<u8>> = row.get(5)?;
        let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        views[at(&row)?].last = Some(LastMessage {
            message: row.get(1)?,
            seq: row.get(2)?,
            at: row.get(3)?,
            author: row.get(4)?,
            text,
            files: row.get(6)?,
            file_kind: row.get::<Option<String>>(7)?.as_deref().and_then(FileKind::named),
        });
    }
    Ok(views)
}

fn view(row: &Row) -> Result<RoomView> {
    Ok(RoomView {
        id: row.get(0)?,
        kind: kind(row, 1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        icon: row.get(4)?,
        department: row.get(5)?,
        history: history(row, 6)?,
        archived: row.get(7)?,
        created_at: row.get(8)?,
        head: row.get(9)?,
        members: Vec::new(),
        outsiders: 0,
        mine: Mine {
            floor: row.get(10)?,
            read: row.get(11)?,
            read_at: row.get(12)?,
            notify: Level::stored(row.get::<Option<String>>(13)?.as_deref()),
            quiet_until: row.get(14)?,
            favourite: row.get(15)?,
            ..Mine::default()
        },
        last: None,
    })
}

// Somebody who never marked anything counts as having read up to where they came in.
const ROOMS: &str = "SELECT r.id, r.kind, r.name, r.description, r.icon, r.department, r.history, r.archived, r.created_at, s.seq,
    m.floor, COALESCE(k.upto, m.since), k.at, o.notify, o.quiet_until, COALESCE(o.favourite, FALSE)
  FROM room_members m JOIN rooms r ON r.id = m.room JOIN streams s ON s.stream = r.stream
  LEFT JOIN marks_read k ON k.room = m.room AND k.member = m.member
  LEFT JOIN marks_room o ON o.room = m.room AND o.member = m.member
  WHERE m.member = $1 AND (CAST($2 AS BYTEA) IS NULL OR m.room = $2) ORDER BY r.id";

const MEMBERS: &str = "SELECT o.room, o.member, o.manager, o.since, o.floor, p.kind = 'partner'
  FROM room_members m JOIN room_members o ON o.room = m.room JOIN members p ON p.id = o.member
  WHERE m.member = $1 AND (CAST($2 AS BYTEA) IS NULL OR m.room = $2) ORDER BY o.room, o.since, o.member";

const UNREAD: &str = "SELECT m.room, COUNT(*) FROM room_members m LEFT JOIN marks_read k ON k.room = m.room AND k.member = m.member
  JOIN messages g ON g.room = m.room AND g.seq > COALESCE(k.upto, m.since) AND g.seq > m.floor AND g.author <> m.member AND g.deleted_at IS NULL
  WHERE m.member = $1 AND (CAST($2 AS BYTEA) IS NULL OR m.room = $2) GROUP BY m.room";

const MENTIONED: &str = "SELECT m.room, COUNT(*) FROM room_members m LEFT JOIN marks_read k ON k.room = m.room AND k.member = m.member
  JOIN messages g ON g.room = m.room AND g.seq > COALESCE(k.upto, m.since) AND g.seq > m.floor AND g.author <> m.member AND g.deleted_at IS NULL
  WHERE m.member = $1 AND (CAST($2 AS BYTEA) IS NULL OR m.room = $2)
    AND (g.everyone = TRUE OR EXISTS (SELECT 1 FROM mentions n WHERE n.room = m.room AND n.member = m.member AND n.seq = g.seq))
  GROUP BY m.room";

const OPEN: &str = "SELECT m.room, COUNT(*) FROM room_members m
  JOIN messages g ON g.room = m.room AND g.seq > m.floor AND g.label IN ('consult', 'request') AND g.answered_at IS NULL AND g.deleted_at IS NULL
  WHERE m.member = $1 AND (CAST($2 AS BYTEA) IS NULL OR m.room = $2) GROUP BY m.room";

const LAST: &str =
    "SELECT g.room, g.id, g.seq, g.at, g.author, CASE WHEN g.deleted_at IS NULL THEN c.body ELSE NULL END,
    CASE WHEN g.deleted_at IS NULL THEN (SELECT COUNT(*) FROM message_files k WHERE k.message = g.id) ELSE 0 END,
    CASE WHEN g.deleted_at IS NULL THEN (SELECT f.kind FROM message_files k JOIN files f ON f.id = k.file WHERE k.message = g.id ORDER BY k.position LIMIT 1) ELSE NULL END
  FROM room_members m JOIN messages g ON g.room = m.room AND g.seq > m.floor
    AND g.seq = (SELECT MAX(l.seq) FROM messages l WHERE l.room = m.room)
  LEFT JOIN contents c ON c.id = g.content
  WHERE m.member = $1 AND (CAST($2 AS BYTEA) IS NULL OR m.room = $2)";

fn kind(row: &Row, column: usize) -> Result<RoomKind> {
    RoomKind::named(&row.get::<String>(column)?).ok_or(Error::NoRow("a kind of room"))
}

fn history(row: &Row, column: usize) -> Result<History> {
    History::named(&row.get::<String>(column)?).ok_or(Error::NoRow("a rule for history"))
}

/// The last place of a room's stream.
///
/// # Errors
/// What storage says.
pub async fn head(reader: &mut Reader, room: RoomId) -> Result<Seq> {
    let row = reader.maybe("SELECT seq FROM streams WHERE stream = $1", params![Stream::Room(room)]).await?;
    row.map_or(Ok(Seq::START), |row| row.get(0))
}

/// Where every room's stream stands (the gateway's picture).
///
/// # Errors
/// What storage says.
pub async fn heads(reader: &mut Reader) -> Result<Vec<(RoomId, Seq)>> {
    let rows = reader
        .query("SELECT r.id, s.seq FROM rooms r JOIN streams s ON s.stream = r.stream", params![])
        .await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
