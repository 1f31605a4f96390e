//! What can have happened to a bookmark. Stream: the member's own.

use kairan_core::{MessageId, RoomId};
use kairan_storage::facts;
use serde::{Deserialize, Serialize};

/// A message was marked to be found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookmarkAdded {
    /// Which.
    pub message: MessageId,
    /// Where it stands.
    pub room: RoomId,
}

/// It is marked no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookmarkRemoved {
    /// Which.
    pub message: MessageId,
}

facts! {
    /// What can have happened to a bookmark.
    pub enum BookmarkFact {
        "bookmark.added" => Added(BookmarkAdded),
        "bookmark.removed" => Removed(BookmarkRemoved),
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
            ("bookmark.added", format!(r#"{{"message":"{id}","room":"{id}"}}"#)),
            ("bookmark.removed", format!(r#"{{"message":"{id}"}}"#)),
        ] {
            let fact = BookmarkFact::read(kind, &body).expect("one of ours").expect("readable");
            assert_eq!((fact.kind(), fact.body().expect("JSON")), (kind, body));
        }
    }
}
