//! Tokens: what the index holds for a gram or a tag. Both engines keep them as they are.

use kairan_core::ids::Id;
use kairan_core::{MemberId, RoomId};

/// What a document is, besides what it says; filters narrow by it inside the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// Of this room.
    Room(RoomId),
    /// By this author.
    Author(MemberId),
    /// With this label.
    Label(&'static str),
    /// With a file.
    File,
}

impl Tag {
    /// The token: a character of the private use area, where no gram has one, and the last 8 bytes of the id. Two ids with
    /// the same ones would only offer too much, which is checked anyway.
    pub(super) fn token(&self) -> String {
        match self {
            Self::Room(room) => format!("\u{e000}{}", tail(*room)),
            Self::Author(member) => format!("\u{e001}{}", tail(*member)),
            Self::Label(label) => format!("\u{e002}{label}"),
            Self::File => "\u{e003}".to_owned(),
        }
    }
}

/// Base 32 in small letters: `SQLite`'s tokenizer folds capitals.
fn tail(id: impl Id) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let bytes = id.bytes();
    let mut number = bytes[8..].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let mut digits = [0u8; 13];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 32).unwrap_or(0)];
        number /= 32;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_short_and_differ() {
        let id = |n: u8| RoomId::try_from([n; 16].as_slice()).expect("sixteen bytes");
        assert_eq!(Tag::Room(id(255)).token(), "\u{e000}fvvvvvvvvvvvv");
        assert_eq!(Tag::Room(id(0)).token(), "\u{e000}0000000000000");
        assert_ne!(Tag::Room(id(1)).token(), Tag::Room(id(2)).token());
        assert_ne!(Tag::Label("notice").token(), Tag::Label("report").token());
    }
}
