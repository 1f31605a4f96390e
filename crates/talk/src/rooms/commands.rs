//! What people do to rooms: load → policy → rules → append. Each is one write job on the room's stream.

use kairan_core::{Actor, DepartmentId, FieldFault, Instant, MemberId, Refusal, RoomId, refusal};
use kairan_people::Caller;
use kairan_people::reach::rules::within_a_year;
use kairan_storage::{Stream, Tx, params};

use super::events::{
    FirstMember, ManagerAdded, ManagerRemoved, MemberAdded, MemberRemoved, RoomArchived, RoomChanged,
    RoomCreated, RoomFact, RoomRestored,
};
use super::follow;
use super::queries::{self, RoomMember};
use super::rules::{self, History, RoomKind, Standing};
use crate::notifications::rules::Level;

/// What a new room is to be; checked for form by [`NewRoom::check`].
#[derive(Debug, Clone)]
pub struct NewRoom {
    /// Group, department or broadcast.
    pub kind: RoomKind,
    /// Name.
    pub name: String,
    /// Description, may be empty.
    pub description: String,
    /// Icon.
    pub icon: Option<String>,
    /// People besides the one who makes it.
    pub members: Vec<MemberId>,
    /// Managers besides the one who makes it.
    pub managers: Vec<MemberId>,
    /// For department rooms.
    pub department: Option<DepartmentId>,
    /// What newcomers see.
    pub history: History,
}

impl NewRoom {
    /// Normalises names and finds faults of form.
    ///
    /// # Errors
    /// Every faulty field at once.
    pub fn check(mut self) -> Result<Self, Refusal> {
        let mut faults = Vec::new();
        match rules::name(&self.name) {
            Ok(name) => self.name = name,
            Err(fault) => faults.push(fault),
        }
        match rules::description(&self.description) {
            Ok(description) => self.description = description,
            Err(fault) => faults.push(fault),
        }
        match self.icon.as_deref().map(rules::icon).transpose() {
            Ok(icon) => self.icon = icon,
            Err(fault) => faults.push(fault),
        }
        if self.members.len() + self.managers.len() > rules::PEOPLE_LIMIT {
            faults.push(FieldFault::new("members", &rules::TOO_MANY).fact("limit", rules::PEOPLE_LIMIT));
        }
        match (self.kind, self.department) {
            (RoomKind::Department, None) => {
                faults.push(FieldFault::new("department", &rules::DEPARTMENT_NEEDED));
            }
            (RoomKind::Group | RoomKind::Broadcast | RoomKind::Direct, Some(_)) => {
                faults.push(FieldFault::new("department", &rules::DEPARTMENT_UNWANTED));
            }
            _ => {}
        }
        if faults.is_empty() { Ok(self) } else { Err(Refusal::fields(faults)) }
    }
}

/// Makes a room under the client's id. `true` when it is new, `false` when the same request came before.
///
/// # Errors
/// 403 without the permission, 409 `room.id_taken`, 422 for people who cannot be added.
pub async fn create_room(tx: &mut Tx, caller: &Caller, room: RoomId, new: &NewRoom) -> Result<bool, Refusal> {
    if let Some(permission) = new.kind.permission() {
        caller.may(permission)?;
    }
    if queries::standing(tx, room, caller.member).await?.is_some() {
        return Ok(false);
    }
    if queries::exists(tx, room).await? {
        return Err((&rules::ID_TAKEN).into());
    }
    let mut managers = vec![caller.member];
    managers.extend(&new.managers);
    let mut members = new.members.clone();
    if let Some(department) = new.department {
        members = follow::people_of(tx, department)
            .await?
            .ok_or_else(|| Refusal::fields(vec![FieldFault::new("department", &rules::DEPARTMENT_NEEDED)]))?;
    }
    let mut first: Vec<FirstMember> = Vec::new();
    for (member, manager) in
        managers.into_iter().map(|m| (m, true)).chain(members.into_iter().map(|m| (m, false)))
    {
        if !first.iter().any(|one| one.member == member) {
            first.push(FirstMember { member, manager });
        }
    }
    addable(tx, caller, first.iter().map(|one| one.member)).await?;
    let made = RoomCreated {
        kind: new.kind,
        name: Some(new.name.clone()),
        description: new.description.clone(),
        icon: new.icon.clone(),
        department: new.department,
        history: new.history,
        members: first,
    };
    append(tx, caller, room, made).await?;
    Ok(true)
}

/// Opens the direct room of the caller and another; the one there is when there is one.
///
/// # Errors
/// 404 for somebody the caller may not know, 422 for oneself.
pub async fn open_direct_room(
    tx: &mut Tx,
    caller: &Caller,
    other: MemberId,
    room: RoomId,
) -> Result<(RoomId, bool), Refusal> {
    if other == caller.member {
        return Err((&rules::DIRECT_SELF).into());
    }
    if let Some(room) = queries::direct_room(tx, caller.member, other).await? {
        return Ok((room, false));
    }
    if addable(tx, caller, [other].into_iter()).await.is_err() {
        return Err((&refusal::NOT_FOUND).into());
    }
    if queries::exists(tx, room).await? {
        return Err((&rules::ID_TAKEN).into());
    }
    let members = [caller.member, other].map(|member| FirstMember { member, manager: true }).to_vec();
    let made = RoomCreated {
        kind: RoomKind::Direct,
        name: None,
        description: String::new(),
        icon: None,
        department: None,
        history: History::All,
        members,
    };
    append(tx, caller, room, made).await?;
    Ok((room, true))
}

/// Changes name, description, icon or history rule. Values are checked before.
///
/// # Errors
/// 404, 403 `room.not_manager`, 409 for direct rooms.
pub async fn change_room(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    change: &RoomChanged,
) -> Result<(), Refusal> {
    let standing = managed(tx, caller, room).await?;
    if standing.kind == RoomKind::Direct {
        return Err((&rules::DIRECT_FIXED).into());
    }
    if *change != RoomChanged::default() {
        append(tx, caller, room, change.clone()).await?;
    }
    Ok(())
}

/// Brings somebody in.
///
/// # Errors
/// 404, 403, 409 for direct and department rooms, 422 for somebody who cannot be added.
pub async fn add_member(tx: &mut Tx, caller: &Caller, room: RoomId, member: MemberId) -> Result<(), Refusal> {
    let standing = managed(tx, caller, room).await?;
    standing.membership_is_by_hand()?;
    if queries::standing(tx, room, member).await?.is_some() {
        return Ok(());
    }
    addable(tx, caller, [member].into_iter()).await?;
    let added = arrival(tx, room, standing.history, member, false).await?;
    append(tx, caller, room, added).await
}

/// The fact that brings `member` in next: what they see begins at their own arrival unless the room shows everything.
pub(super) async fn arrival(
    tx: &mut Tx,
    room: RoomId,
    history: History,
    member: MemberId,
    manager: bool,
) -> Result<MemberAdded, Refusal> {
    let floor = match history {
        History::All => kairan_core::Seq::START,
        History::FromJoin => tx.last_seq(Stream::Room(room)).await?,
    };
    Ok(MemberAdded { member, manager, floor })
}

/// Takes somebody out: from this event on nothing of the room reaches them (R25).
///
/// # Errors
/// 404, 403, 409 `room.last_manager` and for direct and department rooms.
pub async fn remove_member(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    member: MemberId,
) -> Result<(), Refusal> {
    let standing = if member == caller.member {
        standing(tx, caller, room).await?
    } else {
        managed(tx, caller, room).await?
    };
    take_out(tx, caller, room, standing, member).await
}

/// Leaves.
///
/// # Errors
/// 404, 409 `room.last_manager` and for direct and department rooms.
pub async fn leave_room(tx: &mut Tx, caller: &Caller, room: RoomId) -> Result<(), Refusal> {
    let standing = standing(tx, caller, room).await?;
    take_out(tx, caller, room, standing, caller.member).await
}

async fn take_out(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    standing: Standing,
    member: MemberId,
) -> Result<(), Refusal> {
    standing.membership_is_by_hand()?;
    let members = queries::members(tx, room).await?;
    if !members.iter().any(|one| one.member == member) {
        return Ok(());
    }
    rules::still_managed(&managers(&members), member)?;
    append(tx, caller, room, MemberRemoved { member, left: member == caller.member }).await
}

/// Makes a member of the room answer for it, or no longer.
///
/// # Errors
/// 404, 403, 409 `room.last_manager` and for direct rooms.
pub async fn set_manager(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    member: MemberId,
    manager: bool,
) -> Result<(), Refusal> {
    let standing = managed(tx, caller, room).await?;
    if standing.kind == RoomKind::Direct {
        return Err((&rules::DIRECT_FIXED).into());
    }
    let members = queries::members(tx, room).await?;
    let one = members.iter().find(|one| one.member == member).ok_or(&refusal::NOT_FOUND)?;
    if one.manager == manager {
        return Ok(());
    }
    if manager {
        return append(tx, caller, room, ManagerAdded { member }).await;
    }
    rules::still_managed(&managers(&members), member)?;
    append(tx, caller, room, ManagerRemoved { member }).await
}

/// Archives a room, or restores it.
///
/// # Errors
/// 404, 403, 409 for direct rooms.
pub async fn set_archived(tx: &mut Tx, caller: &Caller, room: RoomId, archived: bool) -> Result<(), Refusal> {
    let standing = managed(tx, caller, room).await?;
    if standing.kind == RoomKind::Direct {
        return Err((&rules::DIRECT_FIXED).into());
    }
    match (standing.archived, archived) {
        (false, true) => append(tx, caller, room, RoomArchived {}).await,
        (true, false) => append(tx, caller, room, RoomRestored {}).await,
        _ => Ok(()),
    }
}

/// How a member keeps a room; what is absent stays as it was.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    /// What of it they want to be told of.
    pub notify: Option<Level>,
    /// Nothing before this instant; the inner none ends the silence.
    pub quiet_until: Option<Option<Instant>>,
    /// Kept at the top.
    pub favourite: Option<bool>,
}

/// How the caller keeps a room: a mark of their own, not an event.
///
/// # Errors
/// 404; 422 for a silence without end.
pub async fn keep_room(tx: &mut Tx, caller: &Caller, room: RoomId, kept: Kept) -> Result<(), Refusal> {
    standing(tx, caller, room).await?;
    if let Some(Some(until)) = kept.quiet_until {
        within_a_year(until, tx.now())?;
    }
    let sql = "INSERT INTO marks_room (room, member, notify, quiet_until, favourite)
        VALUES ($1, $2, COALESCE($3, 'all'), CAST($4 AS BIGINT), COALESCE($6, FALSE))
        ON CONFLICT (room, member) DO UPDATE SET notify = COALESCE($3, marks_room.notify),
          quiet_until = CASE WHEN CAST($5 AS BOOLEAN) THEN excluded.quiet_until ELSE marks_room.quiet_until END,
          favourite = COALESCE($6, marks_room.favourite)";
    let (notify, until) = (kept.notify.map(Level::name), kept.quiet_until.flatten());
    let columns = params![room, caller.member, notify, until, kept.quiet_until.is_some(), kept.favourite];
    tx.mark(sql, columns).await?;
    tx.tell(kairan_storage::News::Own(caller.member));
    Ok(())
}

/// What the caller is in the room, or 404.
pub(crate) async fn standing(tx: &mut Tx, caller: &Caller, room: RoomId) -> Result<Standing, Refusal> {
    Ok(queries::standing(tx, room, caller.member).await?.ok_or(&refusal::NOT_FOUND)?)
}

async fn managed(tx: &mut Tx, caller: &Caller, room: RoomId) -> Result<Standing, Refusal> {
    let standing = standing(tx, caller, room).await?;
    standing.manages(caller.role)?;
    Ok(standing)
}

fn managers(members: &[RoomMember]) -> Vec<MemberId> {
    members.iter().filter(|one| one.manager).map(|one| one.member).collect()
}

/// Whether all of these may be put into a room by the caller: they exist, have not left, and the caller may know them.
async fn addable(
    tx: &mut Tx,
    caller: &Caller,
    members: impl Iterator<Item = MemberId>,
) -> Result<(), Refusal> {
    for member in members {
        if !queries::may_know(tx, caller, member).await? {
            return Err(Refusal::fields(vec![FieldFault::new("members", &rules::MEMBER_UNKNOWN)]));
        }
    }
    Ok(())
}

async fn append(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    fact: impl Into<RoomFact>,
) -> Result<(), Refusal> {
    tx.append(Stream::Room(room), Actor::Member(caller.member), None, &fact.into()).await?;
    Ok(())
}
