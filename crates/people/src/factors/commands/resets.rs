//! Codes that end somebody's factors, handed over in person (R8).
//!
//! It stays true that such a code serves once, for its own person, and that everybody it concerns can see it waiting.

use kairan_core::ids::Id;
use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, Instant, MemberId, Permission, Refusal, SessionId};
use kairan_storage::Tx;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{append, proved_within};
use crate::Caller;
use crate::factors::events::{Reset, ResetUsed, ResetWithdrawn, Why};
use crate::factors::queries::{self, RESET_SECRET};
use crate::factors::rules::{FACTOR_NONE, FACTOR_OWN, FRESH, RESET_LIFE};
use crate::members::queries::record;
use crate::members::roles::must_manage;
use crate::short_code::plain_short_code;
use crate::signin::commands::close_sessions;

/// Makes a code that ends somebody's factors (R8); one made before opens nothing any more. Until when it opens.
///
/// # Errors
/// `permission.denied`, `not_found`, `role.above`, `proof.needed`, `factor.own`, `factor.none`.
pub async fn reset(tx: &mut Tx, caller: &Caller, member: MemberId, code: &str) -> Result<Instant, Refusal> {
    may_reset(tx, caller, member).await?;
    proved_within(caller.proved_at, FRESH, tx.now())?;
    if member == caller.member {
        return Err(Refusal::new(&FACTOR_OWN));
    }
    make_reset(tx, caller.actor(), member, code).await
}

/// Makes such a code for whoever has the machine, for an owner whom nobody else could help.
///
/// # Errors
/// `factor.none`.
pub async fn reset_from_command_line(tx: &mut Tx, member: MemberId, code: &str) -> Result<Instant, Refusal> {
    make_reset(tx, Actor::CommandLine, member, code).await
}

async fn make_reset(tx: &mut Tx, actor: Actor, member: MemberId, code: &str) -> Result<Instant, Refusal> {
    if !queries::has_factor(tx, member).await? {
        return Err(Refusal::new(&FACTOR_NONE));
    }
    let digest = reset_digest(member, code).ok_or_else(|| Refusal::fault("a code just made is none"))?;
    let before = queries::reset(tx, member).await?;
    let expires_at = tx.now().plus_ms(RESET_LIFE);
    let code = tx.put_secret(RESET_SECRET, &digest).await?;
    append(tx, member, actor, Reset { code, expires_at }).await?;
    if let Some(before) = before {
        tx.erase_secret(before.code).await?;
    }
    Ok(expires_at)
}

/// Takes the code back; without one, nothing happens.
///
/// # Errors
/// `permission.denied`, `not_found`, `role.above`.
pub async fn withdraw_reset(tx: &mut Tx, caller: &Caller, member: MemberId) -> Result<(), Refusal> {
    may_reset(tx, caller, member).await?;
    let Some(reset) = queries::reset(tx, member).await? else { return Ok(()) };
    append(tx, member, caller.actor(), ResetWithdrawn { code: reset.code }).await?;
    tx.erase_secret(reset.code).await?;
    Ok(())
}

async fn may_reset(tx: &mut Tx, caller: &Caller, member: MemberId) -> Result<(), Refusal> {
    caller.may(Permission::ManageMembers)?;
    let record = record(tx, member).await?.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    must_manage(caller.role, record.role)
}

/// Uses the code that ends somebody's factors: they and every other session of theirs end (R8, R20).
pub(super) async fn use_reset(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    typed: &str,
) -> Result<Option<Why>, Refusal> {
    let wrong = Ok(Some(Why::Wrong));
    let reset = queries::reset(tx, member).await?;
    let Some(reset) = reset.filter(|reset| reset.expires_at > tx.now()) else { return wrong };
    let Some(digest) = reset_digest(member, typed) else { return wrong };
    let kept = tx.secret(reset.code).await?.unwrap_or_default();
    if !bool::from(kept.as_slice().ct_eq(&digest)) {
        return wrong;
    }
    let seeds = queries::factors(tx, member).await?.into_iter().filter_map(|factor| factor.secret);
    let seeds = seeds.chain(queries::offer(tx, member).await?).collect::<Vec<_>>();
    append(tx, member, Actor::Member(member), ResetUsed { code: reset.code, session }).await?;
    for secret in seeds.into_iter().chain([reset.code]) {
        tx.erase_secret(secret).await?;
    }
    let why = crate::signin::events::Why::FactorsChanged;
    close_sessions(tx, Actor::Member(member), member, Some(session), why).await?;
    Ok(None)
}

/// What is kept of a reset's code; nothing when it is not one. Bound to the member, so that equal codes differ.
fn reset_digest(member: MemberId, typed: &str) -> Option<[u8; 32]> {
    let plain = plain_short_code(typed)?;
    Some(Sha256::new().chain_update(member.bytes()).chain_update(plain).finalize().into())
}
