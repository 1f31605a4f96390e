//! Recovery codes (復旧コード): made, kept as digests, used up.
//!
//! It stays true that a code serves once, and that only its digest is kept.

use kairan_core::ids::Id;
use kairan_core::{Actor, MemberId, Refusal, SecretId, Surroundings};
use kairan_storage::Tx;
use sha2::{Digest, Sha256};

use super::{Chosen, Entered, Opening, append, check_short, close_sessions, open_session, set_password};
use crate::signin::events::{How, RecoveryIssued, RecoveryUsed, Why};
use crate::signin::queries::{self, Candidate, RECOVERY_SECRET};
use crate::signin::rules::{RECOVERY_CODES, RECOVERY_REFUSED, plain_recovery_code, recovery_code};

/// Makes recovery codes, to be shown once.
#[must_use]
pub fn new_recovery_codes(surroundings: &Surroundings) -> Vec<String> {
    (0..RECOVERY_CODES).map(|_| recovery_code(surroundings.bytes())).collect()
}

/// Keeps the hashes of new recovery codes; those before are void.
///
/// # Errors
/// What storage says.
pub async fn issue_recovery_codes(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    codes: &[String],
) -> Result<(), Refusal> {
    for before in queries::recovery_codes(tx, member).await? {
        tx.erase_secret(before).await?;
    }
    let mut kept = Vec::with_capacity(codes.len());
    for code in codes.iter().filter_map(|code| recovery_digest(member, code)) {
        kept.push(tx.put_secret(RECOVERY_SECRET, &code).await?);
    }
    append(tx, member, actor, RecoveryIssued { codes: kept }).await
}

/// What is kept of a recovery code; `None` when it is not one. Bound to the member, so that equal codes differ.
#[must_use]
pub fn recovery_digest(member: MemberId, code: &str) -> Option<[u8; 32]> {
    let plain = plain_recovery_code(code)?;
    Some(Sha256::new().chain_update(member.bytes()).chain_update(plain).finalize().into())
}

/// Uses up a recovery code.
///
/// # Errors
/// What storage says.
pub(crate) async fn use_recovery_code(tx: &mut Tx, member: MemberId, code: SecretId) -> Result<(), Refusal> {
    append(tx, member, Actor::Member(member), RecoveryUsed { code }).await?;
    tx.erase_secret(code).await?;
    Ok(())
}

/// Uses up a recovery code: sets the password, ends every session, opens a new one.
///
/// # Errors
/// `recovery.refused` when the code is used already.
pub async fn recover(
    tx: &mut Tx,
    candidate: &Candidate,
    code: SecretId,
    chosen: &Chosen,
    opening: &Opening,
) -> Result<Entered, Refusal> {
    let member = candidate.member;
    if !queries::recovery_codes(tx, member).await?.contains(&code) {
        return Err(Refusal::new(&RECOVERY_REFUSED));
    }
    check_short(tx, member, chosen).await?;
    use_recovery_code(tx, member, code).await?;
    set_password(tx, Actor::Member(member), member, chosen, How::Recovery).await?;
    close_sessions(tx, Actor::Member(member), member, None, Why::PasswordChanged).await?;
    open_session(tx, member, candidate.role, opening).await
}
