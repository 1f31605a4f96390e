//! Enrolling, showing and removing second factors; [`resets`] are handed over by others.
//!
//! What is shown and not taken is written down in the same transaction (R50), so these answer with nothing instead of
//! refusing: a refusal would undo the note.

mod resets;

use kairan_core::ids::Id;
use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, DeviceId, FactorId, Instant, MemberId, Refusal, SecretId, SessionId};
use kairan_http::ClientInfo;
use kairan_storage::{Stream, Tx};

use resets::use_reset;
pub use resets::{reset, reset_from_command_line, withdraw_reset};

use super::events::{Enrolled, FactorFact, Offered, Refused, Removed, Renamed, Shown, Why};
use super::queries::{self, TOTP_SECRET};
use super::rules::{
    FACTOR_LAST, FACTOR_MANY, FACTOR_NOT_ASKED, FACTOR_NOT_OFFERED, FRESH, Kind, PASSKEY_KNOWN, PASSKEYS,
    PROOF_NEEDED, Way,
};
use super::totp;
use super::webauthn::{Assertion, Expected, Fault, Registered};
use crate::policies::queries::factor_demand;
use crate::signin::commands::{
    Entered, close_sessions, issue_recovery_codes, prove, recovery_digest, rotate, use_recovery_code,
};
use crate::signin::queries::{self as signin, Session};
use crate::signin::rules::SESSION_MISSING;
use crate::signin::standing::Needs;
use crate::{Caller, Token};

/// What somebody shows.
#[derive(Clone)]
pub enum Evidence {
    /// Digits of their app.
    Totp(String),
    /// A code of their sheet.
    Recovery(String),
    /// A code that an administrator handed over.
    Reset(String),
    /// An answer of a passkey, to this question.
    Passkey(Box<(Assertion, Expected)>),
}

impl Evidence {
    fn way(&self) -> Way {
        match self {
            Self::Totp(_) => Way::Totp,
            Self::Recovery(_) => Way::Recovery,
            Self::Reset(_) => Way::Reset,
            Self::Passkey(_) => Way::Passkey,
        }
    }
}

/// The member's open session, as it stands inside this transaction.
async fn open(tx: &mut Tx, member: MemberId, session: SessionId) -> Result<Session, Refusal> {
    let missing = || Refusal::new(&SESSION_MISSING);
    signin::session_by_id(tx, member, session).await?.ok_or_else(missing)
}

/// R23: refuses unless the session's person proved to be there lately.
///
/// # Errors
/// 403 `proof.needed`.
pub fn proved_within(proved_at: Instant, within: i64, now: Instant) -> Result<(), Refusal> {
    if now.since(proved_at) < within { Ok(()) } else { Err(Refusal::new(&PROOF_NEEDED)) }
}

/// Shows a second factor in a session that waits for one. Nothing when it was not taken.
///
/// # Errors
/// `factor.not_asked`, `session.missing`.
pub async fn show(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    evidence: &Evidence,
    client: &ClientInfo,
    token: &Token,
) -> Result<Option<Entered>, Refusal> {
    let open = open(tx, member, session).await?;
    if open.needs() != Some(Needs::SecondFactor) {
        return Err(Refusal::new(&FACTOR_NOT_ASKED));
    }
    // One sheet of paper is not two proofs.
    let paper = open.paper && matches!(evidence, Evidence::Recovery(_));
    if paper || !taken(tx, member, session, evidence, client).await? {
        if paper {
            refused(tx, member, Way::Recovery, Why::Wrong, client).await?;
        }
        return Ok(None);
    }
    let factor = !matches!(evidence, Evidence::Reset(_));
    prove(tx, member, session, factor).await?;
    rotate(tx, member, session, token).await.map(Some)
}

/// Proves once more that it is they (R23), with a factor. False when it was not taken.
///
/// # Errors
/// What storage says.
pub async fn prove_with(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    evidence: &Evidence,
    client: &ClientInfo,
) -> Result<bool, Refusal> {
    let taken = taken(tx, member, session, evidence, client).await?;
    if taken {
        prove(tx, member, session, false).await?;
    }
    Ok(taken)
}

/// Takes a passkey that is shown before any session is open. False when it was not taken.
///
/// # Errors
/// What storage says.
pub async fn shown(
    tx: &mut Tx,
    member: MemberId,
    evidence: &Evidence,
    client: &ClientInfo,
) -> Result<bool, Refusal> {
    taken(tx, member, SessionId::nil(), evidence, client).await
}

/// Takes what is shown, once (R5), or notes that it was not taken.
async fn taken(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    evidence: &Evidence,
    client: &ClientInfo,
) -> Result<bool, Refusal> {
    let fault = match evidence {
        Evidence::Totp(typed) => use_app(tx, member, typed).await?,
        Evidence::Recovery(typed) => use_paper(tx, member, typed).await?,
        Evidence::Reset(typed) => use_reset(tx, member, session, typed).await?,
        Evidence::Passkey(answer) => use_passkey(tx, member, &answer.0, &answer.1).await?,
    };
    match fault {
        None => Ok(true),
        Some(why) => {
            refused(tx, member, evidence.way(), why, client).await?;
            Ok(false)
        }
    }
}

async fn refused(
    tx: &mut Tx,
    member: MemberId,
    way: Way,
    why: Why,
    client: &ClientInfo,
) -> Result<(), Refusal> {
    let (address, agent) = (client.address.to_string(), client.agent.clone());
    append(tx, member, Actor::Nobody, Refused { way, why, address, agent }).await
}

async fn use_app(tx: &mut Tx, member: MemberId, typed: &str) -> Result<Option<Why>, Refusal> {
    let Some((app, seed)) = queries::app(tx, member).await? else { return Ok(Some(Why::Wrong)) };
    let Some(step) = totp::step_of(&seed, typed, tx.now(), app.used) else { return Ok(Some(Why::Wrong)) };
    append(tx, member, Actor::Member(member), Shown { factor: app.id, used: step }).await?;
    Ok(None)
}

async fn use_paper(tx: &mut Tx, member: MemberId, typed: &str) -> Result<Option<Why>, Refusal> {
    let Some(digest) = recovery_digest(member, typed) else { return Ok(Some(Why::Wrong)) };
    let Some(code) = signin::recovery_code(tx, member, &digest).await? else { return Ok(Some(Why::Wrong)) };
    use_recovery_code(tx, member, code).await?;
    Ok(None)
}

async fn use_passkey(
    tx: &mut Tx,
    member: MemberId,
    answer: &Assertion,
    expected: &Expected,
) -> Result<Option<Why>, Refusal> {
    let wrong = Ok(Some(Why::Wrong));
    let Some(passkey) = queries::passkey(tx, &answer.credential).await? else { return wrong };
    let of_another = answer.user.as_ref().is_some_and(|user| *user != member.bytes());
    if passkey.member != member || of_another {
        return wrong;
    }
    let counter = u32::try_from(passkey.used).unwrap_or(0);
    match answer.check(expected, passkey.key.as_deref().unwrap_or_default(), counter) {
        Ok(counter) => {
            let fact = Shown { factor: passkey.id, used: i64::from(counter) };
            append(tx, member, Actor::Member(member), fact).await?;
            Ok(None)
        }
        Err(Fault::Clone) => Ok(Some(Why::Clone)),
        Err(Fault::Shape | Fault::Other | Fault::Unverified | Fault::Key) => wrong,
    }
}

/// Refuses unless this session may add a factor: the first one when it is asked for, another one after a fresh proof.
async fn may_enrol(tx: &mut Tx, member: MemberId, session: SessionId) -> Result<Session, Refusal> {
    let open = open(tx, member, session).await?;
    if let Some(needs) = open.needs().filter(|needs| *needs != Needs::EnrolFactor) {
        return Err(crate::caller::incomplete(needs));
    }
    if open.factors > 0 {
        proved_within(open.proved_at, FRESH, tx.now())?;
    }
    Ok(open)
}

/// Keeps a seed for an authenticator app until a code of it comes back; one offered before is void.
///
/// # Errors
/// `session.incomplete`, `proof.needed`.
pub async fn offer_app(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    seed: &[u8],
) -> Result<(), Refusal> {
    may_enrol(tx, member, session).await?;
    let before = queries::offer(tx, member).await?;
    let secret = tx.put_secret(TOTP_SECRET, seed).await?;
    append(tx, member, Actor::Member(member), Offered { secret }).await?;
    if let Some(before) = before {
        tx.erase_secret(before).await?;
    }
    Ok(())
}

/// What an enrolment needs that is made before the job.
#[derive(Clone)]
pub struct Prepared {
    /// Recovery codes, for someone who has none.
    pub recovery_codes: Vec<String>,
    /// The session's next token, for the first factor.
    pub token: Token,
}

/// What came of an enrolment.
pub struct Outcome {
    /// The new factor.
    pub factor: FactorId,
    /// To be shown once.
    pub recovery_codes: Option<Vec<String>>,
    /// The session under its new token, when it was the first factor.
    pub entered: Option<Entered>,
}

/// Enrols the app whose seed was offered, by a code of it. Nothing when the code was not taken.
///
/// # Errors
/// `factor.not_offered`, `session.incomplete`, `proof.needed`.
pub async fn enrol_app(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    typed: &str,
    client: &ClientInfo,
    prepared: &Prepared,
) -> Result<Option<Outcome>, Refusal> {
    let open = may_enrol(tx, member, session).await?;
    let not_offered = || Refusal::new(&FACTOR_NOT_OFFERED);
    let secret = queries::offer(tx, member).await?.ok_or_else(not_offered)?;
    let seed = tx.secret(secret).await?.ok_or_else(not_offered)?;
    let Some(step) = totp::step_of(&seed, typed, tx.now(), totp::NEVER) else {
        refused(tx, member, Way::Totp, Why::Wrong, client).await?;
        return Ok(None);
    };
    if let Some((before, _)) = queries::app(tx, member).await? {
        end(tx, member, open.device, before.id, before.secret).await?;
    }
    let fact = Enrolled {
        factor: tx.surroundings().id(),
        kind: Kind::Totp,
        name: String::new(),
        used: step,
        secret: Some(secret),
        credential: None,
        key: None,
    };
    enrolled(tx, &open, fact, prepared).await.map(Some)
}

/// Enrols a passkey whose registration was checked.
///
/// # Errors
/// `passkey.known`, `factor.too_many`, `session.incomplete`, `proof.needed`.
pub async fn enrol_passkey(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    passkey: &Registered,
    name: &str,
    prepared: &Prepared,
) -> Result<Outcome, Refusal> {
    let open = may_enrol(tx, member, session).await?;
    if queries::passkey(tx, &passkey.credential).await?.is_some() {
        return Err(Refusal::new(&PASSKEY_KNOWN));
    }
    let passkeys = queries::factors(tx, member).await?;
    if passkeys.iter().filter(|factor| factor.kind == Kind::Passkey).count() >= PASSKEYS {
        return Err(Refusal::new(&FACTOR_MANY).fact("limit", PASSKEYS));
    }
    let fact = Enrolled {
        factor: tx.surroundings().id(),
        kind: Kind::Passkey,
        name: name.to_owned(),
        used: i64::from(passkey.counter),
        secret: None,
        credential: Some(passkey.credential.clone()),
        key: Some(passkey.key.clone()),
    };
    enrolled(tx, &open, fact, prepared).await
}

/// The first factor ends every other session, none of which showed it, and gives this one another token (R18).
async fn enrolled(
    tx: &mut Tx,
    open: &Session,
    fact: Enrolled,
    prepared: &Prepared,
) -> Result<Outcome, Refusal> {
    let (member, factor, actor) = (open.member, fact.factor, Actor::Member(open.member));
    append_from(tx, member, actor, open.device, fact).await?;
    let mut recovery_codes = None;
    if signin::recovery_codes(tx, member).await?.is_empty() {
        issue_recovery_codes(tx, actor, member, &prepared.recovery_codes).await?;
        recovery_codes = Some(prepared.recovery_codes.clone());
    }
    let mut entered = None;
    if open.factors == 0 {
        let why = crate::signin::events::Why::FactorsChanged;
        close_sessions(tx, actor, member, Some(open.id), why).await?;
        prove(tx, member, open.id, true).await?;
        entered = Some(rotate(tx, member, open.id, &prepared.token).await?);
    }
    Ok(Outcome { factor, recovery_codes, entered })
}

/// Calls a passkey something else.
///
/// # Errors
/// `not_found`.
pub async fn rename(tx: &mut Tx, caller: &Caller, factor: FactorId, name: &str) -> Result<(), Refusal> {
    let factors = queries::factors(tx, caller.member).await?;
    let found = factors.into_iter().find(|one| one.id == factor && one.kind == Kind::Passkey);
    let Some(found) = found else { return Err(Refusal::new(&NOT_FOUND)) };
    if found.name == name {
        return Ok(());
    }
    append(tx, caller.member, caller.actor(), Renamed { factor, name: name.to_owned() }).await
}

/// Removes the passkey with this id, or the authenticator app.
///
/// # Errors
/// `not_found`, `proof.needed`, `factor.last`.
pub async fn remove(tx: &mut Tx, caller: &Caller, passkey: Option<FactorId>) -> Result<(), Refusal> {
    let member = caller.member;
    let factors = queries::factors(tx, member).await?;
    let found = factors.iter().find(|one| match passkey {
        Some(id) => one.id == id && one.kind == Kind::Passkey,
        None => one.kind == Kind::Totp,
    });
    let Some(found) = found else { return Err(Refusal::new(&NOT_FOUND)) };
    let open = open(tx, member, caller.session).await?;
    proved_within(open.proved_at, FRESH, tx.now())?;
    if factors.len() == 1 && factor_demand(tx, &open).await?.is_some() {
        return Err(Refusal::new(&FACTOR_LAST));
    }
    end(tx, member, caller.device, found.id, found.secret).await
}

async fn end(
    tx: &mut Tx,
    member: MemberId,
    device: Option<DeviceId>,
    factor: FactorId,
    secret: Option<SecretId>,
) -> Result<(), Refusal> {
    append_from(tx, member, Actor::Member(member), device, Removed { factor }).await?;
    if let Some(secret) = secret {
        tx.erase_secret(secret).await?;
    }
    Ok(())
}

async fn append(
    tx: &mut Tx,
    member: MemberId,
    actor: Actor,
    fact: impl Into<FactorFact>,
) -> Result<(), Refusal> {
    append_from(tx, member, actor, None, fact).await
}

/// The same, with the device on which it was done.
async fn append_from(
    tx: &mut Tx,
    member: MemberId,
    actor: Actor,
    device: Option<DeviceId>,
    fact: impl Into<FactorFact>,
) -> Result<(), Refusal> {
    tx.append(Stream::Member(member), actor, device, &fact.into()).await?;
    Ok(())
}
