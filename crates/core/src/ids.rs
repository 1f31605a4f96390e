//! Ids: `UUIDv7` in 16 bytes, one type for each kind of thing, so that a room can never be asked for by a member's id.
//!
//! Time-ordered on purpose: random keys cost three times as much to insert (measured, see the architecture page).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every id can do. Implemented only by the types of this module.
pub trait Id: Copy + Eq + fmt::Display + Send + Sync + 'static {
    /// Wraps a UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The id that nothing has.
    #[must_use]
    fn nil() -> Self {
        Self::from_uuid(Uuid::nil())
    }
    /// The UUID inside.
    fn uuid(self) -> Uuid;
    /// The 16 bytes as stored in tables.
    fn bytes(self) -> Vec<u8> {
        self.uuid().as_bytes().to_vec()
    }
}

/// An id that is not 36 characters of hyphenated hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: want a hyphenated UUID")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.as_hyphenated().fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0) }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            /// One spelling only (lowercase, hyphenated), so that one thing has one URL.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let uuid = Uuid::try_parse(text).map_err(|_| NotAnId)?;
                if uuid.as_hyphenated().to_string() == text { Ok(Self(uuid)) } else { Err(NotAnId) }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(de)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl TryFrom<&[u8]> for $name {
            type Error = NotAnId;
            fn try_from(bytes: &[u8]) -> Result<Self, NotAnId> { Uuid::from_slice(bytes).map(Self).map_err(|_| NotAnId) }
        }
    )+};
}

ids! {
    /// A person (or bot) of the organisation.
    MemberId,
    /// A department (部署).
    DepartmentId,
    /// A room (部屋): direct, group, department or broadcast.
    RoomId,
    /// A message; made by the client, so that a retry is harmless.
    MessageId,
    /// A file; made by the client, so that an upload can be taken up again.
    FileId,
    /// A reminder of a message; made by the client.
    ReminderId,
    /// A signed-in session.
    SessionId,
    /// A second factor of somebody: an authenticator app or a passkey.
    FactorId,
    /// A device a person uses.
    DeviceId,
    /// A rule of the organisation's policies; made by the client.
    RuleId,
    /// An alarm; it follows from the event that raised it, so that a replay gives the same.
    AlarmId,
    /// An invitation to one person.
    InvitationId,
    /// A piece of content kept apart from the fact about it.
    ContentId,
    /// A secret (hash, key) kept apart from the fact about it.
    SecretId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_one_spelling() {
        let text = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";
        let room: RoomId = text.parse().expect("hyphenated lowercase");
        assert_eq!(room.to_string(), text);
        assert_eq!(text.to_uppercase().parse::<RoomId>(), Err(NotAnId));
        assert_eq!(text.replace('-', "").parse::<RoomId>(), Err(NotAnId));
        assert_eq!("{}".parse::<RoomId>(), Err(NotAnId));
        assert_eq!(RoomId::try_from(room.bytes().as_slice()), Ok(room));
    }
}
