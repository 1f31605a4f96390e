//! As much of CBOR (RFC 8949) as authenticators write (CTAP2 §8, canonical form): definite lengths, shallow nesting. Pure.
//!
//! It stays true that reading is bounded by the bytes given: no length is believed before it is there.

/// Deeper than any attestation object: its statement holds a list of certificates.
const DEEPEST: usize = 6;

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'b> {
    /// An integer of 64 bits at most.
    Int(i64),
    /// Bytes.
    Bytes(&'b [u8]),
    /// Text.
    Text(&'b str),
    /// A list.
    List(Vec<Item<'b>>),
    /// Pairs, in their order.
    Map(Vec<(Item<'b>, Item<'b>)>),
    /// True, false, null or a float: nothing we ask about.
    Simple,
}

impl<'b> Item<'b> {
    /// The value under an integer.
    #[must_use]
    pub fn at(&self, key: i64) -> Option<&Self> {
        self.pairs().iter().find(|(name, _)| *name == Item::Int(key)).map(|(_, value)| value)
    }
    /// The value under a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Self> {
        self.pairs().iter().find(|(key, _)| *key == Item::Text(name)).map(|(_, value)| value)
    }
    fn pairs(&self) -> &[(Self, Self)] {
        if let Self::Map(pairs) = self { pairs } else { &[] }
    }
    /// The integer it is.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }
    /// The bytes it is.
    #[must_use]
    pub fn bytes(&self) -> Option<&'b [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// Reads the first item; what follows it is handed back.
#[must_use]
pub fn first(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    item(bytes, 0)
}

/// Reads bytes that are one item and nothing else.
#[must_use]
pub fn whole(bytes: &[u8]) -> Option<Item<'_>> {
    let (item, rest) = first(bytes)?;
    rest.is_empty().then_some(item)
}

fn item(bytes: &[u8], depth: usize) -> Option<(Item<'_>, &[u8])> {
    if depth > DEEPEST {
        return None;
    }
    let (head, rest) = bytes.split_first()?;
    let (kind, short) = (head >> 5, head & 31);
    let (number, rest) = argument(short, rest)?;
    let length = usize::try_from(number).ok();
    match kind {
        0 => Some((Item::Int(i64::try_from(number).ok()?), rest)),
        1 => Some((Item::Int(-1 - i64::try_from(number).ok()?), rest)),
        2 => rest.split_at_checked(length?).map(|(bytes, rest)| (Item::Bytes(bytes), rest)),
        3 => {
            let (text, rest) = rest.split_at_checked(length?)?;
            Some((Item::Text(std::str::from_utf8(text).ok()?), rest))
        }
        4 => {
            // Each item takes a byte at least, so more of them than bytes cannot be there.
            let many = length.filter(|many| *many <= rest.len())?;
            let (mut list, mut rest) = (Vec::new(), rest);
            for _ in 0..many {
                let (one, after) = item(rest, depth + 1)?;
                list.push(one);
                rest = after;
            }
            Some((Item::List(list), rest))
        }
        5 => {
            let many = length.filter(|many| *many <= rest.len() / 2)?;
            let (mut pairs, mut rest) = (Vec::new(), rest);
            for _ in 0..many {
                let (key, after) = item(rest, depth + 1)?;
                let (value, after) = item(after, depth + 1)?;
                pairs.push((key, value));
                rest = after;
            }
            Some((Item::Map(pairs), rest))
        }
        7 => Some((Item::Simple, rest)),
        _ => None,
    }
}

fn argument(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let width = match short {
        0..24 => return Some((u64::from(short), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        // Indefinite lengths and reserved values are not canonical.
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(width)?;
    Some((number.iter().fold(0u64, |number, byte| (number << 8) | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(hex: &str) -> Option<Item<'static>> {
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
            .collect();
        whole(bytes.leak())
    }

    /// RFC 8949 appendix A.
    #[test]
    fn the_rfcs_own_examples() {
        assert_eq!(read("00"), Some(Item::Int(0)));
        assert_eq!(read("1903e8"), Some(Item::Int(1000)));
        assert_eq!(read("3903e7"), Some(Item::Int(-1000)));
        assert_eq!(read("1b000000e8d4a51000"), Some(Item::Int(1_000_000_000_000)));
        assert_eq!(read("4401020304"), Some(Item::Bytes(&[1, 2, 3, 4])));
        assert_eq!(read("62c3bc"), Some(Item::Text("ü")));
        assert_eq!(read("83010203"), Some(Item::List(vec![Item::Int(1), Item::Int(2), Item::Int(3)])));
        assert_eq!(read("a201020304").and_then(|map| map.at(3).and_then(Item::int)), Some(4));
        assert_eq!(read("f5"), Some(Item::Simple));
    }

    #[test]
    fn what_is_not_canonical_or_not_there_is_refused() {
        for wrong in [
            "",
            "5f42010243030405ff",
            "9fff",
            "44010203",
            "1a0000",
            "9b7fffffffffffffff",
            "bbffffffffffffffff",
            "0000",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(whole(&[0x81; 100_000]), None, "deep");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = first(&bytes);
        }
    }
}
