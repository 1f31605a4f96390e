//! What changes how somebody is reached.

use kairan_core::{Actor, Instant, MemberId, Refusal, SecretId, SessionId};
use kairan_storage::{Error, News, Stream, Tx, params};

use super::events::{Gone, PushFact, Subscribed, Unsubscribed};
use super::last_call;
use super::queries::{self, PUSH_SECRET};
use super::rules::{PUSH_OFF, Subscription, within_a_year};
use crate::{Caller, organisation};

/// The caller's session is to be told by way of this subscription. Whether it is new.
///
/// # Errors
/// `push.off`.
pub async fn subscribe(tx: &mut Tx, caller: &Caller, subscription: &Subscription) -> Result<bool, Refusal> {
    if !organisation::settings::of(tx).await?.push.on {
        return Err(Refusal::new(&PUSH_OFF));
    }
    let value = serde_json::to_vec(subscription).map_err(Refusal::fault)?;
    if let Some(device) = caller.device {
        last_call::forget(tx, device).await?;
    }
    if let Some(same) = tx.find_secret(PUSH_SECRET, &value).await? {
        match queries::held_by(tx, same).await? {
            Some(held) if held.session == caller.session => return Ok(false),
            // One browser has one subscription: whoever signed in there last is told.
            Some(held) => {
                unsubscribe(tx, caller.actor(), held.member, held.session, Gone::Moved).await?;
            }
            None => tx.erase_secret(same).await?,
        }
    }
    let before = queries::subscription_of(tx, caller.session).await?;
    let secret = tx.put_secret(PUSH_SECRET, &value).await?;
    let fact =
        Subscribed { session: caller.session, subscription: secret, service: subscription.host().to_owned() };
    tx.append(Stream::Member(caller.member), caller.actor(), None, &PushFact::from(fact)).await?;
    if let Some(before) = before {
        tx.erase_secret(before.secret).await?;
    }
    Ok(true)
}

/// Ends a session's subscription and erases its secret. One that is over already is no fault.
///
/// # Errors
/// What storage says.
pub async fn unsubscribe(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    session: SessionId,
    why: Gone,
) -> Result<(), Error> {
    let Some(subscribed) = queries::subscription_of(tx, session).await? else { return Ok(()) };
    note_end(tx, actor, member, session, why).await?;
    tx.erase_secret(subscribed.secret).await
}

async fn note_end(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    session: SessionId,
    why: Gone,
) -> Result<(), Error> {
    let fact = Unsubscribed { session, why };
    tx.append(Stream::Member(member), actor, None, &PushFact::from(fact)).await?;
    Ok(())
}

/// Ends a session's subscription with the session. `may_be_away`: its browser does not know yet, and may be in other hands;
/// then its device can be called once more.
///
/// # Errors
/// What storage says.
pub async fn end_with_session(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    session: SessionId,
    may_be_away: bool,
) -> Result<(), Error> {
    let Some(subscribed) = queries::subscription_of(tx, session).await? else { return Ok(()) };
    note_end(tx, actor, member, session, Gone::SessionEnded).await?;
    match last_call::device_of(tx, session).await?.filter(|_| may_be_away) {
        Some(device) => last_call::keep(tx, device, &subscribed).await,
        None => tx.erase_secret(subscribed.secret).await,
    }
}

/// Ends a subscription that its push service does not know any more, unless it was renewed since.
///
/// # Errors
/// What storage says.
pub async fn refused(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    session: SessionId,
    secret: SecretId,
) -> Result<(), Error> {
    match queries::subscription_of(tx, session).await? {
        Some(still) if still.secret == secret => unsubscribe(tx, actor, member, session, Gone::Refused).await,
        _ => Ok(()),
    }
}

/// What the caller wants in every room; what is absent stays as it was. A mark of their own, not an event.
///
/// # Errors
/// `quiet.too_long`.
pub async fn want(
    tx: &mut Tx,
    caller: &Caller,
    quiet_until: Option<Option<Instant>>,
    mail: Option<bool>,
) -> Result<(), Refusal> {
    if let Some(Some(until)) = quiet_until {
        within_a_year(until, tx.now())?;
    }
    let before = queries::wanted(tx, caller.member).await?;
    let quiet_until = quiet_until.unwrap_or(before.quiet_until);
    let mail = mail.unwrap_or(before.mail);
    let sql = "INSERT INTO marks_notify (member, quiet_until, mail) VALUES ($1, $2, $3)
        ON CONFLICT (member) DO UPDATE SET quiet_until = excluded.quiet_until, mail = excluded.mail";
    tx.mark(sql, params![caller.member, quiet_until, mail]).await?;
    tx.tell(News::Mine { member: caller.member, what: "notifications", room: None });
    Ok(())
}
