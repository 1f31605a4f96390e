//! Who is due a summary of what waits for them.

use std::collections::BTreeMap;

use kairan_core::{Instant, MemberId};
use kairan_people::preferences::events::Language;
use kairan_storage::{Reader, Result, params};

/// What waits for one member who wants mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Who.
    pub member: MemberId,
    /// Their mail address.
    pub address: String,
    /// Their language, when they chose one.
    pub language: Option<Language>,
    /// Where, and how much.
    pub rooms: Vec<SummaryRoom>,
}

/// What waits in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRoom {
    /// What the room is called; a room of two, after the other.
    pub name: String,
    /// Unread messages addressed to the member.
    pub count: i64,
}

/// Summaries to be sent at `now`: for those who want them, have an address, got none for `every` ms, and for whom something
/// addressed to them has waited for `waited` ms that the last summary did not speak of.
///
/// # Errors
/// What storage says.
pub async fn due(reader: &mut Reader, now: Instant, every: i64, waited: i64) -> Result<Vec<Summary>> {
    let mut found: BTreeMap<MemberId, (Summary, bool)> = BTreeMap::new();
    let (since, until) = (now.plus_ms(-every), now.plus_ms(-waited));
    for row in reader.query(DUE, params![now, since, until]).await? {
        let (member, language): (MemberId, Option<String>) = (row.get(0)?, row.get(2)?);
        let (newest, last): (Instant, Option<Instant>) = (row.get(5)?, row.get(6)?);
        let new = last.is_none_or(|last| newest > last.plus_ms(-waited));
        let entry = found.entry(member).or_insert_with(|| {
            let language = language.as_deref().and_then(Language::named);
            (Summary { member, address: String::new(), language, rooms: Vec::new() }, false)
        });
        entry.0.address = row.get(1)?;
        entry.0.rooms.push(SummaryRoom {
            name: row.get::<Option<String>>(3)?.unwrap_or_default(),
            count: row.get(4)?,
        });
        entry.1 |= new;
    }
    Ok(found.into_values().filter(|(_, new)| *new).map(|(summary, _)| summary).collect())
}

const DUE: &str = "SELECT w.member, p.email, l.language,
    COALESCE(r.name, (SELECT q.display_name FROM room_members t JOIN members q ON q.id = t.member WHERE t.room = m.room AND t.member <> m.member)),
    COUNT(*), MAX(g.at), d.at
  FROM marks_notify w JOIN members p ON p.id = w.member AND p.state = 'active' AND p.email IS NOT NULL AND p.email <> ''
  LEFT JOIN preferences l ON l.member = w.member
  LEFT JOIN marks_mailed d ON d.member = w.member
  JOIN room_members m ON m.member = w.member JOIN rooms r ON r.id = m.room AND r.archived = FALSE
  LEFT JOIN marks_read k ON k.room = m.room AND k.member = m.member
  LEFT JOIN marks_room o ON o.room = m.room AND o.member = m.member
  JOIN messages g ON g.room = m.room AND g.seq > COALESCE(k.upto, m.since) AND g.seq > m.floor AND g.author <> m.member
    AND g.deleted_at IS NULL AND g.at <= $3
  LEFT JOIN mentions n ON n.room = g.room AND n.member = m.member AND n.seq = g.seq
  WHERE w.mail = TRUE AND (w.quiet_until IS NULL OR w.quiet_until <= $1) AND (d.at IS NULL OR d.at <= $2)
    AND COALESCE(o.notify, 'all') <> 'none' AND (o.quiet_until IS NULL OR o.quiet_until <= $1)
    AND (r.kind = 'direct' OR g.everyone = TRUE OR n.member IS NOT NULL)
  GROUP BY w.member, p.email, l.language, m.room, m.member, r.name, d.at ORDER BY w.member, m.room";
