//! Reading members.

use std::collections::{HashMap, HashSet};

use kairan_core::{Instant, MemberId, Permission, Refusal, Role};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::rules::{Kind, MemberState, Placement, Profile};
use super::taken::{Holding, Taken, Whose};
use crate::{Caller, Hooks};

/// A member as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who.
    pub id: MemberId,
    /// The record.
    pub profile: Profile,
    /// 役割.
    pub role: Role,
    /// Where they stand.
    pub state: MemberState,
    /// Since when they are here.
    pub joined_at: Option<Instant>,
}

/// What only those who manage members see of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Until when their open invitation opens.
    pub invited_until: Option<Instant>,
    /// When a session of theirs was last used.
    pub last_seen: Option<Instant>,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// Since when and until when a code opens that ends them.
    pub factor_reset: Option<(Instant, Instant)>,
    /// Since when they are locked, and by whom.
    pub locked: Option<Lock>,
}

/// Since when somebody is locked, and by whom; nobody when it was done on the command line.
pub type Lock = (Instant, Option<MemberId>);

/// Since when a member is locked, and by whom.
///
/// # Errors
/// What the engine says.
pub async fn locked(reader: &mut Reader, member: MemberId) -> Result<Option<Lock>> {
    let sql = "SELECT locked_at, locked_by FROM members WHERE id = $1 AND locked_at IS NOT NULL";
    reader.maybe(sql, params![member]).await?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// One member.
///
/// # Errors
/// What the engine says.
pub async fn record(reader: &mut Reader, member: MemberId) -> Result<Option<Record>> {
    let sql = "SELECT id, family_name, given_name, family_kana, given_kana, display_name, staff_number, login, email, company, kind, role, state, joined_at FROM members WHERE id = $1";
    let Some(row) = reader.maybe(sql, params![member]).await? else { return Ok(None) };
    let mut record = from_row(&row)?;
    let sql = "SELECT department, position FROM member_departments WHERE member = $1 ORDER BY place";
    for row in reader.query(sql, params![member]).await? {
        record.profile.departments.push(Placement { department: row.get(0)?, position: row.get(1)? });
    }
    Ok(Some(record))
}

/// Members after `after` in the order of their ids, at most `limit`.
///
/// # Errors
/// What the engine says.
pub async fn page(reader: &mut Reader, after: Option<MemberId>, limit: i64) -> Result<Vec<Record>> {
    let sql = "SELECT id, family_name, given_name, family_kana, given_kana, display_name, staff_number, login, email, company, kind, role, state, joined_at FROM members WHERE id > $1 ORDER BY id LIMIT $2";
    let after = after.map_or_else(Vec::new, kairan_core::ids::Id::bytes);
    let rows = reader.query(sql, params![after, limit]).await?;
    let mut records = rows.iter().map(from_row).collect::<Result<Vec<_>>>()?;
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(records) };
    let sql = "SELECT member, department, position FROM member_departments WHERE member >= $1 AND member <= $2 ORDER BY member, place";
    let mut placements: HashMap<MemberId, Vec<Placement>> = HashMap::new();
    for row in reader.query(sql, params![first.id, last.id]).await? {
        let placement = Placement { department: row.get(1)?, position: row.get(2)? };
        placements.entry(row.get(0)?).or_default().push(placement);
    }
    for record in &mut records {
        record.profile.departments = placements.remove(&record.id).unwrap_or_default();
    }
    Ok(records)
}

/// These members, in the order of their ids; unknown ids are passed over.
///
/// # Errors
/// What the engine says.
pub async fn records(reader: &mut Reader, members: &HashSet<MemberId>) -> Result<Vec<Record>> {
    let mut ids = members.iter().copied().collect::<Vec<_>>();
    ids.sort_unstable();
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        records.extend(record(reader, id).await?);
    }
    Ok(records)
}

/// What only managers of members see.
///
/// # Errors
/// What the engine says.
pub async fn standing(reader: &mut Reader, member: MemberId) -> Result<Standing> {
    let sql = "SELECT MAX(expires_at) FROM invitations WHERE member = $1 AND standing = 'open'";
    let invited_until = reader.one(sql, params![member]).await?.get(0)?;
    let last_seen = reader
        .one("SELECT MAX(at) FROM marks_session_seen WHERE member = $1", params![member])
        .await?
        .get(0)?;
    let second_factor = crate::factors::queries::has_factor(reader, member).await?;
    let reset = crate::factors::queries::reset(reader, member).await?;
    let factor_reset = reset.map(|reset| (reset.made_at, reset.expires_at));
    let locked = locked(reader, member).await?;
    Ok(Standing { invited_until, last_seen, second_factor, factor_reset, locked })
}

/// Login ids, staff numbers and names in use, but for those of `except`.
///
/// # Errors
/// What the engine says.
pub async fn taken(reader: &mut Reader, except: Option<MemberId>) -> Result<Taken> {
    let mut taken = Taken::default();
    let sql = "SELECT id, login, staff_number, display_name, email, role FROM members";
    for row in reader.query(sql, params![]).await? {
        let member: MemberId = row.get(0)?;
        if Some(member) != except {
            let (login, staff_number): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
            let (name, email): (String, Option<String>) = (row.get(3)?, row.get(4)?);
            let role = Role::named(&row.get::<String>(5)?);
            taken.note(Holding {
                whose: Whose::Member(member),
                login: login.as_deref(),
                staff_number: staff_number.as_deref(),
                email: email.as_deref(),
                display_name: &name,
                role: role.ok_or_else(|| Error::Damaged("a member's role".into()))?,
            });
        }
    }
    Ok(taken)
}

/// The member with this login id or staff number (already folded by [`super::rules::handle`]).
///
/// # Errors
/// What the engine says.
pub async fn by_handle(reader: &mut Reader, handle: &str) -> Result<Option<MemberId>> {
    let sql = "SELECT id FROM members WHERE login = $1 OR staff_key = $1";
    reader.maybe(sql, params![handle]).await?.map(|row| row.get(0)).transpose()
}

/// How many owners are here and may sign in, without `except`.
///
/// # Errors
/// What the engine says.
pub async fn other_owners(reader: &mut Reader, except: MemberId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM members WHERE role = 'owner' AND state = 'active' AND locked_at IS NULL AND id <> $1";
    reader.one(sql, params![except]).await?.get(0)
}

/// Those whom the caller may see; `None` is everyone.
///
/// # Errors
/// What storage says.
pub async fn visible(
    reader: &mut Reader,
    caller: &Caller,
    hooks: &Hooks,
) -> Result<Option<HashSet<MemberId>>, Refusal> {
    if caller.role.may(Permission::ViewDirectory) {
        return Ok(None);
    }
    let mut known = hooks.acquaintance.known_to(reader, caller.member).await?;
    known.insert(caller.member);
    Ok(Some(known))
}

fn from_row(row: &Row) -> Result<Record> {
    let damaged = |what: &str| Error::Damaged(format!("a member's {what}"));
    Ok(Record {
        id: row.get(0)?,
        profile: Profile {
            family_name: row.get(1)?,
            given_name: row.get(2)?,
            family_kana: row.get(3)?,
            given_kana: row.get(4)?,
            display_name: row.get(5)?,
            staff_number: row.get(6)?,
            login: row.get(7)?,
            email: row.get(8)?,
            company: row.get(9)?,
            kind: Kind::named(&row.get::<String>(10)?).ok_or_else(|| damaged("kind"))?,
            departments: Vec::new(),
        },
        role: Role::named(&row.get::<String>(11)?).ok_or_else(|| damaged("role"))?,
        state: MemberState::named(&row.get::<String>(12)?).ok_or_else(|| damaged("state"))?,
        joined_at: row.get(13)?,
    })
}
