//! What is a hit, how good a hit it is, and the part of a text in which it is shown.

use std::collections::BTreeSet;

use kairan_core::folding::{Folded, fold, grams, is_break, term_grams};
use kairan_core::time::DAY;

use super::rules::Term;

/// Code points of a text that are shown of it, about.
const SHOWN: usize = 120;
/// Of these, in front of the first hit.
const BEFORE: usize = 30;

/// A text without the ids of those it mentions, each letter of them a space: nobody looks for those, and places stay.
fn spoken(text: &str) -> String {
    let mut spoken = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = mention(rest) {
        spoken.push_str(&rest[..start]);
        spoken.extend(std::iter::repeat_n(' ', end - start));
        rest = &rest[end..];
    }
    spoken + rest
}

/// The bytes of the first `@{…}` that mentions somebody or everyone.
fn mention(text: &str) -> Option<(usize, usize)> {
    text.match_indices("@{").find_map(|(start, _)| {
        let inside = &text[start + 2..];
        let end = inside.find('}').filter(|end| *end <= 36)?;
        let id = &inside[..end];
        let names = id == "all" || (end == 36 && id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()));
        names.then_some((start, start + 2 + end + 1))
    })
}

/// A message as it is searched: its text and the names of its files, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    text: String,
    names: Vec<String>,
}

impl Searched {
    /// Folds them.
    #[must_use]
    pub fn new<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Self {
        Self { text: fold(&spoken(text)), names: names.map(fold).collect() }
    }

    /// What the index holds of it.
    #[must_use]
    pub fn grams(&self) -> BTreeSet<String> {
        let mut all = grams(&self.text);
        self.names.iter().for_each(|name| all.extend(grams(name)));
        all
    }

    /// Whether every term is in it somewhere.
    #[must_use]
    pub fn holds(&self, terms: &[Term]) -> bool {
        terms.iter().all(|term| {
            self.text.contains(&term.folded) || self.names.iter().any(|name| name.contains(&term.folded))
        })
    }

    /// How good a hit it is, `age` ms older than the newest one: how often each term is there, whether it begins a word
    /// there, whether it names a file; half of what age gives is gone after a month.
    #[must_use]
    pub fn score(&self, terms: &[Term], age: i64) -> i64 {
        let of_terms = terms.iter().map(|term| {
            let hits = self.text.match_indices(&term.folded);
            let starts = hits.clone().take(8).any(|(at, _)| begins_word(&self.text, at));
            let hits = i64::try_from(hits.take(8).count()).unwrap_or(8);
            let named = self.names.iter().any(|name| name.contains(&term.folded));
            hits * 10 + i64::from(starts) * 25 + i64::from(named) * 30
        });
        let recent = 60 * 30 * DAY / (30 * DAY + age.max(0));
        of_terms.sum::<i64>() + recent
    }
}

/// The grams a text must hold for these terms; of very many, some, for each hit is checked anyway.
#[must_use]
pub fn wanted_grams(terms: &[Term]) -> BTreeSet<String> {
    const MOST: usize = 32;
    terms.iter().flat_map(|term| term_grams(&term.folded)).take(MOST).collect()
}

/// Kinds of writing: where one ends and another begins, a word begins.
fn writing(c: char) -> u8 {
    match c {
        _ if is_break(c) => 0,
        'ぁ'..='ゟ' | 'ー' => 1,
        '一'..='\u{9fff}' | '々' | '〆' | '〇' | '\u{3400}'..='\u{4dbf}' => 2,
        _ if c.is_alphanumeric() => 3,
        _ => 4,
    }
}

fn begins_word(text: &str, at: usize) -> bool {
    let first = text[at..].chars().next().map(writing);
    text[..at].chars().next_back().map(writing) != first
}

/// The part of a text in which its hits are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The part, `…` where something is left out.
    pub text: String,
    /// Its hits: start and length in UTF-16 units.
    pub marks: Vec<(usize, usize)>,
}

/// Where the terms stand in a text: start and length in UTF-16 units.
#[must_use]
pub fn marks(text: &str, terms: &[Term]) -> Vec<(usize, usize)> {
    in_utf16(text, &hits(text, terms))
}

/// The part of a message around its first hit.
#[must_use]
pub fn snippet(text: &str, terms: &[Term]) -> Snippet {
    let hits = hits(&spoken(text), terms);
    let (start, end) = window(text, hits.first().map_or(0, |hit| hit.0));
    let (front, back) = (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    let shown = format!("{front}{}{back}", &text[start..end]);
    let inside: Vec<(usize, usize)> = hits
        .into_iter()
        .filter(|hit| hit.0 >= start && hit.1 <= end)
        .map(|hit| (hit.0 - start + front.len(), hit.1 - start + front.len()))
        .collect();
    Snippet { marks: in_utf16(&shown, &inside), text: shown }
}

/// Byte ranges of the hits of all terms, in order, those that touch joined.
fn hits(text: &str, terms: &[Term]) -> Vec<(usize, usize)> {
    let folded = Folded::new(text);
    let mut hits: Vec<_> = terms.iter().flat_map(|term| folded.find(&term.folded)).collect();
    hits.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(hits.len());
    for (start, end) in hits {
        match joined.last_mut() {
            Some(before) if start <= before.1 => before.1 = before.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// The bytes to show: from a little before the hit, never beginning or ending inside a mention or a drawn-together
/// character.
fn window(text: &str, hit: usize) -> (usize, usize) {
    let cuts = cuts(text);
    let at = cuts.partition_point(|cut| *cut < hit);
    if cuts.len() <= SHOWN + BEFORE {
        return (0, text.len());
    }
    let first = at.saturating_sub(BEFORE).min(cuts.len() - SHOWN);
    let last = first + SHOWN;
    (cuts[first], cuts.get(last).copied().unwrap_or(text.len()))
}

/// Where a text may be cut: before its graphemes, mentions being one each.
fn cuts(text: &str) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (start, end) = mention(&text[at..]).map_or((text.len(), text.len()), |(s, e)| (at + s, at + e));
        cuts.extend(kairan_core::text::grapheme_starts(&text[at..start]).map(|grapheme| at + grapheme));
        if start < end {
            cuts.push(start);
        }
        at = end;
    }
    cuts
}

fn in_utf16(text: &str, ranges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let units = |part: &str| part.encode_utf16().count();
    let (mut at, mut passed) = (0, 0);
    let mut marks = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        passed += units(&text[at..*start]);
        let length = units(&text[*start..*end]);
        marks.push((passed, length));
        passed += length;
        at = *end;
    }
    marks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rules::parse;
    use super::*;

    fn terms(typed: &str) -> Vec<Term> {
        parse(typed).expect("a query").terms
    }

    fn shown(text: &str, typed: &str) -> (String, Vec<String>) {
        let snippet = snippet(text, &terms(typed));
        let units: Vec<u16> = snippet.text.encode_utf16().collect();
        let marked = snippet.marks.iter().map(|(start, length)| {
            String::from_utf16(&units[*start..start + length]).expect("whole characters")
        });
        (snippet.text.clone(), marked.collect())
    }

    #[test]
    fn a_hit_is_shown_in_its_context() {
        let (text, marked) = shown("🎉会議のあと、ｶｲｷﾞ室で納品の確認", "会議 カイギ 納品");
        assert_eq!(text, "🎉会議のあと、ｶｲｷﾞ室で納品の確認");
        assert_eq!(marked, ["会議", "ｶｲｷﾞ", "納品"]);
        let long = format!("{}納品{}", "前".repeat(300), "後".repeat(300));
        let (text, marked) = shown(&long, "納品");
        assert!(
            text.starts_with("…前") && text.ends_with("後…") && text.chars().count() == SHOWN + 2,
            "{text}"
        );
        assert_eq!(marked, ["納品"]);
        let end = format!("{}納品", "前".repeat(300));
        assert!(shown(&end, "納品").0.ends_with("前納品"));
        assert!(shown(&long, "無関係").0.starts_with("前前"));
    }

    #[test]
    fn ids_of_the_mentioned_are_not_words() {
        let id = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";
        let text = format!("@{{{id}}} 会議室は 0192f0c1 です");
        assert!(!Searched::new(&format!("@{{{id}}} 会議"), std::iter::empty()).holds(&terms("7c4d")));
        assert_eq!(shown(&text, "0192f0c1").1, ["0192f0c1"]);
        let many = format!("@{{{id}}}").repeat(200);
        let (text, _) = shown(&many, "無い");
        assert!(text.starts_with("@{") && text.trim_end_matches('…').ends_with('}'), "{text}");
    }

    #[test]
    fn names_of_files_count_as_words() {
        let searched = Searched::new("見てください", ["納品書_12月.pdf"].into_iter());
        assert!(searched.holds(&terms("納品 ください pdf")) && !searched.holds(&terms("納品 請求")));
        assert_eq!(marks("納品書_12月.PDF", &terms("pdf 納品")), [(0, 2), (8, 3)]);
    }

    #[test]
    fn the_better_hit_comes_first() {
        let score = |text: &str, age| Searched::new(text, std::iter::empty()).score(&terms("会議"), age);
        assert!(score("会議です。会議室へ", 0) > score("会議です", 0));
        assert!(score("明日は会議です", 0) > score("定例会議です", 0), "where a word begins");
        assert!(score("会議です", 0) > score("会議です", 30 * DAY));
        assert!(score("会議", i64::MAX / 2) >= 35 && score("会議", i64::MIN) <= 95);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_whole_and_marked_where_it_hits(
            text in "(@\\{all\\}|@\\{0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f\\}|[あ-おア-オa-cＡ-Ｃ会議室🎉👨\u{200d}\u{3099}。 \n]){0,90}",
            typed in "[あ-お会議a-c]{1,2}( [室ア-オ]{1,2})?",
        ) {
            let terms = terms(&typed);
            let (shown, marked) = shown(&text, &typed);
            prop_assert!(text.contains(shown.trim_matches('…')));
            for mark in &marked {
                let mark = fold(mark);
                prop_assert!(terms.iter().any(|term| mark.contains(&term.folded)), "{}", mark);
            }
            let searched = Searched::new(&text, std::iter::empty());
            if searched.holds(&terms) {
                prop_assert!(!marked.is_empty());
                prop_assert!(wanted_grams(&terms).is_subset(&searched.grams()));
            }
        }
    }
}
