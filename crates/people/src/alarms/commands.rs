//! What is found at a sign-in, what is seen, and what is denied.

use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, AlarmId, DeviceId, MemberId, Permission, Refusal, SessionId};
use kairan_http::ClientInfo;
use kairan_storage::{News, Reader, Row, Stream, Tx, params};

use super::events::{AlarmFact, Denied, ManyFailures, Pair, Seen, WatchFact};
use super::queries::{self, Alarm};
use super::rules::{
    ALARM_HERE, ALARM_NOT_DENIABLE, Audience, InUse, Network, SignIn, TOGETHER, impossible_pair, is_known,
};
use crate::devices::commands::acts::shut_out;
use crate::signin::commands::{close_session, doubt_password};
use crate::signin::events::Why;
use crate::{Caller, People};

/// The other half of an impossible pair, for a session about to be opened: before it is, for the network is known then.
///
/// # Errors
/// What storage says.
pub async fn apart(
    tx: &mut Tx,
    member: MemberId,
    device: Option<DeviceId>,
    client: &ClientInfo,
) -> Result<Option<InUse>, Refusal> {
    let (at, network) = (tx.now(), Network::of(client.address));
    let sql = "SELECT device, at, address FROM marks_device_seen WHERE member = $1 AND at >= $2";
    let rows = tx.query(sql, params![member, at.plus_ms(-TOGETHER)]).await?;
    let read = |row: &Row| -> Result<Option<InUse>, kairan_storage::Error> {
        let network = Network::named(&row.get::<String>(2)?);
        let (device, at) = (row.get(0)?, row.get(1)?);
        Ok(network.map(|network| InUse { device, at, network }))
    };
    let in_use = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let in_use = in_use.into_iter().flatten().collect::<Vec<_>>();
    if in_use.is_empty() {
        return Ok(None);
    }
    let sql = "SELECT last_at FROM alarm_places WHERE member = $1 AND network = $2";
    let last = tx.maybe(sql, params![member, network.as_str()]).await?;
    let last = last.map(|row| row.get(0)).transpose()?;
    let sql = "SELECT 1 FROM device_codes WHERE member = $1 AND expires_at > $2 LIMIT 1";
    let expected = tx.maybe(sql, params![member, at]).await?.is_some();
    let sign_in = SignIn { device, at, network, known: is_known(last, at), expected };
    Ok(impossible_pair(&sign_in, &in_use).cloned())
}

/// Writes such a pair down, once the session is open.
///
/// # Errors
/// What storage says.
pub async fn note_apart(
    tx: &mut Tx,
    member: MemberId,
    session: SessionId,
    device: Option<DeviceId>,
    client: &ClientInfo,
    other: Option<InUse>,
) -> Result<(), Refusal> {
    let Some(other) = other else { return Ok(()) };
    let fact = Pair {
        session,
        device,
        address: client.address.to_string(),
        network: Network::of(client.address),
        other: other.device,
        other_network: other.network,
        other_at: other.at,
    };
    tx.append(Stream::Member(member), Actor::System, None, &AlarmFact::from(fact)).await?;
    Ok(())
}

/// What came of saying that it was not oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The device that is shut out.
    pub device: Option<DeviceId>,
    /// How many sessions ended.
    pub sessions: i64,
    /// Whether a new password is to be chosen.
    pub password: bool,
}

/// The caller says that something done in their name was not them: the device in question is shut out, its sessions end in
/// the same commit (R20), and the password opens nothing from now on but on devices that are theirs, where it is to be
/// changed first. Said twice it is one.
///
/// # Errors
/// `not_found`, `alarm.not_deniable`, `alarm.here`.
pub async fn deny(tx: &mut Tx, caller: &Caller, alarm: AlarmId) -> Result<Outcome, Refusal> {
    let alarm = own(tx, caller, alarm).await?;
    if !alarm.kind.is_deniable() {
        return Err(Refusal::new(&ALARM_NOT_DENIABLE));
    }
    if alarm.is_about(caller) {
        return Err(Refusal::new(&ALARM_HERE));
    }
    let device = alarm.device();
    let mut sessions = match device {
        Some(device) => shut_out(tx, caller, device).await?,
        None => 0,
    };
    if let Some(session) = alarm.session {
        let ended = close_session(tx, caller.actor(), caller.member, session, Why::Ended).await?;
        sessions += i64::from(ended);
    }
    if device.is_none() && alarm.session.is_none() {
        sessions += close_others(tx, caller).await?;
    }
    if alarm.denied_at.is_some() {
        return Ok(Outcome { device, sessions, password: is_doubted(tx, caller).await? });
    }
    let password = doubt_password(tx, caller).await?;
    append(tx, caller, Denied { alarm: alarm.id, device, sessions }).await?;
    Ok(Outcome { device, sessions, password })
}

/// Where nothing says in which session it was done, all end but the one that asks.
async fn close_others(tx: &mut Tx, caller: &Caller) -> Result<i64, Refusal> {
    let open = crate::signin::queries::sessions_of(tx, caller.member).await?;
    let mut ended = 0;
    for other in open.into_iter().filter(|open| open.id != caller.session) {
        let closed = close_session(tx, caller.actor(), caller.member, other.id, Why::Ended).await?;
        ended += i64::from(closed);
    }
    Ok(ended)
}

async fn is_doubted(reader: &mut Reader, caller: &Caller) -> Result<bool, Refusal> {
    let candidate = crate::signin::queries::candidate_by_id(reader, caller.member).await?;
    Ok(candidate.is_some_and(|candidate| candidate.doubted))
}

async fn own(reader: &mut Reader, caller: &Caller, alarm: AlarmId) -> Result<Alarm, Refusal> {
    let found = queries::alarm(reader, alarm, caller.member).await?;
    let own = found.filter(|one| one.audience == Audience::Member && one.subject == Some(caller.member));
    own.ok_or_else(|| Refusal::new(&NOT_FOUND))
}

/// The caller has seen their own alarms up to this one. Those about the device in their hand stay: whoever came in with it
/// must not be able to wave them away.
///
/// # Errors
/// `not_found`.
pub async fn see_own(tx: &mut Tx, caller: &Caller, upto: AlarmId) -> Result<(), Refusal> {
    own(tx, caller, upto).await?;
    let unseen = queries::unseen_of(tx, caller.member, upto).await?;
    let alarms =
        unseen.into_iter().filter(|alarm| !alarm.is_about(caller)).map(|alarm| alarm.id).collect::<Vec<_>>();
    note_seen(tx, caller, alarms).await
}

/// The caller has seen an alarm for those who manage members. Each of them sees for themselves: what one has seen is still
/// new to the others (R64).
///
/// # Errors
/// `permission.denied`, `not_found`.
pub async fn review(tx: &mut Tx, caller: &Caller, alarm: AlarmId) -> Result<(), Refusal> {
    caller.may(Permission::ManageMembers)?;
    let found = queries::alarm(tx, alarm, caller.member).await?;
    let found = found.filter(|one| one.audience == Audience::Admins);
    let found = found.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    let alarms = if found.seen_at.is_none() { vec![found.id] } else { Vec::new() };
    note_seen(tx, caller, alarms).await
}

/// The same for all up to this one.
///
/// # Errors
/// `permission.denied`, `not_found`.
pub async fn review_all(tx: &mut Tx, caller: &Caller, upto: AlarmId) -> Result<(), Refusal> {
    caller.may(Permission::ManageMembers)?;
    let found = queries::alarm(tx, upto, caller.member).await?;
    if found.is_none_or(|one| one.audience != Audience::Admins) {
        return Err(Refusal::new(&NOT_FOUND));
    }
    let alarms = queries::unseen_for_admins(tx, caller.member, upto).await?;
    note_seen(tx, caller, alarms).await
}

async fn note_seen(tx: &mut Tx, caller: &Caller, alarms: Vec<AlarmId>) -> Result<(), Refusal> {
    if alarms.is_empty() { Ok(()) } else { append(tx, caller, Seen { alarms }).await }
}

/// Appends to the caller's own stream and tells their clients that what is new to them is something else now.
async fn append(tx: &mut Tx, caller: &Caller, fact: impl Into<AlarmFact>) -> Result<(), Refusal> {
    tx.append(Stream::Member(caller.member), caller.actor(), caller.device, &fact.into()).await?;
    tx.tell(News::Mine { member: caller.member, what: "alarms", room: None });
    Ok(())
}

impl People {
    /// Counts a wrong proof for `whom` by where it comes from, and writes down that there are many, once in a window.
    ///
    /// # Errors
    /// What storage says.
    pub(crate) async fn failed(&self, whom: &str, client: &ClientInfo) -> Result<(), Refusal> {
        let now = self.surroundings().now();
        let Some(many) = self.watch.failed(now, client.address.into(), whom) else { return Ok(()) };
        let job = async move |tx: &mut Tx| note_many(tx, &many).await;
        self.store.write(Stream::Organisation, job).await
    }
}

async fn note_many(tx: &mut Tx, many: &ManyFailures) -> Result<(), Refusal> {
    let fact = WatchFact::from(many.clone());
    tx.append(Stream::Organisation, Actor::System, None, &fact).await?;
    Ok(())
}
