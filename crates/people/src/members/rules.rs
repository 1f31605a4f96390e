//! What a member's record may say. Pure.

use std::collections::HashSet;

use kairan_core::refusal::{FIELD_CHARACTERS, FIELD_REQUIRED, FIELD_TOO_LONG};
use kairan_core::text::{self, TextFault};
use kairan_core::{DepartmentId, FieldFault};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

kairan_core::codes! {
    KANA = 422 "field.kana", "ひらがなかカタカナで入力してください。", "Use hiragana or katakana.";
    LOGIN_SHAPE = 422 "login.shape", "ログインIDは、半角の英小文字・数字・「.」「_」「-」で2〜40文字にしてください。", "A login id has 2 to 40 characters: small letters, digits, '.', '_' or '-'.";
    LOGIN_TAKEN = 409 "login.taken", "このログインIDか社員番号は、ほかの人が使っています。別のものにしてください。", "Somebody else has this login id or staff number. Choose another.";
    STAFF_NUMBER_SHAPE = 422 "staff_number.shape", "社員番号は、空白を入れずに20文字までにしてください。", "A staff number has at most 20 characters and no spaces.";
    STAFF_NUMBER_TAKEN = 409 "staff_number.taken", "この社員番号は、ほかの人の社員番号かログインIDになっています。番号を確かめてください。", "Somebody else has this staff number or login id. Check the number.";
    EMAIL_SHAPE = 422 "email.shape", "メールアドレスの形ではありません。なければ空のままにできます。", "This is not an e-mail address. It may stay empty.";
    COMPANY_NEEDED = 422 "company.needed", "取引先の人には、会社名を入れてください。読む人に社外だと分かるように表示します。", "Enter the firm of a partner: it is shown wherever outsiders read.";
    COMPANY_INSIDE = 422 "company.inside", "会社名は、取引先の人だけに入れます。空にしてください。", "Only partners have a firm. Leave it empty.";
    DEPARTMENT_UNKNOWN = 422 "department.unknown", "この部署は、もうありません。選び直してください。", "This department does not exist any more. Choose again.";
    DEPARTMENT_TWICE = 422 "department.twice", "同じ部署が二度入っています。", "The same department is named twice.";
    DEPARTMENTS_MANY = 422 "department.too_many", "部署は{limit}個までにしてください。", "Use at most {limit} departments.";
    NAME_TAKEN_UNSEEN = 409 "name.taken_unseen", "この組織のほかの人と見分けのつかない名前です。会社名や持ち場を足してください。", "This name cannot be told from that of somebody else here. Add a firm or place to it.";
    NAME_TAKEN = 409 "name.taken", "「{like}」と見分けのつかない名前です。表示名に部署や持ち場を足してください（例：乙川 二葉（駅前店））。", "This name cannot be told from “{like}”. Add a department or place to the display name.";
}

/// Most departments one person is in.
pub const DEPARTMENTS_LIMIT: usize = 10;
const NAME_LIMIT: usize = 40;
/// Most characters of a display name.
pub const DISPLAY_LIMIT: usize = 60;
const COMPANY_LIMIT: usize = 80;
const POSITION_LIMIT: usize = 40;
const EMAIL_LIMIT: usize = 254;
const STAFF_NUMBER_LIMIT: usize = 20;

/// What kind of member (区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 社員.
    Employee,
    /// パート・アルバイト.
    PartTime,
    /// 取引先: someone of another firm, badged 社外 wherever they appear (R10).
    Partner,
    /// A program. It has no reading of a name and cannot be invited.
    Bot,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Employee, Self::PartTime, Self::Partner, Self::Bot];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::PartTime => "part_time",
            Self::Partner => "partner",
            Self::Bot => "bot",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Recorded, has not joined yet.
    Invited,
    /// Here.
    Active,
    /// 退職: gone, still the author of what they wrote.
    Left,
}

impl MemberState {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Left => "left",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Left].into_iter().find(|state| state.name() == name)
    }
}

/// A department somebody is in, and as what (役職).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Placement {
    /// Which.
    pub department: DepartmentId,
    /// 店長, 課長 …
    pub position: Option<String>,
}

/// A member's record as somebody typed it.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// 姓.
    pub family_name: String,
    /// 名.
    pub given_name: String,
    /// せい.
    pub family_kana: String,
    /// めい.
    pub given_kana: String,
    /// `None`: "family given".
    pub display_name: Option<String>,
    /// 社員番号.
    pub staff_number: Option<String>,
    /// ログインID.
    pub login: Option<String>,
    /// Optional, for nothing but the organisation's own records (R11).
    pub email: Option<String>,
    /// A partner's firm.
    pub company: Option<String>,
    /// 区分; an employee unless said otherwise.
    pub kind: Option<Kind>,
    /// Where they work.
    pub departments: Vec<Placement>,
}

/// A member's record that passed the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// 姓; a bot's name.
    pub family_name: String,
    /// 名; empty for a bot.
    pub given_name: String,
    /// せい, hiragana; may be empty for a bot.
    pub family_kana: String,
    /// めい, hiragana; may be empty for a bot.
    pub given_kana: String,
    /// What is shown.
    pub display_name: String,
    /// As shown: NFKC.
    pub staff_number: Option<String>,
    /// Lower case.
    pub login: Option<String>,
    /// As given.
    pub email: Option<String>,
    /// Only a partner's, and always a partner's.
    pub company: Option<String>,
    /// 区分.
    pub kind: Kind,
    /// In the order given; the first is the main one.
    pub departments: Vec<Placement>,
}

impl Profile {
    /// What the display name is when nobody chose one.
    #[must_use]
    pub fn usual_display_name(&self) -> String {
        joined(&self.family_name, &self.given_name)
    }

    /// The record as a draft, so that a change is checked as a new record is. A display name nobody chose follows the
    /// name.
    #[must_use]
    pub fn to_draft(&self) -> Draft {
        let chosen = self.display_name != self.usual_display_name();
        Draft {
            family_name: self.family_name.clone(),
            given_name: self.given_name.clone(),
            family_kana: self.family_kana.clone(),
            given_kana: self.given_kana.clone(),
            display_name: chosen.then(|| self.display_name.clone()),
            staff_number: self.staff_number.clone(),
            login: self.login.clone(),
            email: self.email.clone(),
            company: self.company.clone(),
            kind: Some(self.kind),
            departments: self.departments.clone(),
        }
    }
}

fn joined(family: &str, given: &str) -> String {
    format!("{family} {given}").trim().to_owned()
}

/// Checks a record. Every fault is told at once.
///
/// # Errors
/// The faults, by field.
pub fn profile(draft: &Draft) -> Result<Profile, Vec<FieldFault>> {
    let mut check = Check(Vec::new());
    let kind = draft.kind.unwrap_or(Kind::Employee);
    let bot = kind == Kind::Bot;
    let family_name = check.line("family_name", &draft.family_name, NAME_LIMIT);
    let given_name = if bot {
        check.optional("given_name", Some(&draft.given_name), NAME_LIMIT).unwrap_or_default()
    } else {
        check.line("given_name", &draft.given_name, NAME_LIMIT)
    };
    let family_kana = check.kana("family_kana", &draft.family_kana, bot);
    let given_kana = check.kana("given_kana", &draft.given_kana, bot);
    let display_name = check
        .optional("display_name", draft.display_name.as_ref(), DISPLAY_LIMIT)
        .unwrap_or_else(|| joined(&family_name, &given_name));
    let company = check.optional("company", draft.company.as_ref(), COMPANY_LIMIT);
    match (&company, kind) {
        (None, Kind::Partner) => check.fault("company", &COMPANY_NEEDED),
        (Some(_), Kind::Employee | Kind::PartTime | Kind::Bot) => check.fault("company", &COMPANY_INSIDE),
        _ => {}
    }
    let profile = Profile {
        staff_number: check.shaped(
            "staff_number",
            draft.staff_number.as_ref(),
            staff_number,
            &STAFF_NUMBER_SHAPE,
        ),
        login: check.shaped("login", draft.login.as_ref(), login, &LOGIN_SHAPE),
        email: check.shaped("email", draft.email.as_ref(), email, &EMAIL_SHAPE),
        departments: check.departments(&draft.departments),
        family_name,
        given_name,
        family_kana,
        given_kana,
        display_name,
        company,
        kind,
    };
    if check.0.is_empty() { Ok(profile) } else { Err(check.0) }
}

/// A login id as stored, when it is one: trimmed, half width, lower case.
#[must_use]
pub fn login(raw: &str) -> Option<String> {
    let login = handle(raw);
    let fine =
        login.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-'));
    (fine && (2..=40).contains(&login.len())).then_some(login)
}

/// A staff number as stored and shown: trimmed, half width.
#[must_use]
pub fn staff_number(raw: &str) -> Option<String> {
    let number: String = raw.trim().nfkc().collect();
    let fine = number.chars().all(|c| !c.is_whitespace() && !c.is_control() && !text::is_invisible(c));
    (fine && (1..=STAFF_NUMBER_LIMIT).contains(&number.chars().count())).then_some(number)
}

/// What login ids and staff numbers are found by: trimmed, NFKC, lower case.
#[must_use]
pub fn handle(raw: &str) -> String {
    raw.trim().nfkc().flat_map(char::to_lowercase).collect()
}

fn email(raw: &str) -> Option<String> {
    let email = raw.trim();
    let (name, host) = email.rsplit_once('@')?;
    let fine = !name.is_empty()
        && host.contains('.')
        && host.split('.').all(|label| !label.is_empty())
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || text::is_invisible(c))
        && email.len() <= EMAIL_LIMIT;
    fine.then(|| email.to_owned())
}

/// The fault of a single line.
#[must_use]
pub fn line_fault(field: &str, fault: TextFault) -> FieldFault {
    match fault {
        TextFault::Empty => FieldFault::new(field, &FIELD_REQUIRED),
        TextFault::TooLong { limit, .. } => FieldFault::new(field, &FIELD_TOO_LONG).fact("limit", limit),
        TextFault::TooManyMarks | TextFault::Character => FieldFault::new(field, &FIELD_CHARACTERS),
    }
}

/// Collects faults while a record is read.
struct Check(Vec<FieldFault>);

impl Check {
    fn fault(&mut self, field: &str, code: &'static kairan_core::Code) {
        self.0.push(FieldFault::new(field, code));
    }

    fn line(&mut self, field: &str, raw: &str, limit: usize) -> String {
        text::line(raw, limit).unwrap_or_else(|fault| {
            self.0.push(line_fault(field, fault));
            String::new()
        })
    }

    fn optional(&mut self, field: &str, raw: Option<&String>, limit: usize) -> Option<String> {
        let raw = raw.filter(|raw| !raw.trim().is_empty())?;
        Some(self.line(field, raw, limit))
    }

    fn kana(&mut self, field: &str, raw: &str, may_be_empty: bool) -> String {
        if raw.trim().is_empty() {
            if !may_be_empty {
                self.fault(field, &FIELD_REQUIRED);
            }
            return String::new();
        }
        let line = self.line(field, raw, NAME_LIMIT);
        if line.is_empty() {
            return line;
        }
        text::kana(&line).unwrap_or_else(|| {
            self.fault(field, &KANA);
            String::new()
        })
    }

    fn shaped(
        &mut self,
        field: &str,
        raw: Option<&String>,
        shape: fn(&str) -> Option<String>,
        code: &'static kairan_core::Code,
    ) -> Option<String> {
        let raw = raw.filter(|raw| !raw.trim().is_empty())?;
        let shaped = shape(raw);
        if shaped.is_none() {
            self.fault(field, code);
        }
        shaped
    }

    fn departments(&mut self, placements: &[Placement]) -> Vec<Placement> {
        if placements.len() > DEPARTMENTS_LIMIT {
            self.0.push(FieldFault::new("departments", &DEPARTMENTS_MANY).fact("limit", DEPARTMENTS_LIMIT));
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let mut kept = Vec::new();
        for (at, placement) in placements.iter().enumerate() {
            if !seen.insert(placement.department) {
                self.fault(&format!("departments[{at}].department"), &DEPARTMENT_TWICE);
            }
            let position = self.optional(
                &format!("departments[{at}].position"),
                placement.position.as_ref(),
                POSITION_LIMIT,
            );
            kept.push(Placement { department: placement.department, position });
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            family_name: "乙川".into(),
            given_name: "二葉".into(),
            family_kana: "オツカワ".into(),
            given_kana: "ふたば".into(),
            ..Draft::default()
        }
    }

    fn faults(change: impl FnOnce(&mut Draft)) -> Vec<(String, &'static str)> {
        let mut draft = draft();
        change(&mut draft);
        profile(&draft)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| (fault.field, fault.code.name))
            .collect()
    }

    fn one(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
        vec![(field.to_owned(), code)]
    }

    /// R10, R11
    #[test]
    fn a_name_and_its_reading_are_enough() {
        let profile = profile(&draft()).expect("enough");
        assert_eq!(profile.display_name, "乙川 二葉");
        assert_eq!(profile.family_kana, "おつかわ", "katakana is kept as hiragana");
        assert_eq!((profile.kind, &profile.email, &profile.login), (Kind::Employee, &None, &None));
    }

    #[test]
    fn each_fault_names_its_field() {
        assert_eq!(faults(|d| d.family_name = " ".into()), one("family_name", "field.required"));
        assert_eq!(faults(|d| d.given_name = "あ".repeat(41)), one("given_name", "field.too_long"));
        assert_eq!(faults(|d| d.family_kana = "乙川".into()), one("family_kana", "field.kana"));
        assert_eq!(faults(|d| d.given_kana = String::new()), one("given_kana", "field.required"));
        // R9: 400
        assert_eq!(
            faults(|d| d.display_name = Some("二\u{202e}葉".into())),
            one("display_name", "field.characters")
        );
        assert_eq!(faults(|d| d.login = Some("Ａb c".into())), one("login", "login.shape"));
        assert_eq!(faults(|d| d.login = Some("a".into())), one("login", "login.shape"));
        assert_eq!(
            faults(|d| d.staff_number = Some("04 17".into())),
            one("staff_number", "staff_number.shape")
        );
        assert_eq!(faults(|d| d.email = Some("a@b".into())), one("email", "email.shape"));
        assert_eq!(faults(|d| d.kind = Some(Kind::Partner)), one("company", "company.needed"));
        assert_eq!(faults(|d| d.company = Some("別会社".into())), one("company", "company.inside"));
        assert_eq!(
            faults(|d| (d.family_name, d.given_name) = (String::new(), String::new())).len(),
            2,
            "all at once"
        );
    }

    #[test]
    fn a_bot_has_only_a_name() {
        let bot = Draft { family_name: "天気予報".into(), kind: Some(Kind::Bot), ..Draft::default() };
        assert_eq!(profile(&bot).expect("fine").display_name, "天気予報");
    }

    #[test]
    fn handles_are_folded() {
        assert_eq!(login(" Ｈａｎａ.K ").as_deref(), Some("hana.k"));
        assert_eq!(staff_number("Ａ０４１７").as_deref(), Some("A0417"));
        assert_eq!(handle("Ａ０４１７"), "a0417");
    }

    #[test]
    fn a_display_name_nobody_chose_follows_the_name() {
        let before = profile(&draft()).expect("fine");
        let married = Draft { family_name: "己本".into(), ..before.to_draft() };
        assert_eq!(profile(&married).expect("fine").display_name, "己本 二葉");
        let chosen = profile(&Draft { display_name: Some("乙川（駅前）".into()), ..draft() }).expect("fine");
        let married = Draft { family_name: "己本".into(), ..chosen.to_draft() };
        assert_eq!(profile(&married).expect("fine").display_name, "乙川（駅前）");
    }
}
