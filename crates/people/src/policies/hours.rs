//! Hours (使える時間帯) in the organisation's zone. Pure.

use kairan_core::Instant;
use kairan_core::time::{DAY, HOUR, MINUTE};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The organisation's zone, ms east of UTC: Japan Standard Time, which has had no summer time since 1951.
const ZONE: i64 = 9 * HOUR;
/// Minutes of a day.
const MINUTES: i64 = 24 * 60;
/// 1970-01-01 was a Thursday; days are counted as in ISO 8601, Monday being 1.
const EPOCH_AFTER_MONDAY: i64 = 3;

/// A span of every chosen day. One that ends at or before it begins goes on past midnight, and belongs to the day on which
/// it began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyHours)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// `07:00`.
    pub from: String,
    /// `22:00`, not included; `24:00` is the end of the day.
    pub to: String,
    /// Monday is 1, Sunday 7.
    pub days: Vec<u8>,
}

/// Minutes from midnight of `HH:MM`; up to `24:00`.
#[must_use]
pub fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2 && digits.bytes().all(|c| c.is_ascii_digit())).then_some(());
    two(hour).and(two(minute))?;
    let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
    let whole = hour * 60 + minute;
    (minute < 60 && whole <= MINUTES).then_some(whole)
}

impl Hours {
    /// Beginning and end in minutes from midnight; the end lies beyond the day's when it goes past midnight. None when it is
    /// no span at all, and then it is never open.
    fn span(&self) -> Option<(i64, i64)> {
        let (from, to) = (minutes(&self.from)?, minutes(&self.to)?);
        Some((from, if to > from { to } else { to + MINUTES }))
    }

    /// Whether `at` lies within them.
    #[must_use]
    pub fn open(&self, at: Instant) -> bool {
        let Some((from, to)) = self.span() else { return false };
        let local = at.plus_ms(ZONE).ms();
        let (day, minute) = (local.div_euclid(DAY), local.rem_euclid(DAY) / MINUTE);
        let began = |days_ago: i64| {
            let since = minute + days_ago * MINUTES;
            self.days.contains(&weekday(day - days_ago)) && (from..to).contains(&since)
        };
        began(0) || began(1)
    }
}

/// The day of the week of a day counted from 1970-01-01.
fn weekday(day: i64) -> u8 {
    u8::try_from((day + EPOCH_AFTER_MONDAY).rem_euclid(7) + 1).unwrap_or(1)
}

/// When all of these are open together next, from `now` on; none within the coming eight days, and so never.
#[must_use]
pub fn open_next(all: &[&Hours], now: Instant) -> Option<Instant> {
    let open = |at: Instant| all.iter().all(|hours| hours.open(at));
    if open(now) {
        return Some(now);
    }
    // They open together at a moment when one of them begins.
    let today = now.plus_ms(ZONE).ms().div_euclid(DAY);
    let begin = |hours: &Hours, day: i64| {
        let (from, _) = hours.span()?;
        Some(Instant(day * DAY + from * MINUTE - ZONE))
    };
    let begins = (today..=today + 8).flat_map(|day| all.iter().filter_map(move |hours| begin(hours, day)));
    begins.filter(|at| *at > now && open(*at)).min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(from: &str, to: &str, days: &[u8]) -> Hours {
        Hours { from: from.to_owned(), to: to.to_owned(), days: days.to_vec() }
    }

    /// Monday 2026-12-07 00:00 in Japan.
    const MONDAY: Instant = Instant(1_796_601_600_000 - 9 * HOUR);

    fn at(day: i64, hour: i64, minute: i64) -> Instant {
        MONDAY.plus_ms(day * DAY + hour * HOUR + minute * MINUTE)
    }

    #[test]
    fn a_span_has_a_first_minute_and_an_end_that_is_out() {
        let work = hours("07:00", "22:00", &[1, 2, 3, 4, 5]);
        assert!(!work.open(at(0, 6, 59)));
        assert!(work.open(at(0, 7, 0)));
        assert!(work.open(at(0, 21, 59)));
        assert!(!work.open(at(0, 22, 0)));
        assert!(!work.open(at(5, 12, 0)), "Saturday");
        assert!(work.open(at(7, 12, 0)), "the next Monday");
    }

    #[test]
    fn a_night_belongs_to_the_day_it_began_on() {
        let night = hours("22:00", "06:00", &[5]);
        assert!(!night.open(at(4, 5, 0)), "Friday morning is Thursday's night");
        assert!(night.open(at(4, 23, 0)));
        assert!(night.open(at(5, 5, 59)));
        assert!(!night.open(at(5, 6, 0)));
        assert!(!night.open(at(5, 23, 0)));
        let round = hours("09:00", "09:00", &[1]);
        assert!(round.open(at(0, 9, 0)) && round.open(at(1, 8, 59)) && !round.open(at(1, 9, 0)));
        assert!(hours("00:00", "24:00", &[7]).open(at(6, 23, 59)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["24:01", "7:00", "07:60", "0700", "", "-1:00", "+7:00", "07:00:00", "七時"] {
            assert_eq!(minutes(text), None, "{text}");
        }
        assert_eq!((minutes("00:00"), minutes("24:00")), (Some(0), Some(1_440)));
    }

    #[test]
    fn the_next_opening_is_found() {
        let (work, day) = (hours("07:00", "22:00", &[1, 2, 3, 4, 5]), hours("09:00", "17:00", &[1, 3]));
        assert_eq!(open_next(&[&work, &day], at(0, 18, 0)), Some(at(2, 9, 0)));
        assert_eq!(open_next(&[&work], at(4, 22, 0)), Some(at(7, 7, 0)), "over the weekend");
        assert_eq!(open_next(&[&work], at(0, 8, 0)), Some(at(0, 8, 0)));
        assert_eq!(open_next(&[&work, &hours("22:00", "23:00", &[1])], at(0, 8, 0)), None, "never together");
    }

    proptest! {
        /// The next opening is the first minute at which all are open, and there is one if there is one at all.
        #[test]
        fn nothing_opens_before_the_next_opening(
            from in 0i64..=1_440, to in 0i64..=1_440, days in proptest::collection::vec(1u8..=7, 1..4), now in 0i64..10_080,
        ) {
            let written = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
            let one = hours(&written(from), &written(to), &days);
            let now = MONDAY.plus_ms(now * MINUTE);
            let first = (0..=10_080).map(|more| now.plus_ms(more * MINUTE)).find(|at| one.open(*at));
            prop_assert_eq!(open_next(&[&one], now), first);
        }
    }
}
