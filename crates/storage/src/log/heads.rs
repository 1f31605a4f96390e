//! Tree heads: the organisation's signature under "at this moment the journal had this many entries, with this root".
//!
//! It stays true that a head has one encoding and one text only, so that what a witness keeps can be compared byte for
//! byte and checked with any Ed25519 program.

use kairan_core::Instant;
use serde::{Deserialize, Serialize};

use super::keys::{KeyId, LogKey, PublicKey};
use super::tree::Hash;

/// What is signed begins with this, so that no other signature of the same key can pass for a head's.
const PREFIX: &[u8; 20] = b"kairan tree head v1\0";

/// The state of the tree at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// How many entries the tree has.
    pub size: u64,
    /// The root over them (RFC 9162 §2.1.1).
    pub root: Hash,
    /// When it was signed.
    pub at: Instant,
    /// The key that signs it.
    pub key: KeyId,
}

impl TreeHead {
    /// The 100 bytes that are signed: the 20 characters `kairan tree head v1` and NUL, the size (8 bytes), the root (32),
    /// the time in UTC milliseconds (8), the key's id (32). Numbers are big-endian.
    #[must_use]
    pub fn encode(&self) -> [u8; 100] {
        let mut bytes = [0; 100];
        bytes[..20].copy_from_slice(PREFIX);
        bytes[20..28].copy_from_slice(&self.size.to_be_bytes());
        bytes[28..60].copy_from_slice(&self.root);
        bytes[60..68].copy_from_slice(&self.at.ms().to_be_bytes());
        bytes[68..].copy_from_slice(&self.key.0);
        bytes
    }

    /// Signs the state `size`, `root` at this moment.
    #[must_use]
    pub fn sign(key: &LogKey, size: u64, root: Hash, at: Instant) -> SignedHead {
        let head = Self { size, root, at, key: key.public().id() };
        SignedHead { head, signature: key.sign(&head.encode()) }
    }
}

/// A head with its signature (Ed25519, RFC 8032, over [`TreeHead::encode`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHead {
    /// What is signed.
    pub head: TreeHead,
    /// The signature.
    pub signature: [u8; 64],
}

/// A line that is not a head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a tree head: {0}")]
pub struct NotAHead(String);

/// The fields of the text form, in their order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kairan_tree_head: u8,
    size: u64,
    root: String,
    at: i64,
    key: String,
    signature: String,
}

impl SignedHead {
    /// Whether this key made the signature.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.head.key == key.id() && key.verifies(&self.head.encode(), &self.signature)
    }

    /// The text form: one JSON object without spaces or line break, hashes in lowercase hexadecimal.
    ///
    /// ```text
    /// {"kairan_tree_head":1,"size":3,"root":"…64…","at":1796601600000,"key":"…64…","signature":"…128…"}
    /// ```
    #[must_use]
    pub fn to_line(&self) -> String {
        let line = Line {
            kairan_tree_head: 1,
            size: self.head.size,
            root: hex::encode(self.head.root),
            at: self.head.at.ms(),
            key: self.head.key.to_string(),
            signature: hex::encode(self.signature),
        };
        serde_json::to_string(&line).expect("numbers and text always serialise")
    }

    /// Reads [`SignedHead::to_line`]; another spelling of the same head is refused.
    ///
    /// # Errors
    /// [`NotAHead`] with the reason.
    pub fn from_line(text: &str) -> Result<Self, NotAHead> {
        let line: Line = serde_json::from_str(text).map_err(|error| NotAHead(error.to_string()))?;
        if line.kairan_tree_head != 1 {
            return Err(NotAHead(format!("version {} is not known here", line.kairan_tree_head)));
        }
        let head = TreeHead {
            size: line.size,
            root: bytes("root", &line.root)?,
            at: Instant(line.at),
            key: KeyId(bytes("key", &line.key)?),
        };
        let signed = Self { head, signature: bytes("signature", &line.signature)? };
        if signed.to_line() == text {
            Ok(signed)
        } else {
            Err(NotAHead("not in the one spelling that is signed for".into()))
        }
    }
}

fn bytes<const N: usize>(field: &str, text: &str) -> Result<[u8; N], NotAHead> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|error| NotAHead(format!("{field}: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;
    use proptest::prelude::*;

    use super::*;
    use crate::log::tree::leaf_hash;

    fn key(seed: u64) -> LogKey {
        LogKey::generate(&held::surroundings(seed).0)
    }

    #[test]
    fn the_signed_bytes_are_laid_out_as_documented() {
        let head = TreeHead { size: 0x0102, root: [7; 32], at: Instant(0x0304), key: KeyId([9; 32]) };
        let by_hand = [
            "6b616972616e2074726565206865616420763100",
            "0000000000000102",
            &"07".repeat(32),
            "0000000000000304",
            &"09".repeat(32),
        ];
        assert_eq!(hex::encode(head.encode()), by_hand.concat());
    }

    #[test]
    fn only_the_organisations_key_signs_a_head() {
        let head = TreeHead::sign(&key(1), 3, leaf_hash(b"x"), Instant(5));
        assert!(head.is_signed_by(key(1).public()));
        assert!(!head.is_signed_by(key(2).public()));
        let renamed = SignedHead { head: TreeHead { key: key(2).public().id(), ..head.head }, ..head };
        assert!(!renamed.is_signed_by(key(2).public()));
    }

    proptest! {
        #[test]
        fn a_head_survives_its_text(size: u64, root: [u8; 32], at: i64) {
            let head = TreeHead::sign(&key(1), size, root, Instant(at));
            let line = head.to_line();
            prop_assert!(!line.contains(['\n', ' ']));
            prop_assert_eq!(SignedHead::from_line(&line), Ok(head));
        }

        #[test]
        fn one_changed_byte_of_the_text_is_noticed(position: prop::sample::Index, byte: u8) {
            let head = TreeHead::sign(&key(1), 3, leaf_hash(b"x"), Instant(1_796_601_600_000));
            let mut line = head.to_line().into_bytes();
            let position = position.index(line.len());
            prop_assume!(line[position] != byte);
            line[position] = byte;
            let read = String::from_utf8(line).ok().and_then(|line| SignedHead::from_line(&line).ok());
            prop_assert!(read.is_none_or(|read| !read.is_signed_by(key(1).public())));
        }
    }
}
