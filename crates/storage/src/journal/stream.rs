//! Streams: whose history an event belongs to.

use std::fmt;

use kairan_core::ids::Id;
use kairan_core::{MemberId, RoomId};

use crate::value::{FromValue, Value};

/// One ordered history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The organisation: members, departments, invitations, settings.
    Organisation,
    /// One member: passwords, sessions, sign-ins.
    Member(MemberId),
    /// One room: membership and messages; its `seq` is what clients sync by.
    Room(RoomId),
}

impl Stream {
    /// As stored and hashed: one kind byte, then the id's 16 bytes.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        let (kind, id) = match self {
            Self::Organisation => return vec![0],
            Self::Member(member) => (1, member.bytes()),
            Self::Room(room) => (2, room.bytes()),
        };
        let mut bytes = vec![kind];
        bytes.extend(id);
        bytes
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation => f.write_str("organisation"),
            Self::Member(member) => write!(f, "member:{member}"),
            Self::Room(room) => write!(f, "room:{room}"),
        }
    }
}

impl From<Stream> for Value {
    fn from(stream: Stream) -> Self {
        Self::Bytes(stream.bytes())
    }
}

impl FromValue for Stream {
    const EXPECTED: &'static str = "stream";
    fn from_value(value: &Value) -> Option<Self> {
        let Value::Bytes(bytes) = value else { return None };
        match bytes.split_first()? {
            (0, []) => Some(Self::Organisation),
            (1, id) => MemberId::try_from(id).ok().map(Self::Member),
            (2, id) => RoomId::try_from(id).ok().map(Self::Room),
            _ => None,
        }
    }
}
