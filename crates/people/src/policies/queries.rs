//! Reading policies.

use kairan_core::DeviceId;
use kairan_storage::{Error, Reader, Result, params};

use super::effective::{Effective, Usual, effective};
use super::rules::{Rule, Seat, Who};
use crate::devices::rules::{Kind, Ownership};
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

/// What the organisation decided about devices apart from its rules.
///
/// # Errors
/// What the engine says.
pub async fn usual(reader: &mut Reader) -> Result<Usual> {
    let settings = devices::queries::settings(reader).await?;
    Ok(Usual { devices: settings.most, lease_hours: settings.lease_hours })
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

impl People {
    /// What holds for this caller, on the device they call from.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn policy(&self, reader: &mut Reader, caller: &Caller) -> Result<Effective> {
        of(reader, &Who { role: caller.role, seat: caller.whence.seat }).await
    }
}
