//! Text as people write it: one stored form (NFC, R35), limits in code points, and the tricks of Unicode kept out.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_segmentation::UnicodeSegmentation;

/// Most code points of a message (R34).
pub const MESSAGE_LIMIT: usize = 8_000;
/// Most combining marks on one base (R34): more is "zalgo", which draws over other people's messages.
pub const MARKS_LIMIT: usize = 10;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing but white space.
    #[error("empty")]
    Empty,
    /// More code points than allowed.
    #[error("{length} code points, {limit} allowed")]
    TooLong {
        /// How many it has, after NFC.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// More than [`MARKS_LIMIT`] combining marks on one base.
    #[error("too many combining marks")]
    TooManyMarks,
    /// A control character other than line feed and tab, or one of bidi/zero width where that is refused.
    #[error("a character that is not text")]
    Character,
}

/// A message's text: NFC, `\r\n` → `\n`, 1..=8,000 code points, limited marks, no control characters.
///
/// # Errors
/// [`TextFault`] naming what is wrong; nothing is cut.
pub fn message(raw: &str) -> Result<String, TextFault> {
    let text: String = raw.replace("\r\n", "\n").nfc().collect();
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(TextFault::Character);
    }
    check_length(&text, MESSAGE_LIMIT)?;
    check_marks(&text)?;
    Ok(text)
}

/// One line for people to read (names, room names, positions): NFC, trimmed, inner white space single, no controls,
/// no bidi or zero-width characters (R9).
///
/// # Errors
/// [`TextFault`] naming what is wrong.
pub fn line(raw: &str, limit: usize) -> Result<String, TextFault> {
    let text = raw.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect::<String>();
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(TextFault::Character);
    }
    check_length(&text, limit)?;
    check_marks(&text)?;
    Ok(text)
}

fn check_length(text: &str, limit: usize) -> Result<(), TextFault> {
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    let length = text.chars().count();
    if length > limit { Err(TextFault::TooLong { length, limit }) } else { Ok(()) }
}

fn check_marks(text: &str) -> Result<(), TextFault> {
    let mut marks = 0;
    for c in text.nfd() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if marks > MARKS_LIMIT {
            return Err(TextFault::TooManyMarks);
        }
    }
    Ok(())
}

/// A mark that draws on the character before it. Class 0 marks of the combining blocks (enclosing ones) count too;
/// Japanese voicing marks compose under NFC and never get this far.
fn is_mark(c: char) -> bool {
    canonical_combining_class(c) != 0
        || matches!(c, '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Bidi controls, zero-width and other characters that change what one sees without being seen (R9).
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{e0000}'..='\u{e0fff}')
}

/// What a name looks like: two names with one skeleton cannot be told apart by eye (UTS 39 §4, after NFKC, case and
/// white space are folded).
#[must_use]
pub fn skeleton(name: &str) -> String {
    let folded: String = name
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !is_invisible(*c))
        .collect();
    unicode_security::skeleton(&folded).collect::<String>().nfc().collect()
}

/// The form in which Japanese words are compared: NFKC, lower case, katakana as hiragana (R35).
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).map(hiragana).collect()
}

pub(crate) fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// Reading as stored: hiragana, with the long-vowel mark, middle dot and spaces allowed. `None` when something else is in it.
#[must_use]
pub fn kana(raw: &str) -> Option<String> {
    let text = fold(raw.trim());
    text.chars().all(|c| matches!(c, 'ぁ'..='ゖ' | 'ー' | '・' | ' ' | 'ゝ' | 'ゞ')).then_some(text)
}

/// The first `limit` grapheme clusters, with `…` when something was left out.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut graphemes = text.graphemes(true);
    let head: String = graphemes.by_ref().take(limit).collect();
    if graphemes.next().is_some() { head + "…" } else { head }
}

/// The bytes at which grapheme clusters begin: where a text may be cut.
pub fn grapheme_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.grapheme_indices(true).map(|(at, _)| at)
}

/// Whether the text is one thing to the eye (an icon, a reaction).
#[must_use]
pub fn is_one_grapheme(text: &str) -> bool {
    text.graphemes(true).count() == 1 && !text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// R34, R35
    #[test]
    fn a_message_is_nfc_and_bounded() {
        assert_eq!(message("か\u{3099}").as_deref(), Ok("が"));
        assert_eq!(message("一\r\n二").as_deref(), Ok("一\n二"));
        assert!(message(&"あ".repeat(8_000)).is_ok());
        assert_eq!(message(&"あ".repeat(8_001)), Err(TextFault::TooLong { length: 8_001, limit: 8_000 }));
        assert_eq!(message(" \n　"), Err(TextFault::Empty));
        assert_eq!(message("a\0b"), Err(TextFault::Character));
        assert!(message(&format!("e{}", "\u{0323}".repeat(10))).is_ok());
        assert_eq!(message(&format!("e{}", "\u{0323}".repeat(11))), Err(TextFault::TooManyMarks));
        assert!(message("👨‍👩‍👧‍👦 مرحبا").is_ok(), "joined emoji and right-to-left words are text");
    }

    /// R9
    #[test]
    fn a_name_shows_all_it_has() {
        assert_eq!(line("  乙川　 二葉 ", 40).as_deref(), Ok("乙川 二葉"));
        for trick in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{feff}', '\u{00ad}', '\u{e0041}'] {
            assert_eq!(line(&format!("甲{trick}野"), 40), Err(TextFault::Character), "{trick:?}");
        }
    }

    /// R9
    #[test]
    fn lookalikes_share_a_skeleton() {
        for (one, other) in [
            ("admin", "аdmin"),
            ("Ｔａｒｏ", "taro"),
            ("高橋 一", "高橋一"),
            ("エ藤", "工藤"),
            ("ロ田", "口田"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        assert_ne!(skeleton("乙川"), skeleton("乙山"));
    }

    /// R35
    #[test]
    fn kana_and_width_are_folded() {
        assert_eq!(fold("ｵﾂｶﾜ ＡＢＣ"), "おつかわ abc");
        assert_eq!(kana("オツカワ").as_deref(), Some("おつかわ"));
        assert_eq!(kana("乙川"), None);
    }

    proptest! {
        #[test]
        fn taken_text_is_stable(raw in "\\PC{0,60}") {
            if let Ok(text) = message(&raw) {
                prop_assert_eq!(message(&text), Ok(text.clone()));
            }
            prop_assert_eq!(fold(&fold(&raw)), fold(&raw));
        }
    }
}
