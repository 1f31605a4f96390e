//! What is done to a device that is there: let in, locked, told to wipe itself, and back.

use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, DeviceId, MemberId, Permission, Refusal};
use kairan_storage::{Reader, Tx, params};

use super::{append, append_from};
use crate::Caller;
use crate::devices::events::{
    Approved, Described, DeviceFact, Locked, Refused, Unlocked, WipeAsked, WipeCancelled, Wiped,
};
use crate::devices::queries::{self, Device};
use crate::devices::rules::{self, Act, By, DEVICE_ITSELF, Ownership, State};
use crate::members::queries::record;
use crate::members::roles::must_manage;
use crate::reach::last_call;
use crate::signin::commands::close_session;
use crate::signin::events::Why;

/// Who does something to a device.
#[derive(Debug, Clone)]
pub enum Hand {
    /// Its own person.
    Own(Caller),
    /// Somebody who manages its person.
    Admin(Caller),
    /// Whoever has the machine.
    CommandLine,
}

impl Hand {
    fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Own(caller) | Self::Admin(caller) => Some(caller),
            Self::CommandLine => None,
        }
    }

    fn actor(&self) -> Actor {
        self.caller().map_or(Actor::CommandLine, Caller::actor)
    }

    /// The device in this hand.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        self.caller().and_then(|caller| caller.device)
    }

    fn by(&self) -> By {
        match self {
            Self::Own(_) => By::Owner,
            Self::Admin(_) | Self::CommandLine => By::Admin,
        }
    }

    /// The device, if this hand may touch it.
    ///
    /// # Errors
    /// `permission.denied`, `not_found`, `role.above`.
    pub async fn reach(&self, reader: &mut Reader, device: DeviceId) -> Result<Device, Refusal> {
        if let Self::Admin(caller) = self {
            caller.may(Permission::ManageMembers)?;
        }
        let unknown = || Refusal::new(&NOT_FOUND);
        let device = queries::device(reader, device).await?.ok_or_else(unknown)?;
        match self {
            Self::Own(caller) if caller.member == device.member => Ok(device),
            Self::Own(_) => Err(unknown()),
            Self::CommandLine => Ok(device),
            Self::Admin(caller) if caller.member == device.member => Ok(device),
            Self::Admin(caller) => {
                let person = record(reader, device.member).await?.ok_or_else(unknown)?;
                must_manage(caller.role, person.role)?;
                Ok(device)
            }
        }
    }
}

/// Does it. What shuts a device out ends its sessions, and with them its sockets, in the same commit (R20). Doing what is
/// done already is no fault and no event.
///
/// # Errors
/// Those of [`Hand::reach`] and [`rules::act`]; `device.itself`.
pub async fn act(tx: &mut Tx, hand: &Hand, device: DeviceId, act: Act) -> Result<Device, Refusal> {
    let device = hand.reach(tx, device).await?;
    let actor = hand.actor();
    let undone = if act == Act::CancelWipe { device.wipe } else { device.lock };
    let own = undone.is_some_and(|(_, by)| by == Some(device.member));
    rules::may_act(act, hand.by(), own)?;
    if hand.device() == Some(device.id) {
        return Err(Refusal::new(&DEVICE_ITSELF));
    }
    if already(device.state, act) {
        return Ok(device);
    }
    rules::act(device.state, act, hand.by(), own)?;
    append_from(tx, device.member, actor, hand.device(), fact(device.id, act, 0)).await?;
    let why = match act {
        Act::Lock => Some(Why::DeviceLocked),
        Act::Wipe => Some(Why::DeviceWiped),
        Act::Refuse => Some(Why::DeviceRefused),
        _ => None,
    };
    if let Some(why) = why {
        close_sessions_of(tx, actor, device.member, device.id, why).await?;
    }
    if matches!(act, Act::Wipe | Act::CancelWipe) {
        last_call::want(tx, device.id, act == Act::Wipe).await?;
    }
    again(tx, device.id).await
}

/// Shuts one of the caller's own devices out because they say it is not theirs: one that is in use is locked, one that waits
/// for an administrator is not let in. Its sessions end in the same commit (R20); how many there were.
///
/// # Errors
/// `device.itself`; what storage says.
pub async fn shut_out(tx: &mut Tx, caller: &Caller, device: DeviceId) -> Result<i64, Refusal> {
    if caller.device == Some(device) {
        return Err(Refusal::new(&DEVICE_ITSELF));
    }
    let there = queries::device(tx, device).await?.filter(|there| there.member == caller.member);
    let (act, why) = match there.map(|there| there.state) {
        Some(State::Enrolled) => (Act::Lock, Why::DeviceLocked),
        Some(State::Pending) => (Act::Refuse, Why::DeviceRefused),
        _ => return Ok(0),
    };
    append_from(tx, caller.member, caller.actor(), caller.device, fact(device, act, 0)).await?;
    close_sessions_of(tx, caller.actor(), caller.member, device, why).await
}

fn already(state: State, act: Act) -> bool {
    matches!(
        (state, act),
        (State::Enrolled, Act::Approve | Act::Unlock)
            | (State::Removed, Act::Refuse)
            | (State::Locked, Act::Lock | Act::CancelWipe)
            | (State::Wiping, Act::Wipe)
            | (State::Wiped, Act::Confirm)
    )
}

fn fact(device: DeviceId, act: Act, items: i64) -> DeviceFact {
    match act {
        Act::Approve => Approved { device }.into(),
        Act::Refuse => Refused { device }.into(),
        Act::Lock => Locked { device }.into(),
        Act::Unlock => Unlocked { device }.into(),
        Act::Wipe => WipeAsked { device }.into(),
        Act::CancelWipe => WipeCancelled { device }.into(),
        Act::Confirm => Wiped { device, items }.into(),
    }
}

/// Ends every session of a device; how many there were.
async fn close_sessions_of(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    device: DeviceId,
    why: Why,
) -> Result<i64, Refusal> {
    let rows = tx.query("SELECT id FROM sessions WHERE device = $1 ORDER BY id", params![device]).await?;
    let many = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    for row in rows {
        close_session(tx, actor, member, row.get(0)?, why).await?;
    }
    Ok(many)
}

/// Keeps a device's word that it has wiped itself; the proof was checked before. Said again, it is no event. A device that
/// nobody told to wipe itself says nothing that is kept.
///
/// # Errors
/// `device.state`.
pub async fn confirm_wipe(tx: &mut Tx, device: &Device, items: i64) -> Result<(), Refusal> {
    let device = again(tx, device.id).await?;
    if already(device.state, Act::Confirm) {
        return Ok(());
    }
    rules::act(device.state, Act::Confirm, By::Owner, true)?;
    last_call::forget(tx, device.id).await?;
    // Nobody is signed in there; it is the device of this person that speaks.
    append(tx, device.member, Actor::Member(device.member), fact(device.id, Act::Confirm, items)).await
}

/// Gives a device another name, or corrects whose thing it is; only who manages its person does the latter.
///
/// # Errors
/// Those of [`Hand::reach`]; the fault of `name`.
pub async fn describe(
    tx: &mut Tx,
    hand: &Hand,
    device: DeviceId,
    name: Option<&str>,
    ownership: Option<Ownership>,
) -> Result<Device, Refusal> {
    let before = hand.reach(tx, device).await?;
    let name = name.map(rules::name).transpose()?.unwrap_or_else(|| before.name.clone());
    let ownership = ownership.unwrap_or(before.ownership);
    if (&name, ownership) != (&before.name, before.ownership) {
        append(tx, before.member, hand.actor(), Described { device, name, ownership }).await?;
    }
    again(tx, device).await
}

async fn again(reader: &mut Reader, device: DeviceId) -> Result<Device, Refusal> {
    queries::device(reader, device).await?.ok_or_else(|| Refusal::new(&NOT_FOUND))
}
