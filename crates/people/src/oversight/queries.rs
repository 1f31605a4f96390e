//! Asking the rules who passes them.

use std::collections::HashSet;

use kairan_core::{MemberId, Permission, Refusal, Role};
use kairan_storage::{Reader, params};
use serde::Serialize;
use utoipa::ToSchema;

use crate::devices::rules::may_give_code;
use crate::members::queries::{Record, record};
use crate::members::roles::{may_lock_member, may_manage};
use crate::members::rules::MemberState;
use crate::{Caller, Hooks, devices};

/// Most names told for one power.
const NAMES: usize = 5;

/// Something that can be done about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Change the record: name, reading, number, departments.
    Rename,
    /// Give another role.
    ChangeRole,
    /// Lock the whole account.
    LockAccount,
    /// Make a link that sets a new password.
    NewPassword,
    /// Make a code that ends the second factors.
    ResetFactor,
    /// See devices, with the last use and address of each.
    SeeDevices,
    /// Lock or wipe a device.
    LockDevice,
    /// Make a code for a new device.
    DeviceCode,
    /// Decide about devices, names and notifications for everybody.
    SetRules,
    /// Bring into a room, or take out of one.
    AddToRoom,
    /// Read the journal of what was done.
    ReadJournal,
}

/// Who it is, where no list of names says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Those who answer for the room.
    RoomManagers,
    /// Whoever runs the server, on its command line.
    Server,
}

/// Who has a power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Holders {
    /// Which.
    pub power: Power,
    /// Some of those who have it, those who do it every day first.
    pub who: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// Who it is, where no list of names says it.
    #[schema(required = true)]
    pub note: Option<Note>,
}

/// Somebody who could have a power.
struct Candidate {
    id: MemberId,
    name: String,
    role: Role,
}

/// Everybody here who has any power over others, those who do it every day before the owners.
async fn candidates(reader: &mut Reader) -> kairan_storage::Result<Vec<Candidate>> {
    let sql = "SELECT id, display_name, role FROM members WHERE role NOT IN ('member', 'partner') AND state = 'active' AND locked_at IS NULL ORDER BY family_kana, given_kana, id";
    let mut found = Vec::new();
    for row in reader.query(sql, params![]).await? {
        if let Some(role) = Role::named(&row.get::<String>(2)?) {
            found.push(Candidate { id: row.get(0)?, name: row.get(1)?, role });
        }
    }
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.role));
    Ok(found)
}

/// Who can do what about `member`.
///
/// # Errors
/// What storage says.
pub async fn oversight(
    reader: &mut Reader,
    hooks: &Hooks,
    member: MemberId,
) -> Result<Vec<Holders>, Refusal> {
    let own = found(reader, member).await?;
    let candidates = candidates(reader).await?;
    let codes = devices::queries::settings(reader).await?.code_from;
    let mut runs = Vec::new();
    for candidate in candidates.iter().filter(|one| one.role == Role::Manager && codes.manager) {
        if devices::queries::works_under(reader, candidate.id, member).await? {
            runs.push(candidate.id);
        }
    }
    let known = known(reader, hooks, own.role, member).await?;
    let of = |power: Power, passes: &dyn Fn(&Candidate) -> bool| {
        let all = candidates.iter().filter(|one| one.id != member && passes(one));
        let many = all.clone().count();
        let named = all.filter(|one| known.as_ref().is_none_or(|known| known.contains(&one.id)));
        let who = named.take(NAMES).map(|one| one.name.clone()).collect::<Vec<_>>();
        Holders { more: many - who.len(), power, who, note: None }
    };
    let manage = |one: &Candidate| may_manage(one.role, own.role);
    let at_desk = |power, note| Holders { power, who: Vec::new(), more: 0, note: Some(note) };
    Ok(vec![
        of(Power::Rename, &manage),
        of(Power::ChangeRole, &manage),
        of(Power::LockAccount, &|one| may_lock_member(one.role, own.role, false).is_ok()),
        of(Power::NewPassword, &manage),
        of(Power::ResetFactor, &manage),
        of(Power::SeeDevices, &|one| one.role.may(Permission::ManageMembers)),
        of(Power::LockDevice, &manage),
        of(Power::DeviceCode, &|one| {
            may_give_code(one.role, own.role, runs.contains(&one.id), codes).is_ok()
        }),
        of(Power::SetRules, &|one| one.role.may(Permission::ManageOrganisation)),
        at_desk(Power::AddToRoom, Note::RoomManagers),
        at_desk(Power::ReadJournal, Note::Server),
    ])
}

/// Names of at most `limit` people whom somebody can ask to change their record or end their second factors.
///
/// # Errors
/// What storage says.
pub async fn ask(
    reader: &mut Reader,
    hooks: &Hooks,
    member: MemberId,
    limit: usize,
) -> Result<Vec<String>, Refusal> {
    let role = found(reader, member).await?.role;
    let known = known(reader, hooks, role, member).await?;
    let all = candidates(reader).await?.into_iter();
    let managing = all.filter(|one| one.id != member && may_manage(one.role, role));
    let named = managing.filter(|one| known.as_ref().is_none_or(|known| known.contains(&one.id)));
    Ok(named.take(limit).map(|one| one.name).collect())
}

/// Whom a member of this role may know of; `None` is everybody (R70).
async fn known(
    reader: &mut Reader,
    hooks: &Hooks,
    role: Role,
    member: MemberId,
) -> Result<Option<HashSet<MemberId>>, Refusal> {
    if role.may(Permission::ViewDirectory) {
        return Ok(None);
    }
    Ok(Some(hooks.acquaintance.known_to(reader, member).await?))
}

async fn found(reader: &mut Reader, member: MemberId) -> Result<Record, Refusal> {
    let record = record(reader, member).await?.filter(|record| record.state != MemberState::Left);
    record.ok_or_else(|| Refusal::fault("a member with a session is not on record"))
}

/// Whether `by` may make codes for the devices of `record`'s person.
///
/// # Errors
/// What the engine says.
pub async fn gives_codes(reader: &mut Reader, by: &Caller, record: &Record) -> kairan_storage::Result<bool> {
    let from = devices::queries::settings(reader).await?.code_from;
    let runs = by.role == Role::Manager
        && from.manager
        && devices::queries::works_under(reader, by.member, record.id).await?;
    Ok(record.state != MemberState::Left && may_give_code(by.role, record.role, runs, from).is_ok())
}
