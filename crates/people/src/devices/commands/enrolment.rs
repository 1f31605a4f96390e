//! A browser becomes a device of a person.

use kairan_core::{Actor, DeviceId, Instant, MemberId, Refusal};
use kairan_storage::{Tx, params};

use super::{append, codes};
use crate::Entering;
use crate::devices::events::{Added, Consented};
use crate::devices::project::SEEN;
use crate::devices::proof::PublicKey;
use crate::devices::queries;
use crate::devices::rules::{
    DEVICE_CODE_REFUSED, DEVICE_PROOF_REFUSED, DEVICE_STATE, DEVICE_TAKEN, DEVICE_TOO_MANY, Description,
    Ownership, TERMS_CHANGED,
};
use crate::policies::{self, Seat, Who};

/// A browser that wants to be a device; that it holds the key was checked.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Made by the client, so that an answer that was lost does not cost a code.
    pub device: DeviceId,
    /// What it says of itself.
    pub description: Description,
    /// What its signatures will be checked with.
    pub key: PublicKey,
    /// What somebody entitled showed its person.
    pub code: Option<String>,
    /// From which address.
    pub address: String,
}

/// Brings a device in for the person of this session. A code is not needed where [`queries::needs_no_code`] says so.
///
/// The same device with the same key again is no event: an answer was lost.
///
/// # Errors
/// `device.code_refused`, `device.too_many`, `device.taken`; those of [`crate::devices::rules::State::opens`].
pub async fn enrol(tx: &mut Tx, entering: &Entering, asked: &Enrolment) -> Result<(), Refusal> {
    let Entering { member, session, .. } = *entering;
    if let Some(there) = queries::device(tx, asked.device).await? {
        if there.member != member || there.key != asked.key {
            return Err(Refusal::new(&DEVICE_TAKEN));
        }
        return there.state.opens();
    }
    let code = match &asked.code {
        Some(code) => Some(codes::find(tx, member, code).await?),
        None if queries::needs_no_code(tx, entering.role, entering.invited).await? => None,
        None => return Err(Refusal::new(&DEVICE_CODE_REFUSED)),
    };
    let ownership = code.as_ref().map_or(Ownership::Own, |code| code.ownership);
    let seat = Seat::Device(asked.description.kind, ownership);
    let policy = policies::queries::of(tx, &Who { role: entering.role, seat }).await?;
    if let Some(most) = policy.devices {
        let there = queries::of_member(tx, member).await?;
        let many = there.iter().filter(|device| device.state.counts()).count();
        if i64::try_from(many).is_ok_and(|many| many >= most) {
            return Err(Refusal::new(&DEVICE_TOO_MANY).fact("limit", most));
        }
    }
    let Description { name, kind, os } = asked.description.clone();
    let fact = Added {
        device: asked.device,
        session,
        code: code.as_ref().map(|code| code.code),
        name,
        kind,
        os,
        ownership,
        key: hex::encode(asked.key.bytes()),
        pending: queries::settings(tx).await?.approval,
        address: asked.address.clone(),
    };
    append(tx, member, Actor::Member(member), fact).await?;
    if let Some(code) = code {
        tx.erase_secret(code.code).await?;
    }
    Ok(())
}

/// Notes that a person accepted the terms on a device.
///
/// # Errors
/// `device.terms_changed` when other terms are in force by now; `device.state`.
pub async fn consent(tx: &mut Tx, member: MemberId, device: DeviceId, version: i64) -> Result<(), Refusal> {
    if queries::terms(tx).await?.version != version {
        return Err(Refusal::new(&TERMS_CHANGED));
    }
    let there = queries::device(tx, device).await?.filter(|there| there.member == member);
    let there = there.ok_or_else(|| Refusal::new(&DEVICE_STATE))?;
    there.state.opens()?;
    if there.consent.is_none_or(|(before, _)| before != version) {
        append(tx, member, Actor::Member(member), Consented { device, version }).await?;
    }
    Ok(())
}

/// A device of `member` signs in: it may, and is noted to be in use.
///
/// # Errors
/// `device.locked`, `device.wipe`; `device.proof_refused` when it is none of theirs any more.
pub async fn used(tx: &mut Tx, device: DeviceId, member: MemberId, address: &str) -> Result<(), Refusal> {
    let there = queries::device(tx, device).await?.filter(|there| there.member == member);
    there.ok_or_else(|| Refusal::new(&DEVICE_PROOF_REFUSED))?.state.opens()?;
    mark_seen(tx, device, member, tx.now(), address).await
}

/// Notes that a device is in use. A mark, not an event.
///
/// # Errors
/// What storage says.
pub async fn mark_seen(
    tx: &mut Tx,
    device: DeviceId,
    member: MemberId,
    at: Instant,
    address: &str,
) -> Result<(), Refusal> {
    tx.mark(SEEN, params![device, member, at, address]).await?;
    Ok(())
}
