//! What can have happened to a room and to who is in it. All of it stands in the room's own stream, in one order with
//! the messages, so "removed at n" takes effect before n+1 (R25).

use kairan_core::{DepartmentId, MemberId, Seq};
use kairan_storage::facts;
use serde::{Deserialize, Serialize};

use super::rules::{History, RoomKind};

/// One who is in a room from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstMember {
    /// Who.
    pub member: MemberId,
    /// Whether they answer for the room.
    pub manager: bool,
}

/// A room was made, with its first members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomCreated {
    /// Its kind, for good.
    pub kind: RoomKind,
    /// Its name; direct rooms have none.
    pub name: Option<String>,
    /// What it is for.
    pub description: String,
    /// One grapheme, or nothing.
    pub icon: Option<String>,
    /// The department it follows.
    pub department: Option<DepartmentId>,
    /// What a new member sees of the past.
    pub history: History,
    /// Who is in it from the start.
    pub members: Vec<FirstMember>,
}

/// What was changed of a room; what is absent stayed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoomChanged {
    /// New name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// New icon; `null` takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub icon: Option<Option<String>>,
    /// New rule for new members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

fn given<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(de).map(Some)
}

/// Archived or restored: nothing more to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomArchived {}
/// See [`RoomArchived`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRestored {}

/// Somebody came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberAdded {
    /// Who.
    pub member: MemberId,
    /// Whether they answer for the room.
    pub manager: bool,
    /// They see what stands above this place.
    pub floor: Seq,
}

/// Somebody is out, from this event on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRemoved {
    /// Who.
    pub member: MemberId,
    /// By their own wish.
    pub left: bool,
}

/// A member now answers for the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerAdded {
    /// Who.
    pub member: MemberId,
}
/// A member no longer answers for the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerRemoved {
    /// Who.
    pub member: MemberId,
}

facts! {
    /// What can have happened to a room.
    pub enum RoomFact {
        "room.created" => Created(RoomCreated),
        "room.changed" => Changed(RoomChanged),
        "room.archived" => Archived(RoomArchived),
        "room.restored" => Restored(RoomRestored),
        "room.member_added" => MemberAdded(MemberAdded),
        "room.member_removed" => MemberRemoved(MemberRemoved),
        "room.manager_added" => ManagerAdded(ManagerAdded),
        "room.manager_removed" => ManagerRemoved(ManagerRemoved),
    }
}
