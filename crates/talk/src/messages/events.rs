//! What can have happened to a message. The text is not here: an event names a content and keeps its commitment.

use kairan_core::{ContentId, MemberId, MessageId, Seq};
use kairan_storage::{Content, facts};
use serde::{Deserialize, Serialize};

use super::rules::Label;
use crate::files::events::PostedFile;

/// A content, as named in a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRef {
    /// Where it lies.
    pub id: ContentId,
    /// Hexadecimal SHA-256(salt ‖ text).
    pub commitment: String,
}

impl From<Content> for ContentRef {
    fn from(content: Content) -> Self {
        Self { id: content.id, commitment: content.commitment }
    }
}

/// Somebody said something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePosted {
    /// Its id, made by the client.
    pub message: MessageId,
    /// Its text.
    pub content: ContentRef,
    /// 報告・連絡・相談・依頼.
    pub label: Option<Label>,
    /// The message it answers, of the same room.
    pub reply_to: Option<MessageId>,
    /// Who is addressed by name.
    pub mentions: Vec<MemberId>,
    /// Whether everyone is (@all).
    pub all: bool,
    /// The files it brings; bodies from before there were files have none.
    #[serde(default)]
    pub files: Vec<PostedFile>,
}

/// How a message stood before something befell it. With it, whoever never loaded the message knows whether it was unread
/// to them, and addressed to them. Facts from before this was written down have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// Its place.
    pub seq: Seq,
    /// Who wrote it.
    pub author: MemberId,
    /// Who was addressed by name.
    pub mentions: Vec<MemberId>,
    /// Whether everyone was.
    pub all: bool,
}

/// Its author changed the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEdited {
    /// Which.
    pub message: MessageId,
    /// The new text.
    pub content: ContentRef,
    /// Who is addressed now.
    pub mentions: Vec<MemberId>,
    /// Whether everyone is.
    pub all: bool,
    /// Before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
}

/// It was taken back; the text stays for the record only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDeleted {
    /// Which.
    pub message: MessageId,
    /// Before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
}

/// The message something happened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionAdded {
    /// Which.
    pub message: MessageId,
    /// The reaction, NFC.
    pub reaction: String,
}
/// See [`ReactionAdded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionRemoved {
    /// Which.
    pub message: MessageId,
    /// The reaction, NFC.
    pub reaction: String,
}

/// Kept in view for everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePinned {
    /// Which.
    pub message: MessageId,
}
/// No longer kept in view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageUnpinned {
    /// Which.
    pub message: MessageId,
}
/// A 相談 or 依頼 is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAnswered {
    /// Which.
    pub message: MessageId,
}
/// A 相談 or 依頼 is open again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReopened {
    /// Which.
    pub message: MessageId,
}

facts! {
    /// What can have happened to a message.
    pub enum MessageFact {
        "message.posted" => Posted(MessagePosted),
        "message.edited" => Edited(MessageEdited),
        "message.deleted" => Deleted(MessageDeleted),
        "reaction.added" => ReactionAdded(ReactionAdded),
        "reaction.removed" => ReactionRemoved(ReactionRemoved),
        "message.pinned" => Pinned(MessagePinned),
        "message.unpinned" => Unpinned(MessageUnpinned),
        "message.answered" => Answered(MessageAnswered),
        "message.reopened" => Reopened(MessageReopened),
    }
}

#[cfg(test)]
mod tests {
    use kairan_storage::Facts;

    use super::*;

    #[test]
    fn a_post_from_before_there_were_files_is_read() {
        let id = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";
        let body = format!(
            r#"{{"message":"{id}","content":{{"id":"{id}","commitment":"ab"}},"label":null,"reply_to":null,"mentions":[],"all":false}}"#
        );
        let Some(Ok(MessageFact::Posted(posted))) = MessageFact::read("message.posted", &body) else {
            panic!("not read")
        };
        assert!(posted.files.is_empty());
    }
}
