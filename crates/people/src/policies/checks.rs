//! Whether a set of rules can be kept. Pure.

use kairan_core::refusal::{FIELD_CHARACTERS, FIELD_REQUIRED, FIELD_TOO_LONG};
use kairan_core::text::{self, TextFault};
use kairan_core::{FieldFault, Refusal};

use super::hours::{Hours, minutes};
use super::networks::network;
use super::rules::{Limits, Rule};
use crate::devices::rules::DEVICES_BOUNDS;

kairan_core::codes! {
    POLICY_TOO_MANY = 422 "policy.too_many", "決まりは{limit}個までです。似たものをまとめてください。", "There can be {limit} rules. Join some that are alike.";
    POLICY_TWICE = 422 "policy.twice", "同じ名前の決まりがあります。別の名前にしてください。", "Another rule has this name. Choose a different one.";
    POLICY_TIME = 422 "policy.time", "時刻は07:00のように、00:00から24:00までで入れてください。", "Write a time like 07:00, between 00:00 and 24:00.";
    POLICY_DAYS = 422 "policy.days", "曜日を1つ以上選んでください（月曜が1、日曜が7）。", "Choose at least one day (Monday is 1, Sunday 7).";
    POLICY_CIDR = 422 "policy.cidr", "「{value}」はネットワークとして読めません。10.0.0.0/8 や 2001:db8::/32 のように書いてください。", "“{value}” is no network. Write it like 10.0.0.0/8 or 2001:db8::/32.";
    POLICY_NO_NETWORK = 422 "policy.no_network", "ネットワークを1つ以上、{limit}個まで入れてください。どこからでもよいときは、この項目を外してください。", "Enter one to {limit} networks. To allow all, leave this limit out.";
}

/// Most rules of an organisation.
const MOST_RULES: usize = 50;
/// Most characters of a rule's name.
const NAME_LIMIT: usize = 40;
/// Most networks of a rule.
const MOST_NETWORKS: usize = 100;
/// Most characters of a network that are told back.
const TOLD: usize = 50;

/// The set as it is kept: names in their plain spelling, networks too, days in their order.
///
/// # Errors
/// 422 with every field that is wrong, named `rules.0.name`.
pub fn checked(rules: Vec<Rule>) -> Result<Vec<Rule>, Refusal> {
    let mut faults = Vec::new();
    if rules.len() > MOST_RULES {
        faults.push(FieldFault::new("rules", &POLICY_TOO_MANY).fact("limit", MOST_RULES));
    }
    let mut kept: Vec<Rule> = Vec::with_capacity(rules.len());
    for (at, mut rule) in rules.into_iter().enumerate() {
        let field = |name: &str| format!("rules.{at}.{name}");
        match text::line(&rule.name, NAME_LIMIT) {
            Ok(name) => rule.name = name,
            Err(fault) => faults.push(name_fault(field("name"), fault)),
        }
        if kept.iter().any(|other| other.name == rule.name || other.id == rule.id) {
            faults.push(FieldFault::new(field("name"), &POLICY_TWICE));
        }
        rule.applies.kinds.sort_by_key(|kind| kind.name());
        rule.applies.kinds.dedup();
        rule.applies.roles.sort();
        rule.applies.roles.dedup();
        limits(&mut rule.limits, &field("limits"), &mut faults);
        kept.push(rule);
    }
    if faults.is_empty() { Ok(kept) } else { Err(Refusal::fields(faults)) }
}

fn name_fault(field: String, fault: TextFault) -> FieldFault {
    match fault {
        TextFault::Empty => FieldFault::new(field, &FIELD_REQUIRED),
        TextFault::TooLong { limit, .. } => FieldFault::new(field, &FIELD_TOO_LONG).fact("limit", limit),
        TextFault::TooManyMarks | TextFault::Character => FieldFault::new(field, &FIELD_CHARACTERS),
    }
}

fn limits(limits: &mut Limits, field: &str, faults: &mut Vec<FieldFault>) {
    // Least and most: what a session or a lock needs to be of any use, and what is a limit at all.
    let bounds = [
        ("devices", limits.devices, 1, 100),
        ("session_hours", limits.session_hours, 1, 720),
        ("session_idle_minutes", limits.session_idle_minutes, 5, 20_160),
        ("app_lock_minutes", limits.app_lock_minutes, 1, 1_440),
        ("lease_hours", limits.lease_hours, 0, 168),
    ];
    for (name, value, least, most) in bounds {
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            let fault = FieldFault::new(format!("{field}.{name}"), &DEVICES_BOUNDS);
            faults.push(fault.fact("least", least).fact("most", most));
        }
    }
    if let Some(hours) = &mut limits.hours {
        check_hours(hours, field, faults);
    }
    if let Some(networks) = &mut limits.networks {
        let field = format!("{field}.networks");
        if networks.is_empty() || networks.len() > MOST_NETWORKS {
            faults.push(FieldFault::new(&field, &POLICY_NO_NETWORK).fact("limit", MOST_NETWORKS));
        }
        for text in networks.iter_mut() {
            match network(text) {
                Some(network) => *text = network.to_string(),
                None => {
                    let told = text::excerpt(text, TOLD);
                    faults.push(FieldFault::new(&field, &POLICY_CIDR).fact("value", told));
                }
            }
        }
        networks.sort();
        networks.dedup();
    }
}

fn check_hours(hours: &mut Hours, field: &str, faults: &mut Vec<FieldFault>) {
    for (name, text, latest) in [("from", &hours.from, 23 * 60 + 59), ("to", &hours.to, 24 * 60)] {
        if minutes(text).is_none_or(|minutes| minutes > latest) {
            faults.push(FieldFault::new(format!("{field}.hours.{name}"), &POLICY_TIME));
        }
    }
    hours.days.sort_unstable();
    hours.days.dedup();
    if hours.days.is_empty() || hours.days.iter().any(|day| !(1..=7).contains(day)) {
        faults.push(FieldFault::new(format!("{field}.hours.days"), &POLICY_DAYS));
    }
}
