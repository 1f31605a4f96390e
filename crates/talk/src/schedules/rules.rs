//! When a message may be scheduled for, and why one was not posted.

use kairan_core::refusal::{self, NOT_FOUND};
use kairan_core::time::{DAY, MINUTE};
use kairan_core::{Code, Instant, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

kairan_core::codes! {
    SCHEDULE_TOO_SOON = 422 "schedule.too_soon", "送る時刻は、いまから1分より先にしてください。すぐ送るなら、そのまま送れます。", "Choose a time at least a minute from now, or send it right away.";
    SCHEDULE_TOO_LATE = 422 "schedule.too_late", "送る時刻は、1年先までにしてください。", "Choose a time within one year from now.";
    SCHEDULE_TOO_MANY = 422 "schedule.too_many", "予約は{limit}件までです。要らない予約を取り消してから、予約してください。", "You can keep {limit} scheduled messages. Cancel some first.";
    SCHEDULE_OVER = 409 "schedule.over", "この予約は、もう送られたか取り消されています。", "This scheduled message has already been sent or cancelled.";
    SCHEDULE_AUTHOR_LEFT = 409 "schedule.author_left", "書いた人がもう組織にいないので、送りませんでした。", "It was not sent: its author is no longer in the organisation.";
    SCHEDULE_ROOM_GONE = 409 "schedule.room_gone", "時刻になったとき、この部屋の人ではなかったので、送りませんでした。別の部屋に送るか、取り消してください。", "It was not sent: at its time you were not in the room. Send it elsewhere, or cancel it.";
}

/// How far ahead at least, ms.
pub const SOONEST: i64 = MINUTE;
/// How far ahead at most, ms.
pub const LATEST: i64 = 366 * DAY;
/// Most scheduled messages of one person that are not done, failed ones among them.
pub const LIMIT: i64 = 100;

/// Where a scheduled message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleState {
    /// Its time is to come.
    Waiting,
    /// It could not be posted; its author may change, send or cancel it.
    Failed,
    /// It is a message now.
    Sent,
    /// It will never be one.
    Cancelled,
}

impl ScheduleState {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Sent => "sent",
            Self::Cancelled => "cancelled",
        }
    }
    /// From what is stored.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Failed, Self::Sent, Self::Cancelled]
            .into_iter()
            .find(|state| state.name() == name)
    }
    /// Whether there is still something to do about it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Failed)
    }
}

/// Whether this is a time to send at. Instants are UTC, so that no zone's clock change moves one (R58).
///
/// # Errors
/// `schedule.too_soon`, `schedule.too_late`.
pub fn time(at: Instant, now: Instant) -> Result<(), Refusal> {
    match at.since(now) {
        ahead if ahead < SOONEST => Err((&SCHEDULE_TOO_SOON).into()),
        ahead if ahead > LATEST => Err((&SCHEDULE_TOO_LATE).into()),
        _ => Ok(()),
    }
}

/// Why one was not posted: a code and the facts that fill its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The code's stable name.
    pub code: String,
    /// Facts for the words.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
}

impl Failure {
    /// What a refusal leaves in the list; `None` when it is no verdict on the message but a fault of the server's own
    /// (a full disk, a lost database), after which it is tried again.
    #[must_use]
    pub fn of(refusal: &Refusal) -> Option<Self> {
        let code = if refusal.code == &NOT_FOUND { &SCHEDULE_ROOM_GONE } else { refusal.code };
        (refusal.status() < 500).then(|| Self { code: code.name.to_owned(), facts: refusal.facts.clone() })
    }

    /// The refusal again, for its words. A code that is no longer known says what is always true.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let lists = crate::CODES.iter().chain(std::iter::once(&refusal::CODES));
        let known: Option<&'static Code> =
            lists.flat_map(|list| list.iter()).copied().find(|code| code.name == self.code);
        Refusal { facts: self.facts.clone(), ..Refusal::new(known.unwrap_or(&SCHEDULE_ROOM_GONE)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_796_601_600_000);

    #[test]
    fn a_time_is_a_minute_to_a_year_ahead() {
        let code = |ahead: i64| time(NOW.plus_ms(ahead), NOW).map_err(|refusal| refusal.code.name);
        assert_eq!(code(SOONEST), Ok(()));
        assert_eq!(code(LATEST), Ok(()));
        assert_eq!(code(SOONEST - 1), Err("schedule.too_soon"));
        assert_eq!(code(LATEST + 1), Err("schedule.too_late"));
        assert_eq!(
            time(Instant(i64::MIN), NOW).map_err(|refusal| refusal.code.name),
            Err("schedule.too_soon")
        );
        assert_eq!(
            time(Instant(i64::MAX), NOW).map_err(|refusal| refusal.code.name),
            Err("schedule.too_late")
        );
    }

    #[test]
    fn a_failure_keeps_its_words_and_a_fault_of_the_server_is_none() {
        let often = Refusal::new(&crate::messages::rules::MENTION_ALL_TOO_OFTEN).fact("limit", 3);
        let kept = Failure::of(&often).expect("a verdict");
        assert_eq!(kept.refusal().words(), often.words());
        assert_eq!(
            Failure::of(&Refusal::new(&NOT_FOUND)).map(|failure| failure.code),
            Some("schedule.room_gone".into())
        );
        assert_eq!(Failure::of(&Refusal::new(&refusal::STORAGE_BUSY)), None);
        assert_eq!(Failure::of(&Refusal::fault("disk full")), None);
    }
}
