//! What a device is, which act leads from which state to which and who may do it, and what a code looks like. Pure.

use kairan_core::refusal::{FIELD_CHARACTERS, FIELD_REQUIRED, FIELD_TOO_LONG};
use kairan_core::text::{self, TextFault};
use kairan_core::time::MINUTE;
use kairan_core::{FieldFault, Instant, Refusal, Role};
use serde::{Deserialize, Serialize};

use crate::members::roles::may_manage;
use crate::named::named;

kairan_core::codes! {
    DEVICE_CODE_REFUSED = 401 "device.code_refused", "認証コードが違うか、もう使われたか、10分を過ぎました。管理者か、すでに使っているあなたの端末で、新しいコードを出してください。", "The code is not right, was used before, or is older than 10 minutes. Have a new one shown by an administrator or on a device you already use.";
    DEVICE_PROOF_REFUSED = 401 "device.proof_refused", "この端末の確認ができませんでした。もう一度サインインしてください。続くときは、端末を登録し直してください。", "This device could not be verified. Sign in again; if it goes on, enrol the device anew.";
    DEVICE_LOCKED = 403 "device.locked", "この端末はロックされています。解くには、管理者に頼むか、ロックしたほかの端末から解いてください。", "This device is locked. Ask an administrator, or unlock it from the device you locked it with.";
    DEVICE_WIPE = 410 "device.wipe", "この端末のデータを消すように指示されています。端末に残したものを消してから、登録し直してください。", "This device has been told to wipe what it keeps. It has to be enrolled anew afterwards.";
    DEVICE_TOO_MANY = 409 "device.too_many", "使える端末は{limit}台までです。使わない端末を「マイデバイス」で消去してから、もう一度試してください。", "You may use {limit} devices. Wipe one that you do not use under “My devices”, then try again.";
    DEVICE_TAKEN = 409 "device.taken", "この端末の番号は、もう使われています。もう一度初めから登録してください。", "This device's id is in use. Start the enrolment again.";
    DEVICE_STATE = 409 "device.state", "端末の状態が変わったので、この操作はできません。画面を読み直してください。", "The device's state has changed, so this cannot be done any more. Load the list again.";
    DEVICE_ITSELF = 409 "device.itself", "いま使っている端末には、この操作はできません。ほかの端末からするか、サインアウトしてください。", "This cannot be done to the device in your hand. Do it from another one, or sign out.";
    DEVICE_HELD = 403 "device.held", "管理者が指示したものなので、管理者だけが解けます。管理者に頼んでください。", "An administrator ordered this, so only an administrator can undo it. Ask one.";
    DEVICE_BOUND = 409 "device.bound", "このサインインは、もう端末に結びついています。", "This session belongs to a device already.";
    DEVICE_CODES_OFF = 403 "device.codes_off", "自分の端末から認証コードを出すことは、組織の決まりでできません。管理者に頼んでください。", "Your organisation does not let members make codes themselves. Ask an administrator.";
    DEVICE_KEY = 422 "device.key", "端末の鍵を読み取れませんでした。P-256の公開鍵（65バイト）を送ってください。", "The device's key could not be read. Send an uncompressed P-256 point of 65 bytes.";
    TERMS_CHANGED = 409 "device.terms_changed", "約束の文が新しくなりました。読み直してから、同意してください。", "The terms have changed meanwhile. Read them again before you accept.";
    DEVICES_BOUNDS = 422 "device.bounds", "{least}〜{most}の間にしてください。", "Choose between {least} and {most}.";
}

/// How long a code opens, ms (R12).
pub const CODE_LIFE: i64 = 10 * MINUTE;
/// How long a token of a session that belongs to a device opens, ms: a copied cookie dies with it.
pub const TOKEN_LIFE: i64 = 10 * MINUTE;
/// Most characters of a device's name.
const NAME_LIMIT: usize = 40;
/// Most characters of what a device says its system is.
const OS_LIMIT: usize = 40;
/// Most devices an organisation may allow for one person.
const MOST_DEVICES: i64 = 100;
/// Longest lease, hours: a week.
const MOST_LEASE: i64 = 168;

named! {
    /// What kind of client a device runs.
    #[schema(as = DeviceKind)]
    Kind {
        /// A browser.
        Browser = "browser",
        /// The app as installed from the browser.
        App = "app",
        /// A desktop program.
        Desktop = "desktop",
        /// A program that speaks the API.
        Api = "api",
    }
}
named! {
    /// Whose thing it is.
    Ownership {
        /// 私物.
        Own = "own",
        /// 貸与: the organisation's.
        Lent = "lent",
    }
}
named! {
    /// Where a device stands.
    #[schema(as = DeviceState)]
    State {
        /// Waits for an administrator.
        Pending = "pending",
        /// May be used.
        Enrolled = "enrolled",
        /// May not be used for now.
        Locked = "locked",
        /// Told to wipe itself; has not said that it did.
        Wiping = "wiping",
        /// Has said that it did. It does not come back: its key is gone.
        Wiped = "wiped",
        /// Was refused.
        Removed = "removed",
    }
}

/// Something done to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Let in.
    Approve,
    /// Not let in.
    Refuse,
    /// Shut out for now.
    Lock,
    /// Let in again.
    Unlock,
    /// Told to wipe itself.
    Wipe,
    /// Told not to.
    CancelWipe,
    /// Says that it has wiped itself.
    Confirm,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Approve, Self::Refuse, Self::Lock, Self::Unlock, Self::Wipe, Self::CancelWipe, Self::Confirm];
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// The device's own person, from another device.
    Owner,
    /// Somebody who manages that person, or has the machine.
    Admin,
}

impl State {
    /// The state after an act; nothing when the act does not go with this state. A wipe that is taken back leaves the device
    /// locked: whoever lost it decides separately that it is found.
    #[must_use]
    pub fn after(self, act: Act) -> Option<Self> {
        match (self, act) {
            (Self::Pending, Act::Approve) | (Self::Locked, Act::Unlock) => Some(Self::Enrolled),
            (Self::Pending, Act::Refuse) => Some(Self::Removed),
            (Self::Enrolled, Act::Lock) | (Self::Wiping, Act::CancelWipe) => Some(Self::Locked),
            (Self::Enrolled | Self::Locked, Act::Wipe) => Some(Self::Wiping),
            (Self::Wiping, Act::Confirm) => Some(Self::Wiped),
            _ => None,
        }
    }

    /// Whether it takes one of its person's places.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Enrolled | Self::Locked)
    }

    /// Whether a session may be opened or renewed with it. A pending one gets a session that needs an approval; one that
    /// wiped itself or was refused is no device any more.
    ///
    /// # Errors
    /// `device.locked`, `device.wipe`, `device.proof_refused`.
    pub fn opens(self) -> Result<(), Refusal> {
        match self {
            Self::Pending | Self::Enrolled => Ok(()),
            Self::Locked => Err(Refusal::new(&DEVICE_LOCKED)),
            Self::Wiping => Err(Refusal::new(&DEVICE_WIPE)),
            Self::Wiped | Self::Removed => Err(Refusal::new(&DEVICE_PROOF_REFUSED)),
        }
    }
}

/// Whether `by` may do this. `own` is whether what is to be undone was ordered by the device's own person: what an
/// administrator locked, only an administrator unlocks.
///
/// # Errors
/// `permission.denied`, `device.held`.
pub fn may_act(act: Act, by: By, own: bool) -> Result<(), Refusal> {
    match (act, by) {
        (Act::Approve | Act::Refuse, By::Owner) => Err(Refusal::new(&kairan_core::refusal::FORBIDDEN)),
        (Act::Unlock | Act::CancelWipe, By::Owner) if !own => Err(Refusal::new(&DEVICE_HELD)),
        _ => Ok(()),
    }
}

/// The state after an act by someone, or why not.
///
/// # Errors
/// Those of [`may_act`]; `device.state`.
pub fn act(state: State, act: Act, by: By, own: bool) -> Result<State, Refusal> {
    may_act(act, by, own)?;
    state.after(act).ok_or_else(|| Refusal::new(&DEVICE_STATE).fact("state", state.name()))
}

/// Whether someone of role `by` may make codes for someone of role `of`; `theirs` is whether that person works in a
/// department that `by` runs or in one below it.
///
/// # Errors
/// `permission.denied`.
pub fn may_give_code(by: Role, of: Role, theirs: bool, from: CodeFrom) -> Result<(), Refusal> {
    let ordinary = matches!(of, Role::Manager | Role::Member | Role::Partner);
    let as_manager = by == Role::Manager && from.manager && theirs && ordinary;
    if may_manage(by, of) || as_manager {
        Ok(())
    } else {
        Err(Refusal::new(&kairan_core::refusal::FORBIDDEN))
    }
}

/// What the organisation decided about devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = DeviceSettings)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether a browser has to be enrolled before it is used (R12).
    pub required: bool,
    /// Who makes codes, besides those who manage members.
    pub code_from: CodeFrom,
    /// Whether an administrator approves each device.
    pub approval: bool,
    /// Most devices of one person; no limit when absent.
    #[schema(required = true)]
    pub most: Option<i64>,
    /// How long a device may read what it keeps without being in touch, hours (R13).
    pub lease_hours: i64,
}

/// Who makes codes, besides those who manage members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = DeviceCodeFrom)]
#[serde(deny_unknown_fields)]
pub struct CodeFrom {
    /// Those who run the person's department.
    pub manager: bool,
    /// The person, on a device of theirs that is enrolled.
    pub own_device: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let code_from = CodeFrom { manager: true, own_device: true };
        Self { required: true, code_from, approval: false, most: None, lease_hours: 24 }
    }
}

/// Whether these can be kept.
///
/// # Errors
/// 422 with every field that is out of its bounds.
pub fn checked(settings: Settings) -> Result<Settings, Refusal> {
    let mut faults = Vec::new();
    let mut within = |field: &str, value: i64, least: i64, most: i64| {
        if !(least..=most).contains(&value) {
            faults.push(FieldFault::new(field, &DEVICES_BOUNDS).fact("least", least).fact("most", most));
        }
    };
    within("most", settings.most.unwrap_or(1), 1, MOST_DEVICES);
    within("lease_hours", settings.lease_hours, 0, MOST_LEASE);
    if faults.is_empty() { Ok(settings) } else { Err(Refusal::fields(faults)) }
}

/// How long a lease lasts, ms. Without hours it lasts as long as a token: a client that is in touch reads what it keeps,
/// one that is not does not.
#[must_use]
pub fn lease_life(lease_hours: i64) -> i64 {
    (lease_hours * kairan_core::time::HOUR).max(TOKEN_LIFE)
}

/// Until when a device may have read what it keeps: it asked for its lease when it was last seen, at the latest.
#[must_use]
pub fn unreadable_at(last_seen: Instant, lease_hours: i64) -> Instant {
    last_seen.plus_ms(lease_life(lease_hours))
}

/// What a device says of itself, for people to recognise it. Only its kind is decided by, in policies, and it is the client's
/// own word: a limit that must hold against its owner names whose device it is or their role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// What its person calls it.
    pub name: String,
    /// What kind of client it runs.
    pub kind: Kind,
    /// Its system, in the client's words.
    pub os: String,
}

/// Checks what a device says of itself.
///
/// # Errors
/// Faults of `name` and `os`.
pub fn description(name: &str, kind: Kind, os: &str) -> Result<Description, Refusal> {
    let mut faults = Vec::new();
    let name = self::name(name).map_err(|refusal| faults.extend(refusal.fields)).unwrap_or_default();
    let os = line("os", os, OS_LIMIT).map_err(|fault| faults.push(fault)).unwrap_or_default();
    if faults.is_empty() { Ok(Description { name, kind, os }) } else { Err(Refusal::fields(faults)) }
}

/// Checks what a person calls a device.
///
/// # Errors
/// The fault of `name`.
pub fn name(name: &str) -> Result<String, Refusal> {
    line("name", name, NAME_LIMIT).map_err(|fault| Refusal::fields(vec![fault]))
}

fn line(field: &str, raw: &str, limit: usize) -> Result<String, FieldFault> {
    text::line(raw, limit).map_err(|fault| text_fault(field, fault))
}

/// Checks the text of the terms.
///
/// # Errors
/// The fault of `text`.
pub fn terms(raw: &str) -> Result<String, Refusal> {
    text::message(raw.trim()).map_err(|fault| Refusal::fields(vec![text_fault("text", fault)]))
}

fn text_fault(field: &str, fault: TextFault) -> FieldFault {
    match fault {
        TextFault::Empty => FieldFault::new(field, &FIELD_REQUIRED),
        TextFault::TooLong { limit, .. } => FieldFault::new(field, &FIELD_TOO_LONG).fact("limit", limit),
        TextFault::TooManyMarks | TextFault::Character => FieldFault::new(field, &FIELD_CHARACTERS),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn states() -> impl Strategy<Value = State> {
        proptest::sample::select(State::ALL)
    }
    fn acts() -> impl Strategy<Value = Act> {
        proptest::sample::select(&Act::ALL[..])
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).expect("a name"), state.name());
            assert_eq!(State::named(state.name()), Some(*state));
        }
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.name());
        }
    }

    /// R20, R14: the whole table.
    #[test]
    fn which_act_leads_where() {
        let mut table = format!("{:10}", "state");
        for act in Act::ALL {
            table += &format!("{:>11}", format!("{act:?}"));
        }
        for state in State::ALL {
            table += &format!("\n{:10}", state.name());
            for act in Act::ALL {
                table += &format!("{:>11}", state.after(act).map_or("·", State::name));
            }
        }
        insta::assert_snapshot!(table, @r"
        state         Approve     Refuse       Lock     Unlock       Wipe CancelWipe    Confirm
        pending      enrolled    removed          ·          ·          ·          ·          ·
        enrolled            ·          ·     locked          ·     wiping          ·          ·
        locked              ·          ·          ·   enrolled     wiping          ·          ·
        wiping              ·          ·          ·          ·          ·     locked      wiped
        wiped               ·          ·          ·          ·          ·          ·          ·
        removed             ·          ·          ·          ·          ·          ·          ·
        ");
    }

    proptest! {
        /// R14: whatever is done, a device that was to be wiped is usable again only by an unlock, and one that wiped itself never.
        #[test]
        fn nothing_but_an_unlock_brings_a_lost_device_back(start in states(), acts in proptest::collection::vec(acts(), 0..12)) {
            let mut state = start;
            for act in acts {
                let Some(next) = state.after(act) else { continue };
                if next == State::Enrolled {
                    prop_assert!(matches!((state, act), (State::Locked, Act::Unlock) | (State::Pending, Act::Approve)));
                }
                prop_assert!(!matches!(state, State::Wiped | State::Removed), "the end is the end");
                state = next;
            }
            prop_assert!(state.opens().is_ok() == matches!(state, State::Pending | State::Enrolled));
        }

        /// A person undoes only what they ordered themselves, and lets no device in themselves.
        #[test]
        fn a_person_does_no_more_than_an_administrator(state in states(), act in acts(), own in any::<bool>()) {
            let (owner, admin) = (super::act(state, act, By::Owner, own), super::act(state, act, By::Admin, own));
            prop_assert!(owner.is_err() || admin.is_ok());
            if owner.is_ok() {
                prop_assert!(!matches!(act, Act::Approve | Act::Refuse));
                prop_assert!(own || !matches!(act, Act::Unlock | Act::CancelWipe));
            }
        }

        /// R13
        #[test]
        fn settings_have_bounds(most in proptest::option::of(-5i64..200), lease_hours in -5i64..300) {
            let asked = Settings { most, lease_hours, ..Settings::default() };
            let fine = most.is_none_or(|most| (1..=100).contains(&most)) && (0..=168).contains(&lease_hours);
            prop_assert_eq!(checked(asked).is_ok(), fine);
            if fine {
                prop_assert!(lease_life(lease_hours) >= TOKEN_LIFE);
            }
        }
    }

    /// R12
    #[test]
    fn who_makes_codes() {
        let all = CodeFrom { manager: true, own_device: true };
        let none = CodeFrom { manager: false, own_device: false };
        for of in Role::ALL {
            for by in Role::ALL {
                let plain = may_give_code(by, of, true, none).is_ok();
                assert_eq!(plain, may_manage(by, of), "{by:?} {of:?}");
                let with = may_give_code(by, of, true, all).is_ok();
                let ordinary = matches!(of, Role::Manager | Role::Member | Role::Partner);
                assert_eq!(with, may_manage(by, of) || (by == Role::Manager && ordinary), "{by:?} {of:?}");
                assert_eq!(may_give_code(by, of, false, all).is_ok(), plain, "another's department");
            }
        }
    }

    #[test]
    fn a_description_is_bounded() {
        assert!(description("私のスマホ", Kind::App, "Android 15").is_ok());
        let refusal = description("", Kind::App, &"x".repeat(41)).expect_err("both are wrong");
        let faults = refusal.fields.iter().map(|fault| (fault.field.as_str(), fault.code.name));
        assert_eq!(faults.collect::<Vec<_>>(), [("name", "field.required"), ("os", "field.too_long")]);
        assert!(name("a\u{202e}b").is_err(), "R9");
    }
}
