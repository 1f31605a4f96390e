//! What changes at the door. Hashing is done before a write job begins; a job only compares, appends and puts secrets.
//!
//! Here: sessions. [`passwords`] and [`recovery`] have a page each.

mod passwords;
mod recovery;

use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, DeviceId, MemberId, Refusal, SecretId, SessionId, Surroundings};
use kairan_http::ClientInfo;
use kairan_storage::{Reader, Stream, Tx, params};

pub use passwords::{Chosen, change_password, set_password};
pub(crate) use passwords::{check_short, doubt_password};
pub(crate) use recovery::use_recovery_code;
pub use recovery::{issue_recovery_codes, new_recovery_codes, recover, recovery_digest};

use super::events::{Bound, Closed, How, Opened, Proved, Refused, Renewed, SigninFact, Unknown, Why};
use super::project::{DEVICE_SEEN, FORGET_SEEN, RENEWED, SEEN};
use super::queries::{self, Candidate, SESSION_SECRET};
use super::rules::{SIGNIN_REFUSED, over};
use crate::devices::rules::{DEVICE_BOUND, TOKEN_LIFE};
use crate::members::roles::MEMBER_LOCKED;
use crate::policies::{self, Who};
use crate::{Entering, Token, alarms, devices, members, reach};

/// A last-seen mark is written at most this often, ms.
const SEEN_EVERY: i64 = kairan_core::time::MINUTE;

/// A session about to open: its token is made before the job, so that a job run again makes the same.
#[derive(Clone)]
pub struct Opening {
    /// What the cookie will hold.
    pub token: Token,
    /// By what proof.
    pub how: How,
    /// Where from.
    pub client: ClientInfo,
    /// On which device of theirs, where one showed that it is itself.
    pub device: Option<DeviceId>,
}

impl Opening {
    /// With a new token.
    #[must_use]
    pub fn new(surroundings: &Surroundings, how: How, client: ClientInfo) -> Self {
        Self { token: Token::new(surroundings), how, client, device: None }
    }

    /// The same on a device of the person's.
    #[must_use]
    pub fn on(self, device: Option<DeviceId>) -> Self {
        Self { device, ..self }
    }
}

/// A session that has just opened, or got another token.
#[derive(Clone)]
pub struct Entered {
    /// Whose.
    pub member: MemberId,
    /// Which.
    pub session: SessionId,
    /// What its cookie holds.
    pub token: Token,
    /// How long the cookie may live, ms.
    pub life: i64,
}

/// Opens a session for someone who has given a first proof of who they are: the one way in, whatever the proof. What else
/// it needs before it is complete is told by [`super::standing`].
///
/// # Errors
/// `member.locked`; `device.locked`, `device.wipe`; `policy.hours`, `policy.network`.
pub async fn open_session(
    tx: &mut Tx,
    member: MemberId,
    role: kairan_core::Role,
    opening: &Opening,
) -> Result<Entered, Refusal> {
    if members::queries::locked(tx, member).await?.is_some() {
        return Err(Refusal::new(&MEMBER_LOCKED));
    }
    if let Some(device) = opening.device {
        devices::commands::enrolment::used(tx, device, member, &opening.client.address.to_string()).await?;
    }
    let seat = policies::queries::seat(tx, opening.device).await?;
    let policy = policies::queries::of(tx, &Who { role, seat }).await?;
    policy.admits(Some(opening.client.address), tx.now())?;
    let life = policy.life();
    let apart = alarms::commands::apart(tx, member, opening.device, &opening.client).await?;
    let session: SessionId = tx.surroundings().id();
    let fact = Opened {
        session,
        token: tx.put_secret(SESSION_SECRET, &opening.token.digest()).await?,
        how: opening.how,
        expires_at: tx.now().plus_ms(life.absolute),
        idle: life.idle,
        address: opening.client.address.to_string(),
        agent: opening.client.agent.clone(),
        factor: opening.how.is_two_factors(),
        paper: opening.how == How::Recovery,
        device: opening.device,
        token_until: opening.device.map(|_| tx.now().plus_ms(TOKEN_LIFE)),
    };
    append(tx, member, Actor::Member(member), fact).await?;
    alarms::commands::note_apart(tx, member, session, opening.device, &opening.client, apart).await?;
    Ok(Entered { member, session, token: opening.token.clone(), life: life.absolute })
}

/// Ends the session that a browser had before it signed in again.
pub(crate) async fn replace(tx: &mut Tx, before: Option<&Entering>) -> Result<(), Refusal> {
    if let Some(before) = before {
        close_session(tx, Actor::Member(before.member), before.member, before.session, Why::Replaced).await?;
    }
    Ok(())
}

/// Signs in with a password already verified against `candidate`; `replaces` is the session the browser had.
///
/// # Errors
/// `signin.refused` when the password was changed while it was being verified.
pub async fn sign_in(
    tx: &mut Tx,
    candidate: &Candidate,
    opening: &Opening,
    replaces: Option<&Entering>,
) -> Result<Entered, Refusal> {
    let now = queries::candidate_by_id(tx, candidate.member).await?;
    let Some(now) = now.filter(|now| now.password == candidate.password) else {
        return Err(Refusal::new(&SIGNIN_REFUSED));
    };
    replace(tx, replaces).await?;
    open_session(tx, now.member, now.role, opening).await
}

/// Notes a refused attempt (R50): in the member's own history, or in the organisation's when there is no such member.
/// Either way one event is written, so that both take as long (R7).
///
/// # Errors
/// What storage says.
pub async fn note_refused(
    tx: &mut Tx,
    member: Option<MemberId>,
    proof: How,
    client: &ClientInfo,
) -> Result<(), Refusal> {
    let address = client.address.to_string();
    match member {
        Some(member) => {
            append(tx, member, Actor::Nobody, Refused { proof, address, agent: client.agent.clone() }).await
        }
        None => {
            let fact = SigninFact::from(Unknown { proof, address });
            tx.append(Stream::Organisation, Actor::Nobody, None, &fact).await?;
            Ok(())
        }
    }
}

/// Ends one session. Ending one that is over already is no fault.
///
/// # Errors
/// What storage says.
pub async fn close_session(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    session: SessionId,
    why: Why,
) -> Result<bool, Refusal> {
    let open = queries::sessions_of(tx, member).await?;
    let Some(open) = open.into_iter().find(|open| open.id == session) else { return Ok(false) };
    close(tx, actor, member, open.id, open.token, why).await?;
    Ok(true)
}

/// Ends every session of a member but `except` (R18, R20).
///
/// # Errors
/// What storage says.
pub async fn close_sessions(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    except: Option<SessionId>,
    why: Why,
) -> Result<(), Refusal> {
    for open in queries::sessions_of(tx, member).await? {
        if Some(open.id) != except {
            close(tx, actor, member, open.id, open.token, why).await?;
        }
    }
    Ok(())
}

async fn close(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    session: SessionId,
    token: SecretId,
    why: Why,
) -> Result<(), Refusal> {
    reach::commands::end_with_session(tx, actor, member, session, why.may_be_away()).await?;
    append(tx, member, actor, Closed { session, why }).await?;
    tx.erase_secret(token).await?;
    tx.mark(FORGET_SEEN, params![session]).await?;
    Ok(())
}

/// Ends one of `member`'s sessions; `through` is the one in which they say so.
///
/// # Errors
/// `not_found`.
pub async fn end_own_session(
    tx: &mut Tx,
    member: MemberId,
    through: SessionId,
    session: SessionId,
) -> Result<(), Refusal> {
    let why = if session == through { Why::SignedOut } else { Why::Ended };
    let closed = close_session(tx, Actor::Member(member), member, session, why).await?;
    if closed { Ok(()) } else { Err(Refusal::new(&NOT_FOUND)) }
}

/// Closes a session found over; somebody may have used or closed it meanwhile.
///
/// # Errors
/// What storage says.
pub async fn close_if_over(tx: &mut Tx, member: MemberId, session: SessionId) -> Result<(), Refusal> {
    let open = queries::sessions_of(tx, member).await?.into_iter().find(|open| open.id == session);
    let Some(open) = open else { return Ok(()) };
    let now = tx.now();
    let over_by_policy = match queries::session_by_id(tx, member, session).await? {
        Some(held) => over(held.expires_at, held.seen, held.idle, now),
        None => false,
    };
    if over_by_policy || over(open.expires_at, open.last_seen, open.idle, now) {
        close(tx, Actor::System, member, open.id, open.token, Why::Expired).await?;
    }
    Ok(())
}

/// Notes that a session is in use. A mark, not an event.
///
/// # Errors
/// What storage says.
pub async fn mark_seen(tx: &mut Tx, member: MemberId, session: SessionId) -> Result<(), Refusal> {
    let now = tx.now();
    tx.mark(SEEN, params![session, now, member]).await?;
    tx.mark(DEVICE_SEEN, params![session, now, member]).await?;
    Ok(())
}

/// Whether a last-seen mark is due.
#[must_use]
pub fn seen_is_old(seen: kairan_core::Instant, now: kairan_core::Instant) -> bool {
    now.since(seen) >= SEEN_EVERY
}

/// Notes that a session's person proved to be there (R23), with a second factor or without.
///
/// # Errors
/// What storage says.
pub async fn prove(tx: &mut Tx, member: MemberId, session: SessionId, factor: bool) -> Result<(), Refusal> {
    append(tx, member, Actor::Member(member), Proved { session, factor }).await
}

/// Gives an open session another token: the one before opens nothing (R18). To be done whenever it comes a step further.
///
/// # Errors
/// `session.missing` when it has ended.
pub async fn rotate(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    token: &Token,
) -> Result<Entered, Refusal> {
    let open = open_by_id(tx, member, session).await?;
    let secret = tx.put_secret(SESSION_SECRET, &token.digest()).await?;
    let token_until = open.device.map(|_| tx.now().plus_ms(TOKEN_LIFE));
    append(tx, member, Actor::Member(member), Renewed { session, token: secret, token_until }).await?;
    replaced(tx, &open, token).await
}

/// Binds an open session to a device, with another token. Only one that belongs to none, or to this one already.
///
/// # Errors
/// `session.missing`, `device.bound`.
pub async fn bind(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    device: DeviceId,
    token: &Token,
) -> Result<Entered, Refusal> {
    let open = open_by_id(tx, member, session).await?;
    if open.device.is_some_and(|bound| bound != device) {
        return Err(Refusal::new(&DEVICE_BOUND));
    }
    let secret = tx.put_secret(SESSION_SECRET, &token.digest()).await?;
    let token_until = tx.now().plus_ms(TOKEN_LIFE);
    append(tx, member, Actor::Member(member), Bound { session, device, token: secret, token_until }).await?;
    replaced(tx, &open, token).await
}

/// Gives the session of a device another token, without a word in the journal: it happens every few minutes. Nothing when
/// the session is over or another device's.
///
/// # Errors
/// What storage says.
pub async fn renew(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    device: DeviceId,
    token: &Token,
) -> Result<Option<Entered>, Refusal> {
    let now = tx.now();
    let open = queries::session_by_id(tx, member, session).await?;
    let Some(open) = open.filter(|open| open.device == Some(device)) else { return Ok(None) };
    if over(open.expires_at, open.seen, open.idle, now) {
        close(tx, Actor::System, member, session, open.token, Why::Expired).await?;
        return Ok(None);
    }
    tx.replace_secret(open.token, &token.digest()).await?;
    tx.mark(RENEWED, params![session, now, now.plus_ms(TOKEN_LIFE)]).await?;
    Ok(Some(Entered { member, session, token: token.clone(), life: open.expires_at.since(now) }))
}

async fn open_by_id(
    reader: &mut Reader,
    member: MemberId,
    session: SessionId,
) -> Result<queries::Session, Refusal> {
    let open = queries::session_by_id(reader, member, session).await?;
    open.ok_or_else(|| Refusal::new(&super::rules::SESSION_MISSING))
}

/// The token before is gone; what the cookie becomes.
async fn replaced(tx: &mut Tx, open: &queries::Session, token: &Token) -> Result<Entered, Refusal> {
    tx.erase_secret(open.token).await?;
    let life = open.expires_at.since(tx.now());
    Ok(Entered { member: open.member, session: open.id, token: token.clone(), life })
}

async fn append(
    tx: &mut Tx,
    member: MemberId,
    actor: Actor,
    fact: impl Into<SigninFact>,
) -> Result<(), Refusal> {
    tx.append(Stream::Member(member), actor, None, &fact.into()).await?;
    Ok(())
}
