//! What can have happened at the door. Secrets are named by id, never by value.

use kairan_core::{DeviceId, Instant, SecretId, SessionId};
use serde::{Deserialize, Serialize};

kairan_storage::facts! {
    /// Stream: the member's own, except that an attempt with a login nobody has is the organisation's.
    pub enum SigninFact {
        "password.set" => PasswordSet(PasswordSet),
        "password.doubted" => PasswordDoubted(PasswordDoubted),
        "recovery.issued" => RecoveryIssued(RecoveryIssued),
        "recovery.used" => RecoveryUsed(RecoveryUsed),
        "session.opened" => Opened(Opened),
        "session.proved" => Proved(Proved),
        "session.renewed" => Renewed(Renewed),
        "session.bound" => Bound(Bound),
        "session.closed" => Closed(Closed),
        "signin.refused" => Refused(Refused),
        "signin.unknown" => Unknown(Unknown),
    }
}

/// A password was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordSet {
    /// Where its hash lies.
    pub password: SecretId,
    /// On what occasion.
    pub how: How,
    /// Whether it may stand only beside a second factor (R3).
    #[serde(default)]
    pub short: bool,
}

/// Its person says that somebody else may know the password: from now on it opens only on devices of theirs, and is to be
/// changed there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordDoubted {}

/// The proof that opened a session or set a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The founding of the organisation.
    Setup,
    /// A password.
    Password,
    /// An invitation.
    Invitation,
    /// A recovery code.
    Recovery,
    /// A passkey.
    Passkey,
}

impl How {
    /// Whether this proof alone shows two factors.
    #[must_use]
    pub fn is_two_factors(self) -> bool {
        match self {
            Self::Passkey => true,
            Self::Setup | Self::Password | Self::Invitation | Self::Recovery => false,
        }
    }
}

/// New recovery codes; those before are void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryIssued {
    /// Where their hashes lie.
    pub codes: Vec<SecretId>,
}

/// A recovery code was used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryUsed {
    /// Which.
    pub code: SecretId,
}

/// A session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its id.
    pub session: SessionId,
    /// Where its token's hash lies.
    pub token: SecretId,
    /// By what proof.
    pub how: How,
    /// Until when at most.
    pub expires_at: Instant,
    /// How long it lives unused, ms.
    pub idle: i64,
    /// From which address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// Whether the proof counted as a second factor too.
    #[serde(default)]
    pub factor: bool,
    /// Whether it came from the sheet of recovery codes.
    #[serde(default)]
    pub paper: bool,
    /// On which device.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// Until when the token opens, on a device.
    #[serde(default)]
    pub token_until: Option<Instant>,
}

/// Its person proved once more to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// In which session.
    pub session: SessionId,
    /// Whether a second factor counts as shown in it from now on.
    pub factor: bool,
}

/// The same session, another token: the one before opens nothing any more (R18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// Which.
    pub session: SessionId,
    /// Where the new token's hash lies.
    pub token: SecretId,
    /// Until when it opens, on a device.
    #[serde(default)]
    pub token_until: Option<Instant>,
}

/// The session belongs to a device from now on, and has another token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Which.
    pub session: SessionId,
    /// To which.
    pub device: DeviceId,
    /// Where the new token's hash lies.
    pub token: SecretId,
    /// Until when it opens.
    pub token_until: Instant,
}

/// A session ended. Whoever holds a connection for it ends that too (R20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Which.
    pub session: SessionId,
    /// Why.
    pub why: Why,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its person signed out.
    SignedOut,
    /// Its person ended it from another session.
    Ended,
    /// The same browser signed in again.
    Replaced,
    /// Too old, or unused too long.
    Expired,
    /// The password is another.
    PasswordChanged,
    /// The role is another.
    RoleChanged,
    /// The second factors are others.
    FactorsChanged,
    /// Its device was locked.
    DeviceLocked,
    /// Its device is to wipe itself.
    DeviceWiped,
    /// Its device was not let in.
    DeviceRefused,
    /// Its person was locked.
    MemberLocked,
    /// Whoever has the machine ended it.
    EndedForThem,
}

impl Why {
    /// Whether the browser was not there when its session ended: it does not know yet, and may be in other hands.
    #[must_use]
    pub fn may_be_away(self) -> bool {
        !matches!(self, Self::SignedOut | Self::Replaced | Self::DeviceRefused)
    }
}

/// A sign-in or recovery was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was offered as proof.
    pub proof: How,
    /// From which address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// Somebody tried a login nobody has. Not which: people type their password there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// What was offered as proof.
    pub proof: How,
    /// From which address.
    pub address: String,
}
