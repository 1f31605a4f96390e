//! Who belongs to the organisation, and how they prove it.
//!
//! It stays true that joining is by invitation only (R1), that what one may not see does not exist for one (R24, R70),
//! and that everything here that changes is an event first.

pub mod alarms;
pub mod caller;
pub mod console;
pub mod departments;
pub mod devices;
pub mod factors;
pub mod hooks;
pub mod imports;
pub mod invitations;
pub mod lease;
pub mod members;
mod named;
pub mod naming;
pub mod organisation;
pub mod oversight;
pub mod policies;
pub mod preferences;
pub mod reach;
pub mod short_code;
pub mod signin;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod token;

use std::sync::Arc;

use kairan_core::{Code, Surroundings};
use kairan_storage::{Migration, Projection, Store};
use secrecy::SecretString;
use utoipa_axum::router::OpenApiRouter;

pub use caller::{Caller, Entering, Whence};
pub use hooks::{Acquaintance, BelongingChanged, Downloads, Hooks};
use signin::Hasher;
use signin::throttle::Throttle;
pub use token::Token;

/// The steps of this crate's schema.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "people/0001_people", sql: include_str!("../migrations/0001_people.sql") },
    Migration { name: "people/0002_settings", sql: include_str!("../migrations/0002_settings.sql") },
    Migration { name: "people/0003_reach", sql: include_str!("../migrations/0003_reach.sql") },
    Migration { name: "people/0004_standing", sql: include_str!("../migrations/0004_standing.sql") },
    Migration { name: "people/0005_factors", sql: include_str!("../migrations/0005_factors.sql") },
    Migration { name: "people/0006_devices", sql: include_str!("../migrations/0006_devices.sql") },
    Migration { name: "people/0007_policies", sql: include_str!("../migrations/0007_policies.sql") },
    Migration { name: "people/0008_names", sql: include_str!("../migrations/0008_names.sql") },
    Migration { name: "people/0009_alarms", sql: include_str!("../migrations/0009_alarms.sql") },
    Migration { name: "people/0010_last_call", sql: include_str!("../migrations/0010_last_call.sql") },
];

/// What writes this crate's tables.
#[must_use]
pub fn projections() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(organisation::project::OrganisationTable),
        Box::new(organisation::settings::project::SettingsTable),
        Box::new(departments::project::DepartmentTable),
        Box::new(members::project::MemberTables),
        Box::new(naming::project::NameTable),
        Box::new(invitations::project::InvitationTable),
        Box::new(signin::project::SigninTables),
        Box::new(factors::project::FactorTables),
        Box::new(preferences::project::PreferenceTable),
        Box::new(reach::project::PushTable),
        Box::new(devices::project::DeviceTables),
        Box::new(devices::project::DevicePolicyTables),
        Box::new(policies::project::PolicyTable),
        // Last: it looks at what the others wrote for the same event.
        Box::new(alarms::project::AlarmTables),
    ]
}

/// Every code this crate refuses with.
#[must_use]
pub fn codes() -> Vec<&'static Code> {
    let lists = [
        alarms::rules::CODES,
        members::rules::CODES,
        members::roles::CODES,
        departments::rules::CODES,
        devices::rules::CODES,
        imports::rules::CODES,
        invitations::rules::CODES,
        naming::rules::CODES,
        organisation::rules::CODES,
        organisation::settings::rules::CODES,
        reach::rules::CODES,
        signin::rules::CODES,
        signin::password::CODES,
        factors::rules::CODES,
        policies::rules::CODES,
        policies::checks::CODES,
    ];
    lists.concat()
}

/// What the installation says about itself.
#[derive(Debug)]
pub struct Settings {
    /// Where people open Kairan, `https://kairan.example.jp`; invitations point there.
    pub public_origin: String,
    /// Asked for at set-up, when the server is reachable from elsewhere before it has an owner.
    pub setup_code: Option<SecretString>,
    /// The program's version.
    pub version: &'static str,
    /// Whether a mail server is configured.
    pub sends_mail: bool,
    /// Which push services may be spoken to.
    pub push_services: Vec<reach::rules::Service>,
    /// The public key that push services know this server by, base64url (RFC 8292 §3.2); none when there is no server,
    /// as on the command line.
    pub push_key: Option<String>,
}

impl Settings {
    /// Over TLS the cookie is bound to this host and never sent in the clear (R22); plain HTTP is for localhost only,
    /// where browsers refuse such cookies.
    fn secure(&self) -> bool {
        self.public_origin.starts_with("https://")
    }

    /// The session cookie's name.
    #[must_use]
    pub fn cookie(&self) -> &'static str {
        if self.secure() { "__Host-kairan" } else { "kairan" }
    }
}

/// Everything the routes of this crate need. Cheap to clone.
#[derive(Clone)]
pub struct People {
    /// Where it is kept.
    pub store: Store,
    /// What the installation says about itself.
    pub settings: Arc<Settings>,
    /// Passwords.
    pub hasher: Hasher,
    /// Guessing, slowed down.
    pub throttle: Arc<Throttle>,
    /// Wrong proofs, counted by where they come from.
    pub watch: Arc<alarms::Watch>,
    /// What passkeys are asked.
    pub challenges: Arc<factors::Challenges>,
    /// What devices sign.
    pub device_challenges: Arc<devices::Challenges>,
    /// What higher floors have to say.
    pub hooks: Hooks,
}

impl People {
    /// Puts it together.
    #[must_use]
    pub fn new(store: Store, settings: Settings, hooks: Hooks) -> Self {
        let hasher = Hasher::new(store.surroundings());
        let device_challenges = Arc::new(devices::Challenges::new(store.surroundings()));
        Self {
            store,
            settings: Arc::new(settings),
            hasher,
            throttle: Arc::default(),
            watch: Arc::default(),
            challenges: Arc::default(),
            device_challenges,
            hooks,
        }
    }

    /// Time and chance.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        self.store.surroundings()
    }
}

/// Every route of this crate, without the prefix `/api/v1`.
#[must_use]
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .merge(organisation::http::router())
        .merge(organisation::settings::http::router())
        .merge(signin::http::router())
        .merge(factors::http::router())
        .merge(preferences::http::router())
        .merge(reach::http::router())
        .merge(invitations::http::router())
        .merge(members::http::router())
        .merge(naming::http::router())
        .merge(oversight::http::router())
        .merge(imports::http::router())
        .merge(departments::http::router())
        .merge(devices::http::router())
        .merge(policies::http::router())
        .merge(alarms::http::router())
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_have_one_meaning_each() {
        let mut names = super::codes().iter().map(|code| code.name).collect::<Vec<_>>();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
