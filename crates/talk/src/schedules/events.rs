//! What can have happened to a scheduled message. Stream: its author's own. The text is not here, as with messages.

use kairan_core::{FileId, Instant, MessageId, RoomId, Seq};
use kairan_storage::facts;
use serde::{Deserialize, Serialize};

use super::rules::Failure;
use crate::messages::events::ContentRef;
use crate::messages::rules::Label;

/// Somebody wrote a message for later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSet {
    /// Its id, which the message will have.
    pub message: MessageId,
    /// Where it will be posted.
    pub room: RoomId,
    /// Its text.
    pub content: ContentRef,
    /// 報告・連絡・相談・依頼.
    pub label: Option<Label>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// When.
    pub at: Instant,
    /// The files it will bring, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileId>,
}

/// Its author changed it; it is whole again, and waits again where it had failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleChanged {
    /// Which.
    pub message: MessageId,
    /// Its text now.
    pub content: ContentRef,
    /// Its label now.
    pub label: Option<Label>,
    /// When now.
    pub at: Instant,
}

/// Its author thought better of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleCancelled {
    /// Which.
    pub message: MessageId,
}

/// It was posted, in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSent {
    /// Which.
    pub message: MessageId,
    /// Its place in the room.
    pub seq: Seq,
}

/// It could not be posted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleFailed {
    /// Which.
    pub message: MessageId,
    /// Why.
    #[serde(flatten)]
    pub failure: Failure,
}

facts! {
    /// What can have happened to a scheduled message.
    pub enum ScheduleFact {
        "schedule.set" => Set(ScheduleSet),
        "schedule.changed" => Changed(ScheduleChanged),
        "schedule.cancelled" => Cancelled(ScheduleCancelled),
        "schedule.sent" => Sent(ScheduleSent),
        "schedule.failed" => Failed(ScheduleFailed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kairan_storage::Facts;

    #[test]
    fn what_was_written_is_read() {
        let id = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";
        let content = format!(r#""content":{{"id":"{id}","commitment":"00"}}"#);
        for (kind, body) in [
            (
                "schedule.set",
                format!(
                    r#"{{"message":"{id}","room":"{id}",{content},"label":"consult","reply_to":null,"at":1796601600000}}"#
                ),
            ),
            (
                "schedule.set",
                format!(
                    r#"{{"message":"{id}","room":"{id}",{content},"label":null,"reply_to":null,"at":1796601600000,"files":["{id}"]}}"#
                ),
            ),
            (
                "schedule.changed",
                format!(r#"{{"message":"{id}",{content},"label":null,"at":1796601600000}}"#),
            ),
            ("schedule.cancelled", format!(r#"{{"message":"{id}"}}"#)),
            ("schedule.sent", format!(r#"{{"message":"{id}","seq":7}}"#)),
            ("schedule.failed", format!(r#"{{"message":"{id}","code":"room.archived"}}"#)),
            (
                "schedule.failed",
                format!(r#"{{"message":"{id}","code":"mention_all.too_often","facts":{{"limit":3}}}}"#),
            ),
        ] {
            let fact = ScheduleFact::read(kind, &body).expect("one of ours").expect("readable");
            assert_eq!((fact.kind(), fact.body().expect("JSON")), (kind, body));
        }
    }
}
