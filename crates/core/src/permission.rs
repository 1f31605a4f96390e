//! The permission table: role × permission, in one place (R24 has its matrix snapshotted).
//!
//! What a role may do to a *particular* room or person is decided by that feature's `rules.rs`; this table is the
//! ceiling.

use serde::{Deserialize, Serialize};

/// What a member is to the organisation (役割).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 所有者: everything about the organisation; at least one always exists.
    Owner,
    /// 管理者: people, devices, policies.
    Admin,
    /// 監査: reads the journal, exports; changes nothing.
    Auditor,
    /// 人事窓口: people's records and the consultation desk.
    Hr,
    /// 責任者: runs rooms and departments.
    Manager,
    /// メンバー.
    Member,
    /// 社外: sees only their own rooms and the people in them (R70).
    Partner,
}

/// One thing somebody may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Add, change and invite members.
    ManageMembers,
    /// Appoint owners, admins, auditors and HR desk.
    GrantRoles,
    /// See everyone of the organisation, not only those one shares a room with.
    ViewDirectory,
    /// Add, rename, move and delete departments.
    ManageDepartments,
    /// Make group and department rooms.
    CreateRooms,
    /// Make broadcast rooms.
    CreateBroadcast,
    /// Address @all.
    MentionAll,
    /// Act as a manager in any room one is in.
    ManageAnyRoom,
    /// Change the organisation's own settings.
    ManageOrganisation,
}

impl Permission {
    /// Every permission, in table order.
    pub const ALL: [Self; 9] = [
        Self::ManageMembers,
        Self::GrantRoles,
        Self::ViewDirectory,
        Self::ManageDepartments,
        Self::CreateRooms,
        Self::CreateBroadcast,
        Self::MentionAll,
        Self::ManageAnyRoom,
        Self::ManageOrganisation,
    ];

    /// The stable name clients see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ManageMembers => "members.manage",
            Self::GrantRoles => "roles.grant",
            Self::ViewDirectory => "members.view_all",
            Self::ManageDepartments => "departments.manage",
            Self::CreateRooms => "rooms.create",
            Self::CreateBroadcast => "rooms.create_broadcast",
            Self::MentionAll => "rooms.mention_all",
            Self::ManageAnyRoom => "rooms.manage_any",
            Self::ManageOrganisation => "organisation.manage",
        }
    }
}

impl Role {
    /// Every role, highest first.
    pub const ALL: [Self; 7] =
        [Self::Owner, Self::Admin, Self::Auditor, Self::Hr, Self::Manager, Self::Member, Self::Partner];

    /// The table.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        use Role as R;
        match permission {
            P::ManageMembers => matches!(self, R::Owner | R::Admin | R::Hr),
            P::GrantRoles | P::ManageOrganisation => matches!(self, R::Owner),
            P::ViewDirectory => !matches!(self, R::Partner),
            P::ManageDepartments | P::ManageAnyRoom => matches!(self, R::Owner | R::Admin),
            P::CreateRooms => !matches!(self, R::Partner),
            P::CreateBroadcast | P::MentionAll => matches!(self, R::Owner | R::Admin | R::Hr | R::Manager),
        }
    }

    /// What this role may do, in table order.
    #[must_use]
    pub fn permissions(self) -> Vec<Permission> {
        Permission::ALL.into_iter().filter(|permission| self.may(*permission)).collect()
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Hr => "hr",
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Partner => "partner",
        }
    }

    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R24: a change of the table is a change of this snapshot, seen in review.
    #[test]
    fn the_matrix() {
        let mut table = format!("{:22}", "");
        for role in Role::ALL {
            table += &format!("{:>9}", role.name());
        }
        for permission in Permission::ALL {
            table += &format!("\n{:22}", permission.name());
            for role in Role::ALL {
                table += &format!("{:>9}", if role.may(permission) { "yes" } else { "·" });
            }
        }
        insta::assert_snapshot!(table);
    }
}
