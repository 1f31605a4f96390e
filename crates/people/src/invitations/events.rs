//! What can have happened to an invitation. Its token is named by the secret's id only (R2).

use kairan_core::{Instant, InvitationId, MemberId, SecretId};
use serde::{Deserialize, Serialize};

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum InvitationFact {
        "invitation.made" => Made(Made),
        "invitation.revoked" => Revoked(Revoked),
        "invitation.used" => Used(Used),
    }
}

/// Made for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its id.
    pub invitation: InvitationId,
    /// For whom.
    pub member: MemberId,
    /// Where the token's hash lies.
    pub token: SecretId,
    /// Until when it opens.
    pub expires_at: Instant,
    /// Whether it replaces the password of someone who is already in (R8).
    pub reset: bool,
}

/// Withdrawn, or replaced by a newer one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Which.
    pub invitation: InvitationId,
    /// Whose.
    pub member: MemberId,
}

/// Somebody chose a password with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Which.
    pub invitation: InvitationId,
    /// Whose.
    pub member: MemberId,
}
