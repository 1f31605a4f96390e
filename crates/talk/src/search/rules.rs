//! The query language, in Japanese and in English: words, "exact phrases", and filters such as `from:佐藤`.
//!
//! It stays true that any text at all is a query, an empty one or one too long: nothing fails to parse.

use kairan_core::folding::fold;
use kairan_core::time::{DAY, MINUTE};
use kairan_core::{Instant, Refusal};

use crate::messages::rules::Label;

kairan_core::codes! {
    SEARCH_EMPTY = 422 "search.empty", "探す言葉がありません。言葉か条件を入れてください。", "There is nothing to look for. Enter a word or a filter.";
    SEARCH_TOO_LONG = 422 "search.too_long", "探す言葉が長すぎます。{limit}文字、言葉と条件あわせて{parts}個までにしてください。", "This is too long to look for. Use at most {limit} characters, and {parts} words and filters.";
    SEARCH_CURSOR = 422 "search.cursor", "続きを出せませんでした。もう一度探してください。", "The next page is not there any more. Search again.";
}

/// Most code points of a query.
pub const QUERY_LIMIT: usize = 300;
/// Most words and filters of one.
pub const PARTS_LIMIT: usize = 20;
/// Zones are between UTC−12 and UTC+14; a little more does no harm (minutes).
const ZONE_LIMIT: i64 = 16 * 60;

/// Something to be found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As typed.
    pub text: String,
    /// In quotes: a phrase with its spaces.
    pub exact: bool,
    /// Folded: what is compared.
    pub folded: String,
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: i64,
    month: i64,
    day: i64,
}

/// What somebody asked for. All parts must hold; of several values of one filter, any one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Words and phrases.
    pub terms: Vec<Term>,
    /// `from:`, as typed.
    pub from: Vec<String>,
    /// `in:`, as typed.
    pub rooms: Vec<String>,
    /// `before:`: before this day began; the earliest, when there are several.
    pub before: Option<Day>,
    /// `after:`: from this day on; the latest, when there are several.
    pub after: Option<Day>,
    /// `has:file`
    pub has_file: bool,
    /// `label:`
    pub labels: Vec<Label>,
    /// Filters whose value says nothing, as typed; nothing can fulfil them.
    pub unknown: Vec<String>,
}

#[derive(Clone, Copy)]
enum Filter {
    From,
    In,
    Before,
    After,
    Has,
    Label,
}

impl Filter {
    fn named(folded: &str) -> Option<Self> {
        Some(match folded {
            "from" | "差出人" | "送信者" | "発言者" => Self::From,
            "in" | "部屋" => Self::In,
            "before" | "より前" | "以前" => Self::Before,
            "after" | "より後" | "以後" | "以降" => Self::After,
            "has" | "あり" => Self::Has,
            "label" | "らべる" | "札" => Self::Label,
            _ => return None,
        })
    }
}

/// Reads a query.
///
/// # Errors
/// `search.empty`, `search.too_long`.
pub fn parse(typed: &str) -> Result<Query, Refusal> {
    let too_long = || Refusal::new(&SEARCH_TOO_LONG).fact("limit", QUERY_LIMIT).fact("parts", PARTS_LIMIT);
    if typed.chars().count() > QUERY_LIMIT {
        return Err(too_long());
    }
    let parts = parts(typed);
    if parts.len() > PARTS_LIMIT {
        return Err(too_long());
    }
    let mut query = Query::default();
    for part in parts {
        query.take(part);
    }
    if query == Query::default() { Err((&SEARCH_EMPTY).into()) } else { Ok(query) }
}

/// A piece of what was typed: `value`, `"value"`, `key:value` or `key:"value"`.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    key: Option<String>,
    value: String,
    quoted: bool,
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '＂')
}

fn parts(typed: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = typed.trim_start();
    while let Some(first) = rest.chars().next() {
        if is_quote(first) {
            let (value, after) = quoted(&rest[first.len_utf8()..]);
            parts.push(Part { key: None, value, quoted: true });
            rest = after.trim_start();
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        let key = word.find([':', '：']).filter(|at| Filter::named(&fold(&word[..*at])).is_some());
        let Some(colon) = key else {
            parts.push(Part { key: None, value: word.to_owned(), quoted: false });
            rest = rest[end..].trim_start();
            continue;
        };
        let value = word[colon..].chars().skip(1).collect::<String>();
        let key = Some(fold(&word[..colon]));
        let opens = rest[end..].chars().next().filter(|c| value.is_empty() && is_quote(*c));
        if let Some(quote) = opens {
            let (value, after) = quoted(&rest[end + quote.len_utf8()..]);
            parts.push(Part { key, value, quoted: true });
            rest = after.trim_start();
        } else {
            parts.push(Part { key, value, quoted: false });
            rest = rest[end..].trim_start();
        }
    }
    parts
}

/// Up to the closing quote; a quote left open ends with the text.
fn quoted(rest: &str) -> (String, &str) {
    match rest.char_indices().find(|(_, c)| is_quote(*c)) {
        Some((end, quote)) => (rest[..end].to_owned(), &rest[end + quote.len_utf8()..]),
        None => (rest.to_owned(), ""),
    }
}

impl Query {
    fn take(&mut self, part: Part) {
        let value = part.value.trim();
        let Some((key, filter)) = part.key.and_then(|key| Filter::named(&key).map(|filter| (key, filter)))
        else {
            return self.look_for(value, part.quoted);
        };
        if fold(value).trim().is_empty() {
            return; // still being typed
        }
        let known = match filter {
            Filter::From => {
                self.from.push(value.to_owned());
                true
            }
            Filter::In => {
                self.rooms.push(value.to_owned());
                true
            }
            Filter::Before => {
                day(value).map(|day| self.before = Some(self.before.map_or(day, |is| is.min(day)))).is_some()
            }
            Filter::After => {
                day(value).map(|day| self.after = Some(self.after.map_or(day, |is| is.max(day)))).is_some()
            }
            Filter::Has => {
                let file =
                    matches!(fold(value).as_str(), "file" | "files" | "ふぁいる" | "添付" | "attachment");
                self.has_file |= file;
                file
            }
            Filter::Label => label(value).map(|label| self.labels.push(label)).is_some(),
        };
        if !known {
            self.unknown.push(format!("{key}:{value}"));
        }
    }

    fn look_for(&mut self, value: &str, exact: bool) {
        let folded = fold(value).trim().to_owned();
        if !folded.is_empty() && !self.terms.iter().any(|term| term.folded == folded) {
            self.terms.push(Term { text: value.to_owned(), exact, folded });
        }
    }

    /// Whether only words were typed.
    #[must_use]
    pub fn is_only_words(&self) -> bool {
        Self { terms: Vec::new(), ..self.clone() } == Self::default()
    }
}

fn label(value: &str) -> Option<Label> {
    Some(match fold(value).as_str() {
        "報告" | "ほうこく" | "report" => Label::Report,
        "連絡" | "れんらく" | "notice" => Label::Notice,
        "相談" | "そうだん" | "consult" | "consultation" => Label::Consult,
        "依頼" | "いらい" | "request" => Label::Request,
        _ => return None,
    })
}

/// `2026-12-01`, `2026/12/1`, `2026.12.1`, `2026年12月1日`; without a day, the first of the month.
fn day(value: &str) -> Option<Day> {
    let folded = fold(value);
    let mut numbers = folded
        .trim_end_matches(['日', '月'])
        .split(['-', '/', '.', '年', '月'])
        .map(|number| number.parse::<i64>().ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit())));
    let (year, month) = (numbers.next()??, numbers.next()??);
    let day = numbers.next().unwrap_or(Some(1))?;
    let day = Day { year, month, day };
    (numbers.next().is_none() && day.exists()).then_some(day)
}

impl Day {
    fn exists(self) -> bool {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + i64::from(leap),
            _ => 31,
        };
        (1970..=9999).contains(&self.year) && (1..=12).contains(&self.month) && (1..=days).contains(&self.day)
    }

    /// When it begins, `zone` minutes east of UTC.
    #[must_use]
    pub fn begins(self, zone: i64) -> Instant {
        // Days from 1970-01-01, the year beginning in March so that the leap day is its last.
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let days = 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468;
        Instant(days * DAY - zone.clamp(-ZONE_LIMIT, ZONE_LIMIT) * MINUTE)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Names among which a filter's value names some: those that are it, or else those that hold it. Folded, without spaces.
#[must_use]
pub fn named<T: Copy + PartialEq>(value: &str, names: &[(T, Vec<String>)]) -> Vec<T> {
    let value = name(value);
    let those = |fits: &dyn Fn(&str) -> bool| {
        names.iter().filter(|(_, names)| names.iter().any(|one| fits(one))).map(|(who, _)| *who).collect()
    };
    let same: Vec<T> = those(&|one| one == value);
    if same.is_empty() && !value.is_empty() { those(&|one| one.contains(&value)) } else { same }
}

/// A name as it is compared.
#[must_use]
pub fn name(raw: &str) -> String {
    fold(raw).replace(' ', "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(query: &Query) -> Vec<(&str, bool)> {
        query.terms.iter().map(|term| (term.text.as_str(), term.exact)).collect()
    }

    #[test]
    fn words_phrases_and_filters_are_told_apart() {
        let query = parse(r#"会議　"納品 書" from:佐藤 差出人:"鈴木 一" in：駅前 before:2026-12-01 after:2026年11月1日 has:file ラベル:相談 10:30"#)
            .expect("reads");
        assert_eq!(words(&query), [("会議", false), ("納品 書", true), ("10:30", false)]);
        assert_eq!(query.from, ["佐藤", "鈴木 一"]);
        assert_eq!(query.rooms, ["駅前"]);
        assert_eq!(query.before.map(|day| day.to_string()).as_deref(), Some("2026-12-01"));
        assert_eq!(query.after.map(|day| day.to_string()).as_deref(), Some("2026-11-01"));
        assert!(query.has_file && !query.is_only_words());
        assert_eq!(query.labels, [Label::Consult]);
        assert!(query.unknown.is_empty());
    }

    #[test]
    fn what_says_nothing_is_named() {
        let query = parse("before:いつか has:心 label:急ぎ after:2026-02-30 from: 会議 会議 カイギ かいぎ")
            .expect("reads");
        assert_eq!(query.unknown, ["before:いつか", "has:心", "label:急ぎ", "after:2026-02-30"]);
        assert_eq!(words(&query), [("会議", false), ("カイギ", false)]);
        assert_eq!(parse(" 　from:\u{200b}").map_err(|no| no.code.name), Err("search.empty"));
        assert_eq!(parse(&"あ".repeat(301)).map_err(|no| no.code.name), Err("search.too_long"));
        assert_eq!(parse(&"あ い ".repeat(11)).map_err(|no| no.code.name), Err("search.too_long"));
    }

    #[test]
    fn days_are_of_the_callers_zone() {
        let begins = |text: &str, zone| day(text).expect("a day").begins(zone).ms();
        assert_eq!(begins("1970-01-01", 0), 0);
        assert_eq!(begins("2026-12-07", 0), 1_796_601_600_000);
        assert_eq!(begins("2026/12/7", 540), 1_796_601_600_000 - 9 * 3_600_000);
        assert_eq!(begins("2024-03-01", 0) - begins("2024-02-28", 0), 2 * DAY);
        assert_eq!(day("2026年12月"), day("2026.12.1"));
        for no in ["2025-02-29", "2026-13-01", "2026", "12-01", "2026-12-01-01", "+2026-1-1", "2026--1", ""] {
            assert_eq!(day(no), None, "{no}");
        }
    }

    #[test]
    fn a_name_that_is_meant_exactly_is_only_that_one() {
        let names = vec![
            (1, vec![name("佐藤 花子"), name("サトウハナコ")]),
            (2, vec![name("佐藤"), name("さとう")]),
            (3, vec![name("加藤")]),
        ];
        assert_eq!(named("佐藤", &names), [2]);
        assert_eq!(named("佐藤花", &names), [1]);
        assert_eq!(named("ｻﾄｳ ﾊﾅ", &names), [1]);
        assert_eq!(named("藤", &names), [1, 2, 3]);
        assert_eq!(named("", &names), [0; 0]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_query(typed in "[ 　\"“from:in差出人：a-c0-9/年月日\\PC]{0,80}") {
            if let Ok(query) = parse(&typed) {
                prop_assert!(query.terms.iter().all(|term| !term.folded.is_empty()));
            }
        }

        /// What is put in quotes comes back whole.
        #[test]
        fn quoting_keeps_what_is_inside(value in "[^\"“”„＂\\p{C}\\p{Z}][^\"“”„＂\\p{C}]{0,20}", key in 0usize..3) {
            let value = value.trim();
            let typed = match key { 0 => format!("\"{value}\""), 1 => format!("from:\"{value}\""), _ => format!("in:“{value}” x") };
            let query = parse(&typed);
            prop_assume!(query.is_ok()); // only what cannot be seen
            let query = query.expect("just asked");
            let back = match key { 0 => query.terms.first().map(|term| &term.text), 1 => query.from.first(), _ => query.rooms.first() };
            prop_assert_eq!(back.map(String::as_str), Some(value));
        }
    }
}
