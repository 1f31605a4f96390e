//! File names as others will see them (R47).

use kairan_core::{Refusal, text};
use unicode_normalization::UnicodeNormalization;

use super::{NAME_CHARACTERS, NAME_EMPTY, NAME_PATH, NAME_TOO_LONG};

/// Most bytes of a name, UTF-8: what Linux, Windows and macOS can all write.
pub const NAME_LIMIT: usize = 255;

/// A name as it is kept: NFC (macOS sends が as two characters), without white space around it, every character visible,
/// nothing that a system would read as a path.
///
/// # Errors
/// 422 `file.name_…`, naming what is wrong; nothing is cut or replaced.
pub fn file_name(raw: &str) -> Result<String, Refusal> {
    let name: String = raw.trim().nfc().collect();
    if name.is_empty() {
        return Err((&NAME_EMPTY).into());
    }
    if name.chars().any(is_hidden) {
        return Err((&NAME_CHARACTERS).into());
    }
    if name == "." || name == ".." || name.contains(['/', '\\']) {
        return Err((&NAME_PATH).into());
    }
    if name.len() > NAME_LIMIT {
        return Err(Refusal::new(&NAME_TOO_LONG).fact("length", name.len()).fact("limit", NAME_LIMIT));
    }
    Ok(name)
}

/// Hidden from the eye. Not the selectors of ideographic variants, which the names of people and places need (葛󠄀城).
/// The joiner of 👨‍👩‍👧 is refused with the other zero-width characters: it can stand anywhere unseen.
fn is_hidden(c: char) -> bool {
    let is_ideographic_variation = matches!(c, '\u{e0100}'..='\u{e01ef}');
    c.is_control() || (text::is_invisible(c) && !is_ideographic_variation)
}

/// The true extension, lower case: what follows the last dot. `""` when there is none (`.profile` has none).
#[must_use]
pub fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.trim_end().to_lowercase(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R47
    #[test]
    fn a_name_shows_all_it_has_and_leads_nowhere() {
        for (raw, want) in [
            ("", "file.name_empty"),
            (" 　", "file.name_empty"),
            (".", "file.name_path"),
            ("..", "file.name_path"),
            ("../etc/passwd", "file.name_path"),
            ("C:\\a.txt", "file.name_path"),
            ("請求書\u{202e}fdp.exe", "file.name_characters"),
            ("a\u{2066}b.txt", "file.name_characters"),
            ("a\u{200b}.pdf", "file.name_characters"),
            ("a\nb.txt", "file.name_characters"),
            ("a\0.txt", "file.name_characters"),
            ("a\u{7f}.txt", "file.name_characters"),
            ("a\u{2028}.txt", "file.name_characters"),
        ] {
            assert_eq!(file_name(raw).expect_err(raw).code.name, want, "{raw:?}");
        }
        assert_eq!(file_name(&"あ".repeat(86)).expect_err("258 bytes").code.name, "file.name_too_long");
        assert!(file_name(&"あ".repeat(85)).is_ok());
    }

    /// R35, R47
    #[test]
    fn ordinary_names_pass_as_they_are() {
        for name in
            ["見積書（最終）.xlsx", "葛\u{e0100}城.txt", "❤\u{fe0f}.png", ".gitignore", "a b.tar.gz", "…"]
        {
            assert_eq!(file_name(name).expect(name), name);
        }
        assert_eq!(file_name(" か\u{3099}.pdf ").expect("NFC"), "が.pdf");
    }

    /// R47
    #[test]
    fn the_true_extension_is_the_last_one() {
        for (name, want) in [
            ("photo.JPG", "jpg"),
            ("invoice.pdf.exe", "exe"),
            ("a.tar.gz", "gz"),
            ("README", ""),
            (".profile", ""),
            ("a.", ""),
        ] {
            assert_eq!(extension(name), want, "{name}");
        }
    }
}
