//! What may be done to a room, decided without looking anything up.

use kairan_core::text::{self, TextFault};
use kairan_core::{FieldFault, MemberId, Permission, Refusal, Role, refusal};
use serde::{Deserialize, Serialize};

kairan_core::codes! {
    LAST_MANAGER = 409 "room.last_manager", "この部屋の責任者は1人だけです。先に、ほかの人を責任者にしてください。", "This room has only one manager. Make somebody else a manager first.";
    ARCHIVED = 409 "room.archived", "この部屋はしまわれています。書くには、責任者が部屋を戻します。", "This room is archived. A manager can restore it so that people may write again.";
    NOT_MANAGER = 403 "room.not_manager", "これは部屋の責任者ができます。責任者に頼んでください。", "Only this room's managers can do that. Ask one of them.";
    ONLY_MANAGERS_POST = 403 "room.only_managers_post", "ここは責任者が知らせる部屋です。返事は個人の部屋でどうぞ。", "Only managers write in this room. Answer in a direct room.";
    DIRECT_FIXED = 409 "room.direct_fixed", "個人の部屋は2人のままです。人を増やすときは、新しい部屋をつくってください。", "A direct room stays between two people. Make a new room to add others.";
    DIRECT_SELF = 422 "room.direct_self", "自分だけの個人の部屋はつくれません。相手を選んでください。", "A direct room needs another person. Choose one.";
    FOLLOWS_DEPARTMENT = 409 "room.follows_department", "この部屋の人は部署に合わせて変わります。部署の所属を変えてください。", "The people of this room follow its department. Change who belongs to the department.";
    DEPARTMENT_NEEDED = 422 "room.department_needed", "部署を選んでください。", "Choose a department.";
    DEPARTMENT_UNWANTED = 422 "room.department_unwanted", "部署を選べるのは、部署の部屋だけです。", "Only a department room has a department.";
    MEMBER_UNKNOWN = 422 "room.member_unknown", "選んだ人のうち、部屋に入れられない人がいます。選び直してください。", "Somebody you chose cannot be added to a room. Choose again.";
    ICON_SHAPE = 422 "room.icon_shape", "印は1文字か絵文字1つにしてください。", "Use one character or one emoji.";
    ID_TAKEN = 409 "room.id_taken", "この部屋の番号は使われています。もう一度つくってください。", "This room id is already used. Create the room again.";
    TOO_MANY = 422 "room.too_many", "一度に入れられるのは{limit}人までです。", "At most {limit} people can be added at once.";
}

/// Most code points of a room's name.
pub const NAME_LIMIT: usize = 60;
/// Most code points of a room's description.
pub const DESCRIPTION_LIMIT: usize = 500;
/// Most people named in one request.
pub const PEOPLE_LIMIT: usize = 2_000;

/// What a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Two people.
    Direct,
    /// People chosen by managers.
    Group,
    /// Follows a department.
    Department,
    /// Managers post, everyone reads.
    Broadcast,
}

impl RoomKind {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Department => "department",
            Self::Broadcast => "broadcast",
        }
    }
    /// From what is stored.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Direct, Self::Group, Self::Department, Self::Broadcast]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
    /// What a role must have to make one.
    #[must_use]
    pub fn permission(self) -> Option<Permission> {
        match self {
            Self::Direct => None,
            Self::Group | Self::Department => Some(Permission::CreateRooms),
            Self::Broadcast => Some(Permission::CreateBroadcast),
        }
    }
}

/// What a new member sees of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// Everything.
    All,
    /// Nothing from before they came.
    FromJoin,
}

impl History {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::FromJoin => "from_join",
        }
    }
    /// From what is stored.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::All, Self::FromJoin].into_iter().find(|history| history.name() == name)
    }
}

/// What somebody is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What the room is.
    pub kind: RoomKind,
    /// What newcomers see.
    pub history: History,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether they answer for it.
    pub manager: bool,
    /// They see what stands above this place.
    pub floor: i64,
}

impl Standing {
    /// Whether they may act as a manager here: one of its managers, or an administrator who is in it.
    ///
    /// # Errors
    /// `room.not_manager`.
    pub fn manages(self, role: Role) -> Result<(), Refusal> {
        if self.manager || role.may(Permission::ManageAnyRoom) { Ok(()) } else { Err((&NOT_MANAGER).into()) }
    }

    /// Whether membership may be changed by hand.
    ///
    /// # Errors
    /// `room.direct_fixed`, `room.follows_department`.
    pub fn membership_is_by_hand(self) -> Result<(), Refusal> {
        match self.kind {
            RoomKind::Direct => Err((&DIRECT_FIXED).into()),
            RoomKind::Department => Err((&FOLLOWS_DEPARTMENT).into()),
            RoomKind::Group | RoomKind::Broadcast => Ok(()),
        }
    }

    /// Whether they may write here.
    ///
    /// # Errors
    /// `room.archived`, `room.only_managers_post`.
    pub fn may_post(self) -> Result<(), Refusal> {
        if self.archived {
            return Err((&ARCHIVED).into());
        }
        if self.kind == RoomKind::Broadcast && !self.manager {
            return Err((&ONLY_MANAGERS_POST).into());
        }
        Ok(())
    }
}

/// Whether the room would still have a manager without this one (R63).
///
/// # Errors
/// `room.last_manager`.
pub fn still_managed(managers: &[MemberId], without: MemberId) -> Result<(), Refusal> {
    if managers.iter().any(|manager| *manager != without) { Ok(()) } else { Err((&LAST_MANAGER).into()) }
}

/// A room's name.
///
/// # Errors
/// A fault of `name`.
pub fn name(raw: &str) -> Result<String, FieldFault> {
    text::line(raw, NAME_LIMIT).map_err(|fault| line_fault("name", fault))
}

/// A room's description: several lines, may be empty.
///
/// # Errors
/// A fault of `description`.
pub fn description(raw: &str) -> Result<String, FieldFault> {
    if raw.trim().is_empty() {
        return Ok(String::new());
    }
    let text = text::message(raw).map_err(|fault| line_fault("description", fault))?;
    if text.chars().count() > DESCRIPTION_LIMIT {
        return Err(FieldFault::new("description", &refusal::FIELD_TOO_LONG).fact("limit", DESCRIPTION_LIMIT));
    }
    Ok(text)
}

/// A room's icon: one grapheme.
///
/// # Errors
/// A fault of `icon`.
pub fn icon(raw: &str) -> Result<String, FieldFault> {
    let shown = raw.trim();
    if text::is_one_grapheme(shown) && shown.chars().count() <= 16 && !shown.chars().any(char::is_control) {
        Ok(shown.to_owned())
    } else {
        Err(FieldFault::new("icon", &ICON_SHAPE))
    }
}

fn line_fault(field: &str, fault: TextFault) -> FieldFault {
    match fault {
        TextFault::Empty => FieldFault::new(field, &refusal::FIELD_REQUIRED),
        TextFault::TooLong { limit, .. } => {
            FieldFault::new(field, &refusal::FIELD_TOO_LONG).fact("limit", limit)
        }
        TextFault::TooManyMarks | TextFault::Character => FieldFault::new(field, &refusal::FIELD_CHARACTERS),
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::ids::Id;
    use proptest::prelude::*;

    use super::*;

    fn standing(kind: RoomKind, manager: bool, archived: bool) -> Standing {
        Standing { kind, history: History::All, archived, manager, floor: 0 }
    }

    #[test]
    fn only_managers_post_in_a_broadcast_room_and_nobody_in_an_archived_one() {
        assert!(standing(RoomKind::Group, false, false).may_post().is_ok());
        assert_eq!(
            standing(RoomKind::Broadcast, false, false).may_post().map_err(|r| r.code.name),
            Err("room.only_managers_post")
        );
        assert!(standing(RoomKind::Broadcast, true, false).may_post().is_ok());
        assert_eq!(
            standing(RoomKind::Group, true, true).may_post().map_err(|r| r.code.name),
            Err("room.archived")
        );
    }

    #[test]
    fn an_administrator_in_the_room_may_manage_it() {
        let plain = standing(RoomKind::Group, false, false);
        assert!(plain.manages(Role::Owner).is_ok() && plain.manages(Role::Admin).is_ok());
        for role in [Role::Auditor, Role::Hr, Role::Manager, Role::Member, Role::Partner] {
            assert!(plain.manages(role).is_err(), "{}", role.name());
        }
    }

    #[test]
    fn an_icon_is_one_thing_to_the_eye() {
        assert!(icon("駅").is_ok() && icon("👨‍👩‍👧").is_ok());
        assert!(icon("駅前").is_err() && icon(" ").is_err() && icon("").is_err());
    }

    proptest! {
        /// R63: whoever goes, somebody stays responsible, or the answer is no.
        #[test]
        fn a_room_keeps_a_manager(count in 0usize..5, goes in 0usize..5) {
            let people: Vec<MemberId> = (0..5u128).map(|n| MemberId::from_uuid(uuid::Uuid::from_u128(n))).collect();
            let managers = &people[..count];
            let rest = managers.iter().filter(|manager| **manager != people[goes]).count();
            prop_assert_eq!(still_managed(managers, people[goes]).is_ok(), rest > 0);
        }
    }
}
