//! What can have happened to somebody's second factors. Secrets are named by id; a passkey's public key is none.

use kairan_core::{FactorId, Instant, SecretId, SessionId};
use serde::{Deserialize, Serialize};

use super::rules::{Kind, Way};

kairan_storage::facts! {
    /// Stream: the member's own.
    pub enum FactorFact {
        "factor.offered" => Offered(Offered),
        "factor.enrolled" => Enrolled(Enrolled),
        "factor.renamed" => Renamed(Renamed),
        "factor.removed" => Removed(Removed),
        "factor.shown" => Shown(Shown),
        "factor.refused" => Refused(Refused),
        "factor.reset" => Reset(Reset),
        "factor.reset_withdrawn" => ResetWithdrawn(ResetWithdrawn),
        "factor.reset_used" => ResetUsed(ResetUsed),
    }
}

/// A seed for an authenticator app was shown; it counts once a code of it came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Where it lies.
    pub secret: SecretId,
}

/// They have another factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Its id.
    pub factor: FactorId,
    /// What it is.
    pub kind: Kind,
    /// What they call it; empty for an app.
    pub name: String,
    /// The time step, or the counter, it has used.
    pub used: i64,
    /// An app's seed.
    pub secret: Option<SecretId>,
    /// A passkey's id, base64url.
    pub credential: Option<String>,
    /// A passkey's public key (COSE), base64url.
    pub key: Option<String>,
}

/// A passkey is called something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// Which.
    pub factor: FactorId,
    /// From now on.
    pub name: String,
}

/// They have this factor no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Which.
    pub factor: FactorId,
}

/// It was shown, and is used up to here (R5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Which.
    pub factor: FactorId,
    /// The time step, or the counter, it has used.
    pub used: i64,
}

/// What was shown was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// As what.
    pub way: Way,
    /// Why.
    pub why: Why,
    /// From which address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// Why what was shown was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Wrong, or used before.
    Wrong,
    /// A passkey's counter went back: there is a copy of it.
    Clone,
}

/// A code was made that ends their factors, for someone who lost them (R8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// Where its hash lies.
    pub code: SecretId,
    /// Until when it opens.
    pub expires_at: Instant,
}

/// The code opens nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetWithdrawn {
    /// Where its hash lay.
    pub code: SecretId,
}

/// The code was used: their factors ended, and they must get a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetUsed {
    /// Where its hash lay.
    pub code: SecretId,
    /// In which session.
    pub session: SessionId,
}
