//! Reading how somebody is reached.

use kairan_core::{Instant, MemberId, SecretId, SessionId};
use kairan_storage::{Reader, Result, params};

use super::rules::Subscription;
use crate::signin::queries::session_by_id;
use crate::signin::rules::over;

/// The kind of secret that holds a subscription, as JSON.
pub const PUSH_SECRET: &str = "push";

/// What somebody wants in every room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Silence until then.
    pub quiet_until: Option<Instant>,
    /// Summary mails.
    pub mail: bool,
}

/// What a member wants, or the usual.
///
/// # Errors
/// What the engine says.
pub async fn wanted(reader: &mut Reader, member: MemberId) -> Result<Wanted> {
    let sql = "SELECT quiet_until, mail FROM marks_notify WHERE member = $1";
    let Some(row) = reader.maybe(sql, params![member]).await? else { return Ok(Wanted::default()) };
    Ok(Wanted { quiet_until: row.get(0)?, mail: row.get(1)? })
}

/// Whether a member has an address that mail can go to.
///
/// # Errors
/// What the engine says.
pub async fn has_address(reader: &mut Reader, member: MemberId) -> Result<bool> {
    let sql = "SELECT 1 FROM members WHERE id = $1 AND email IS NOT NULL AND email <> ''";
    Ok(reader.maybe(sql, params![member]).await?.is_some())
}

/// A session's subscription.
#[derive(Debug, Clone)]
pub struct Subscribed {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub member: MemberId,
    /// Where its secret lies.
    pub secret: SecretId,
    /// Since when.
    pub since: Instant,
}

/// The subscription of a session, over or not.
///
/// # Errors
/// What the engine says.
pub async fn subscription_of(reader: &mut Reader, session: SessionId) -> Result<Option<Subscribed>> {
    let sql = "SELECT session, member, subscription, since FROM push_subscriptions WHERE session = $1";
    let row = reader.maybe(sql, params![session]).await?;
    row.map(|row| {
        Ok(Subscribed { session: row.get(0)?, member: row.get(1)?, secret: row.get(2)?, since: row.get(3)? })
    })
    .transpose()
}

/// Which session holds the subscription with this secret.
///
/// # Errors
/// What the engine says.
pub async fn held_by(reader: &mut Reader, secret: SecretId) -> Result<Option<Subscribed>> {
    let sql = "SELECT session FROM push_subscriptions WHERE subscription = $1";
    let row = reader.maybe(sql, params![secret]).await?;
    match row.map(|row| row.get(0)).transpose()? {
        Some(session) => subscription_of(reader, session).await,
        None => Ok(None),
    }
}

/// Where a subscription leads, while its session is open at `now` and complete, its person is here, and it is within the
/// hours of their device: nothing is sent to a session that is over, even when nobody has closed it yet (R19, R20).
///
/// The last word is whether nothing may be named: where a device is when it is woken nobody knows, so where networks are
/// limited it is told only that there is something.
///
/// # Errors
/// What the engine says.
pub async fn reachable(
    reader: &mut Reader,
    session: SessionId,
    now: Instant,
) -> Result<Option<(Subscribed, Subscription, bool)>> {
    let Some(subscribed) = subscription_of(reader, session).await? else { return Ok(None) };
    let Some(open) = session_by_id(reader, subscribed.member, session).await? else { return Ok(None) };
    let incomplete = open.needs().is_some();
    let after_hours = open.policy.hours.iter().any(|said| !said.value.open(now));
    if incomplete || after_hours || over(open.expires_at, open.seen, open.idle, now) {
        return Ok(None);
    }
    let nameless = !open.policy.networks.is_empty();
    let secret = reader.secret(subscribed.secret).await?;
    let read = secret.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(read.map(|subscription| (subscribed, subscription, nameless)))
}

/// Every subscription of a member.
///
/// # Errors
/// What the engine says.
pub async fn sessions_subscribed(reader: &mut Reader, member: MemberId) -> Result<Vec<SessionId>> {
    let sql = "SELECT session FROM push_subscriptions WHERE member = $1 ORDER BY session";
    reader.query(sql, params![member]).await?.iter().map(|row| row.get(0)).collect()
}
