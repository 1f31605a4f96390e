//! Adding and changing members.

use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, FieldFault, MemberId, Permission, Refusal, Role};
use kairan_storage::{Reader, Stream, Tx};

use super::events::{Added, Changed, Joined, Locked, MemberFact, RoleChanged, Unlocked};
use super::queries::{self, Record};
use super::roles::{
    OWNER_LAST, ROLE_ABOVE, ROLE_KIND, kind_and_role, may_hold_both, may_lock_member, may_manage,
    must_manage, usual_role,
};
use super::rules::{DEPARTMENT_UNKNOWN, Draft, Kind, MemberState, Profile, profile};
use super::similar;
use crate::caller::FRESH;
use crate::signin::commands::close_sessions;
use crate::signin::events::Why;
use crate::signin::standing::demands_factor;
use crate::{Caller, Hooks, departments};

/// A new member as asked for.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The record.
    pub draft: Draft,
    /// The role, or the kind's usual one.
    pub role: Option<Role>,
}

impl Addition {
    /// Checks what can be checked without looking anything up.
    ///
    /// # Errors
    /// The faults, by field.
    pub fn check(&self) -> Result<(Profile, Role), Vec<FieldFault>> {
        let role = self.role.unwrap_or_else(|| usual_role(self.draft.kind.unwrap_or(Kind::Employee)));
        let mut faults = Vec::new();
        if !kind_and_role(self.draft.kind.unwrap_or(Kind::Employee), role) {
            faults.push(FieldFault::new("role", &ROLE_KIND));
        }
        match profile(&self.draft) {
            Ok(profile) if faults.is_empty() => Ok((profile, role)),
            Ok(_) => Err(faults),
            Err(more) => Err(more.into_iter().chain(faults).collect()),
        }
    }
}

/// A change of a member's record: the draft is what it shall be.
pub type Edit = Box<dyn Fn(&mut Draft) + Send + Sync>;

/// Adds a member (invited, or active at once when it is a bot).
///
/// # Errors
/// `permission.denied`, `role.above`, `proof.needed` (R23), faults by field, `name.taken` (R9), `login.taken`,
/// `staff_number.taken`, `role.conflict` (R59).
pub async fn add_member(
    tx: &mut Tx,
    caller: &Caller,
    hooks: &Hooks,
    addition: &Addition,
) -> Result<Record, Refusal> {
    caller.may(Permission::ManageMembers)?;
    let (profile, role) = addition.check().map_err(Refusal::fields)?;
    must_manage(caller.role, role)?;
    if demands_factor(role) {
        caller.proved_within(FRESH, tx.now())?;
    }
    check_departments(tx, &profile).await?;
    similar::check(tx, caller, hooks, (None, &profile, role)).await?;
    let member = put(tx, caller.actor(), profile, role).await?;
    hooks.belonging_changed.after(tx).await?;
    written(tx, member).await
}

/// Puts a checked record into the journal.
pub(crate) async fn put(
    tx: &mut Tx,
    actor: Actor,
    profile: Profile,
    role: Role,
) -> Result<MemberId, Refusal> {
    let member: MemberId = tx.surroundings().id();
    let bot = profile.kind == Kind::Bot;
    tx.append(Stream::Organisation, actor, None, &MemberFact::from(Added { member, profile, role })).await?;
    if bot {
        joined(tx, actor, member).await?;
    }
    Ok(member)
}

/// Notes that a member is here.
pub(crate) async fn joined(tx: &mut Tx, actor: Actor, member: MemberId) -> Result<(), Refusal> {
    tx.append(Stream::Organisation, actor, None, &MemberFact::from(Joined { member })).await?;
    Ok(())
}

/// Changes a member's record, role or both. A change of role ends their sessions (R18, R20).
///
/// # Errors
/// `not_found`, `permission.denied`, `role.above`, `owner.last`, and those of [`add_member`].
pub async fn change_member(
    tx: &mut Tx,
    caller: &Caller,
    hooks: &Hooks,
    member: MemberId,
    edit: &Edit,
    role: Option<Role>,
) -> Result<Record, Refusal> {
    caller.may(Permission::ManageMembers)?;
    let Some(before) = queries::record(tx, member).await? else { return Err(Refusal::new(&NOT_FOUND)) };
    let itself = member == caller.member;
    let role = role.unwrap_or(before.role);
    // One may correct one's own record, never one's own powers unless one may grant them.
    if !(may_manage(caller.role, before.role) || itself)
        || (role != before.role && !may_change(caller.role, before.role, role))
    {
        return Err(Refusal::new(&ROLE_ABOVE));
    }
    if role != before.role {
        caller.proved_within(FRESH, tx.now())?;
    }
    let mut draft = before.profile.to_draft();
    edit(&mut draft);
    let (profile, role) = Addition { draft, role: Some(role) }.check().map_err(Refusal::fields)?;
    check_departments(tx, &profile).await?;
    similar::check(tx, caller, hooks, (Some(member), &profile, role)).await?;
    let now = Record { profile: profile.clone(), ..before.clone() };
    put_role(tx, caller.actor(), &now, role).await?;
    if profile != before.profile {
        let moved = profile.departments != before.profile.departments;
        tx.append(Stream::Organisation, caller.actor(), None, &MemberFact::from(Changed { member, profile }))
            .await?;
        if moved {
            hooks.belonging_changed.after(tx).await?;
        }
    }
    written(tx, member).await
}

/// Gives somebody another role, which goes with their kind, and ends their sessions (R18, R20). What is so already is no
/// event.
///
/// # Errors
/// `role.conflict` (R59), `owner.last`.
pub(crate) async fn put_role(tx: &mut Tx, actor: Actor, before: &Record, role: Role) -> Result<(), Refusal> {
    let member = before.id;
    if role == before.role {
        return Ok(());
    }
    may_hold_both(before.role, role)?;
    queries::taken(tx, Some(member)).await?.check_duties(&before.profile, role)?;
    keep_an_owner(tx, before).await?;
    let fact = RoleChanged { member, from: before.role, to: role };
    tx.append(Stream::Organisation, actor, None, &MemberFact::from(fact)).await?;
    close_sessions(tx, actor, member, None, Why::RoleChanged).await
}

/// Refuses what would leave the organisation without an owner who can sign in.
async fn keep_an_owner(reader: &mut Reader, record: &Record) -> Result<(), Refusal> {
    let owner = record.role == Role::Owner && record.state == MemberState::Active;
    if owner && queries::other_owners(reader, record.id).await? == 0 {
        return Err(Refusal::new(&OWNER_LAST));
    }
    Ok(())
}

/// Locks a person or unlocks them. Locking ends every session of theirs in the same commit (R20); their devices stay
/// enrolled. What is so already is no event.
///
/// # Errors
/// `permission.denied`, `not_found`, `role.above`, `member.itself`, `owner.last`.
pub async fn set_lock(
    tx: &mut Tx,
    caller: &Caller,
    member: MemberId,
    locked: bool,
) -> Result<Record, Refusal> {
    caller.may(Permission::ManageMembers)?;
    let Some(record) = queries::record(tx, member).await? else { return Err(Refusal::new(&NOT_FOUND)) };
    may_lock_member(caller.role, record.role, member == caller.member)?;
    put_lock(tx, caller.actor(), &record, locked).await?;
    Ok(record)
}

/// Locks somebody or unlocks them. Whether anything changed.
///
/// # Errors
/// `owner.last`.
pub(crate) async fn put_lock(
    tx: &mut Tx,
    actor: Actor,
    record: &Record,
    locked: bool,
) -> Result<bool, Refusal> {
    let member = record.id;
    if queries::locked(tx, member).await?.is_some() == locked {
        return Ok(false);
    }
    if locked {
        keep_an_owner(tx, record).await?;
    }
    let fact = if locked { MemberFact::from(Locked { member }) } else { Unlocked { member }.into() };
    tx.append(Stream::Organisation, actor, None, &fact).await?;
    if locked {
        close_sessions(tx, actor, member, None, Why::MemberLocked).await?;
    }
    Ok(true)
}

fn may_change(by: Role, from: Role, to: Role) -> bool {
    may_manage(by, from) && may_manage(by, to)
}

async fn check_departments(reader: &mut Reader, profile: &Profile) -> Result<(), Refusal> {
    if profile.departments.is_empty() {
        return Ok(());
    }
    let tree = departments::queries::tree(reader).await?;
    let faults = profile
        .departments
        .iter()
        .enumerate()
        .filter(|(_, placement)| tree.get(placement.department).is_none());
    let faults =
        faults.map(|(at, _)| FieldFault::new(format!("departments[{at}].department"), &DEPARTMENT_UNKNOWN));
    let faults = faults.collect::<Vec<_>>();
    if faults.is_empty() { Ok(()) } else { Err(Refusal::fields(faults)) }
}

async fn written(reader: &mut Reader, member: MemberId) -> Result<Record, Refusal> {
    queries::record(reader, member).await?.ok_or_else(|| Refusal::fault("a member just written is not there"))
}
