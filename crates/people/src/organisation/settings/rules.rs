//! The settings, their defaults and their bounds. Pure.

use kairan_core::{FieldFault, Refusal};
use serde::{Deserialize, Serialize};

kairan_core::codes! {
    SETTINGS_BYTES = 422 "settings.bytes", "{least:size}〜{most:size}の間にしてください。", "Choose between {least:size} and {most:size}.";
    SETTINGS_ORDER = 422 "settings.order", "全体の上限（{limit:size}）を超えています。全体の上限を上げるか、こちらを下げてください。", "This is more than the limit of the whole ({limit:size}). Raise that one, or lower this one.";
}

/// One MiB: no limit is smaller, or a photograph from a phone would not go through.
pub const LEAST: i64 = 1 << 20;
/// The largest single file, 1 TiB: beyond it the parts' numbers and the browsers give up first.
pub const MOST_FILE: i64 = 1 << 40;
/// The largest quota, 1 PiB.
pub const MOST_TOTAL: i64 = 1 << 50;

/// What the organisation decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// Files.
    pub files: Files,
    /// Notifications to devices.
    pub push: Push,
    /// Summary mails.
    pub mail: Mail,
    /// Who sets display names.
    #[serde(default)]
    pub names: Names,
}

/// How much may be stored, bytes (R48).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = FileSettings)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The largest file.
    pub largest: i64,
    /// All files of one member; no limit when absent.
    #[schema(required = true)]
    pub per_member: Option<i64>,
    /// All files together; no limit when absent.
    #[schema(required = true)]
    pub total: Option<i64>,
}

impl Default for Files {
    fn default() -> Self {
        Self { largest: 1 << 30, per_member: None, total: None }
    }
}

/// Notifications to devices, through the services of the browsers' makers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PushSettings)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Whether any leave the house (R76).
    pub on: bool,
    /// What they name (R15).
    pub shows: Shows,
}

/// What a notification names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// Nothing: only that there is something.
    #[default]
    Nothing,
    /// The room.
    Room,
    /// The room, who wrote, and the text.
    Text,
}

impl Shows {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Room => "room",
            Self::Text => "text",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Nothing, Self::Room, Self::Text].into_iter().find(|shows| shows.name() == name)
    }
}

/// Who sets display names (R10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// Those who manage members, and nobody else.
    #[default]
    Organisation,
    /// The member, once somebody who manages members approved it.
    Approve,
    /// The member.
    Member,
}

impl Names {
    /// All of them, strictest first.
    pub const ALL: [Self; 3] = [Self::Organisation, Self::Approve, Self::Member];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Approve => "approve",
            Self::Member => "member",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|names| names.name() == name)
    }
}

/// Summary mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mail {
    /// Whether members may have them.
    pub on: bool,
}

/// Whether these can be kept.
///
/// # Errors
/// 422 with every field that is out of its bounds.
pub fn checked(settings: Settings) -> Result<Settings, Refusal> {
    let Files { largest, per_member, total } = settings.files;
    let mut faults = Vec::new();
    let mut within = |field: &str, value: i64, most: i64| {
        if !(LEAST..=most).contains(&value) {
            faults.push(FieldFault::new(field, &SETTINGS_BYTES).fact("least", LEAST).fact("most", most));
        }
    };
    within("files.largest", largest, MOST_FILE);
    within("files.per_member", per_member.unwrap_or(LEAST), MOST_TOTAL);
    within("files.total", total.unwrap_or(LEAST), MOST_TOTAL);
    if let Some(total) = total.filter(|_| faults.is_empty()) {
        for (field, value) in [("files.largest", Some(largest)), ("files.per_member", per_member)] {
            if value.is_some_and(|value| value > total) {
                faults.push(FieldFault::new(field, &SETTINGS_ORDER).fact("limit", total));
            }
        }
    }
    if faults.is_empty() { Ok(settings) } else { Err(Refusal::fields(faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(files: Files) -> Vec<String> {
        let asked = Settings { files, ..Settings::default() };
        let refused = checked(asked).err().map(|refusal| refusal.fields).unwrap_or_default();
        refused.into_iter().map(|fault| format!("{} {}", fault.field, fault.code.name)).collect()
    }

    /// R15, R76
    #[test]
    fn nothing_leaves_the_house_and_nothing_is_named_by_default() {
        let usual = Settings::default();
        assert_eq!((usual.push.on, usual.push.shows, usual.mail.on), (false, Shows::Nothing, false));
        assert_eq!(usual.files, Files { largest: 1_073_741_824, per_member: None, total: None });
        assert_eq!(usual.names, Names::Organisation, "names are the organisation's");
        assert_eq!(checked(usual).expect("the default can be kept"), usual);
    }

    /// R48
    #[test]
    fn limits_have_bounds_and_a_part_is_not_more_than_the_whole() {
        let usual = Files::default();
        assert_eq!(faults(Files { largest: 0, ..usual }), ["files.largest settings.bytes"]);
        assert_eq!(faults(Files { largest: MOST_FILE + 1, ..usual }), ["files.largest settings.bytes"]);
        assert_eq!(
            faults(Files { per_member: Some(-1), total: Some(i64::MAX), ..usual }),
            ["files.per_member settings.bytes", "files.total settings.bytes"]
        );
        assert_eq!(
            faults(Files { per_member: Some(3 << 20), total: Some(2 << 20), ..usual }),
            ["files.largest settings.order", "files.per_member settings.order"]
        );
        assert_eq!(faults(Files { total: Some(usual.largest), ..usual }), [] as [&str; 0]);
    }
}
