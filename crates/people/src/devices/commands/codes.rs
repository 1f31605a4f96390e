//! Codes that bring a device in.

use kairan_core::ids::Id;
use kairan_core::refusal::{FORBIDDEN, NOT_FOUND};
use kairan_core::{Actor, Instant, MemberId, Permission, Refusal, Role, Surroundings};
use kairan_storage::Tx;
use sha2::{Digest, Sha256};

use super::append;
use crate::Caller;
use crate::devices::events::{CodeMade, CodeRefused, CodeVoid};
use crate::devices::queries::{self, CODE_SECRET, OpenCode};
use crate::devices::rules::{CODE_LIFE, DEVICE_CODE_REFUSED, DEVICE_CODES_OFF, Ownership, may_give_code};
use crate::members::queries::record;
use crate::members::rules::MemberState;
use crate::short_code::{plain_short_code, short_code};

/// A new code, to be shown once.
#[must_use]
pub fn new_code(surroundings: &Surroundings) -> String {
    short_code(surroundings.bytes())
}

/// What is kept of a code; nothing when it is none. Bound to its person: another's opens nothing.
#[must_use]
pub fn digest(member: MemberId, code: &str) -> Option<[u8; 32]> {
    let plain = plain_short_code(code)?;
    Some(Sha256::new().chain_update(member.bytes()).chain_update(plain).finalize().into())
}

/// Makes a code for somebody else. Until when it opens.
///
/// # Errors
/// `permission.denied`, `not_found`.
pub async fn give(
    tx: &mut Tx,
    caller: &Caller,
    member: MemberId,
    ownership: Ownership,
    code: &str,
) -> Result<Instant, Refusal> {
    let from = queries::settings(tx).await?.code_from;
    let as_manager = caller.role == Role::Manager && from.manager;
    if !caller.role.may(Permission::ManageMembers) && !as_manager {
        return Err(Refusal::new(&FORBIDDEN));
    }
    let record = record(tx, member).await?.filter(|record| record.state != MemberState::Left);
    let record = record.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    let theirs = as_manager && queries::works_under(tx, caller.member, member).await?;
    may_give_code(caller.role, record.role, theirs, from)?;
    keep(tx, caller.actor(), member, ownership, code).await
}

/// Makes a code for whoever has the machine.
///
/// # Errors
/// `not_found`.
pub async fn give_from_command_line(
    tx: &mut Tx,
    member: MemberId,
    ownership: Ownership,
    code: &str,
) -> Result<Instant, Refusal> {
    let here = record(tx, member).await?.is_some_and(|record| record.state != MemberState::Left);
    if !here {
        return Err(Refusal::new(&NOT_FOUND));
    }
    keep(tx, Actor::CommandLine, member, ownership, code).await
}

/// Makes a code for a further device of one's own, on one that is enrolled.
///
/// # Errors
/// `device.codes_off`.
pub async fn give_own(tx: &mut Tx, caller: &Caller, code: &str) -> Result<Instant, Refusal> {
    if !queries::settings(tx).await?.code_from.own_device {
        return Err(Refusal::new(&DEVICE_CODES_OFF));
    }
    keep(tx, caller.actor(), caller.member, Ownership::Own, code).await
}

/// Keeps the hash of a code; those before are void.
async fn keep(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    ownership: Ownership,
    code: &str,
) -> Result<Instant, Refusal> {
    for before in queries::codes_of(tx, member).await? {
        append(tx, member, actor, CodeVoid { code: before.code }).await?;
        tx.erase_secret(before.code).await?;
    }
    let digest = digest(member, code).ok_or_else(|| Refusal::fault("a code just made is none"))?;
    let code = tx.put_secret(CODE_SECRET, &digest).await?;
    let expires_at = tx.now().plus_ms(CODE_LIFE);
    append(tx, member, actor, CodeMade { code, ownership, expires_at }).await?;
    Ok(expires_at)
}

/// The open code that this is.
///
/// # Errors
/// `device.code_refused`.
pub(super) async fn find(tx: &mut Tx, member: MemberId, code: &str) -> Result<OpenCode, Refusal> {
    let refused = || Refusal::new(&DEVICE_CODE_REFUSED);
    let digest = digest(member, code).ok_or_else(refused)?;
    let found = tx.find_secret(CODE_SECRET, &digest).await?.ok_or_else(refused)?;
    let now = tx.now();
    let open = queries::codes_of(tx, member).await?;
    open.into_iter().find(|open| open.code == found && now < open.expires_at).ok_or_else(refused)
}

/// Notes that somebody who knows a person's password offered a code that is none.
///
/// # Errors
/// What storage says.
pub async fn note_refused(tx: &mut Tx, member: MemberId, address: String) -> Result<(), Refusal> {
    append(tx, member, Actor::Nobody, CodeRefused { address }).await
}
