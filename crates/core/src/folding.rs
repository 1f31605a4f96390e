//! Folding: the form in which what somebody looks for and what somebody wrote are compared (R35), the grams an index of
//! it holds, and the way back to the places in what was written.
//!
//! It stays true that a text whose folded form contains a folded term holds every gram of that term: an index of grams
//! may offer too much, never too little.

use std::collections::BTreeSet;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::text::{hiragana, is_invisible};

/// The folded form: NFKC, lower case, katakana as hiragana, what cannot be seen left out, white space of any kind and
/// length one space.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    each(text, |c, _| folded.push(c));
    folded
}

/// A folded text that knows where each of its characters came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    text: String,
    /// For each folded character: where it begins in `text`, and the bytes of the original it stands for.
    places: Vec<(usize, Place)>,
}

/// Bytes of the original, `start..end`.
type Place = (usize, usize);

impl Folded {
    /// Folds and remembers.
    #[must_use]
    pub fn new(original: &str) -> Self {
        let mut folded = Self::default();
        each(original, |c, place| {
            folded.places.push((folded.text.len(), place));
            folded.text.push(c);
        });
        folded
    }

    /// The folded form.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a folded term stands in the original: byte ranges, in order, none overlapping another.
    #[must_use]
    pub fn find(&self, term: &str) -> Vec<Place> {
        if term.is_empty() {
            return Vec::new();
        }
        let found = self.text.match_indices(term).map(|(at, _)| {
            let first = self.places.partition_point(|(start, _)| *start < at);
            let last = self.places.partition_point(|(start, _)| *start < at + term.len()) - 1;
            (self.places[first].1.0, self.places[last].1.1)
        });
        let mut ranges: Vec<Place> = Vec::new();
        for (start, end) in found {
            // One character of the original may give several folded ones (㍿ → 株式会社).
            match ranges.last_mut() {
                Some(before) if start < before.1 => before.1 = before.1.max(end),
                _ => ranges.push((start, end)),
            }
        }
        ranges
    }
}

/// Folds, handing on each folded character with the bytes of the original that it stands for.
fn each(text: &str, mut give: impl FnMut(char, Place)) {
    let mut chars = text.char_indices().filter(|(_, c)| !is_unseen(*c)).peekable();
    let mut after_space = false;
    let mut together = String::new();
    let mut hand_on = |c: char, place: Place| {
        for c in c.to_lowercase().map(hiragana) {
            let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
            if !(c == ' ' && after_space) {
                give(c, place);
            }
            after_space = c == ' ';
        }
    };
    while let Some((start, c)) = chars.next() {
        together.clear();
        together.push(c);
        let mut end = start + c.len_utf8();
        while let Some((at, next)) = chars.next_if(|(_, next)| joins(*next)) {
            together.push(next);
            end = at + next.len_utf8();
        }
        if is_its_own(c) && end == start + c.len_utf8() {
            hand_on(c, (start, end));
        } else {
            together.nfkc().for_each(|c| hand_on(c, (start, end)));
        }
    }
}

/// Draws nothing of its own: invisible characters, and the selectors that choose between forms of one character.
fn is_unseen(c: char) -> bool {
    is_invisible(c) || matches!(c, '\u{fe00}'..='\u{fe0f}')
}

/// NFKC leaves it as it is: most of what is written here, so that it need not be asked.
fn is_its_own(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{7f}' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '、' | '。' | '一'..='\u{9fff}')
}

/// Whether NFKC may draw this character together with the one before it.
fn joins(c: char) -> bool {
    if is_its_own(c) {
        return false;
    }
    std::iter::once(c).nfkd().next().is_some_and(|first| {
        canonical_combining_class(first) != 0 || is_nfc_quick(std::iter::once(first)) != IsNormalized::Yes
    })
}

/// Where runs of grams end: white space, punctuation, and the private use area, whose characters an index needs itself.
/// Symbols and emoji are looked for and stand in runs.
#[must_use]
pub fn is_break(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || c.is_ascii_punctuation()
        || matches!(c, '・' | '·' | '¿' | '¡' | '«' | '»' | '\u{2000}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
        || (matches!(c, '\u{3000}'..='\u{303f}') && !matches!(c, '々' | '〆' | '〇'))
}

/// Each character and each pair of neighbours of the runs of a folded text, once.
#[must_use]
pub fn grams(folded: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for run in folded.split(is_break) {
        grams.extend(run.chars().map(String::from));
        grams.extend(pairs(run));
    }
    grams
}

/// The grams a text must hold to contain this folded term: pairs of neighbours, and single characters where they stand
/// alone. None when the term is all punctuation.
#[must_use]
pub fn term_grams(folded: &str) -> BTreeSet<String> {
    let mut grams = BTreeSet::new();
    for run in folded.split(is_break) {
        let pairs = pairs(run).collect::<Vec<_>>();
        if pairs.is_empty() {
            grams.extend(run.chars().map(String::from));
        }
        grams.extend(pairs);
    }
    grams
}

fn pairs(run: &str) -> impl Iterator<Item = String> + '_ {
    run.chars().zip(run.chars().skip(1)).map(|(one, other)| String::from_iter([one, other]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked<'t>(text: &'t str, term: &str) -> Vec<&'t str> {
        Folded::new(text).find(&fold(term)).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    /// R35
    #[test]
    fn width_kana_case_and_form_are_one() {
        for (one, other) in [
            ("ｶﾞｿﾘﾝ", "がそりん"),
            ("ＡＢＣ", "abc"),
            ("㍿", "株式会社"),
            ("か\u{3099}", "ガ"),
            ("①", "1"),
            ("会議　\n 室", "会議 室"),
            ("葛\u{e0100}城", "葛城"),
            ("ﾊﾟｰﾄ", "パート"),
            ("Straße ™", "straße tm"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("はは"), fold("ばば"));
    }

    #[test]
    fn a_hit_is_marked_where_it_was_written() {
        assert_eq!(marked("本日の㍿みほん、ｶﾞｿﾘﾝ代", "ガソリン"), ["ｶﾞｿﾘﾝ"]);
        assert_eq!(marked("本日の㍿みほん", "式会"), ["㍿"]);
        assert_eq!(marked("会議、カイギ、かいぎ室", "かいぎ"), ["カイギ", "かいぎ"]);
        assert_eq!(marked("a\u{200b}b 会　 議", "会 議"), ["会　 議"]);
        assert_eq!(marked("ああああ", "ああ"), ["ああ", "ああ"]);
        assert_eq!(marked("何か", ""), [""; 0]);
    }

    #[test]
    fn runs_end_at_punctuation_and_not_at_symbols() {
        let listed = |text: &str| grams(&fold(text)).into_iter().collect::<Vec<_>>();
        assert_eq!(listed("納品、済"), ["品", "済", "納", "納品"]);
        assert_eq!(listed("3.5¥🎉"), ["3", "5", "5¥", "¥", "¥🎉", "🎉"]);
        assert_eq!(term_grams("納品"), BTreeSet::from(["納品".to_owned()]));
        assert_eq!(term_grams("店"), BTreeSet::from(["店".to_owned()]));
        assert_eq!(term_grams("3.5"), BTreeSet::from(["3".to_owned(), "5".to_owned()]));
        assert!(term_grams("、。!?").is_empty());
    }

    /// Text with much of what folding changes.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[あ-んァ-ヶー一-十ｦ-ﾟａ-ｚＡ-Ｚa-c 　、。・\n㍿①ǅßİΣ\u{3099}\u{309a}\u{200d}\u{fe0f}각각🎉👨é\u{301}]{0,40}",
            "\\PC{0,40}",
        ]
    }

    proptest! {
        #[test]
        fn folding_is_nfkc_and_stable(text in text()) {
            // The one letter whose small form is two characters, which marks behind it may then change places with.
            let text = text.replace('İ', "");
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded.clone());
            let remembering = Folded::new(&text);
            prop_assert_eq!(remembering.text(), &folded);
            let seen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
            let whole = crate::text::fold(&seen);
            let mut spaced = String::new();
            for c in whole.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }) {
                if !(c == ' ' && spaced.ends_with(' ')) {
                    spaced.push(c);
                }
            }
            prop_assert_eq!(folded, spaced);
        }

        /// What the index promises: a text that contains the term holds all of its grams.
        #[test]
        fn a_text_with_the_term_in_it_is_always_found(text in text(), from in 0usize..40, length in 1usize..8) {
            let folded = fold(&text);
            let term: String = folded.chars().skip(from).take(length).collect();
            prop_assert!(term_grams(&term).is_subset(&grams(&folded)), "{} in {}", term, folded);
            prop_assert_eq!(Folded::new(&text).find(&term).is_empty(), term.is_empty());
        }

        #[test]
        fn what_is_found_lies_on_characters_of_the_original(text in text(), term in "[あ-んa-c会議]{1,2}") {
            let mut last = 0;
            for (start, end) in Folded::new(&text).find(&fold(&term)) {
                prop_assert!(last <= start && start < end && text.get(start..end).is_some());
                last = end;
            }
        }
    }
}
