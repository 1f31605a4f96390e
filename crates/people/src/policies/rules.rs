//! The rules, whom they meet, and what follows from all that meet somebody. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use kairan_core::time::{HOUR, MINUTE};
use kairan_core::{Instant, Refusal, Role, RuleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hours::{Hours, open_next};
use super::networks::within;
use crate::devices::rules::{Kind, Ownership};
use crate::signin::rules::{Life, life};

kairan_core::codes! {
    POLICY_HOURS = 403 "policy.hours", "いまは、この端末で使える時間の外です。使えるのは{from}から{to}までです（決まり「{rule}」）。急ぐときは、管理者に連絡してください。", "It is outside the hours in which this device may be used: {from} to {to} (rule “{rule}”). If it is urgent, call an administrator.";
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
    pub applies: Applies,
    /// What it limits.
    #[serde(default)]
    pub limits: Limits,
}

/// Whom a rule meets: all of it has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyApplies)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    /// Kinds of client; none named: all.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Whose thing the device is; null: either.
    #[serde(default)]
    pub ownership: Option<Ownership>,
    /// Roles; none named: all.
    #[serde(default)]
    #[schema(value_type = Vec<crate::members::names::Role>)]
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

/// What the organisation decided about devices apart from its rules; rules only ever narrow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// How many devices one person may have.
    pub devices: Option<i64>,
    /// How long a lease lasts, hours.
    pub lease_hours: i64,
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

/// Something that holds, and the rule that says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said<T> {
    /// What.
    pub value: T,
    /// The rule's name.
    pub rule: String,
}

/// What holds for somebody on a device: of all rules that meet them the strictest, limit by limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Of which set of rules; 0 while there never was one.
    pub version: i64,
    /// Whether originals may leave the server (R16).
    pub download: bool,
    /// Whether text may be copied.
    pub copy: bool,
    /// Whether it may be printed.
    pub print: bool,
    /// Whether it may be shared to other apps.
    pub share: bool,
    /// Whether renderings carry who looks and when (R17).
    pub watermark: bool,
    /// Whether it is blurred while another window is in front.
    pub blur: bool,
    /// When it may be used: within all of these.
    pub hours: Vec<Said<Hours>>,
    /// From where it may be used: out of one of each of these.
    pub networks: Vec<Said<Vec<String>>>,
    /// How many devices one person may have.
    pub devices: Option<i64>,
    /// How long a session lasts at most, hours (R19).
    pub session_hours: i64,
    /// How long it lasts unused, minutes (R19).
    pub session_idle_minutes: i64,
    /// How long the app stays unlocked unused, minutes; none: it need not be locked.
    pub app_lock_minutes: Option<i64>,
    /// How long what is kept on the device can be read without the server, hours (R13).
    pub lease_hours: i64,
    by: BTreeMap<Limit, String>,
}

impl Effective {
    /// The name of the rule that decided this; none when it is as usual.
    #[must_use]
    pub fn rule(&self, limit: Limit) -> Option<&str> {
        self.by.get(&limit).map(String::as_str)
    }

    /// How long a session lives under it.
    #[must_use]
    pub fn life(&self) -> Life {
        Life { absolute: self.session_hours * HOUR, idle: self.session_idle_minutes * MINUTE }
    }

    /// Whether it may be used now and from here. An address that is not known is in no network.
    ///
    /// # Errors
    /// 403 `policy.hours`, 403 `policy.network`.
    pub fn admits(&self, address: Option<IpAddr>, now: Instant) -> Result<(), Refusal> {
        if let Some(shut) =
            self.networks.iter().find(|said| !address.is_some_and(|at| within(&said.value, at)))
        {
            let address = address.map(|address| address.to_canonical().to_string()).unwrap_or_default();
            return Err(Refusal::new(&POLICY_NETWORK).fact("address", address).fact("rule", &shut.rule));
        }
        match self.hours.iter().find(|said| !said.value.open(now)) {
            None => Ok(()),
            Some(Said { value: Hours { from, to, days }, rule }) => {
                let all = self.hours.iter().map(|said| &said.value).collect::<Vec<_>>();
                let refusal =
                    Refusal::new(&POLICY_HOURS).fact("from", from).fact("to", to).fact("days", days);
                Err(refusal.fact("rule", rule).fact("opens_at", open_next(&all, now)))
            }
        }
    }

    /// Takes one rule in: never loosens anything.
    fn narrow(&mut self, rule: &Rule) {
        let Limits { download, copy, print, share, watermark, blur, hours, networks, .. } = &rule.limits;
        let flags = [
            (Limit::Download, &mut self.download, download, false),
            (Limit::Copy, &mut self.copy, copy, false),
            (Limit::Print, &mut self.print, print, false),
            (Limit::Share, &mut self.share, share, false),
            (Limit::Watermark, &mut self.watermark, watermark, true),
            (Limit::Blur, &mut self.blur, blur, true),
        ];
        for (limit, held, said, strict) in flags {
            if *said == Some(strict) {
                decide(&mut self.by, limit, &rule.name, *held == strict);
                *held = strict;
            }
        }
        for (limit, held, said) in [
            (Limit::SessionHours, &mut self.session_hours, rule.limits.session_hours),
            (Limit::SessionIdleMinutes, &mut self.session_idle_minutes, rule.limits.session_idle_minutes),
            (Limit::LeaseHours, &mut self.lease_hours, rule.limits.lease_hours),
        ] {
            if let Some(said) = said.filter(|said| *said <= *held) {
                decide(&mut self.by, limit, &rule.name, said == *held);
                *held = said;
            }
        }
        for (limit, held, said) in [
            (Limit::Devices, &mut self.devices, rule.limits.devices),
            (Limit::AppLockMinutes, &mut self.app_lock_minutes, rule.limits.app_lock_minutes),
        ] {
            if let Some(said) = said.filter(|said| held.is_none_or(|held| *said <= held)) {
                decide(&mut self.by, limit, &rule.name, *held == Some(said));
                *held = Some(said);
            }
        }
        self.hours.extend(hours.iter().map(|hours| Said { value: hours.clone(), rule: rule.name.clone() }));
        let said = networks.iter().map(|networks| Said { value: networks.clone(), rule: rule.name.clone() });
        self.networks.extend(said);
    }
}

/// Notes which rule decided. Of rules that say the same the first by name is told, so that their order does not matter.
fn decide(by: &mut BTreeMap<Limit, String>, limit: Limit, rule: &str, same: bool) {
    match by.get_mut(&limit) {
        // What was usual anyway is not this rule's doing.
        None if same => {}
        Some(told) if same && told.as_str() <= rule => {}
        Some(told) => rule.clone_into(told),
        None => {
            by.insert(limit, rule.to_owned());
        }
    }
}

/// What holds for somebody: the strictest of all rules that meet them, within what R19 allows their role and what the
/// organisation decided about devices.
#[must_use]
pub fn effective(version: i64, rules: &[Rule], who: &Who, usual: Usual) -> Effective {
    let life = life(who.role);
    let mut effective = Effective {
        version,
        download: true,
        copy: true,
        print: true,
        share: true,
        watermark: false,
        blur: false,
        hours: Vec::new(),
        networks: Vec::new(),
        devices: usual.devices,
        session_hours: life.absolute / HOUR,
        session_idle_minutes: life.idle / MINUTE,
        app_lock_minutes: None,
        lease_hours: usual.lease_hours,
        by: BTreeMap::new(),
    };
    for rule in rules.iter().filter(|rule| rule.applies.meets(who)) {
        effective.narrow(rule);
    }
    // In an order of their own, so that the rules' order does not matter.
    effective.hours.sort();
    effective.networks.sort();
    effective
}
