//! What others already have and a new member may not have again (R9). Pure.

use std::collections::{HashMap, HashSet};

use kairan_core::{FieldFault, Refusal, text};

use super::rules::{LOGIN_TAKEN, NAME_TAKEN, Profile, STAFF_NUMBER_TAKEN, handle};

/// What others already have and a new record may not have again.
#[derive(Debug, Default)]
pub struct Taken {
    handles: HashSet<String>,
    /// Skeleton → the name that has it.
    looks: HashMap<String, String>,
}

impl Taken {
    /// Notes one member's handles and name.
    pub fn note(&mut self, login: Option<&str>, staff_number: Option<&str>, display_name: &str) {
        self.handles.extend([login, staff_number].into_iter().flatten().map(handle));
        self.looks.entry(text::skeleton(display_name)).or_insert_with(|| display_name.to_owned());
    }

    /// Notes a whole record.
    pub fn note_profile(&mut self, profile: &Profile) {
        self.note(profile.login.as_deref(), profile.staff_number.as_deref(), &profile.display_name);
    }

    /// What of this record others have. Login ids and staff numbers share one space, because one signs in with either.
    #[must_use]
    pub fn faults(&self, profile: &Profile) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        let has = |value: &Option<String>| {
            value.as_deref().is_some_and(|value| self.handles.contains(&handle(value)))
        };
        if let Some(like) = self.looks.get(&text::skeleton(&profile.display_name)) {
            faults.push(FieldFault::new("display_name", &NAME_TAKEN).fact("like", like));
        }
        if has(&profile.login) {
            faults.push(FieldFault::new("login", &LOGIN_TAKEN));
        }
        if has(&profile.staff_number) {
            faults.push(FieldFault::new("staff_number", &STAFF_NUMBER_TAKEN));
        }
        faults
    }

    /// Refuses a record that others already have something of: 409 with the first reason, each field named.
    ///
    /// # Errors
    /// `name.taken` (R9), `login.taken` or `staff_number.taken`.
    pub fn check(&self, profile: &Profile) -> Result<(), Refusal> {
        let fields = self.faults(profile);
        match fields.first() {
            None => Ok(()),
            Some(first) => Err(Refusal { code: first.code, facts: first.facts.clone(), fields, cause: None }),
        }
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

    /// R9
    #[test]
    fn lookalikes_and_shared_handles_are_refused() {
        let mut taken = Taken::default();
        taken.note(Some("hana"), Some("0417"), "工藤 一");
        let like = Draft { family_name: "エ藤".into(), given_name: "一".into(), ..draft() };
        let refusal = taken.check(&profile(&like).expect("fine alone")).expect_err("a lookalike");
        assert_eq!((refusal.code.name, refusal.facts["like"].as_str()), ("name.taken", Some("工藤 一")));
        assert!(refusal.words().0.contains("表示名に"), "it says what to do");
        let number = Draft { login: Some("0417".into()), ..draft() };
        let refusal =
            taken.check(&profile(&number).expect("fine alone")).expect_err("a login that is a staff number");
        assert_eq!((refusal.code.name, refusal.status()), ("login.taken", 409));
        let told_apart = Draft { display_name: Some("エ藤 一（本店）".into()), ..like };
        assert!(taken.check(&profile(&told_apart).expect("fine")).is_ok());
    }
}
