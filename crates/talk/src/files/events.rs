//! What can have happened to a file. Neither its name nor its key is here: an event names a content and a secret.
//!
//! What happens to a file stands in its room's stream, in one order with the messages that bring it and with who is in the
//! room. Who opened one, and what was refused, stands in that member's own stream: it is evidence about them (R50).

use kairan_core::{FileId, RoomId, SecretId};
use kairan_storage::facts;
use serde::{Deserialize, Serialize};

use super::rules::{FileKind, FileState, How};
use crate::messages::events::ContentRef;

/// What a file is, as told by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileShape {
    /// Bytes as served.
    pub size: i64,
    /// True media type.
    pub media: String,
    /// What it is to people.
    pub kind: FileKind,
    /// True extension, lower case, empty when there is none.
    pub extension: String,
    /// Pixels, of pictures, after orientation.
    pub width: Option<i64>,
    /// Pixels, of pictures, after orientation.
    pub height: Option<i64>,
    /// Whether thumbnails were made.
    pub preview: bool,
}

/// Its upload was finished, and it passed what every file has to pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAdded {
    /// Its id, made by the client.
    pub file: FileId,
    /// Its name.
    pub name: ContentRef,
    /// What it is.
    #[serde(flatten)]
    pub shape: FileShape,
    /// The encoding of a text.
    pub charset: Option<String>,
    /// Hexadecimal SHA-256 of the bytes as served.
    pub sha256: String,
    /// Its wrapped key.
    pub key: SecretId,
    /// False: it waits for the scanner and is not served.
    pub scanned: bool,
}

/// The scanner found nothing; it is served from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReleased {
    /// Which.
    pub file: FileId,
    /// Whether thumbnails were made now.
    pub preview: bool,
}

/// The scanner found something; it is never served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfected {
    /// Which.
    pub file: FileId,
    /// The scanner's name for what it found.
    pub signature: String,
}

/// Its bytes, its name and its key are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileErased {
    /// Which.
    pub file: FileId,
}

facts! {
    /// What can have happened to a file, in its room's stream.
    pub enum FileFact {
        "file.added" => Added(FileAdded),
        "file.released" => Released(FileReleased),
        "file.infected" => Infected(FileInfected),
        "file.erased" => Erased(FileErased),
    }
}

/// Somebody opened it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOpened {
    /// Which.
    pub file: FileId,
    /// Its room.
    pub room: RoomId,
    /// To look at or to keep.
    pub how: How,
}

/// What somebody uploaded was refused because the scanner found something in it; nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRefused {
    /// The id it would have had.
    pub file: FileId,
    /// Where it was to go.
    pub room: RoomId,
    /// The scanner's name for what it found.
    pub signature: String,
}

facts! {
    /// What a member did with files, in their own stream. No table follows from these; they are evidence.
    pub enum FileUseFact {
        "file.opened" => Opened(FileOpened),
        "file.refused" => Refused(FileRefused),
    }
}

/// A file as a message brings it: how it stood when it was posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedFile {
    /// Which.
    pub file: FileId,
    /// Its name, put again beside the post so that whoever hears of the post has it.
    pub name: ContentRef,
    /// What it is.
    #[serde(flatten)]
    pub shape: FileShape,
    /// Whether it was served then.
    pub state: FileState,
}

#[cfg(test)]
mod tests {
    use kairan_storage::Facts;

    use super::*;

    const ID: &str = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";

    /// What a journal of today holds must be readable for as long as there are journals.
    #[test]
    fn stored_bodies_of_every_kind_are_read_back() {
        let name = format!(r#"{{"id":"{ID}","commitment":"ab"}}"#);
        let shape = r#""size":5,"media":"image/png","kind":"image","extension":"png","width":2,"height":3,"preview":true"#;
        let room_bodies = [
            (
                "file.added",
                format!(
                    r#"{{"file":"{ID}","name":{name},{shape},"charset":null,"sha256":"00","key":"{ID}","scanned":false}}"#
                ),
            ),
            ("file.released", format!(r#"{{"file":"{ID}","preview":false}}"#)),
            ("file.infected", format!(r#"{{"file":"{ID}","signature":"Eicar-Test"}}"#)),
            ("file.erased", format!(r#"{{"file":"{ID}"}}"#)),
        ];
        for (kind, body) in room_bodies {
            let fact = FileFact::read(kind, &body).expect("its kind").expect("its shape");
            assert_eq!((fact.kind(), fact.body().expect("JSON")), (kind, body));
        }
        let member_bodies = [
            ("file.opened", format!(r#"{{"file":"{ID}","room":"{ID}","how":"download"}}"#)),
            ("file.refused", format!(r#"{{"file":"{ID}","room":"{ID}","signature":"Eicar-Test"}}"#)),
        ];
        for (kind, body) in member_bodies {
            let fact = FileUseFact::read(kind, &body).expect("its kind").expect("its shape");
            assert_eq!((fact.kind(), fact.body().expect("JSON")), (kind, body));
        }
    }
}
