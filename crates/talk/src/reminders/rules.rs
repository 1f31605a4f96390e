//! When somebody may be reminded.

use kairan_core::time::DAY;
use kairan_core::{Instant, Refusal};

kairan_core::codes! {
    REMINDER_TOO_LATE = 422 "reminder.too_late", "知らせる時刻は、1年先までにしてください。", "You can be reminded within one year from now. Choose an earlier time.";
    REMINDER_TOO_MANY = 422 "reminder.too_many", "「あとで知らせる」は{limit}件までです。要らないものを消してから、付けてください。", "You can keep {limit} reminders. Remove some you no longer need first.";
}

/// How far ahead at most, ms.
pub const AHEAD: i64 = 366 * DAY;
/// Most reminders of one person, due ones among them.
pub const LIMIT: i64 = 500;

/// Where a reminder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReminderState {
    /// Its time is to come.
    Set,
    /// Its time has come, and its owner has not dealt with it.
    Due,
}

impl ReminderState {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Due => "due",
        }
    }
    /// From what is stored.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Set, Self::Due].into_iter().find(|state| state.name() == name)
    }
}

/// Whether this is a time to be reminded at. A time gone by is one: a request that lay in a phone without a line is late,
/// not wrong, and is due at once. Instants are UTC, so that no zone's clock change moves one (R58).
///
/// # Errors
/// `reminder.too_late`.
pub fn time(at: Instant, now: Instant) -> Result<(), Refusal> {
    if at.since(now) > AHEAD { Err((&REMINDER_TOO_LATE).into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_796_601_600_000);

    #[test]
    fn a_reminder_is_within_a_year_and_may_be_late() {
        for at in [NOW, NOW.plus_ms(1), NOW.plus_ms(AHEAD), NOW.plus_ms(-DAY), Instant(i64::MIN)] {
            assert!(time(at, NOW).is_ok(), "{at:?}");
        }
        for at in [NOW.plus_ms(AHEAD + 1), Instant(i64::MAX)] {
            assert!(time(at, NOW).is_err(), "{at:?}");
        }
    }
}
