//! What can have happened to a reminder. Stream: the member's own.

use kairan_core::{Instant, MessageId, ReminderId, RoomId};
use kairan_storage::facts;
use serde::{Deserialize, Serialize};

/// Somebody wants to be told of a message at a time; of one reminder, the last time said counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderSet {
    /// Which reminder; made by the client.
    pub reminder: ReminderId,
    /// Of which message.
    pub message: MessageId,
    /// Where it stands.
    pub room: RoomId,
    /// When.
    pub at: Instant,
}

/// Done, or no longer wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderCancelled {
    /// Which.
    pub reminder: ReminderId,
}

/// Its time has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderDue {
    /// Which.
    pub reminder: ReminderId,
}

facts! {
    /// What can have happened to a reminder.
    pub enum ReminderFact {
        "reminder.set" => Set(ReminderSet),
        "reminder.cancelled" => Cancelled(ReminderCancelled),
        "reminder.due" => Due(ReminderDue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kairan_storage::Facts;

    #[test]
    fn what_was_written_is_read() {
        let id = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";
        for (kind, body) in [
            (
                "reminder.set",
                format!(r#"{{"reminder":"{id}","message":"{id}","room":"{id}","at":1796601600000}}"#),
            ),
            ("reminder.cancelled", format!(r#"{{"reminder":"{id}"}}"#)),
            ("reminder.due", format!(r#"{{"reminder":"{id}"}}"#)),
        ] {
            let fact = ReminderFact::read(kind, &body).expect("one of ours").expect("readable");
            assert_eq!((fact.kind(), fact.body().expect("JSON")), (kind, body));
        }
    }
}
