//! What waits for somebody, and what one browser is to be told now.

use kairan_core::ids::Id;
use kairan_core::time::DAY;
use kairan_core::{DeviceId, Instant, MemberId, RoomId, Seq, SessionId, text};
use kairan_people::devices;
use kairan_people::devices::rules::State;
use kairan_people::organisation::settings::{self, Shows};
use kairan_people::reach;
use kairan_people::reach::last_call::{self, LastCall};
use kairan_people::reach::rules::{Subscription, tag};
use kairan_storage::{Reader, Result, params};

use super::payload::{Payload, Tidings, What};
use super::rules::{Level, Listener, OLDEST_TOLD, Said};
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

/// The sessions that could be told of a room: subscribed, of someone in it.
///
/// # Errors
/// What storage says.
pub async fn subscribed_in(reader: &mut Reader, room: RoomId) -> Result<Vec<SessionId>> {
    let sql = "SELECT p.session FROM room_members m JOIN push_subscriptions p ON p.member = m.member WHERE m.room = $1 ORDER BY p.session";
    reader.query(sql, params![room]).await?.iter().map(|row| row.get(0)).collect()
}

/// Up to which place everybody was told of a room.
///
/// # Errors
/// What storage says.
pub async fn told_upto(reader: &mut Reader, room: RoomId) -> Result<Seq> {
    let row = reader.maybe("SELECT upto FROM marks_told WHERE room = $1", params![room]).await?;
    row.map_or(Ok(Seq::START), |row| row.get(0))
}

/// Rooms with something that nobody was told of yet, and with somebody who could be: what a stopped server left to do.
///
/// # Errors
/// What storage says.
pub async fn behind(reader: &mut Reader) -> Result<Vec<RoomId>> {
    let sql = "SELECT r.id FROM rooms r JOIN streams s ON s.stream = r.stream LEFT JOIN marks_told t ON t.room = r.id
        WHERE s.seq > COALESCE(t.upto, 0)
          AND EXISTS (SELECT 1 FROM room_members m JOIN push_subscriptions p ON p.member = m.member WHERE m.room = r.id)";
    reader.query(sql, params![]).await?.iter().map(|row| row.get(0)).collect()
}

/// Notices that wait to be told: who, of what, since when.
///
/// # Errors
/// What storage says.
pub async fn notices(reader: &mut Reader) -> Result<Vec<(MemberId, What, Instant)>> {
    let rows =
        reader.query("SELECT member, what, at FROM marks_notices ORDER BY at LIMIT 200", params![]).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(what) = What::named(&row.get::<String>(1)?) {
            all.push((row.get(0)?, what, row.get(2)?));
        }
    }
    Ok(all)
}

/// What a browser is to be told of a room now, of all that came after a place: decided anew at each try, so that nothing
/// goes out to someone who has read it, left, or signed out meanwhile. `None`: nothing.
///
/// # Errors
/// What storage says.
pub async fn of_room(
    reader: &mut Reader,
    session: SessionId,
    room: RoomId,
    after: Seq,
    now: Instant,
) -> Result<Option<Tidings>> {
    let push = settings::of(reader).await?.push;
    let Some((subscribed, subscription, nameless)) = reach::queries::reachable(reader, session, now).await?
    else {
        return Ok(None);
    };
    let shows = if nameless { Shows::Nothing } else { push.shows };
    let member = subscribed.member;
    let Some(listener) = listener(reader, member, room, push.on, subscribed.since).await? else {
        return Ok(None);
    };
    let after = after.max(listener.floor).max(listener.read);
    let Some((content, said)) = newest_told(reader, &listener, room, after, now).await? else {
        return Ok(None);
    };
    let waiting = waiting(reader, member).await?;
    let name = waiting.iter().find(|one| one.room == room).map(|one| one.name.clone());
    let body = match shows {
        Shows::Text => Some(excerpt(reader, &said, content, listener.direct).await?),
        Shows::Nothing | Shows::Room => None,
    };
    let payload = Payload {
        title: name.filter(|_| shows != Shows::Nothing).map(|name| short(&name, TITLE)),
        body,
        ..bare(What::Messages, tag(&subscription.auth, &room.bytes()), &subscription, &waiting)
    };
    let urgent = said.addressed || listener.direct;
    let secret = subscribed.secret;
    Ok(Some(Tidings { member, session, secret, subscription, payload, urgent, kept: OLDEST_TOLD }))
}

/// What a browser is to be told of a notice.
///
/// # Errors
/// What storage says.
pub async fn of_notice(
    reader: &mut Reader,
    session: SessionId,
    what: What,
    now: Instant,
) -> Result<Option<Tidings>> {
    if !settings::of(reader).await?.push.on {
        return Ok(None);
    }
    let Some((subscribed, subscription, _)) = reach::queries::reachable(reader, session, now).await? else {
        return Ok(None);
    };
    let quiet_until = reach::queries::wanted(reader, subscribed.member).await?.quiet_until;
    if quiet_until.is_some_and(|until| until > now) {
        return Ok(None);
    }
    let waiting = waiting(reader, subscribed.member).await?;
    let payload = bare(what, tag(&subscription.auth, what.name().as_bytes()), &subscription, &waiting);
    let (member, secret) = (subscribed.member, subscribed.secret);
    Ok(Some(Tidings { member, session, secret, subscription, payload, urgent: true, kept: OLDEST_TOLD }))
}

/// The longest that push services keep anything: four weeks, ms (Firebase Cloud Messaging, “Set the lifespan of a message”;
/// others shorten it as RFC 8030 §5.2 lets them).
const LONGEST_KEPT: i64 = 28 * DAY;

/// The call that wakes a device to wipe itself; `None`: it is not to be woken any more, or cannot be. It says nothing, and
/// whether there is something to wipe the device asks for itself.
///
/// # Errors
/// What storage says.
pub async fn of_wipe(reader: &mut Reader, device: DeviceId) -> Result<Option<Tidings>> {
    if !settings::of(reader).await?.push.on {
        return Ok(None);
    }
    let wiping = devices::queries::device(reader, device).await?.filter(|there| there.state == State::Wiping);
    let Some(call) = last_call::of(reader, device).await?.filter(|_| wiping.is_some()) else {
        return Ok(None);
    };
    let LastCall { member, session, secret, subscription } = call;
    Ok(subscription.map(|subscription| {
        let payload = bare(What::Wipe, tag(&subscription.auth, &device.bytes()), &subscription, &[]);
        Tidings { member, session, secret, subscription, payload, urgent: true, kept: LONGEST_KEPT }
    }))
}

/// Characters of a title, and of a text's beginning.
const TITLE: usize = 60;
const EXCERPT: usize = 120;
/// Bytes that one such beginning may take: a character may carry many marks.
const BYTES: usize = 720;
/// Names of waiting rooms in one payload: with them it stays well below the 3,993 bytes that RFC 8291 §4 lets it have.
const NAMED: usize = 60;
/// Messages looked at: whoever has more unread is told of the newest of these.
const LOOKED_AT: i64 = 500;

fn short(words: &str, characters: usize) -> String {
    let words = text::excerpt(words, characters);
    words[..words.floor_char_boundary(BYTES)].to_owned()
}

fn bare(what: What, tag: String, subscription: &Subscription, waiting: &[Waiting]) -> Payload {
    let names = waiting.iter().take(NAMED);
    Payload {
        v: 1,
        what,
        tag,
        badge: waiting.iter().map(|one| one.counted).sum(),
        waiting: names.map(|one| reach::rules::tag(&subscription.auth, &one.room.bytes())).collect(),
        title: None,
        body: None,
    }
}

async fn listener(
    reader: &mut Reader,
    member: MemberId,
    room: RoomId,
    organisation_on: bool,
    since: Instant,
) -> Result<Option<Listener>> {
    let sql = "SELECT r.kind, r.archived, m.floor, COALESCE(k.upto, m.since), o.notify, o.quiet_until, w.quiet_until
        FROM room_members m JOIN rooms r ON r.id = m.room
        LEFT JOIN marks_read k ON k.room = m.room AND k.member = m.member
        LEFT JOIN marks_room o ON o.room = m.room AND o.member = m.member
        LEFT JOIN marks_notify w ON w.member = m.member
        WHERE m.room = $1 AND m.member = $2";
    let Some(row) = reader.maybe(sql, params![room, member]).await? else { return Ok(None) };
    Ok(Some(Listener {
        member,
        direct: row.get::<String>(0)? == RoomKind::Direct.name(),
        archived: row.get(1)?,
        floor: row.get(2)?,
        read: row.get(3)?,
        level: Level::stored(row.get::<Option<String>>(4)?.as_deref()),
        room_quiet_until: row.get(5)?,
        quiet_until: row.get(6)?,
        organisation_on,
        since,
    }))
}

/// The newest message above a place that the listener is told of, with where its text lies.
async fn newest_told(
    reader: &mut Reader,
    listener: &Listener,
    room: RoomId,
    after: Seq,
    now: Instant,
) -> Result<Option<(kairan_core::ContentId, Said)>> {
    let sql =
        "SELECT g.seq, g.at, g.author, CASE WHEN g.everyone = TRUE OR n.member IS NOT NULL THEN 1 ELSE 0 END,
          CASE WHEN g.deleted_at IS NULL THEN 0 ELSE 1 END, g.content
        FROM messages g LEFT JOIN mentions n ON n.room = g.room AND n.member = $2 AND n.seq = g.seq
        WHERE g.room = $1 AND g.seq > $3 ORDER BY g.seq DESC LIMIT $4";
    for row in reader.query(sql, params![room, listener.member, after, LOOKED_AT]).await? {
        let said = Said {
            seq: row.get(0)?,
            at: row.get(1)?,
            author: row.get(2)?,
            addressed: row.get::<i64>(3)? == 1,
            deleted: row.get::<i64>(4)? == 1,
        };
        if listener.is_told(&said, now) {
            return Ok(Some((row.get(5)?, said)));
        }
    }
    Ok(None)
}

/// Who wrote and how it begins; in a room of two the title says who. Text names people as `@{id}`: here by their names.
async fn excerpt(
    reader: &mut Reader,
    said: &Said,
    content: kairan_core::ContentId,
    direct: bool,
) -> Result<String> {
    let words = reader.content(content).await?.unwrap_or_default();
    let words = short(&named(reader, &words).await?, EXCERPT);
    if direct {
        return Ok(words);
    }
    let sql = "SELECT display_name FROM members WHERE id = $1";
    let row = reader.maybe(sql, params![said.author]).await?;
    let author: String = row.map_or(Ok(String::new()), |row| row.get(0))?;
    // 「：」 separates as everywhere in the client; a message without words is announced by its author alone.
    Ok(if words.is_empty() { author } else { format!("{author}：{words}") })
}

/// A text with names in place of `@{id}`.
async fn named(reader: &mut Reader, words: &str) -> Result<String> {
    let mut plain = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once("@{") {
        plain.push_str(before);
        let Some((inside, beyond)) = after.split_once('}') else {
            rest = after;
            plain.push_str("@{");
            continue;
        };
        match inside.parse::<MemberId>() {
            Ok(member) => {
                let row =
                    reader.maybe("SELECT display_name FROM members WHERE id = $1", params![member]).await?;
                plain.push('@');
                plain.push_str(&row.map_or(Ok(String::new()), |row| row.get::<String>(0))?);
            }
            Err(_) if inside == "all" => plain.push_str("@全員"),
            Err(_) => plain.push_str(&format!("@{{{inside}}}")),
        }
        rest = beyond;
    }
    plain.push_str(rest);
    Ok(plain)
}
