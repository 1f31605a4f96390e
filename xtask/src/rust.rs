//! Just enough of Rust's grammar to tell code from comments, strings and tests.
//!
//! It stays true that every view has the text's own length and lines, so an offset in one is an offset in all.

/// One Rust file, seen three ways. What does not belong to a view is blanked by spaces.
pub struct Views {
    /// Code alone: comments gone, string and character contents gone, the delimiters kept.
    pub code: String,
    /// Comments alone.
    pub comments: String,
    /// Contents of string literals alone.
    pub strings: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

/// Splits a Rust file into its views.
pub fn views(text: &str) -> Views {
    let parts = parts(text.as_bytes());
    let view = |wanted: Part| {
        let bytes = text
            .bytes()
            .zip(&parts)
            .map(|(byte, part)| if *part == wanted || byte == b'\n' { byte } else { b' ' })
            .collect::<Vec<u8>>();
        // A character is in one part as a whole, because every delimiter is ASCII.
        String::from_utf8(bytes).expect("characters are never cut")
    };
    Views { code: view(Part::Code), comments: view(Part::Comment), strings: view(Part::Literal) }
}

/// Says for every byte to which part it belongs.
fn parts(text: &[u8]) -> Vec<Part> {
    let mut parts = vec![Part::Code; text.len()];
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (part, from, to, next) = if rest.starts_with(b"//") {
            let end = at + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            (Part::Comment, at, end, end)
        } else if rest.starts_with(b"/*") {
            let end = at + block_comment(rest);
            (Part::Comment, at, end, end)
        } else if let Some((open, hashes)) = raw_string(text, at) {
            let from = at + open;
            let end = raw_end(&text[from..], hashes).map_or(text.len(), |n| from + n);
            (Part::Literal, from, end, end + 1 + hashes)
        } else if rest[0] == b'"' {
            let end = at + 1 + quoted(&text[at + 1..], b'"');
            (Part::Literal, at + 1, end, end + 1)
        } else if rest[0] == b'\'' && is_character(rest) {
            let end = at + 1 + quoted(&text[at + 1..], b'\'');
            (Part::Literal, at + 1, end, end + 1)
        } else {
            at += 1;
            continue;
        };
        parts[from..to.min(text.len())].fill(part);
        at = next;
    }
    parts
}

/// Length of the block comment at the start of `text`; Rust's block comments nest.
fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// If a raw string starts at `at`: the length of its opening and the number of its hashes.
fn raw_string(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let before = at.checked_sub(1).map(|i| text[i]);
    if before.is_some_and(|b| (b.is_ascii_alphanumeric() || b == b'_') && b != b'b') || text[at] != b'r' {
        return None;
    }
    let hashes = text[at + 1..].iter().take_while(|&&b| b == b'#').count();
    (text.get(at + 1 + hashes) == Some(&b'"')).then_some((2 + hashes, hashes))
}

fn raw_end(text: &[u8], hashes: usize) -> Option<usize> {
    (0..text.len()).find(|&i| {
        text[i] == b'"' && text[i + 1..].iter().take(hashes).filter(|&&b| b == b'#').count() == hashes
    })
}

/// Offset of the closing quote.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while at < text.len() && text[at] != quote {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

/// Whether the quote opens a character (`'a'`, `'\n'`, `'é'`) and not a lifetime (`'a`).
fn is_character(text: &[u8]) -> bool {
    match text.get(1) {
        Some(b'\\') => true,
        Some(&first) => {
            let width = match first {
                0..0x80 => 1,
                0x80..0xE0 => 2,
                0xE0..0xF0 => 3,
                _ => 4,
            };
            text.get(1 + width) == Some(&b'\'')
        }
        None => false,
    }
}

/// The same code with everything under `#[cfg(test)]` blanked: what is shipped.
pub fn without_tests(code: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        let end = item_end(code.as_bytes(), start);
        for byte in &mut bytes[start..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        from = end;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The end of the item at `start`: its closing brace, or its semicolon when it has no body.
fn item_end(code: &[u8], start: usize) -> usize {
    let (mut depth, mut brackets) = (0_usize, 0_usize);
    for (at, byte) in code.iter().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if depth == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Whether `needle` stands in `text` as a whole path or word: `rand::` not inside `brand::`.
pub fn words<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(needle).map(|(at, _)| at).filter(move |&at| {
        let before = text[..at].chars().next_back().is_some_and(is_word);
        let ends_open = needle.chars().next_back().is_some_and(is_word);
        let after = text[at + needle.len()..].chars().next().is_some_and(is_word);
        !(before || ends_open && after)
    })
}

/// The line, counted from 1, of an offset.
pub fn line(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_code_are_told_apart() {
        let text = "let a = \"// INSERT\"; // 'x\n/* a /* b */ c */ let c = '\"'; fn f<'a>() {}\n";
        let views = views(text);
        assert_eq!(views.code.len(), text.len());
        assert!(views.strings.contains("// INSERT"));
        assert!(!views.code.contains("INSERT"));
        assert!(views.comments.contains("// 'x"));
        assert!(views.comments.contains("c */"));
        assert!(views.code.contains("fn f<'a>() {}"));
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        let views = views("let a = r#\"say \"no\" // here\"#; let b = 1; // end");
        assert!(views.strings.contains("say \"no\" // here"));
        assert!(views.code.contains("let b = 1;"));
        assert!(views.comments.contains("// end"));
    }

    #[test]
    fn what_only_tests_do_is_not_shipped() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { c(); } }\nfn d() {}\n#[cfg(test)]\nmod more;\nfn e() {}";
        let shipped = without_tests(code);
        assert!(shipped.contains("fn a()") && shipped.contains("fn d()") && shipped.contains("fn e()"));
        assert!(!shipped.contains("fn b()") && !shipped.contains("mod more"));
        assert_eq!(shipped.lines().count(), code.lines().count());
    }

    #[test]
    fn a_word_is_found_whole() {
        assert_eq!(words("brand::x rand::y", "rand::").count(), 1);
        assert_eq!(words("sqlx sql", "sql").count(), 1);
    }
}
