//! Wrong proofs from one address, whomever they are for: they lie in many streams, so they are counted in memory, on each
//! node, as the throttle does.
//!
//! It stays true that whoever fails adds at most one event in a window for each address, and [`TOLD`] for all addresses
//! together; and that memory is bounded.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use kairan_core::Instant;

use super::events::ManyFailures;
use super::rules::{MANY, WINDOW};
use crate::signin::throttle::Place;

/// Addresses kept; when there are more, those that failed longest ago go first.
const PLACES: usize = 10_000;
/// Told of within one window at most, by one node: more addresses than these are one attack, and it is known by then.
const TOLD: usize = 12;

#[derive(Debug, Default)]
struct Failing {
    /// When, and for whom (only a hash: people type their password there).
    failures: VecDeque<(Instant, u64)>,
    /// Told of; nothing is counted until then.
    quiet_until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Counts {
    places: HashMap<Place, Failing>,
    told: VecDeque<Instant>,
}

/// The counts.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Counts>);

impl Watch {
    /// Another wrong proof from this place for `whom`. What is to be told, once there are [`MANY`] within [`WINDOW`].
    pub fn failed(&self, now: Instant, place: Place, whom: &str) -> Option<ManyFailures> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut counts.places, now);
        let here = counts.places.entry(place).or_default();
        if here.quiet_until.is_some_and(|until| now < until) {
            return None;
        }
        here.quiet_until = None;
        while here.failures.front().is_some_and(|(at, _)| now.since(*at) >= WINDOW) {
            here.failures.pop_front();
        }
        here.failures.push_back((now, hashed(whom)));
        if here.failures.len() < MANY {
            return None;
        }
        let failures = std::mem::take(&mut here.failures);
        here.quiet_until = Some(now.plus_ms(WINDOW));
        while counts.told.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            counts.told.pop_front();
        }
        if counts.told.len() >= TOLD {
            return None;
        }
        counts.told.push_back(now);
        let accounts = failures.iter().map(|(_, whom)| *whom).collect::<HashSet<_>>().len();
        Some(ManyFailures {
            address: place.to_string(),
            count: i64::try_from(failures.len()).unwrap_or(i64::MAX),
            accounts: i64::try_from(accounts).unwrap_or(i64::MAX),
            since: failures.front().map_or(now, |(at, _)| *at),
        })
    }
}

fn hashed(whom: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    whom.hash(&mut hasher);
    hasher.finish()
}

fn make_room(places: &mut HashMap<Place, Failing>, now: Instant) {
    if places.len() < PLACES {
        return;
    }
    let last = |failing: &Failing| {
        let failed = failing.failures.back().map(|(at, _)| at.ms());
        failed.or(failing.quiet_until.map(|until| until.ms() - WINDOW)).unwrap_or(0)
    };
    places.retain(|_, failing| now.ms() - last(failing) < WINDOW);
    if places.len() >= PLACES {
        let mut all = places.values().map(last).collect::<Vec<_>>();
        let middle = all.len() / 2;
        let (_, median, _) = all.select_nth_unstable(middle);
        let median = *median;
        places.retain(|_, failing| last(failing) > median);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use kairan_core::time::SECOND;

    use super::*;

    fn place(number: u32) -> Place {
        IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)).into()
    }

    fn fail(watch: &Watch, from: i64, place: Place, times: i64) -> Vec<ManyFailures> {
        (0..times)
            .filter_map(|n| watch.failed(Instant(from + n * SECOND), place, &format!("login{}", n % 4)))
            .collect()
    }

    #[test]
    fn an_address_that_keeps_failing_is_told_of_once_in_a_window() {
        let watch = Watch::default();
        assert_eq!(fail(&watch, 0, place(1), 19), []);
        let told = fail(&watch, 19 * SECOND, place(1), 1);
        assert_eq!((told[0].count, told[0].accounts, told[0].since), (20, 4, Instant(0)));
        assert_eq!(told[0].address, "10.0.0.1");
        assert_eq!(fail(&watch, 20 * SECOND, place(1), 800), [], "known by now");
        assert_eq!(fail(&watch, WINDOW + 20 * SECOND, place(1), 25).len(), 1, "and again in the next window");
    }

    #[test]
    fn slow_failures_are_no_attack() {
        let watch = Watch::default();
        let told = (0..100).filter_map(|n| watch.failed(Instant(n * 48 * SECOND), place(1), "one"));
        assert_eq!(told.count(), 0);
    }

    /// R6: a stranger with many addresses cannot fill the journal.
    #[test]
    fn many_addresses_are_told_of_twelve_times_at_most() {
        let watch = Watch::default();
        let told: usize = (0..200).map(|number| fail(&watch, 0, place(number), 20).len()).sum();
        assert_eq!(told, TOLD);
    }

    #[test]
    fn memory_is_bounded() {
        let watch = Watch::default();
        for number in 0..30_000 {
            watch.failed(Instant(i64::from(number)), place(number), "one");
        }
        assert!(watch.0.lock().expect("held by nobody").places.len() <= PLACES);
    }
}
