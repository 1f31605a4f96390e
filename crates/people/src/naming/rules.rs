//! Who sets whose name, and what a request may say. Pure.

use kairan_core::text;
use kairan_core::{Permission, Refusal, Role};

use crate::members::rules::{DISPLAY_LIMIT, line_fault};
use crate::organisation::settings::Names;

kairan_core::codes! {
    NAME_ORGANISATION = 403 "name.organisation", "表示名は、組織が決めています。変えてほしいときは、管理者に頼んでください。", "Your organisation sets display names. Ask an administrator to change yours.";
    NAME_REQUEST_CHANGED = 409 "name.request_changed", "この申請は、取り下げられたか、別の名前に変わりました。読み直してから決めてください。", "This request was withdrawn or is for another name now. Load it again before you decide.";
}

/// Most characters of the reason for a refusal.
const REASON_LIMIT: usize = 200;

/// What happens when somebody wants another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// It is theirs at once.
    AtOnce,
    /// It waits for approval.
    Waits,
    /// It is not theirs to say.
    Closed,
}

/// What happens when somebody of this role wants another name. Whoever keeps the members' records keeps their own too.
#[must_use]
pub fn path(names: Names, role: Role) -> Path {
    match names {
        _ if role.may(Permission::ManageMembers) => Path::AtOnce,
        Names::Member => Path::AtOnce,
        Names::Approve => Path::Waits,
        Names::Organisation => Path::Closed,
    }
}

/// The reason for a refusal, which its member reads.
///
/// # Errors
/// The fault of `reason`.
pub fn reason(raw: &str) -> Result<String, Refusal> {
    line("reason", raw, REASON_LIMIT)
}

/// A name as somebody asks for it: there is none without characters.
///
/// # Errors
/// The fault of `display_name`.
pub fn wanted(raw: &str) -> Result<String, Refusal> {
    line("display_name", raw, DISPLAY_LIMIT)
}

fn line(field: &str, raw: &str, limit: usize) -> Result<String, Refusal> {
    text::line(raw, limit).map_err(|fault| Refusal::fields(vec![line_fault(field, fault)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_says_what_happens_and_record_keepers_keep_their_own() {
        for role in Role::ALL {
            let keeps = role.may(Permission::ManageMembers);
            let found = Names::ALL.map(|names| path(names, role));
            let expected = if keeps { [Path::AtOnce; 3] } else { [Path::Closed, Path::Waits, Path::AtOnce] };
            assert_eq!(found, expected, "{role:?}");
        }
    }

    /// R9
    #[test]
    fn a_reason_is_one_line_and_not_empty() {
        assert_eq!(reason(" 部署が入っていません。 ").expect("fine"), "部署が入っていません。");
        assert_eq!(reason(" ").expect_err("none").fields[0].code.name, "field.required");
        assert_eq!(reason(&"あ".repeat(201)).expect_err("long").fields[0].code.name, "field.too_long");
        assert_eq!(wanted("乙\u{202e}川").expect_err("a trick").status(), 400);
    }
}
