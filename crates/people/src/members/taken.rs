//! What others already have and a new member may not have again: handles, a look (R9), a duty that goes not with theirs (R59).
//! Pure.

use std::collections::{HashMap, HashSet};

use kairan_core::{FieldFault, MemberId, Refusal, Role, text};

use super::roles::{ROLE_CONFLICT, conflict};
use super::rules::{LOGIN_TAKEN, NAME_TAKEN, Profile, STAFF_NUMBER_TAKEN, handle};

/// Whose a name or a duty is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Somebody on record.
    Member(MemberId),
    /// Whoever stands in this line of the same file.
    Line(u64),
}

/// A name that another cannot be told from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Like {
    /// Whose it is.
    pub whose: Whose,
    /// As it is shown.
    pub name: String,
}

/// What somebody has.
#[derive(Debug, Clone, Copy)]
pub struct Holding<'h> {
    /// Who.
    pub whose: Whose,
    /// ログインID.
    pub login: Option<&'h str>,
    /// 社員番号.
    pub staff_number: Option<&'h str>,
    /// メールアドレス.
    pub email: Option<&'h str>,
    /// 表示名.
    pub display_name: &'h str,
    /// 役割.
    pub role: Role,
}

/// A duty that somebody holds.
#[derive(Debug, Clone)]
struct Held {
    role: Role,
    name: String,
}

/// What others already have and a new record may not have again.
#[derive(Debug, Default)]
pub struct Taken {
    handles: HashSet<String>,
    /// Skeleton → the name that has it.
    looks: HashMap<String, Like>,
    /// What one person is known by beyond one record (their number, their address) → the roles they hold.
    duties: HashMap<String, Vec<Held>>,
}

/// What one person is known by, whichever record it stands in.
fn marks<'h>(staff_number: Option<&'h str>, email: Option<&'h str>) -> impl Iterator<Item = String> + 'h {
    let number = staff_number.map(|number| format!("number {}", handle(number)));
    number.into_iter().chain(email.map(|email| format!("address {}", handle(email))))
}

impl Taken {
    /// Notes what one person has.
    pub fn note(&mut self, holding: Holding<'_>) {
        let Holding { whose, login, staff_number, email, display_name, role } = holding;
        self.handles.extend([login, staff_number].into_iter().flatten().map(handle));
        let like = || Like { whose, name: display_name.to_owned() };
        self.looks.entry(text::skeleton(display_name)).or_insert_with(like);
        for mark in marks(staff_number, email) {
            self.duties.entry(mark).or_default().push(Held { role, name: display_name.to_owned() });
        }
    }

    /// Notes a whole record.
    pub fn note_profile(&mut self, whose: Whose, profile: &Profile, role: Role) {
        self.note(Holding {
            whose,
            login: profile.login.as_deref(),
            staff_number: profile.staff_number.as_deref(),
            email: profile.email.as_deref(),
            display_name: &profile.display_name,
            role,
        });
    }

    /// Whose name this one cannot be told from.
    #[must_use]
    pub fn like(&self, display_name: &str) -> Option<&Like> {
        self.looks.get(&text::skeleton(display_name))
    }

    /// What of this record others have. Login ids and staff numbers share one space, because one signs in with either.
    #[must_use]
    pub fn faults(&self, profile: &Profile, role: Role) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        let has = |value: &Option<String>| {
            value.as_deref().is_some_and(|value| self.handles.contains(&handle(value)))
        };
        if let Some(like) = self.like(&profile.display_name) {
            faults.push(FieldFault::new("display_name", &NAME_TAKEN).fact("like", &like.name));
        }
        if has(&profile.login) {
            faults.push(FieldFault::new("login", &LOGIN_TAKEN));
        }
        if has(&profile.staff_number) {
            faults.push(FieldFault::new("staff_number", &STAFF_NUMBER_TAKEN));
        }
        faults.extend(self.conflict(profile, role));
        faults
    }

    /// R59: a second record is no second person. Whoever has this number or address and another duty.
    fn conflict(&self, profile: &Profile, wanted: Role) -> Option<FieldFault> {
        let mut known = marks(profile.staff_number.as_deref(), profile.email.as_deref());
        let held = known.find_map(|mark| {
            self.duties.get(&mark).into_iter().flatten().find(|held| conflict(held.role, wanted))
        })?;
        let fault = FieldFault::new("role", &ROLE_CONFLICT).fact("through", &held.name);
        Some(fault.fact("held", held.role.name()).fact("wanted", wanted.name()))
    }

    /// Refuses a record that others already have something of: 409 with the first reason, each field named.
    ///
    /// # Errors
    /// `name.taken` (R9), `login.taken`, `staff_number.taken`, `role.conflict` (R59).
    pub fn check(&self, profile: &Profile, role: Role) -> Result<(), Refusal> {
        refused(self.faults(profile, role))
    }

    /// Refuses a role to somebody who is known to hold another duty through another record.
    ///
    /// # Errors
    /// `role.conflict` (R59).
    pub fn check_duties(&self, profile: &Profile, role: Role) -> Result<(), Refusal> {
        refused(self.conflict(profile, role).into_iter().collect())
    }
}

fn refused(fields: Vec<FieldFault>) -> Result<(), Refusal> {
    match fields.first() {
        None => Ok(()),
        Some(first) => Err(Refusal { code: first.code, facts: first.facts.clone(), fields, cause: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::{Draft, profile};
    use super::*;

    fn draft() -> Draft {
        Draft {
            family_name: "乙川".into(),
            given_name: "二葉".into(),
            family_kana: "おつかわ".into(),
            given_kana: "ふたば".into(),
            ..Draft::default()
        }
    }

    fn kudo() -> Taken {
        let mut taken = Taken::default();
        taken.note(Holding {
            whose: Whose::Line(2),
            login: Some("hana"),
            staff_number: Some("0417"),
            email: Some("kudo@example.jp"),
            display_name: "工藤 一",
            role: Role::Auditor,
        });
        taken
    }

    /// R9
    #[test]
    fn lookalikes_and_shared_handles_are_refused() {
        let taken = kudo();
        let check = |draft: &Draft| taken.check(&profile(draft).expect("fine alone"), Role::Member);
        let like = Draft { family_name: "エ藤".into(), given_name: "一".into(), ..draft() };
        let refusal = check(&like).expect_err("a lookalike");
        assert_eq!((refusal.code.name, refusal.facts["like"].as_str()), ("name.taken", Some("工藤 一")));
        assert!(refusal.words().0.contains("表示名に"), "it says what to do");
        assert_eq!(taken.like("エ藤一").map(|like| like.whose), Some(Whose::Line(2)));
        let number = Draft { login: Some("0417".into()), ..draft() };
        let refusal = check(&number).expect_err("a login that is a staff number");
        assert_eq!((refusal.code.name, refusal.status()), ("login.taken", 409));
        let told_apart = Draft { display_name: Some("エ藤 一（本店）".into()), ..like };
        assert!(check(&told_apart).is_ok());
    }

    /// R59
    #[test]
    fn a_second_record_is_no_second_person() {
        let taken = kudo();
        let check = |email: &str, role| {
            let draft = Draft { email: Some(email.into()), ..draft() };
            taken.check(&profile(&draft).expect("fine alone"), role)
        };
        let refusal = check("Ｋudo@Example.jp", Role::Admin).expect_err("the auditor's other hat");
        assert_eq!((refusal.code.name, refusal.status()), ("role.conflict", 409));
        let facts = ["held", "wanted", "through"].map(|name| refusal.facts[name].as_str());
        assert_eq!(facts, [Some("auditor"), Some("admin"), Some("工藤 一")]);
        assert!(check("kudo@example.jp", Role::Auditor).is_ok(), "the same duty twice is no conflict");
        assert!(check("kudo@example.jp", Role::Member).is_ok());
        assert!(check("other@example.jp", Role::Hr).is_ok());
    }
}
