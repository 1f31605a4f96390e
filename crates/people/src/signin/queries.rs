//! Reading credentials and sessions.

use kairan_core::ids::Id;
use kairan_core::{DeviceId, Instant, MemberId, Role, SecretId, SessionId};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::rules;
use super::standing::{DeviceFacts, Facts, Needs};
use crate::members::rules::{Kind, handle};
use crate::policies::queries::{in_force, seat_named};
use crate::policies::{Effective, Seat, Usual, Who, effective};
use crate::{Token, devices, organisation, policies, preferences};

/// Kinds of secrets of this feature.
pub const SESSION_SECRET: &str = "session";
/// Password hashes, PHC strings.
pub const PASSWORD_SECRET: &str = "password";
/// SHA-256 of member id ‖ recovery code.
pub const RECOVERY_SECRET: &str = "recovery";

/// Someone who could sign in.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub member: MemberId,
    /// Their role.
    pub role: Role,
    /// Where their password's hash lies, when they have one.
    pub password: Option<SecretId>,
    /// The hash.
    pub hash: Option<String>,
    /// Whether its person says that somebody else may know it.
    pub doubted: bool,
}

/// The active member with this login id or staff number.
///
/// # Errors
/// What the engine says.
pub async fn candidate(reader: &mut Reader, login: &str) -> Result<Option<Candidate>> {
    let sql = "SELECT m.id, m.role, c.password, COALESCE(c.doubted, FALSE) FROM members m LEFT JOIN credentials c ON c.member = m.id WHERE (m.login = $1 OR m.staff_key = $1) AND m.state = 'active'";
    let Some(row) = reader.maybe(sql, params![handle(login)]).await? else { return Ok(None) };
    from_candidate_row(reader, &row).await.map(Some)
}

/// This member, when active.
///
/// # Errors
/// What the engine says.
pub async fn candidate_by_id(reader: &mut Reader, member: MemberId) -> Result<Option<Candidate>> {
    let sql = "SELECT m.id, m.role, c.password, COALESCE(c.doubted, FALSE) FROM members m LEFT JOIN credentials c ON c.member = m.id WHERE m.id = $1 AND m.state = 'active'";
    let Some(row) = reader.maybe(sql, params![member]).await? else { return Ok(None) };
    from_candidate_row(reader, &row).await.map(Some)
}

async fn from_candidate_row(reader: &mut Reader, row: &Row) -> Result<Candidate> {
    let password: Option<SecretId> = row.get(2)?;
    let hash = match password {
        Some(password) => reader.secret(password).await?.and_then(|bytes| String::from_utf8(bytes).ok()),
        None => None,
    };
    Ok(Candidate { member: row.get(0)?, role: role(row, 1)?, password, hash, doubted: row.get(3)? })
}

/// Since when a member's password is the one it is.
///
/// # Errors
/// What the engine says.
pub async fn password_set(reader: &mut Reader, member: MemberId) -> Result<Option<Instant>> {
    let row = reader.maybe("SELECT set_at FROM credentials WHERE member = $1", params![member]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// A session that a token opens, over or not.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub member: MemberId,
    /// Where its token's hash lies.
    pub token: SecretId,
    /// Until when at most.
    pub expires_at: Instant,
    /// How long it lives unused, ms.
    pub idle: i64,
    /// When it was last used, to the minute.
    pub seen: Instant,
    /// The role now.
    pub role: Role,
    /// The kind of member.
    pub kind: Kind,
    /// When a second factor was shown in it.
    pub factor_at: Option<Instant>,
    /// When its person last proved to be there (R23).
    pub proved_at: Instant,
    /// Whether a recovery code opened it.
    pub paper: bool,
    /// How many second factors its person has.
    pub factors: i64,
    /// Whether they must have one for another reason than what holds for them ([`Effective::second_factor`]): their password
    /// is short, or an administrator ended the ones they had.
    pub factor_asked: bool,
    /// On which device.
    pub device: Option<DeviceId>,
    /// How that stands.
    pub device_facts: DeviceFacts,
    /// Until when its present token opens; for ever where there is no device.
    pub token_until: Option<Instant>,
    /// Whether an invitation or the founding opened it.
    pub invited: bool,
    /// When it began.
    pub opened_at: Instant,
    /// What its person sits at.
    pub seat: Seat,
    /// What holds in it now.
    pub policy: Effective,
    /// Whether its person says that somebody else may know the password.
    pub password_doubted: bool,
}

impl Session {
    /// Whether its person must have a second factor, for their role, by a rule that meets them here, or else.
    #[must_use]
    pub fn factor_demanded(&self) -> bool {
        self.policy.second_factor || self.factor_asked
    }

    /// What is missing first; nothing when it is complete: the one place that gathers what its standing follows from.
    #[must_use]
    pub fn needs(&self) -> Option<Needs> {
        let facts = Facts {
            has_factor: self.factors > 0,
            factor_shown: self.factor_at.is_some(),
            factor_demanded: self.factor_demanded(),
            device: self.device_facts,
            password_doubted: self.password_doubted,
        };
        facts.needs()
    }
}

/// Sessions of members who are here; what follows says which.
macro_rules! sessions {
    ($which:literal) => {
        concat!(
            "SELECT s.id, s.member, s.token, s.expires_at, s.idle, COALESCE(seen.at, s.opened_at), m.role, m.kind, s.factor_at, s.proved_at, s.paper, (SELECT COUNT(*) FROM factors f WHERE f.member = s.member), (SELECT COUNT(*) FROM credentials c WHERE c.member = s.member AND c.short), (SELECT COUNT(*) FROM factor_resets r WHERE r.member = s.member AND r.used), s.device, s.token_until, seen.token_until, s.invited, s.opened_at, d.kind, d.ownership, (SELECT COUNT(*) FROM credentials c WHERE c.member = s.member AND c.doubted), d.state, d.consent_version, (SELECT MAX(version) FROM device_terms) FROM sessions s JOIN members m ON m.id = s.member LEFT JOIN devices d ON d.id = s.device LEFT JOIN marks_session_seen seen ON seen.session = s.id ",
            $which,
            " AND m.state = 'active' AND m.locked_at IS NULL"
        )
    };
}

/// The session this token opens.
///
/// # Errors
/// What the engine says.
pub async fn session(reader: &mut Reader, token: &Token) -> Result<Option<Session>> {
    let sql = sessions!("JOIN secrets k ON k.id = s.token WHERE k.kind = $1 AND k.value = $2");
    let row = reader.maybe(sql, params![SESSION_SECRET, token.digest()]).await?;
    match row {
        Some(row) => session_from_row(reader, &row).await.map(Some),
        None => Ok(None),
    }
}

/// A member's session by its id, over or not.
///
/// # Errors
/// What the engine says.
pub async fn session_by_id(
    reader: &mut Reader,
    member: MemberId,
    session: SessionId,
) -> Result<Option<Session>> {
    let sql = sessions!("WHERE s.id = $1 AND s.member = $2");
    let row = reader.maybe(sql, params![session, member]).await?;
    match row {
        Some(row) => session_from_row(reader, &row).await.map(Some),
        None => Ok(None),
    }
}

/// A session never outlives what holds for it now, whatever held when it was opened (R19).
async fn session_from_row(reader: &mut Reader, row: &Row) -> Result<Session> {
    let (opened_at, role): (Instant, Role) = (row.get(18)?, role(row, 6)?);
    let (device_kind, ownership): (Option<String>, Option<String>) = (row.get(19)?, row.get(20)?);
    let settings = devices::queries::settings(reader).await?;
    let seat = match seat_named(device_kind.as_deref(), ownership.as_deref())? {
        Seat::Unknown if settings.required => Seat::ToCome,
        known => known,
    };
    let policies = in_force(reader).await?;
    let policy = effective(policies.version, &policies.rules, &Who { role, seat }, Usual::from(&settings));
    let life = policy.life();
    let (state, consented): (Option<String>, Option<i64>) = (row.get(22)?, row.get(23)?);
    let terms: Option<i64> = row.get(24)?;
    Ok(Session {
        id: row.get(0)?,
        member: row.get(1)?,
        token: row.get(2)?,
        expires_at: row.get::<Instant>(3)?.min(opened_at.plus_ms(life.absolute)),
        idle: row.get::<i64>(4)?.min(life.idle),
        seen: row.get(5)?,
        role,
        kind: Kind::named(&row.get::<String>(7)?).ok_or_else(|| Error::Damaged("a member's kind".into()))?,
        factor_at: row.get(8)?,
        proved_at: row.get(9)?,
        paper: row.get(10)?,
        factors: row.get(11)?,
        factor_asked: row.get::<i64>(12)? + row.get::<i64>(13)? > 0,
        device: row.get(14)?,
        device_facts: devices::queries::facts(state.as_deref(), consented, terms, settings.required),
        // The journal's word and the mark's: the later token is the one that opens.
        token_until: row.get::<Option<Instant>>(15)?.max(row.get(16)?),
        invited: row.get(17)?,
        opened_at,
        seat,
        policy,
        password_doubted: row.get::<i64>(21)? > 0,
    })
}

fn role(row: &Row, column: usize) -> Result<Role> {
    Role::named(&row.get::<String>(column)?).ok_or_else(|| Error::Damaged("a member's role".into()))
}

/// A session as its person sees it.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// Where its token's hash lies.
    pub token: SecretId,
    /// When it began.
    pub opened_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen: Instant,
    /// From which address.
    pub address: String,
    /// What the browser called itself.
    pub agent: String,
    /// Until when at most.
    pub expires_at: Instant,
    /// How long it lives unused, ms.
    pub idle: i64,
}

/// Everything of one member that is open, newest first; some may be over but not closed yet.
///
/// # Errors
/// What the engine says.
pub async fn sessions_of(reader: &mut Reader, member: MemberId) -> Result<Vec<OpenSession>> {
    let sql = "SELECT s.id, s.token, s.opened_at, COALESCE(seen.at, s.opened_at), s.address, s.agent, s.expires_at, s.idle FROM sessions s LEFT JOIN marks_session_seen seen ON seen.session = s.id WHERE s.member = $1 ORDER BY s.id DESC";
    let read = |row: &Row| {
        Ok(OpenSession {
            id: row.get(0)?,
            token: row.get(1)?,
            opened_at: row.get(2)?,
            last_seen: row.get(3)?,
            address: row.get(4)?,
            agent: row.get(5)?,
            expires_at: row.get(6)?,
            idle: row.get(7)?,
        })
    };
    reader.query(sql, params![member]).await?.iter().map(read).collect()
}

/// Sessions that are over at `now` only because of what holds for them by now, and not closed yet (R19).
///
/// # Errors
/// What the engine says.
pub async fn over_by_policy(reader: &mut Reader, now: Instant) -> Result<Vec<(MemberId, SessionId)>> {
    let rules = policies::queries::in_force(reader).await?.rules;
    let Some(least) = policies::effective::shortest(&rules) else { return Ok(Vec::new()) };
    let sql = "SELECT s.member, s.id FROM sessions s LEFT JOIN marks_session_seen seen ON seen.session = s.id WHERE s.id > $1 AND (s.opened_at <= $2 OR COALESCE(seen.at, s.opened_at) <= $3) ORDER BY s.id LIMIT 500";
    let (old, unused) = (now.plus_ms(-least.absolute), now.plus_ms(-least.idle));
    let (mut after, mut found) = (Vec::new(), Vec::new());
    loop {
        let rows = reader.query(sql, params![after, old, unused]).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.get::<SessionId>(1)?.bytes();
        for row in &rows {
            let (member, session) = (row.get(0)?, row.get(1)?);
            let open = session_by_id(reader, member, session).await?;
            if open.is_some_and(|open| rules::over(open.expires_at, open.seen, open.idle, now)) {
                found.push((member, session));
            }
        }
    }
}

/// Sessions that are over at `now` and not closed yet: whose, and which.
///
/// # Errors
/// What the engine says.
pub async fn over(reader: &mut Reader, now: Instant) -> Result<Vec<(MemberId, SessionId)>> {
    let sql = "SELECT s.member, s.id FROM sessions s LEFT JOIN marks_session_seen seen ON seen.session = s.id WHERE s.expires_at <= $1 OR COALESCE(seen.at, s.opened_at) + s.idle <= $1 ORDER BY s.member LIMIT 500";
    reader.query(sql, params![now]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// The unused recovery code of this member with this hash.
///
/// # Errors
/// What the engine says.
pub async fn recovery_code(
    reader: &mut Reader,
    member: MemberId,
    digest: &[u8; 32],
) -> Result<Option<SecretId>> {
    let sql = "SELECT r.code FROM secrets k JOIN recovery_codes r ON r.code = k.id WHERE k.kind = $1 AND k.value = $2 AND r.member = $3";
    reader.maybe(sql, params![RECOVERY_SECRET, &digest[..], member]).await?.map(|row| row.get(0)).transpose()
}

/// Where the hashes of a member's unused recovery codes lie.
///
/// # Errors
/// What the engine says.
pub async fn recovery_codes(reader: &mut Reader, member: MemberId) -> Result<Vec<SecretId>> {
    let rows = reader.query("SELECT code FROM recovery_codes WHERE member = $1", params![member]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// What a session's person is told about themselves.
#[derive(Debug, Clone)]
pub struct Myself {
    /// Their record.
    pub record: crate::members::queries::Record,
    /// The organisation's name.
    pub organisation: String,
    /// How they like it.
    pub preferences: preferences::events::Preferences,
    /// This session.
    pub session: SessionId,
    /// What holds in it.
    pub policy: Effective,
}

/// Everything the client asks for first.
///
/// # Errors
/// What the engine says.
pub async fn myself(reader: &mut Reader, member: MemberId, session: SessionId) -> Result<Myself> {
    let record =
        crate::members::queries::record(reader, member).await?.ok_or(Error::NoRow("the caller's record"))?;
    let organisation = organisation::queries::name(reader).await?.unwrap_or_default();
    let preferences = preferences::queries::of(reader, member).await?;
    let open = session_by_id(reader, member, session).await?.ok_or(Error::NoRow("the caller's session"))?;
    Ok(Myself { record, organisation, preferences, session, policy: open.policy })
}
