//! Setting, changing and doubting a password.
//!
//! It stays true that the one before is erased in the same commit, and that it was hashed before the job began.

use kairan_core::{Actor, DeviceId, FieldFault, MemberId, Refusal, SecretId};
use kairan_storage::{Reader, Stream, Tx, params};

use super::{Entered, close_sessions, prove, rotate};
use crate::signin::events::{How, PasswordDoubted, PasswordSet, SigninFact, Why};
use crate::signin::password::{PASSWORD_SHORT, SHORTEST};
use crate::signin::queries::{self, Candidate, PASSWORD_SECRET};
use crate::signin::rules::PASSWORD_WRONG;
use crate::{Caller, Token};

/// A password somebody chose, judged and hashed.
#[derive(Clone)]
pub struct Chosen {
    /// Its hash.
    pub hash: String,
    /// Whether it may stand only beside a second factor (R3).
    pub short: bool,
}

/// Sets a member's password to an already computed hash; the one before is erased.
///
/// # Errors
/// What storage says.
pub async fn set_password(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    chosen: &Chosen,
    how: How,
) -> Result<(), Refusal> {
    set_password_on(tx, actor, member, None, chosen, how).await
}

async fn set_password_on(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    device: Option<DeviceId>,
    chosen: &Chosen,
    how: How,
) -> Result<(), Refusal> {
    let before = password_secret(tx, member).await?;
    let password = tx.put_secret(PASSWORD_SECRET, chosen.hash.as_bytes()).await?;
    let fact = SigninFact::from(PasswordSet { password, how, short: chosen.short });
    tx.append(Stream::Member(member), actor, device, &fact).await?;
    if let Some(before) = before {
        tx.erase_secret(before).await?;
    }
    Ok(())
}

/// Notes that somebody else may know the password: it opens only on devices of its person's from now on, and is to be
/// changed. False when there is none.
///
/// # Errors
/// What storage says.
pub(crate) async fn doubt_password(tx: &mut Tx, caller: &Caller) -> Result<bool, Refusal> {
    let Some(candidate) = queries::candidate_by_id(tx, caller.member).await? else { return Ok(false) };
    if candidate.password.is_some() && !candidate.doubted {
        let fact = SigninFact::from(PasswordDoubted {});
        tx.append(Stream::Member(caller.member), caller.actor(), caller.device, &fact).await?;
    }
    Ok(candidate.password.is_some())
}

async fn password_secret(reader: &mut Reader, member: MemberId) -> Result<Option<SecretId>, Refusal> {
    let row = reader.maybe("SELECT password FROM credentials WHERE member = $1", params![member]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// Changes one's own password, verified against `candidate`. Other sessions end; this one gets another token (R18).
///
/// # Errors
/// `password.wrong` when it was changed while it was being verified.
pub async fn change_password(
    tx: &mut Tx,
    caller: &Caller,
    candidate: &Candidate,
    chosen: &Chosen,
    token: &Token,
) -> Result<Entered, Refusal> {
    let now = queries::candidate_by_id(tx, caller.member).await?;
    if now.is_none_or(|now| now.password != candidate.password) {
        return Err(Refusal::new(&PASSWORD_WRONG));
    }
    check_short(tx, caller.member, chosen).await?;
    set_password_on(tx, caller.actor(), caller.member, caller.device, chosen, How::Password).await?;
    close_sessions(tx, caller.actor(), caller.member, Some(caller.session), Why::PasswordChanged).await?;
    prove(tx, caller.member, caller.session, false).await?;
    rotate(tx, caller.member, caller.session, token).await
}

/// A short password is not taken once its person has no second factor any more.
pub(crate) async fn check_short(tx: &mut Tx, member: MemberId, chosen: &Chosen) -> Result<(), Refusal> {
    if chosen.short && !crate::factors::queries::has_factor(tx, member).await? {
        let fault = FieldFault::new("password", &PASSWORD_SHORT);
        return Err(Refusal::fields(vec![fault.fact("limit", SHORTEST)]));
    }
    Ok(())
}
