//! What follows from all rules that meet somebody. Pure.
//!
//! It stays true that a further rule never loosens anything, and that the order of the rules does not matter.

use std::collections::BTreeMap;
use std::net::IpAddr;

use kairan_core::time::{HOUR, MINUTE};
use kairan_core::{Code, Instant, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hours::{Hours, open_next};
use super::networks::within;
use super::rules::{Limit, Limits, POLICY_HOURS, POLICY_NETWORK, Rule, Who};
use crate::signin::rules::{Life, life};
use crate::signin::standing::demands_factor;

/// What the organisation decided about devices apart from its rules; rules only ever narrow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// How many devices one person may have.
    pub devices: Option<i64>,
    /// How long a lease lasts, hours.
    pub lease_hours: i64,
}

/// Something that holds, and the rule that says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said<T> {
    /// What.
    pub value: T,
    /// The rule's name.
    pub rule: String,
}

/// What shuts somebody out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut<'r> {
    /// What.
    pub because: Because,
    /// The rule's name.
    pub rule: &'r str,
}

/// Why somebody is shut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyBecause)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It is outside the hours.
    Hours,
    /// They call from outside the networks.
    Network,
}

impl Because {
    /// The code they are told.
    #[must_use]
    pub fn code(self) -> &'static Code {
        match self {
            Self::Hours => &POLICY_HOURS,
            Self::Network => &POLICY_NETWORK,
        }
    }
    /// From that code.
    #[must_use]
    pub fn of(code: &'static Code) -> Option<Self> {
        [Self::Hours, Self::Network].into_iter().find(|because| because.code() == code)
    }
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Network => "network",
        }
    }
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
    /// Whether a second factor must be had; some roles always must (R4).
    pub second_factor: bool,
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

    /// What shuts somebody out now and here, if anything. An address that is not known is in no network.
    #[must_use]
    pub fn shuts(&self, address: Option<IpAddr>, now: Instant) -> Option<Shut<'_>> {
        let inside = |said: &Said<Vec<String>>| address.is_some_and(|address| within(&said.value, address));
        if let Some(said) = self.networks.iter().find(|said| !inside(said)) {
            return Some(Shut { because: Because::Network, rule: &said.rule });
        }
        let said = self.hours.iter().find(|said| !said.value.open(now))?;
        Some(Shut { because: Because::Hours, rule: &said.rule })
    }

    /// Whether it may be used now and from here.
    ///
    /// # Errors
    /// 403 `policy.hours`, 403 `policy.network`.
    pub fn admits(&self, address: Option<IpAddr>, now: Instant) -> Result<(), Refusal> {
        let Some(shut) = self.shuts(address, now) else { return Ok(()) };
        let refusal = Refusal::new(shut.because.code()).fact("rule", shut.rule);
        let closed = self.hours.iter().map(|said| &said.value).find(|hours| !hours.open(now));
        Err(match (shut.because, closed) {
            (Because::Hours, Some(Hours { from, to, days })) => {
                let all = self.hours.iter().map(|said| &said.value).collect::<Vec<_>>();
                let opens_at = open_next(&all, now);
                refusal.fact("from", from).fact("to", to).fact("days", days).fact("opens_at", opens_at)
            }
            _ => {
                let address = address.map(|address| address.to_canonical().to_string());
                refusal.fact("address", address.unwrap_or_default())
            }
        })
    }

    /// Whether it comes to the same as the other, whatever the rules are called.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.nameless() == other.nameless()
    }

    fn nameless(&self) -> Self {
        let mut plain = Self { version: 0, by: BTreeMap::new(), ..self.clone() };
        plain.hours.iter_mut().for_each(|said| said.rule.clear());
        plain.networks.iter_mut().for_each(|said| said.rule.clear());
        plain.hours.sort();
        plain.hours.dedup();
        plain.networks.sort();
        plain.networks.dedup();
        plain
    }

    /// Takes one rule in: never loosens anything.
    fn narrow(&mut self, rule: &Rule) {
        let Limits { download, copy, print, share, watermark, blur, second_factor, hours, networks, .. } =
            &rule.limits;
        let flags = [
            (Limit::Download, &mut self.download, download, false),
            (Limit::Copy, &mut self.copy, copy, false),
            (Limit::Print, &mut self.print, print, false),
            (Limit::Share, &mut self.share, share, false),
            (Limit::Watermark, &mut self.watermark, watermark, true),
            (Limit::Blur, &mut self.blur, blur, true),
            (Limit::SecondFactor, &mut self.second_factor, second_factor, true),
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

/// The shortest life that any of these rules gives a session; none when none speaks of it.
#[must_use]
pub fn shortest(rules: &[Rule]) -> Option<Life> {
    let least = |of: fn(&Limits) -> Option<i64>| rules.iter().filter_map(|rule| of(&rule.limits)).min();
    let (absolute, idle) =
        (least(|limits| limits.session_hours), least(|limits| limits.session_idle_minutes));
    // Longer than the server has been there.
    const NEVER: i64 = 1 << 50;
    absolute.or(idle)?;
    let absolute = absolute.map_or(NEVER, |hours| hours * HOUR);
    Some(Life { absolute, idle: idle.map_or(NEVER, |minutes| minutes * MINUTE) })
}

/// What holds for somebody: the strictest of all rules that meet them, within what R4 and R19 say of their role and what
/// the organisation decided about devices.
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
        second_factor: demands_factor(who.role),
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

#[cfg(test)]
mod tests;
