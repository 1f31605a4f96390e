use kairan_core::ids::Id;
use kairan_core::time::DAY;
use kairan_core::{Role, RuleId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::devices::rules::{Kind, Ownership};
use crate::policies::checks::checked;
use crate::policies::preview::{Way, changes};
use crate::policies::rules::{Applies, Seat};

const USUAL: Usual = Usual { devices: Some(5), lease_hours: 24 };
/// Monday 2026-12-07 00:00 in Japan.
const MONDAY: Instant = Instant(1_796_601_600_000 - 9 * HOUR);

fn hours() -> impl Strategy<Value = Hours> {
    let time =
        |most: u8| (0..most, select(vec!["00", "30"])).prop_map(|(hour, half)| format!("{hour:02}:{half}"));
    (time(24), time(24), vec(1u8..=7, 1..5)).prop_map(|(from, to, days)| Hours { from, to, days })
}

fn networks() -> impl Strategy<Value = Vec<String>> {
    let one = select(vec!["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32", "0.0.0.0/0"]);
    vec(one.prop_map(str::to_owned), 1..4)
}

fn limits() -> impl Strategy<Value = Limits> {
    let flag = || option::of(any::<bool>());
    let flags = (flag(), flag(), flag(), flag(), flag(), flag(), flag());
    let numbers = (
        option::of(1i64..9),
        option::of(1i64..720),
        option::of(5i64..20_160),
        option::of(1i64..90),
        option::of(0i64..168),
    );
    (flags, option::of(hours()), option::of(networks()), numbers).prop_map(
        |((download, copy, print, share, watermark, blur, second_factor), hours, networks, numbers)| {
            let (devices, session_hours, session_idle_minutes, app_lock_minutes, lease_hours) = numbers;
            Limits {
                download,
                copy,
                print,
                share,
                watermark,
                blur,
                hours,
                networks,
                devices,
                second_factor,
                session_hours,
                session_idle_minutes,
                app_lock_minutes,
                lease_hours,
            }
        },
    )
}

fn applies() -> impl Strategy<Value = Applies> {
    let kinds = vec(select(Kind::ALL), 0..3);
    let ownership = option::of(select(Ownership::ALL));
    (kinds, ownership, vec(select(&Role::ALL[..]), 0..4)).prop_map(|(kinds, ownership, roles)| Applies {
        kinds,
        ownership,
        roles,
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    (any::<u128>(), "[a-d]", applies(), limits()).prop_map(|(id, name, applies, limits)| Rule {
        id: RuleId::try_from(id.to_be_bytes().as_slice()).expect("16 bytes"),
        name,
        applies,
        limits,
    })
}

fn who() -> impl Strategy<Value = Who> {
    let device =
        (select(Kind::ALL), select(Ownership::ALL)).prop_map(|(kind, whose)| Seat::Device(kind, whose));
    let seat = prop_oneof![Just(Seat::Unknown), Just(Seat::ToCome), device.clone(), device];
    (select(&Role::ALL[..]), seat).prop_map(|(role, seat)| Who { role, seat })
}

fn of(rules: &[Rule], who: &Who) -> Effective {
    effective(1, rules, who, USUAL)
}

/// Whether what the first allows the second allows too, at each of these moments from each of these places.
fn no_looser(strict: &Effective, loose: &Effective) -> bool {
    let flags = |one: &Effective| {
        let Effective { download, copy, print, share, watermark, blur, second_factor, .. } = *one;
        [download, copy, print, share, !watermark, !blur, !second_factor]
    };
    let numbers = |one: &Effective| {
        let never = i64::MAX;
        let (devices, lock) = (one.devices.unwrap_or(never), one.app_lock_minutes.unwrap_or(never));
        [devices, lock, one.session_hours, one.session_idle_minutes, one.lease_hours]
    };
    let places = ["10.1.2.3", "10.9.9.9", "192.0.2.7", "203.0.113.5", "2001:db8::9"];
    let addresses = || places.iter().map(|address| address.parse().ok()).chain([None]);
    let lets_in = |one: &Effective, address, half_hour: i64| {
        one.shuts(address, MONDAY.plus_ms(half_hour * 30 * MINUTE)).is_none()
    };
    flags(strict).iter().zip(flags(loose)).all(|(strict, loose)| !strict || loose)
        && numbers(strict).iter().zip(numbers(loose)).all(|(strict, loose)| *strict <= loose)
        && addresses()
            .all(|address| (0..7 * 48).all(|at| !lets_in(strict, address, at) || lets_in(loose, address, at)))
}

proptest! {
    /// R16, R19, R20: a further rule never loosens anything, wherever it stands.
    #[test]
    fn a_further_rule_never_loosens_anything(mut rules in vec(rule(), 0..5), more in rule(), at in 0usize..5, who in who()) {
        let before = of(&rules, &who);
        rules.insert(at.min(rules.len()), more);
        prop_assert!(no_looser(&of(&rules, &who), &before));
    }

    /// The order of the rules changes neither what holds nor who is named for it.
    #[test]
    fn the_order_does_not_matter(
        (rules, shuffled) in vec(rule(), 0..6).prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())), who in who(),
    ) {
        prop_assert_eq!(of(&rules, &who), of(&shuffled, &who));
    }

    /// R19: whatever the rules say, a session of those with powers over others lasts a day, and an hour unused.
    #[test]
    fn no_rule_lengthens_a_session(rules in vec(rule(), 0..5), who in who()) {
        let (life, usual) = (of(&rules, &who).life(), life(who.role));
        prop_assert!(life.absolute <= usual.absolute && life.idle <= usual.idle);
        prop_assert!(shortest(&rules).is_none_or(|least| least.absolute <= life.absolute || life.absolute == usual.absolute));
        prop_assert!(shortest(&rules).is_none_or(|least| least.idle <= life.idle || life.idle == usual.idle));
    }

    /// Nobody escapes a rule by not saying what they sit at.
    #[test]
    fn whoever_sits_at_nothing_known_is_held_to_everything(rules in vec(rule(), 0..5), who in who()) {
        let unknown = Who { seat: Seat::Unknown, ..who };
        prop_assert!(no_looser(&of(&rules, &unknown), &of(&rules, &who)));
        let to_come = Who { seat: Seat::ToCome, ..who };
        prop_assert!(no_looser(&of(&rules, &who), &of(&rules, &to_come)) || who.seat == Seat::ToCome);
    }

    /// Each limit that is not as usual is some matching rule's doing, and that rule says just this.
    #[test]
    fn every_limit_is_told_with_the_rule_that_set_it(rules in vec(rule(), 0..5), who in who()) {
        let (now, usual) = (of(&rules, &who), of(&[], &who));
        let says = |limit, check: &dyn Fn(&Limits) -> bool| match now.rule(limit) {
            None => true,
            Some(name) => rules.iter().any(|rule| rule.name == name && rule.applies.meets(&who) && check(&rule.limits)),
        };
        prop_assert_eq!(now.rule(Limit::Download).is_some(), !now.download);
        prop_assert!(says(Limit::Download, &|limits| limits.download == Some(false)));
        prop_assert_eq!(now.rule(Limit::Watermark).is_some(), now.watermark);
        prop_assert!(says(Limit::Watermark, &|limits| limits.watermark == Some(true)));
        prop_assert_eq!(now.rule(Limit::LeaseHours).is_some(), now.lease_hours != usual.lease_hours);
        prop_assert!(says(Limit::LeaseHours, &|limits| limits.lease_hours == Some(now.lease_hours)));
        prop_assert_eq!(now.rule(Limit::Devices).is_some(), now.devices != usual.devices);
        prop_assert!(says(Limit::Devices, &|limits| limits.devices == now.devices));
        prop_assert_eq!(now.rule(Limit::SecondFactor).is_some(), now.second_factor && !usual.second_factor);
        prop_assert!(says(Limit::SecondFactor, &|limits| limits.second_factor == Some(true)));
        prop_assert_eq!(now.rule(Limit::AppLockMinutes).is_some(), now.app_lock_minutes.is_some());
    }

    /// R4: a second factor is demanded by the role or by a rule that meets somebody, and no rule lets a role off.
    #[test]
    fn a_second_factor_is_demanded_by_the_role_or_a_rule(rules in vec(rule(), 0..5), who in who()) {
        let met = rules.iter().filter(|rule| rule.applies.meets(&who));
        let asked = met.map(|rule| rule.limits.second_factor).any(|said| said == Some(true));
        prop_assert_eq!(of(&rules, &who).second_factor, demands_factor(who.role) || asked);
    }

    /// What was kept is kept the same again, and reads back as it was.
    #[test]
    fn what_is_kept_has_one_spelling(mut rules in vec(rule(), 0..4)) {
        for (at, rule) in rules.iter_mut().enumerate() {
            rule.name = format!("{}{at}", rule.name);
        }
        let kept = checked(rules).expect("within bounds");
        prop_assert_eq!(&checked(kept.clone()).expect("still"), &kept);
        let written = serde_json::to_string(&kept).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Vec<Rule>>(&written).expect("the same"), kept);
    }
}

fn named(name: &str, limits: Limits) -> Rule {
    Rule { id: RuleId::nil(), name: name.to_owned(), applies: Applies::default(), limits }
}

#[test]
fn without_rules_everything_is_as_usual() {
    for role in Role::ALL {
        let Effective { download, copy, print, share, watermark, blur, app_lock_minutes, .. } =
            of(&[], &Who { role, seat: Seat::Unknown });
        assert_eq!((download, copy, print, share), (true, true, true, true));
        assert_eq!((watermark, blur, app_lock_minutes), (false, false, None));
    }
}

/// What was put in force before there was a limit of second factors still reads, and asks for none.
#[test]
fn rules_that_were_kept_before_a_limit_came_still_read() {
    let kept = r#"{"id": "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e01", "name": "私物", "applies": {"kinds": ["app"], "ownership": "own", "roles": []}, "limits": {"download": false, "session_hours": 12}}"#;
    let rule = serde_json::from_str::<Rule>(kept).expect("it reads");
    assert_eq!(rule.limits.second_factor, None);
    assert!(!of(&[rule], &Who { role: Role::Member, seat: Seat::Unknown }).second_factor);
}

/// The words name the rule, when it ends, and when it opens again.
#[test]
fn whoever_is_shut_out_is_told_why_and_until_when() {
    let work = Hours { from: "07:00".into(), to: "22:00".into(), days: vec![1, 2, 3, 4, 5] };
    let limits = Limits { hours: Some(work), networks: Some(vec!["10.0.0.0/8".into()]), ..Limits::default() };
    let who = Who { role: Role::Member, seat: Seat::Device(Kind::App, Ownership::Own) };
    let policy = of(&[named("私物スマホ", limits)], &who);
    let office = "10.0.0.5".parse().ok();
    assert!(policy.admits(office, MONDAY.plus_ms(12 * HOUR)).is_ok());
    let late = policy.admits(office, MONDAY.plus_ms(22 * HOUR)).expect_err("closed");
    assert_eq!((late.code.name, late.status()), ("policy.hours", 403));
    assert_eq!(late.facts["opens_at"], (MONDAY.plus_ms(DAY + 7 * HOUR)).ms());
    assert_eq!((&late.facts["from"], &late.facts["rule"]), (&"07:00".into(), &"私物スマホ".into()));
    let away = policy.admits("203.0.113.5".parse().ok(), MONDAY.plus_ms(12 * HOUR)).expect_err("outside");
    assert_eq!((away.code.name, &away.facts["address"]), ("policy.network", &"203.0.113.5".into()));
    assert!(
        policy.admits(None, MONDAY.plus_ms(12 * HOUR)).is_err(),
        "an address nobody knows is in no network"
    );
}

#[test]
fn what_is_out_of_bounds_is_named_by_its_field() {
    let hours = Hours { from: "24:00".into(), to: "9:00".into(), days: vec![] };
    let wrong = Limits {
        hours: Some(hours),
        networks: Some(vec!["10.0.0.0/33".into()]),
        devices: Some(0),
        session_idle_minutes: Some(4),
        lease_hours: Some(169),
        ..Limits::default()
    };
    let nowhere = Limits { networks: Some(vec![]), ..Limits::default() };
    let refusal = checked(vec![named("", wrong), named("", nowhere)]).expect_err("wrong");
    let faults = refusal.fields.iter().map(|fault| format!("{} {}", fault.field, fault.code.name));
    assert_eq!(
        faults.collect::<Vec<_>>(),
        [
            "rules.0.name field.required",
            "rules.0.limits.devices device.bounds",
            "rules.0.limits.session_idle_minutes device.bounds",
            "rules.0.limits.lease_hours device.bounds",
            "rules.0.limits.hours.from policy.time",
            "rules.0.limits.hours.to policy.time",
            "rules.0.limits.hours.days policy.days",
            "rules.0.limits.networks policy.cidr",
            "rules.1.name field.required",
            "rules.1.name policy.twice",
            "rules.1.limits.networks policy.no_network",
        ]
    );
    let many = (0..51_u128).map(|n| Rule {
        id: RuleId::try_from(n.to_be_bytes().as_slice()).expect("16 bytes"),
        ..named(&format!("決まり{n}"), Limits::default())
    });
    assert_eq!(checked(many.collect()).expect_err("too many").fields[0].code.name, "policy.too_many");
}

#[test]
fn a_change_is_told_by_the_rules_it_changes() {
    let id = |n: u128| RuleId::try_from(n.to_be_bytes().as_slice()).expect("16 bytes");
    let rule = |n, name: &str, download, lease_hours| {
        let limits = Limits { download, lease_hours, ..Limits::default() };
        Rule { id: id(n), ..named(name, limits) }
    };
    let before =
        [rule(1, "私物", Some(true), Some(24)), rule(2, "貸与", None, None), rule(3, "庁内", None, Some(8))];
    let after = [
        rule(1, "私物スマホ", Some(false), Some(24)),
        rule(3, "庁内", None, Some(8)),
        rule(4, "新", None, Some(0)),
    ];
    let told =
        changes(&before, &after).into_iter().map(|one| (one.name, one.how, one.limits)).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            ("私物スマホ".to_owned(), Way::Changed, vec![Limit::Download]),
            ("新".to_owned(), Way::Added, vec![Limit::LeaseHours]),
            ("貸与".to_owned(), Way::Removed, vec![]),
        ]
    );
}
