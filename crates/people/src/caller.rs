//! Who is asking: the extractor that every route of a signed-in person begins with.
//!
//! It stays true that a token proves a session only while that session is open, its person is here, and its time is not
//! over (R18, R19); and that a session is nobody's voice before it is complete: everything its person and browser need is
//! there, and its policy lets it be used now and from here (R20). [`Caller`] takes complete sessions only; [`Entering`] takes
//! any, for the few routes that complete one; [`Anywhere`] any at all, for the two that ask where it stands and end it.

use std::collections::HashSet;
use std::net::IpAddr;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use kairan_core::ids::Id;
use kairan_core::refusal::FORBIDDEN;
use kairan_core::{Actor, DeviceId, Instant, MemberId, Permission, Refusal, Role, SessionId};
use kairan_http::{ClientInfo, Problem};
use kairan_storage::{Reader, Stream, Tx, params};

use crate::factors::commands::proved_within;
pub use crate::factors::rules::FRESH;
use crate::members::rules::Kind;
use crate::policies::{Effective, Seat};
use crate::signin::queries::Session;
use crate::signin::rules::{SESSION_INCOMPLETE, SESSION_MISSING, SESSION_STALE, over};
use crate::signin::standing::Needs;
use crate::signin::{commands, queries};
use crate::{People, Token};

/// A member, through a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub member: MemberId,
    /// What they are to the organisation.
    pub role: Role,
    /// What kind of member.
    pub kind: Kind,
    /// Through which session.
    pub session: SessionId,
    /// When they last proved to be there in person (R23).
    pub proved_at: Instant,
    /// On which device; none where the organisation asks for none.
    pub device: Option<DeviceId>,
    /// From where.
    pub whence: Whence,
}

/// Where somebody calls from, as far as policies ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whence {
    /// What they sit at.
    pub seat: Seat,
    /// Their address; none for what is done in somebody's name.
    pub address: Option<IpAddr>,
}

/// A member with an open session, complete or not: what they may do is complete it or end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entering {
    /// Who.
    pub member: MemberId,
    /// Through which session.
    pub session: SessionId,
    /// What is missing first; nothing when the session is complete.
    pub needs: Option<Needs>,
    /// On which device.
    pub device: Option<DeviceId>,
    /// Whether an invitation or the founding opened it, which is as good as a code for a device.
    pub invited: bool,
    /// What they are to the organisation.
    pub role: Role,
    kind: Kind,
    proved_at: Instant,
    seat: Seat,
}

impl Entering {
    /// Whether this step's turn has come: nothing that is asked for earlier is missing.
    ///
    /// # Errors
    /// 403 `session.incomplete` with what comes first.
    pub fn reached(&self, step: Needs) -> Result<(), Refusal> {
        match self.needs {
            Some(earlier) if earlier < step => Err(incomplete(earlier)),
            _ => Ok(()),
        }
    }

    /// The caller this is when nothing is missing; whether policies let them be here is another question.
    ///
    /// # Errors
    /// 403 `session.incomplete` with what it needs.
    fn complete(self, address: IpAddr) -> Result<Caller, Refusal> {
        let Self { member, session, needs, device, role, kind, proved_at, seat, .. } = self;
        let whence = Whence { seat, address: Some(address) };
        match needs {
            None => Ok(Caller { member, role, kind, session, proved_at, device, whence }),
            Some(needs) => Err(incomplete(needs)),
        }
    }

    /// The caller this is when nothing is missing but another password.
    ///
    /// # Errors
    /// 403 `session.incomplete` with what it needs.
    pub fn changing_password(mut self, address: IpAddr) -> Result<Caller, Refusal> {
        self.needs = self.needs.filter(|needs| *needs != Needs::NewPassword);
        self.complete(address)
    }
}

/// The no to whoever has to complete their session first.
pub(crate) fn incomplete(needs: Needs) -> Refusal {
    Refusal::new(&SESSION_INCOMPLETE).fact("needs", needs.name())
}

impl Caller {
    /// The permission table's answer for this caller.
    ///
    /// # Errors
    /// 403 `permission.denied`.
    pub fn may(&self, permission: Permission) -> Result<(), Refusal> {
        if self.role.may(permission) { Ok(()) } else { Err(Refusal::new(&FORBIDDEN)) }
    }

    /// R23: whether they proved to be there in person within this time, ms.
    ///
    /// # Errors
    /// 403 `proof.needed`.
    pub fn proved_within(&self, within: i64, now: Instant) -> Result<(), Refusal> {
        proved_within(self.proved_at, within, now)
    }

    /// As the journal names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Member(self.member)
    }
}

/// Who `member` is while nobody is there to ask: what they arranged before is done in their name, under the rules of now.
/// The session is the nil id, which no session has. None unless they may sign in.
///
/// # Errors
/// What the engine says.
pub async fn absent(reader: &mut Reader, member: MemberId) -> Result<Option<Caller>, kairan_storage::Error> {
    let sql = "SELECT role, kind FROM members WHERE id = $1 AND state = 'active' AND locked_at IS NULL";
    let Some(row) = reader.maybe(sql, params![member]).await? else { return Ok(None) };
    let damaged = || kairan_storage::Error::Damaged("a member's role or kind".into());
    let role = Role::named(&row.get::<String>(0)?).ok_or_else(damaged)?;
    let kind = Kind::named(&row.get::<String>(1)?).ok_or_else(damaged)?;
    let (session, whence) = (SessionId::nil(), Whence::default());
    Ok(Some(Caller { member, role, kind, session, proved_at: Instant(0), device: None, whence }))
}

impl People {
    /// The caller these headers prove, noting that the session is in use.
    ///
    /// # Errors
    /// 401 `session.missing`, 403 `session.incomplete`, 403 `policy.hours`, 403 `policy.network`.
    pub async fn caller(&self, headers: &HeaderMap, client: &ClientInfo) -> Result<Caller, Refusal> {
        let (entering, policy) = self.open_session(headers).await?;
        let caller = entering.complete(client.address)?;
        policy.admits(caller.whence.address, self.surroundings().now())?;
        Ok(caller)
    }

    /// Whose session these headers prove, complete or not, noting that it is in use.
    ///
    /// # Errors
    /// 401 `session.missing`.
    pub async fn entering(&self, headers: &HeaderMap) -> Result<Entering, Refusal> {
        Ok(self.open_session(headers).await?.0)
    }

    /// The same; whoever has completed it is let be here by their policy.
    async fn entering_here(&self, headers: &HeaderMap, client: &ClientInfo) -> Result<Entering, Refusal> {
        let (entering, policy) = self.open_session(headers).await?;
        if entering.needs.is_none() {
            policy.admits(Some(client.address), self.surroundings().now())?;
        }
        Ok(entering)
    }

    /// The open session of these headers, and what holds in it.
    async fn open_session(&self, headers: &HeaderMap) -> Result<(Entering, Effective), Refusal> {
        let missing = || Refusal::new(&SESSION_MISSING);
        let token = cookie(headers, self.settings.cookie()).map(Token::presented).ok_or_else(missing)?;
        let read = async move |reader: &mut Reader| queries::session(reader, &token).await;
        let session = self.store.read::<_, kairan_storage::Error, _>(read).await?.ok_or_else(missing)?;
        let needs = session.needs();
        let now = self.surroundings().now();
        let (member, id) = (session.member, session.id);
        if over(session.expires_at, session.seen, session.idle, now) {
            let close = async move |tx: &mut Tx| commands::close_if_over(tx, member, id).await;
            self.store.write(Stream::Member(member), close).await?;
            return Err(missing());
        }
        if session.device.is_some() && session.token_until.is_none_or(|until| now >= until) {
            return Err(Refusal::new(&SESSION_STALE));
        }
        if commands::seen_is_old(session.seen, now) {
            self.touch(member, id).await;
        }
        let Session { role, kind, proved_at, device, invited, seat, policy, .. } = session;
        let entering = Entering { member, session: id, needs, device, invited, role, kind, proved_at, seat };
        Ok((entering, policy))
    }

    /// Whether the caller may still go on: for what began with a session and goes on without its cookie. When the database
    /// does not answer, they may not.
    ///
    /// # Errors
    /// 401 `session.missing` when the session is over or not complete any more; 403 `policy.hours`, 403 `policy.network`.
    pub async fn still(&self, caller: &Caller) -> Result<(), Refusal> {
        let (member, session, now) = (caller.member, caller.session, self.surroundings().now());
        let read = async move |reader: &mut Reader| -> Result<Option<Effective>, kairan_storage::Error> {
            let Some(open) = queries::session_by_id(reader, member, session).await? else { return Ok(None) };
            let lasts = open.needs().is_none() && !over(open.expires_at, open.seen, open.idle, now);
            Ok(lasts.then_some(open.policy))
        };
        let policy = self.store.read(read).await?.ok_or_else(|| Refusal::new(&SESSION_MISSING))?;
        policy.admits(caller.whence.address, now)
    }

    /// The same as a yes or no.
    pub async fn is_open(&self, caller: &Caller) -> bool {
        self.still(caller).await.is_ok()
    }

    /// Notes that a session is in use; the gateway calls it too, once a minute for each open socket. When the note cannot
    /// be written (a full disk, say), reading goes on without it.
    pub async fn touch(&self, member: MemberId, session: SessionId) {
        let mark = async move |tx: &mut Tx| commands::mark_seen(tx, member, session).await;
        if let Err(refusal) = self.store.write(Stream::Member(member), mark).await {
            tracing::warn!(code = refusal.code.name, "a session's last use was not noted");
        }
    }

    /// Closes every session whose time is over, so that its end is in the journal and open sockets hear of it (R19, R50).
    /// The server calls it every minute. How many it closed.
    ///
    /// # Errors
    /// What storage says.
    pub async fn close_sessions_over(&self) -> Result<usize, Refusal> {
        let now = self.surroundings().now();
        let read = async move |reader: &mut Reader| -> Result<_, kairan_storage::Error> {
            let mut found = queries::over(reader, now).await?;
            let known = found.iter().map(|(_, session)| *session).collect::<HashSet<_>>();
            let more = queries::over_by_policy(reader, now).await?.into_iter();
            found.extend(more.filter(|(_, session)| !known.contains(session)));
            Ok(found)
        };
        let found = self.store.read::<_, kairan_storage::Error, _>(read).await?;
        let many = found.len();
        for (member, session) in found {
            let close = async move |tx: &mut Tx| commands::close_if_over(tx, member, session).await;
            self.store.write(Stream::Member(member), close).await?;
        }
        Ok(many)
    }
}

impl<S> FromRequestParts<S> for Caller
where
    People: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let client = ClientInfo::from_request_parts(parts, state).await?;
        Ok(People::from_ref(state).caller(&parts.headers, &client).await?)
    }
}

impl<S> FromRequestParts<S> for Entering
where
    People: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let client = ClientInfo::from_request_parts(parts, state).await?;
        Ok(People::from_ref(state).entering_here(&parts.headers, &client).await?)
    }
}

/// Anyone with an open session, wherever and whenever they are: for asking where one stands, and for signing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anywhere(pub Entering);

impl<S> FromRequestParts<S> for Anywhere
where
    People: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(People::from_ref(state).entering(&parts.headers).await?))
    }
}

/// A cookie's value (RFC 6265 §5.4). Of two with one name the first counts, as browsers send the closest path first.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
