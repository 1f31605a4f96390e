//! What a notification carries, sealed for one browser.
//!
//! It stays true that without the organisation's word there is no room, no person and no text in it (R15): only that
//! something waits, how much, and names that mean something to this one browser alone.

use kairan_core::{MemberId, SecretId, SessionId};
use kairan_people::reach::rules::Subscription;
use serde::Serialize;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Messages of a room.
    Messages,
    /// A reminder (リマインダー) whose time has come.
    Reminder,
    /// The device is to wipe itself: nothing is said, it is only woken to ask (R14).
    Wipe,
}

impl What {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Reminder => "reminder",
            Self::Wipe => "wipe",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Messages, Self::Reminder, Self::Wipe].into_iter().find(|what| what.name() == name)
    }
}

/// The sealed text, JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// The form of this text.
    pub v: u8,
    /// What it is about.
    pub what: What,
    /// What the browser calls this notification; a newer one of the same name takes its place.
    pub tag: String,
    /// How many messages wait in all rooms.
    pub badge: i64,
    /// The names of rooms in which something waits: notifications of others may be taken away.
    pub waiting: Vec<String>,
    /// The room, when the organisation lets notifications name rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote and what, when the organisation lets notifications show text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A notification ready to be sealed and carried.
#[derive(Debug, Clone)]
pub struct Tidings {
    /// Whose browser.
    pub member: MemberId,
    /// Through which session.
    pub session: SessionId,
    /// Where the subscription's secret lies: it may have been renewed when an answer comes.
    pub secret: SecretId,
    /// How it is reached.
    pub subscription: Subscription,
    /// What it is told.
    pub payload: Payload,
    /// Whether it is addressed to its person, so that a sleeping device is woken for it (RFC 8030 §5.3).
    pub urgent: bool,
    /// How long the service keeps it for a device that is off, ms.
    pub kept: i64,
}
