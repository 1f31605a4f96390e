//! Who may manage whom, and which role goes with which kind. Pure.

use kairan_core::refusal::FORBIDDEN;
use kairan_core::{Permission, Refusal, Role};

use super::rules::Kind;

kairan_core::codes! {
    ROLE_ABOVE = 403 "role.above", "所有者・管理者・監査・人事窓口の人と役割は、所有者だけが変えられます。所有者に頼んでください。", "Only an owner may manage owners, admins, auditors and the HR desk. Ask an owner.";
    ROLE_KIND = 422 "role.kind", "取引先の人の役割は「取引先」、それ以外の人は「取引先」以外にしてください。", "A partner's role is “partner”, and nobody else's is.";
    ROLE_CONFLICT = 409 "role.conflict", "管理（所有者・管理者）・監査・人事窓口は、同じ人が兼ねられません。先に、いま持っているほうの役割を外してください。", "Administration (owner, admin), audit and the HR desk are never one person's. Take away the one they hold first.";
    OWNER_LAST = 409 "owner.last", "使えるただ1人の所有者なので、役割を変えることもロックすることもできません。先に、ほかの人を所有者にしてください。", "This is the only owner who can sign in: neither the role nor a lock can be set. Make somebody else an owner first.";
    MEMBER_LOCKED = 403 "member.locked", "このアカウントはロックされています。管理者に連絡してください。", "This account is locked. Contact an administrator.";
    MEMBER_ITSELF = 409 "member.itself", "自分自身をロックすることはできません。", "You cannot lock yourself.";
}

/// Whether someone of role `by` may add, change or invite someone of role `of`, or give that role.
///
/// An invitation sets a password, so whoever may invite a person could become that person: only an owner may do that to
/// those who hold powers of their own.
#[must_use]
pub fn may_manage(by: Role, of: Role) -> bool {
    let ordinary = matches!(of, Role::Manager | Role::Member | Role::Partner);
    by.may(Permission::ManageMembers) && (ordinary || by.may(Permission::GrantRoles))
}

/// A duty that watches over the others (R59): whoever has one of them holds none of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Duty {
    /// Runs the organisation's Kairan.
    Administration,
    /// Reads what was done.
    Audit,
    /// Keeps people's records and their confidences.
    Personnel,
}

fn duty(role: Role) -> Option<Duty> {
    match role {
        Role::Owner | Role::Admin => Some(Duty::Administration),
        Role::Auditor => Some(Duty::Audit),
        Role::Hr => Some(Duty::Personnel),
        Role::Manager | Role::Member | Role::Partner => None,
    }
}

/// Whether one person may not hold both (R59). An auditor who becomes an admin would judge their own acts of yesterday
/// without anybody having noticed the change: the first duty is taken away in an act of its own.
#[must_use]
pub fn conflict(held: Role, wanted: Role) -> bool {
    matches!((duty(held), duty(wanted)), (Some(held), Some(wanted)) if held != wanted)
}

/// Refuses a role to whoever holds one that goes not with it (R59).
///
/// # Errors
/// 409 `role.conflict` with both.
pub fn may_hold_both(held: Role, wanted: Role) -> Result<(), Refusal> {
    if conflict(held, wanted) {
        return Err(Refusal::new(&ROLE_CONFLICT).fact("held", held.name()).fact("wanted", wanted.name()));
    }
    Ok(())
}

/// Whether a role goes with a kind: partners are partners, and bots hold no power.
#[must_use]
pub fn kind_and_role(kind: Kind, role: Role) -> bool {
    match kind {
        Kind::Partner => role == Role::Partner,
        Kind::Bot => role == Role::Member,
        Kind::Employee | Kind::PartTime => role != Role::Partner,
    }
}

/// The role of a new member when none is asked for.
#[must_use]
pub fn usual_role(kind: Kind) -> Role {
    if kind == Kind::Partner { Role::Partner } else { Role::Member }
}

/// Whether `by` may do to `of` what only those do who manage them.
///
/// # Errors
/// `role.above`.
pub fn must_manage(by: Role, of: Role) -> Result<(), Refusal> {
    if may_manage(by, of) { Ok(()) } else { Err(Refusal::new(&ROLE_ABOVE)) }
}

/// Whether somebody may lock or unlock the whole person: whoever manages them, and nobody themselves.
///
/// # Errors
/// `permission.denied`, `role.above`, `member.itself`.
pub fn may_lock_member(by: Role, of: Role, itself: bool) -> Result<(), Refusal> {
    if !by.may(Permission::ManageMembers) {
        return Err(Refusal::new(&FORBIDDEN));
    }
    if itself {
        return Err(Refusal::new(&MEMBER_ITSELF));
    }
    must_manage(by, of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_owner_manages_those_with_powers() {
        for of in Role::ALL {
            assert!(may_manage(Role::Owner, of));
            let ordinary = matches!(of, Role::Manager | Role::Member | Role::Partner);
            assert_eq!(may_manage(Role::Admin, of), ordinary, "{of:?}");
            assert_eq!(may_manage(Role::Hr, of), ordinary, "{of:?}");
            for by in [Role::Auditor, Role::Manager, Role::Member, Role::Partner] {
                assert!(!may_manage(by, of), "{by:?} {of:?}");
            }
        }
    }

    /// R59
    #[test]
    fn administration_audit_and_personnel_are_never_one_persons() {
        let duties: [&[Role]; 3] = [&[Role::Owner, Role::Admin], &[Role::Auditor], &[Role::Hr]];
        let of = |role: Role| duties.iter().position(|duty| duty.contains(&role));
        for held in Role::ALL {
            for wanted in Role::ALL {
                let both = of(held).zip(of(wanted)).is_some_and(|(held, wanted)| held != wanted);
                assert_eq!(conflict(held, wanted), both, "{held:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn a_partner_is_a_partner() {
        for kind in [Kind::Employee, Kind::PartTime, Kind::Partner, Kind::Bot] {
            assert!(kind_and_role(kind, usual_role(kind)));
            assert_eq!(kind_and_role(kind, Role::Partner), kind == Kind::Partner);
        }
    }

    #[test]
    fn a_person_is_locked_by_those_who_manage_them() {
        assert!(may_lock_member(Role::Admin, Role::Member, false).is_ok());
        assert_eq!(
            may_lock_member(Role::Admin, Role::Admin, true).expect_err("oneself").code.name,
            "member.itself"
        );
        assert_eq!(may_lock_member(Role::Hr, Role::Owner, false).expect_err("above").code.name, "role.above");
        assert_eq!(
            may_lock_member(Role::Member, Role::Member, true).expect_err("no").code.name,
            "permission.denied"
        );
    }
}
