//! Codes that one person gives another to type: eight characters, `XXXX-XXXX`, 40 bits. Pure.
//!
//! It stays true that such a code opens only what is tried slowly and not for long, and only for the person it was made for.

/// Digits and capital letters without those that are taken for each other: 0 and O, 1 and I.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The code for these bits.
#[must_use]
pub fn short_code(bits: [u8; 5]) -> String {
    let number = bits.iter().fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    let letters = (0..8).rev().map(|at| ALPHABET[usize::try_from((number >> (5 * at)) & 31).unwrap_or(0)]);
    let code = letters.map(char::from).collect::<String>();
    [&code[..4], &code[4..]].join("-")
}

/// The code as hashed, whatever its case, width, spaces and hyphens; nothing when it is not one.
#[must_use]
pub fn plain_short_code(typed: &str) -> Option<String> {
    let typed = crate::members::rules::handle(typed).to_ascii_uppercase();
    let hyphen = |c: char| matches!(c, '-' | 'ー' | '‐' | '‑' | '–' | '—' | '−');
    let plain = typed.chars().filter(|c| !c.is_whitespace() && !hyphen(*c)).collect::<String>();
    (plain.len() == 8 && plain.bytes().all(|c| ALPHABET.contains(&c))).then_some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn however_it_is_typed_it_is_the_same_code(bits in any::<[u8; 5]>(), other in any::<[u8; 5]>()) {
            let code = short_code(bits);
            prop_assert_eq!(code.len(), 9);
            prop_assert_eq!(short_code(other) == code, bits == other);
            let plain = plain_short_code(&code);
            prop_assert!(plain.is_some());
            for typed in [code.to_lowercase(), code.replace('-', " "), code.replace('-', "ー"), format!(" {code}　")] {
                prop_assert_eq!(plain_short_code(&typed), plain.clone(), "{}", typed);
            }
        }
    }
}
