//! What changes devices.
//!
//! - [`codes`]: who makes them, and for whom.
//! - [`enrolment`]: a browser becomes a device, its person accepts the terms.
//! - [`acts`]: approve, lock, wipe and their opposites.

pub mod acts;
pub mod codes;
pub mod enrolment;

use kairan_core::{Actor, DeviceId, MemberId, Refusal};
use kairan_storage::{News, Stream, Tx};

use super::events::DeviceFact;

/// Appends to the member's own stream and tells their clients that the list of their devices is another.
async fn append(
    tx: &mut Tx,
    member: MemberId,
    actor: Actor,
    fact: impl Into<DeviceFact>,
) -> Result<(), Refusal> {
    append_from(tx, member, actor, None, fact).await
}

/// The same, with the device on which it was done.
async fn append_from(
    tx: &mut Tx,
    member: MemberId,
    actor: Actor,
    device: Option<DeviceId>,
    fact: impl Into<DeviceFact>,
) -> Result<(), Refusal> {
    tx.append(Stream::Member(member), actor, device, &fact.into()).await?;
    tx.tell(News::Mine { member, what: "devices", room: None });
    Ok(())
}
