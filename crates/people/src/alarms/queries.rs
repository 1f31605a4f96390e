//! Reading alarms. Nothing expires here: security events are kept as long as the journal is (R66).

use kairan_core::{Actor, AlarmId, DeviceId, Instant, MemberId, SessionId};
use kairan_storage::{Error, Event, Reader, Result, Row, params};

use super::details::Details;
use super::rules::{Audience, Kind};
use crate::Caller;

/// An alarm, as one of those who may see it sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Which.
    pub id: AlarmId,
    /// When.
    pub at: Instant,
    /// What it says.
    pub kind: Kind,
    /// For whom.
    pub audience: Audience,
    /// Whom it is about.
    pub subject: Option<MemberId>,
    /// Who did it.
    pub actor: Actor,
    /// On which device, as the event says.
    pub made_on: Option<DeviceId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// To which device that session has come to belong.
    pub bound: Option<DeviceId>,
    /// The rest.
    pub details: Details,
    /// When its person said that it was not them.
    pub denied_at: Option<Instant>,
    /// When the one who asks saw it.
    pub seen_at: Option<Instant>,
}

impl Alarm {
    /// With which device it was done, as far as it is known by now.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        self.made_on.or(self.bound)
    }

    /// Whether it is about the very device, or session, that asks.
    #[must_use]
    pub fn is_about(&self, caller: &Caller) -> bool {
        let here = self.device().is_some() && self.device() == caller.device;
        here || self.session == Some(caller.session)
    }
}

/// Alarms as the member `$1` sees them; what follows says which.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.at, a.kind, a.audience, a.subject, a.actor, a.maker, a.device, a.session, s.device, a.facts, a.denied_at, seen.at FROM alarms a LEFT JOIN sessions s ON s.id = a.session LEFT JOIN alarms_seen seen ON seen.alarm = a.id AND seen.member = $1 ",
            $rest
        )
    };
}

fn from_row(row: &Row) -> Result<Alarm> {
    let damaged = |what: &str| Error::Damaged(format!("an alarm's {what}"));
    let text = |column: usize| row.get::<String>(column);
    let actor = match (text(5)?.as_str(), row.get::<Option<MemberId>>(6)?) {
        ("m", Some(member)) => Actor::Member(member),
        ("s", None) => Actor::System,
        ("c", None) => Actor::CommandLine,
        ("n", None) => Actor::Nobody,
        _ => return Err(damaged("actor")),
    };
    Ok(Alarm {
        id: row.get(0)?,
        at: row.get(1)?,
        kind: Kind::named(&text(2)?).ok_or_else(|| damaged("kind"))?,
        audience: Audience::named(&text(3)?).ok_or_else(|| damaged("audience"))?,
        subject: row.get(4)?,
        actor,
        made_on: row.get(7)?,
        session: row.get(8)?,
        bound: row.get(9)?,
        details: serde_json::from_str(&text(10)?)?,
        denied_at: row.get(11)?,
        seen_at: row.get(12)?,
    })
}

/// One alarm as `reads` sees it.
///
/// # Errors
/// What the engine says.
pub async fn alarm(reader: &mut Reader, alarm: AlarmId, reads: MemberId) -> Result<Option<Alarm>> {
    let row = reader.maybe(select!("WHERE a.id = $2"), params![reads, alarm]).await?;
    row.map(|row| from_row(&row)).transpose()
}

/// A member's own alarms, newest first.
///
/// # Errors
/// What the engine says.
pub async fn of_member(reader: &mut Reader, member: MemberId, limit: i64) -> Result<Vec<Alarm>> {
    let sql = select!("WHERE a.subject = $1 AND a.audience = 'member' ORDER BY a.id DESC LIMIT $2");
    reader.query(sql, params![member, limit]).await?.iter().map(from_row).collect()
}

/// A member's own alarms up to this one that they have not seen, newest first, 500 at most.
///
/// # Errors
/// What the engine says.
pub async fn unseen_of(reader: &mut Reader, member: MemberId, upto: AlarmId) -> Result<Vec<Alarm>> {
    let sql = select!(
        "WHERE a.subject = $1 AND a.audience = 'member' AND a.id <= $2 AND seen.at IS NULL ORDER BY a.id DESC LIMIT 500"
    );
    reader.query(sql, params![member, upto]).await?.iter().map(from_row).collect()
}

/// What those who manage members are told up to this one and `reads` has not seen, newest first, 500 at most.
///
/// # Errors
/// What the engine says.
pub async fn unseen_for_admins(reader: &mut Reader, reads: MemberId, upto: AlarmId) -> Result<Vec<AlarmId>> {
    let sql = "SELECT a.id FROM alarms a WHERE a.audience = 'admins' AND a.id <= $2 AND NOT EXISTS (SELECT 1 FROM alarms_seen s WHERE s.alarm = a.id AND s.member = $1) ORDER BY a.id DESC LIMIT 500";
    reader.query(sql, params![reads, upto]).await?.iter().map(|row| row.get(0)).collect()
}

/// What those who manage members are told, newest first: those before `before`, or the newest.
///
/// # Errors
/// What the engine says.
pub async fn for_admins(
    reader: &mut Reader,
    reads: MemberId,
    before: Option<AlarmId>,
    limit: i64,
) -> Result<Vec<Alarm>> {
    match before {
        Some(before) => {
            let sql = select!("WHERE a.audience = 'admins' AND a.id < $2 ORDER BY a.id DESC LIMIT $3");
            reader.query(sql, params![reads, before, limit]).await?.iter().map(from_row).collect()
        }
        None => {
            let sql = select!("WHERE a.audience = 'admins' ORDER BY a.id DESC LIMIT $2");
            reader.query(sql, params![reads, limit]).await?.iter().map(from_row).collect()
        }
    }
}

/// How many alarms for those who manage members `reads` has not seen.
///
/// # Errors
/// What the engine says.
pub async fn unseen_by_admin(reader: &mut Reader, reads: MemberId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM alarms a WHERE a.audience = 'admins' AND NOT EXISTS (SELECT 1 FROM alarms_seen s WHERE s.alarm = a.id AND s.member = $1)";
    let row = reader.maybe(sql, params![reads]).await?.ok_or(Error::NoRow("a count"))?;
    row.get(0)
}

/// Whom an event's alarms are for: those they are about, or those who manage members.
///
/// # Errors
/// What the engine says.
pub async fn raised_by(reader: &mut Reader, event: &Event) -> Result<Vec<(Audience, Option<MemberId>)>> {
    let sql = "SELECT audience, subject FROM alarms WHERE stream = $1 AND seq = $2";
    let rows = reader.query(sql, params![event.stream, event.seq]).await?;
    let read = |row: &Row| {
        let audience = Audience::named(&row.get::<String>(0)?);
        Ok((audience.ok_or_else(|| Error::Damaged("an alarm's audience".into()))?, row.get(1)?))
    };
    rows.iter().map(read).collect()
}
