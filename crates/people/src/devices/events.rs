//! What can have happened to devices. Codes are named by the id of their secret; a public key is no secret.

use kairan_core::{DeviceId, Instant, SecretId, SessionId};
use serde::{Deserialize, Serialize};

use super::rules::{Kind, Ownership, Settings};

kairan_storage::facts! {
    /// Stream: the member's own.
    pub enum DeviceFact {
        "device.code_made" => CodeMade(CodeMade),
        "device.code_void" => CodeVoid(CodeVoid),
        "device.code_refused" => CodeRefused(CodeRefused),
        "device.added" => Added(Added),
        "device.approved" => Approved(Approved),
        "device.refused" => Refused(Refused),
        "device.described" => Described(Described),
        "device.consented" => Consented(Consented),
        "device.locked" => Locked(Locked),
        "device.unlocked" => Unlocked(Unlocked),
        "device.wipe_asked" => WipeAsked(WipeAsked),
        "device.wipe_cancelled" => WipeCancelled(WipeCancelled),
        "device.wiped" => Wiped(Wiped),
    }
}

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum DevicePolicyFact {
        "devices.settings_changed" => Settings(Settings),
        "devices.terms_changed" => Terms(TermsChanged),
    }
}

/// Somebody made a code for this person's next device. Those before are void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeMade {
    /// Where its hash lies.
    pub code: SecretId,
    /// Whose thing the device will be.
    pub ownership: Ownership,
    /// Until when it opens.
    pub expires_at: Instant,
}

/// A code opens no more, unused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeVoid {
    /// Which.
    pub code: SecretId,
}

/// Somebody who knows the person's password offered a code that is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRefused {
    /// From which address.
    pub address: String,
}

/// A device came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Which.
    pub device: DeviceId,
    /// Through which session.
    pub session: SessionId,
    /// With which code; none where the session itself was opened by an invitation or the founding.
    pub code: Option<SecretId>,
    /// What its person calls it.
    pub name: String,
    /// What kind of client it runs.
    pub kind: Kind,
    /// Its system, in the client's words.
    pub os: String,
    /// Whose thing it is.
    pub ownership: Ownership,
    /// Its public key: hexadecimal, an uncompressed P-256 point (SEC 1 §2.3.3).
    pub key: String,
    /// Whether it waits for an administrator.
    pub pending: bool,
    /// From which address.
    pub address: String,
}

/// An administrator let it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// Which.
    pub device: DeviceId,
}

/// An administrator did not let it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which.
    pub device: DeviceId,
}

/// Another name, or another word on whose thing it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Which.
    pub device: DeviceId,
    /// What its person calls it.
    pub name: String,
    /// Whose thing it is.
    pub ownership: Ownership,
}

/// Its person accepted the terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consented {
    /// On which device.
    pub device: DeviceId,
    /// Which version.
    pub version: i64,
}

/// It opens nothing for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// Which.
    pub device: DeviceId,
}

/// It opens again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlocked {
    /// Which.
    pub device: DeviceId,
}

/// It is to wipe what it keeps when it comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WipeAsked {
    /// Which.
    pub device: DeviceId,
}

/// It is not to any more; it stays locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WipeCancelled {
    /// Which.
    pub device: DeviceId,
}

/// It says, signed with its key, that it has wiped what it kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiped {
    /// Which.
    pub device: DeviceId,
    /// How many things it wiped, as it says.
    pub items: i64,
}

/// The terms are others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsChanged {
    /// Counted up; the built-in text is 1.
    pub version: i64,
    /// The text.
    pub text: String,
}
