//! What keeps guessing slow (R6) without letting a stranger lock anyone out.
//!
//! Two counters, both of failures within 15 minutes. *This login from this place*: from the tenth on, each failure must be
//! followed by a growing wait. *This login from anywhere*: when it is high, a place that is new to it waits once, 30
//! seconds from its first knock, however often strangers keep failing elsewhere. An attempt counts as a failure from its
//! start until it succeeds, so a hundred at once are a hundred. Kept in memory, per node, bounded.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use kairan_core::Instant;
use kairan_core::time::{MINUTE, SECOND};

/// Failures older than this are forgotten.
const WINDOW: i64 = 15 * MINUTE;
/// Failures of one login from one place before it has to wait.
pub const FREE_TRIES: usize = 10;
/// Failures of one login from everywhere before new places have to wait.
const FREE_TRIES_ANYWHERE: usize = 30;
/// What a new place waits then.
const NEW_PLACE_WAIT: i64 = 30 * SECOND;
/// Password judgements one place may ask for in a minute.
const JUDGEMENTS: usize = 120;
/// Entries kept; the longest untouched go first.
const ENTRIES: usize = 50_000;

/// The wait after the `failures`-th failure: 1 minute from the tenth, doubling to 15.
#[must_use]
pub fn wait_after(failures: usize) -> i64 {
    match failures.checked_sub(FREE_TRIES) {
        None => 0,
        Some(beyond) => (MINUTE << beyond.min(4)).min(WINDOW),
    }
}

/// Where somebody tries from. One customer of an IPv6 provider has a whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place(IpAddr);

impl From<IpAddr> for Place {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Pair(String, Place),
    Anywhere(String),
    Judging(Place),
}

#[derive(Debug, Default)]
struct Record {
    failures: VecDeque<Instant>,
    /// When a new place first knocked while the login was under attack.
    knocked: Option<Instant>,
    touched: i64,
}

impl Record {
    fn forget_old(&mut self, now: Instant) {
        while self.failures.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            self.failures.pop_front();
        }
        if self.knocked.is_some_and(|at| now.since(at) >= WINDOW) {
            self.knocked = None;
        }
        self.touched = now.ms();
    }
}

/// The counters.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<Key, Record>>);

impl Throttle {
    /// Begins an attempt, counted as a failure until [`Throttle::succeeded`].
    ///
    /// # Errors
    /// Milliseconds to wait; the attempt is then not counted.
    pub fn begin(&self, now: Instant, login: &str, place: Place) -> Result<(), i64> {
        let (pair, anywhere) = keys(login, place);
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut records, now);
        let everywhere = records.entry(anywhere.clone()).or_default();
        everywhere.forget_old(now);
        let under_attack = everywhere.failures.len() >= FREE_TRIES_ANYWHERE;
        let here = records.entry(pair).or_default();
        here.forget_old(now);
        let since_last = here.failures.back().map_or(i64::MAX, |last| now.since(*last));
        let mut wait = wait_after(here.failures.len()).saturating_sub(since_last).max(0);
        if under_attack && wait == 0 {
            let knocked = *here.knocked.get_or_insert(now);
            wait = NEW_PLACE_WAIT.saturating_sub(now.since(knocked)).max(0);
        }
        if wait > 0 {
            return Err(wait);
        }
        here.knocked = None;
        // No more than decides anything is kept.
        if here.failures.len() > 2 * FREE_TRIES {
            here.failures.pop_front();
        }
        here.failures.push_back(now);
        let everywhere = records.entry(anywhere).or_default();
        if everywhere.failures.len() > 2 * FREE_TRIES_ANYWHERE {
            everywhere.failures.pop_front();
        }
        everywhere.failures.push_back(now);
        Ok(())
    }

    /// The attempt was right: this place starts anew.
    pub fn succeeded(&self, login: &str, place: Place) {
        let (pair, anywhere) = keys(login, place);
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.remove(&pair);
        if let Some(everywhere) = records.get_mut(&anywhere) {
            everywhere.failures.pop_back();
        }
    }

    /// Counts a password judgement asked for by somebody nobody knows.
    ///
    /// # Errors
    /// Milliseconds to wait.
    pub fn judging(&self, now: Instant, place: Place) -> Result<(), i64> {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut records, now);
        let record = records.entry(Key::Judging(place)).or_default();
        while record.failures.front().is_some_and(|at| now.since(*at) >= MINUTE) {
            record.failures.pop_front();
        }
        record.touched = now.ms();
        if record.failures.len() >= JUDGEMENTS {
            let first = record.failures.front().copied().unwrap_or(now);
            return Err(MINUTE - now.since(first));
        }
        record.failures.push_back(now);
        Ok(())
    }
}

fn keys(login: &str, place: Place) -> (Key, Key) {
    // Nobody has a login this long; the rest of it only costs memory.
    let login = login.chars().take(64).collect::<String>();
    (Key::Pair(login.clone(), place), Key::Anywhere(login))
}

fn make_room(records: &mut HashMap<Key, Record>, now: Instant) {
    if records.len() < ENTRIES {
        return;
    }
    records.retain(|_, record| now.ms() - record.touched < WINDOW);
    if records.len() >= ENTRIES {
        let mut touched = records.values().map(|record| record.touched).collect::<Vec<_>>();
        let middle = touched.len() / 2;
        let (_, median, _) = touched.select_nth_unstable(middle);
        let median = *median;
        records.retain(|_, record| record.touched > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(last: u8) -> Place {
        IpAddr::from([192, 0, 2, last]).into()
    }
    const T0: Instant = Instant(1_796_601_600_000);

    fn fail(throttle: &Throttle, at: Instant, from: Place, times: usize) {
        for _ in 0..times {
            throttle.begin(at, "hana", from).expect("still free");
        }
    }

    /// R6
    #[test]
    fn ten_failures_then_a_growing_wait() {
        let throttle = Throttle::default();
        fail(&throttle, T0, place(1), FREE_TRIES);
        let mut now = T0;
        for minutes in [1, 2, 4, 8, 15] {
            assert_eq!(throttle.begin(now, "hana", place(1)), Err(minutes * MINUTE));
            now = now.plus_ms(minutes * MINUTE);
            if now.since(T0) >= WINDOW {
                break;
            }
            throttle.begin(now, "hana", place(1)).expect("after the wait");
        }
        assert!(throttle.begin(now.plus_ms(WINDOW), "hana", place(1)).is_ok(), "15 quiet minutes forget");
    }

    /// R6
    #[test]
    fn waiting_does_not_lengthen_the_wait() {
        let throttle = Throttle::default();
        fail(&throttle, T0, place(1), FREE_TRIES);
        for second in 1..60 {
            assert_eq!(
                throttle.begin(T0.plus_ms(second * SECOND), "hana", place(1)),
                Err(MINUTE - second * SECOND)
            );
        }
        assert!(throttle.begin(T0.plus_ms(MINUTE), "hana", place(1)).is_ok());
    }

    /// R6: however many strangers fail, and however they keep at it, the person elsewhere waits 30 seconds at most.
    #[test]
    fn strangers_cannot_lock_a_person_out() {
        let throttle = Throttle::default();
        for stranger in 100..200 {
            let _ = throttle.begin(T0, "hana", place(stranger));
        }
        assert_eq!(throttle.begin(T0, "hana", place(1)), Err(NEW_PLACE_WAIT));
        for second in 1..30 {
            for stranger in 100..250 {
                let _ = throttle.begin(T0.plus_ms(second * SECOND), "hana", place(stranger));
            }
        }
        assert_eq!(throttle.begin(T0.plus_ms(29 * SECOND), "hana", place(1)), Err(SECOND));
        assert_eq!(throttle.begin(T0.plus_ms(30 * SECOND), "hana", place(1)), Ok(()));
        assert_eq!(throttle.begin(T0, "taro", place(1)), Ok(()), "others are not touched at all");
    }

    #[test]
    fn success_starts_anew() {
        let throttle = Throttle::default();
        fail(&throttle, T0, place(1), FREE_TRIES - 1);
        throttle.begin(T0, "hana", place(1)).expect("the tenth");
        throttle.succeeded("hana", place(1));
        fail(&throttle, T0, place(1), FREE_TRIES);
    }

    #[test]
    fn a_whole_ipv6_customer_is_one_place() {
        let of = |text: &str| Place::from(text.parse::<IpAddr>().expect("address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), place(1));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..(ENTRIES as u32 + 10_000) {
            let address = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
            let _ = throttle.begin(T0.plus_ms(i64::from(n)), &format!("user{n}"), address.into());
        }
        assert!(throttle.0.lock().expect("whole").len() <= ENTRIES + 1);
    }
}
