//! Reading devices, codes, and what the organisation decided about them.

use kairan_core::{DeviceId, Instant, MemberId, Role, SecretId};
use kairan_storage::{Error, Reader, Result, Row, params};

use super::proof::PublicKey;
use super::rules::{CodeFrom, Kind, Ownership, Settings, State};
use super::terms;
use crate::signin::standing::DeviceFacts;

/// The kind of secret that holds SHA-256 of member id ‖ code.
pub const CODE_SECRET: &str = "device_code";

/// A device as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub member: MemberId,
    /// What they are to the organisation.
    pub role: Role,
    /// What its person calls it.
    pub name: String,
    /// What kind of client it runs.
    pub kind: Kind,
    /// Its system, in the client's words.
    pub os: String,
    /// Whose thing it is.
    pub ownership: Ownership,
    /// Where it stands.
    pub state: State,
    /// What its signatures are checked with.
    pub key: PublicKey,
    /// When it came.
    pub first_seen: Instant,
    /// When it was let in.
    pub enrolled_at: Option<Instant>,
    /// When it was last in use, to the minute.
    pub last_seen: Instant,
    /// From which address that was.
    pub address: String,
    /// Which version of the terms was accepted on it, and when.
    pub consent: Option<(i64, Instant)>,
    /// Since when it is locked, and by whom; nobody when it was done on the command line.
    pub lock: Option<(Instant, Option<MemberId>)>,
    /// When it was told to wipe itself, and by whom.
    pub wipe: Option<(Instant, Option<MemberId>)>,
    /// When it said that it had, and how many things.
    pub wiped: Option<(Instant, i64)>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.member, d.name, d.kind, d.os, d.ownership, d.state, d.key, d.first_seen, d.enrolled_at, seen.at, COALESCE(seen.address, d.address), d.consent_version, d.consent_at, d.locked_at, d.locked_by, d.wipe_at, d.wipe_by, d.wiped_at, d.wiped_items, m.role FROM devices d JOIN members m ON m.id = d.member LEFT JOIN marks_device_seen seen ON seen.device = d.id ",
            $rest
        )
    };
}

fn from_row(row: &Row) -> Result<Device> {
    let damaged = |what: &str| Error::Damaged(format!("a device's {what}"));
    let first_seen: Instant = row.get(8)?;
    let text = |column: usize| row.get::<String>(column);
    Ok(Device {
        id: row.get(0)?,
        member: row.get(1)?,
        role: Role::named(&text(20)?).ok_or_else(|| damaged("person's role"))?,
        name: row.get(2)?,
        kind: Kind::named(&text(3)?).ok_or_else(|| damaged("kind"))?,
        os: row.get(4)?,
        ownership: Ownership::named(&text(5)?).ok_or_else(|| damaged("ownership"))?,
        state: State::named(&text(6)?).ok_or_else(|| damaged("state"))?,
        key: PublicKey::from_bytes(row.get(7)?),
        first_seen,
        enrolled_at: row.get(9)?,
        last_seen: row.get::<Option<Instant>>(10)?.unwrap_or(first_seen),
        address: row.get(11)?,
        consent: row.get::<Option<i64>>(12)?.zip(row.get(13)?),
        lock: with_by(row, 14)?,
        wipe: with_by(row, 16)?,
        wiped: row.get::<Option<Instant>>(18)?.zip(row.get(19)?),
    })
}

fn with_by(row: &Row, column: usize) -> Result<Option<(Instant, Option<MemberId>)>> {
    let at: Option<Instant> = row.get(column)?;
    at.map(|at| Ok((at, row.get(column + 1)?))).transpose()
}

/// One device.
///
/// # Errors
/// What the engine says.
pub async fn device(reader: &mut Reader, device: DeviceId) -> Result<Option<Device>> {
    let row = reader.maybe(select!("WHERE d.id = $1"), params![device]).await?;
    row.map(|row| from_row(&row)).transpose()
}

/// Every device of a member, newest first.
///
/// # Errors
/// What the engine says.
pub async fn of_member(reader: &mut Reader, member: MemberId) -> Result<Vec<Device>> {
    let rows = reader.query(select!("WHERE d.member = $1 ORDER BY d.id DESC"), params![member]).await?;
    rows.iter().map(from_row).collect()
}

/// Whether a session brings its browser in without a code: an invitation or the founding opened it, or it is an owner's and
/// the organisation has no device at all, so that nobody could make a code.
///
/// # Errors
/// What the engine says.
pub async fn needs_no_code(reader: &mut Reader, role: Role, invited: bool) -> Result<bool> {
    if invited || role != Role::Owner {
        return Ok(invited);
    }
    Ok(reader.maybe("SELECT 1 FROM devices LIMIT 1", params![]).await?.is_none())
}

/// Which devices to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Only this member's.
    pub member: Option<MemberId>,
    /// Only those that stand here.
    pub state: Option<State>,
    /// Those after this one.
    pub after: Option<DeviceId>,
}

/// Devices in the order of their ids, at most `limit`.
///
/// # Errors
/// What the engine says.
pub async fn page(reader: &mut Reader, wanted: Wanted, limit: i64) -> Result<Vec<Device>> {
    let sql = select!(
        "WHERE d.id > $1 AND ($2 OR d.member = $3) AND ($4 = '' OR d.state = $4) ORDER BY d.id LIMIT $5"
    );
    let bytes = |id: Option<Vec<u8>>| id.unwrap_or_default();
    let after = bytes(wanted.after.map(kairan_core::ids::Id::bytes));
    let member = bytes(wanted.member.map(kairan_core::ids::Id::bytes));
    let state = wanted.state.map_or("", State::name);
    let columns = params![after, wanted.member.is_none(), member, state, limit];
    reader.query(sql, columns).await?.iter().map(from_row).collect()
}

/// A code that still brings a device in.
#[derive(Debug, Clone)]
pub struct OpenCode {
    /// Where its hash lies.
    pub code: SecretId,
    /// Whose thing the device will be.
    pub ownership: Ownership,
    /// Until when it opens.
    pub expires_at: Instant,
}

/// What still brings a device of this member in, over or not.
///
/// # Errors
/// What the engine says.
pub async fn codes_of(reader: &mut Reader, member: MemberId) -> Result<Vec<OpenCode>> {
    let sql = "SELECT code, ownership, expires_at FROM device_codes WHERE member = $1 ORDER BY code";
    let rows = reader.query(sql, params![member]).await?;
    let read = |row: &Row| {
        let ownership = Ownership::named(&row.get::<String>(1)?);
        let ownership = ownership.ok_or_else(|| Error::Damaged("a code's ownership".into()))?;
        Ok(OpenCode { code: row.get(0)?, ownership, expires_at: row.get(2)? })
    };
    rows.iter().map(read).collect()
}

/// What the organisation decided, or the usual.
///
/// # Errors
/// What the engine says.
pub async fn settings(reader: &mut Reader) -> Result<Settings> {
    let sql = "SELECT required, code_from_manager, code_from_own_device, approval, most, lease_hours FROM device_settings WHERE id = 1";
    let Some(row) = reader.maybe(sql, params![]).await? else { return Ok(Settings::default()) };
    Ok(Settings {
        required: row.get(0)?,
        code_from: CodeFrom { manager: row.get(1)?, own_device: row.get(2)? },
        approval: row.get(3)?,
        most: row.get(4)?,
        lease_hours: row.get(5)?,
    })
}

/// The terms in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Counted up.
    pub version: i64,
    /// The text.
    pub text: String,
    /// Since when; none for the built-in text.
    pub since: Option<Instant>,
}

/// The terms in force, or those that are built in.
///
/// # Errors
/// What the engine says.
pub async fn terms(reader: &mut Reader) -> Result<Terms> {
    let sql = "SELECT version, text, since FROM device_terms ORDER BY version DESC LIMIT 1";
    let Some(row) = reader.maybe(sql, params![]).await? else {
        return Ok(Terms { version: terms::FIRST, text: terms::BUILT_IN.to_owned(), since: None });
    };
    Ok(Terms { version: row.get(0)?, text: row.get(1)?, since: row.get(2)? })
}

/// What a session's standing has to do with its device, as `devices` and `device_terms` have it: the device's state, the
/// version of the terms that was accepted on it, and the one in force. With no device, whether one is asked for.
#[must_use]
pub fn facts(
    state: Option<&str>,
    accepted: Option<i64>,
    in_force: Option<i64>,
    required: bool,
) -> DeviceFacts {
    let Some(state) = state else {
        return if required { DeviceFacts::Missing } else { DeviceFacts::NotAsked };
    };
    let consented = accepted == Some(in_force.unwrap_or(terms::FIRST));
    match State::named(state) {
        Some(State::Enrolled) => DeviceFacts::Enrolled { consented, approved: true },
        Some(State::Pending) => DeviceFacts::Enrolled { consented, approved: false },
        // Its sessions ended when it was shut out; one that did not is not complete.
        _ => DeviceFacts::Missing,
    }
}

/// Whether somebody works in a department that `manager` works in, or in one below it.
///
/// # Errors
/// What the engine says.
pub async fn works_under(reader: &mut Reader, manager: MemberId, member: MemberId) -> Result<bool> {
    let tree = crate::departments::queries::tree(reader).await?;
    let record = crate::members::queries::record(reader, manager).await?;
    let runs = record.map(|record| record.profile.departments).unwrap_or_default();
    let record = crate::members::queries::record(reader, member).await?;
    let works = record.map(|record| record.profile.departments).unwrap_or_default();
    let above = works.iter().flat_map(|placement| tree.upward(placement.department));
    Ok(above.into_iter().any(|above| runs.iter().any(|placement| placement.department == above.id)))
}
