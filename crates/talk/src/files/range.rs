//! Which bytes a request asks for (RFC 9110 §14). One range is served; several at once are answered with the whole, which
//! the RFC allows and which no player or browser minds.

use std::ops::Range;

use kairan_core::Refusal;

use super::rules::RANGE_NOT_SATISFIABLE;

/// What to send of a file of `len` bytes; none: the whole.
///
/// # Errors
/// 416 when the one range asked for has no byte of the file in it.
pub fn wanted(header: &str, len: u64) -> Result<Option<Range<u64>>, Refusal> {
    let Some(range) = parse(header) else { return Ok(None) };
    let range = match range {
        (Some(first), last) => first..last.map_or(len, |last| last.saturating_add(1).min(len)),
        (None, Some(last)) => len.saturating_sub(last)..len,
        (None, None) => return Ok(None),
    };
    if range.start < range.end { Ok(Some(range)) } else { Err((&RANGE_NOT_SATISFIABLE).into()) }
}

/// `bytes=first-last`, `bytes=first-`, `bytes=-last`; none for what is no such header, which is then passed over.
fn parse(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, set) = header.split_once('=')?;
    let (first, last) = set.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            // More digits than fit are beyond the end of every file.
            Some(Some(digits.parse().unwrap_or(u64::MAX)))
        }
        _ => None,
    };
    let (first, last) = (number(first)?, number(last)?);
    match (first, last) {
        (Some(first), Some(last)) if last < first => None,
        pair => Some(pair),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_form_of_a_range_is_read() {
        let some = |range| Ok(Some(range));
        for (header, want) in [
            ("bytes=0-0", some(0..1)),
            ("bytes=0-", some(0..10)),
            ("bytes=3-5", some(3..6)),
            ("bytes=3-500", some(3..10)),
            ("bytes=-4", some(6..10)),
            ("bytes=-400", some(0..10)),
            ("Bytes = 1 - 2", some(1..3)),
            ("bytes=9-", some(9..10)),
            ("bytes=10-", Err("range.not_satisfiable")),
            ("bytes=99999999999999999999999-", Err("range.not_satisfiable")),
            ("bytes=-0", Err("range.not_satisfiable")),
            // Not understood, or more than one: the whole.
            ("bytes=0-1,3-4", Ok(None)),
            ("bytes=5-3", Ok(None)),
            ("bytes=-", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("bytes=+1-2", Ok(None)),
            ("items=0-1", Ok(None)),
            ("", Ok(None)),
        ] {
            assert_eq!(wanted(header, 10).map_err(|refusal| refusal.code.name), want, "{header}");
        }
    }

    proptest! {
        #[test]
        fn a_range_lies_within_the_file(header in "bytes=[0-9]{0,12}-[0-9]{0,12}", len in 1u64..1_000_000) {
            if let Ok(Some(range)) = wanted(&header, len) {
                prop_assert!(range.start < range.end && range.end <= len);
            }
        }
    }
}
