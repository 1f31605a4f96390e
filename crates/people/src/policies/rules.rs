//! The rules, and whom they meet. Pure.

use kairan_core::{Role, RuleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hours::Hours;
use crate::devices::rules::{Kind, Ownership};

kairan_core::codes! {
    POLICY_HOURS = 403 "policy.hours", "いまは、この端末で使える時間の外です。使えるのは{from}から{to}までです（決まり「{rule}」）。急ぐときは、管理者に連絡してください。", "It is outside the hours in which this device may be used: {from} to {to} (rule “{rule}”). If it is urgent, call an administrator.";
    POLICY_VERSION = 409 "policy.version", "ほかの人が先に端末ポリシーを変えました。読み直して、もう一度直してください。", "Somebody else changed the policies meanwhile. Load them again and make your change once more.";
    POLICY_LOCKS_OUT = 409 "policy.locks_you_out", "この決まり（「{rule}」）では、いまのあなた自身が使えなくなります。それでもよければ、確かめたうえで保存してください。", "Under the rule “{rule}” you could not use this yourself where you are now. If you want that, confirm it and save again.";
    POLICY_NETWORK = 403 "policy.network", "いまの接続元（{address}）からは使えません（決まり「{rule}」）。決められたネットワークにつないで、もう一度開いてください。分からないときは、管理者に聞いてください。", "This cannot be used from where you are connected ({address}; rule “{rule}”). Connect to an allowed network and try again, or ask an administrator.";
}

/// One rule (a column of the table).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyRule)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Made by the client; the same rule keeps it when it changes.
    #[schema(value_type = String, format = Uuid)]
    pub id: RuleId,
    /// What people call it, 私物スマホ; told to those it meets.
    pub name: String,
    /// Whom it meets.
    #[serde(default)]
    #[schema(required = true)]
    pub applies: Applies,
    /// What it limits.
    #[serde(default)]
    #[schema(required = true)]
    pub limits: Limits,
}

/// Whom a rule meets: all of it has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyApplies)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    /// Kinds of client; none named: all.
    #[serde(default)]
    #[schema(required = true)]
    pub kinds: Vec<Kind>,
    /// Whose thing the device is; null: either.
    #[serde(default)]
    #[schema(required = true)]
    pub ownership: Option<Ownership>,
    /// Roles; none named: all.
    #[serde(default)]
    #[schema(required = true, value_type = Vec<crate::members::names::Role>)]
    pub roles: Vec<Role>,
}

/// What a rule limits. What is left out is not spoken of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyLimits)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Whether files may be kept; otherwise they are only shown (R16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<bool>,
    /// Whether text may be copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy: Option<bool>,
    /// Whether it may be printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub print: Option<bool>,
    /// Whether it may be shared to other apps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<bool>,
    /// Whether who looks at it, and when, is written over it (R17).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<bool>,
    /// Whether it is blurred while another window is in front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blur: Option<bool>,
    /// When it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// From where it may be used, CIDR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<String>>,
    /// How many devices one person may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<i64>,
    /// Whether a second factor must be had (R4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<bool>,
    /// How long a session lasts at most, hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_hours: Option<i64>,
    /// How long it lasts unused, minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_idle_minutes: Option<i64>,
    /// How long the app stays unlocked unused, minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_lock_minutes: Option<i64>,
    /// How long what is kept on the device can be read without the server, hours (R13).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_hours: Option<i64>,
}

/// The name of a limit; as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyLimit)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are documented at `Limits`")]
pub enum Limit {
    Download,
    Copy,
    Print,
    Share,
    Watermark,
    Blur,
    Hours,
    Networks,
    Devices,
    SecondFactor,
    SessionHours,
    SessionIdleMinutes,
    AppLockMinutes,
    LeaseHours,
}

/// The device somebody is at, as far as rules ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Seat {
    /// Nobody knows, where the organisation does not ask for devices: it could be any, so every rule about devices meets it.
    #[default]
    Unknown,
    /// A browser that is about to be enrolled: until it is, only rules about all devices meet it. Once it is, it is known.
    ToCome,
    /// This kind, and whose it is.
    Device(Kind, Ownership),
}

/// Who is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Who {
    /// What they are to the organisation.
    pub role: Role,
    /// What they sit at.
    pub seat: Seat,
}

impl Applies {
    /// Whether these words are about somebody.
    #[must_use]
    pub fn meets(&self, who: &Who) -> bool {
        let kind = self.kinds.is_empty()
            || match who.seat {
                Seat::Unknown => true,
                Seat::ToCome => false,
                Seat::Device(kind, _) => self.kinds.contains(&kind),
            };
        let ownership = self.ownership.is_none_or(|wanted| match who.seat {
            Seat::Unknown => true,
            Seat::ToCome => false,
            Seat::Device(_, ownership) => ownership == wanted,
        });
        kind && ownership && (self.roles.is_empty() || self.roles.contains(&who.role))
    }
}
