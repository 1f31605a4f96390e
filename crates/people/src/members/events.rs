//! What can have happened to a member's record.

use kairan_core::{MemberId, Role};
use serde::{Deserialize, Serialize};

use super::rules::Profile;

kairan_storage::facts! {
    /// Stream: the organisation's. (Rooms have kinds of the same names in their own streams.)
    pub enum MemberFact {
        "member.added" => Added(Added),
        "member.changed" => Changed(Changed),
        "member.role_changed" => RoleChanged(RoleChanged),
        "member.joined" => Joined(Joined),
        "member.locked" => Locked(Locked),
        "member.unlocked" => Unlocked(Unlocked),
    }
}

/// Put on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Who.
    pub member: MemberId,
    /// The record.
    pub profile: Profile,
    /// Their role.
    pub role: Role,
}

/// The record is another from now on; the one before stands in the event before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Whose.
    pub member: MemberId,
    /// The record.
    pub profile: Profile,
}

/// Another role. Every session of theirs ends with it (R18, R20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChanged {
    /// Whose.
    pub member: MemberId,
    /// Until now.
    pub from: Role,
    /// From now on.
    pub to: Role,
}

/// They may not sign in for now. Every session of theirs ends with it (R20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// Who.
    pub member: MemberId,
}

/// They may again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlocked {
    /// Who.
    pub member: MemberId,
}

/// They are here: they chose a password with their invitation, founded the organisation, or are a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Who.
    pub member: MemberId,
}
