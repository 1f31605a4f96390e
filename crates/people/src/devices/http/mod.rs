//! The wire forms of devices, and their routes.
//!
//! - [`door`]: what a browser says before it has a session, or while its session is not complete.
//! - [`register`]: everyone's devices, for those who manage members.
//! - [`mine`]: one's own.
//! - [`policy`]: what the organisation decides.

mod door;
mod mine;
mod policy;
mod register;

use kairan_core::{DeviceId, Instant, MemberId};
use kairan_storage::{Error, Reader};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use super::queries;
use super::rules::{Kind, Ownership, State, unreadable_at};
use crate::People;
use crate::invitations::http::Qr;
use crate::policies::{self, Seat, Who, effective};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .merge(door::router())
        .merge(register::router())
        .merge(mine::router())
        .merge(policy::router())
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Device {
    /// Which.
    #[schema(value_type = String, format = Uuid)]
    pub id: DeviceId,
    /// Whose.
    #[schema(value_type = String, format = Uuid)]
    pub member: MemberId,
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
    /// When it was let in.
    #[schema(value_type = Option<i64>, required = true)]
    pub enrolled_at: Option<Instant>,
    /// Which terms were accepted on it.
    #[schema(required = true)]
    pub consent: Option<Consent>,
    /// When it came.
    #[schema(value_type = i64)]
    pub first_seen: Instant,
    /// When it was last in use, to the minute.
    #[schema(value_type = i64)]
    pub last_seen: Instant,
    /// From which address.
    pub address: String,
    /// That it is locked.
    #[schema(required = true)]
    pub lock: Option<DeviceLock>,
    /// That it was told to wipe itself.
    #[schema(required = true)]
    pub wipe: Option<DeviceWipe>,
    /// From when on it cannot read what it keeps, at the latest, without being in touch; only of one that is shut out.
    #[schema(value_type = Option<i64>, required = true)]
    pub unreadable_at: Option<Instant>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// That terms were accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Consent {
    /// Which version.
    pub version: i64,
    /// When.
    #[schema(value_type = i64)]
    pub at: Instant,
}

/// That a device is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceLock {
    /// Since when.
    #[schema(value_type = i64)]
    pub at: Instant,
    /// By whom; null when it was done on the server's command line.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    pub by: Option<MemberId>,
}

/// That a device was told to wipe itself (R14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceWipe {
    /// When.
    #[schema(value_type = i64)]
    pub asked_at: Instant,
    /// By whom; null when it was done on the server's command line.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    pub by: Option<MemberId>,
    /// When it said that it had; null while it has not.
    #[schema(value_type = Option<i64>, required = true)]
    pub confirmed_at: Option<Instant>,
    /// How many things it wiped, as it says.
    #[schema(required = true)]
    pub items: Option<i64>,
}

impl Device {
    /// As `current` sees it.
    async fn of(
        reader: &mut Reader,
        device: queries::Device,
        current: Option<DeviceId>,
    ) -> Result<Self, Error> {
        let shown = Self::all(reader, vec![device], current).await?;
        shown.into_iter().next().ok_or(Error::NoRow("a device"))
    }

    /// As `current` sees them, with the leases that policies leave each.
    async fn all(
        reader: &mut Reader,
        devices: Vec<queries::Device>,
        current: Option<DeviceId>,
    ) -> Result<Vec<Self>, Error> {
        let (policies, usual) =
            (policies::queries::in_force(reader).await?, policies::queries::usual(reader).await?);
        let view = |device: queries::Device| {
            let who = Who { role: device.role, seat: Seat::Device(device.kind, device.ownership) };
            let lease = effective(policies.version, &policies.rules, &who, usual).lease_hours;
            Self::new(device, current, lease)
        };
        Ok(devices.into_iter().map(view).collect())
    }

    fn new(device: queries::Device, current: Option<DeviceId>, lease_hours: i64) -> Self {
        let shut = matches!(device.state, State::Locked | State::Wiping);
        Self {
            unreadable_at: shut.then(|| unreadable_at(device.last_seen, lease_hours)),
            current: current == Some(device.id),
            consent: device.consent.map(|(version, at)| Consent { version, at }),
            lock: device.lock.map(|(at, by)| DeviceLock { at, by }),
            wipe: device.wipe.map(|(asked_at, by)| DeviceWipe {
                asked_at,
                by,
                confirmed_at: device.wiped.map(|(at, _)| at),
                items: device.wiped.map(|(_, items)| items),
            }),
            id: device.id,
            member: device.member,
            name: device.name,
            kind: device.kind,
            os: device.os,
            ownership: device.ownership,
            state: device.state,
            enrolled_at: device.enrolled_at,
            first_seen: device.first_seen,
            last_seen: device.last_seen,
            address: device.address,
        }
    }
}

/// A code for a new device, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceCode {
    /// `XXXX-XXXX`.
    pub code: String,
    /// Until when it opens.
    #[schema(value_type = i64)]
    pub expires_at: Instant,
    /// What the QR code says: the address at which the code is typed in already.
    pub uri: String,
    /// That address as a QR code.
    pub qr: Qr,
}

impl DeviceCode {
    pub(crate) fn new(
        people: &People,
        code: String,
        expires_at: Instant,
    ) -> Result<Self, kairan_core::Refusal> {
        let uri = format!("{}/enrol#{code}", people.settings.public_origin);
        Ok(Self { qr: Qr::of(&uri)?, code, expires_at, uri })
    }
}
