//! Reading policies.

use kairan_core::{DeviceId, MemberId};
use kairan_storage::{Error, Reader, Result, params};

use super::effective::{Effective, Usual, effective};
use super::rules::{Limit, Rule, Seat, Who};
use crate::devices::rules::{Kind, Ownership, Settings};
use crate::signin::queries::Session;
use crate::{Caller, People, devices};

/// The rules in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    /// Counted up; 0 while there never were any.
    pub version: i64,
    /// All of them.
    pub rules: Vec<Rule>,
}

/// The rules in force.
///
/// # Errors
/// What the engine says.
pub async fn in_force(reader: &mut Reader) -> Result<Policies> {
    let row = reader.maybe("SELECT version, rules FROM policies WHERE id = 1", params![]).await?;
    let Some(row) = row else { return Ok(Policies::default()) };
    let rules = serde_json::from_str(&row.get::<String>(1)?);
    let rules = rules.map_err(|error| Error::Damaged(format!("the rules in force: {error}")))?;
    Ok(Policies { version: row.get(0)?, rules })
}

impl From<&Settings> for Usual {
    fn from(settings: &Settings) -> Self {
        Self { devices: settings.most, lease_hours: settings.lease_hours }
    }
}

/// What the organisation decided about devices apart from its rules.
///
/// # Errors
/// What the engine says.
pub async fn usual(reader: &mut Reader) -> Result<Usual> {
    Ok(Usual::from(&devices::queries::settings(reader).await?))
}

/// What holds for somebody now.
///
/// # Errors
/// What the engine says.
pub async fn of(reader: &mut Reader, who: &Who) -> Result<Effective> {
    let Policies { version, rules } = in_force(reader).await?;
    Ok(effective(version, &rules, who, usual(reader).await?))
}

/// What somebody with this device sits at; with none, whether a browser may still become one.
///
/// # Errors
/// What the engine says.
pub async fn seat(reader: &mut Reader, device: Option<DeviceId>) -> Result<Seat> {
    let found = match device {
        Some(device) => devices::queries::device(reader, device).await?,
        None if devices::queries::settings(reader).await?.required => return Ok(Seat::ToCome),
        None => None,
    };
    Ok(found.map_or(Seat::Unknown, |device| Seat::Device(device.kind, device.ownership)))
}

/// From the names that `devices` holds; no device, no seat that is known.
///
/// # Errors
/// When they are none.
pub fn seat_named(kind: Option<&str>, ownership: Option<&str>) -> Result<Seat> {
    let (Some(kind), Some(ownership)) = (kind, ownership) else { return Ok(Seat::Unknown) };
    let damaged = || Error::Damaged("a device's kind or ownership".into());
    let kind = Kind::named(kind).ok_or_else(damaged)?;
    Ok(Seat::Device(kind, Ownership::named(ownership).ok_or_else(damaged)?))
}

/// Why somebody must have a second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorDemand {
    /// The rule that says so; none when it is their role (R4), or how their account stands.
    pub rule: Option<String>,
}

/// Whether a session's person must have a second factor: where they sit now, or on another way in that is theirs. So nobody
/// takes away at one device what a rule asks of them at another.
///
/// # Errors
/// What the engine says.
pub async fn factor_demand(reader: &mut Reader, open: &Session) -> Result<Option<FactorDemand>> {
    let rule = |policy: &Effective| policy.rule(Limit::SecondFactor).map(str::to_owned);
    if open.factor_demanded() {
        return Ok(Some(FactorDemand { rule: rule(&open.policy) }));
    }
    let (policies, settings) = (in_force(reader).await?, devices::queries::settings(reader).await?);
    let mut seats = seats_of(reader, open.member).await?;
    if !settings.required {
        seats.push(Seat::Unknown);
    }
    let usual = Usual::from(&settings);
    let there = |seat| effective(policies.version, &policies.rules, &Who { role: open.role, seat }, usual);
    let demanding = seats.into_iter().map(there).find(|policy| policy.second_factor);
    Ok(demanding.map(|policy| FactorDemand { rule: rule(&policy) }))
}

/// What somebody's devices are, of those that are in use or may be again.
async fn seats_of(reader: &mut Reader, member: MemberId) -> Result<Vec<Seat>> {
    let sql = "SELECT DISTINCT kind, ownership FROM devices WHERE member = $1 AND state IN ('pending', 'enrolled', 'locked') ORDER BY kind, ownership";
    let rows = reader.query(sql, params![member]).await?;
    rows.iter().map(|row| seat_named(Some(&row.get::<String>(0)?), Some(&row.get::<String>(1)?))).collect()
}

impl People {
    /// What holds for this caller, on the device they call from.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn policy(&self, reader: &mut Reader, caller: &Caller) -> Result<Effective> {
        of(reader, &Who { role: caller.role, seat: caller.whence.seat }).await
    }
}
