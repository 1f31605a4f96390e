//! Which passwords are taken (R3, NIST SP 800-63B-4 §3.1.1): long enough, and not one that guessing starts with. No rule
//! about kinds of characters, no change by the calendar. Pure but for one thing: the estimator asks the computer for this
//! year, to know which years are recent.

use kairan_core::Code;
use unicode_normalization::UnicodeNormalization;

kairan_core::codes! {
    PASSWORD_SHORT = 422 "password.short", "パスワードは{limit}文字以上にしてください。好きな文や、つながりのない言葉をいくつか並べると、長くても覚えられます。", "Use at least {limit} characters. A sentence, or a few words that have nothing to do with each other, is long and easy to remember.";
    PASSWORD_LONG = 422 "password.long", "パスワードは{limit}文字までにしてください。", "Use at most {limit} characters.";
    PASSWORD_COMMON = 422 "password.common", "よく使われていて、すぐに当てられるパスワードです。ほかの言葉を足すか、別の文にしてください。", "This password is common and quickly guessed. Add other words, or use another sentence.";
    PASSWORD_PERSONAL = 422 "password.personal", "ほとんどがログインIDや名前でできています。それを除いて考えてください。", "This is mostly your login or name. Choose something without them.";
}

/// Fewest code points of a password that is the only proof.
pub const SHORTEST: usize = 15;
/// Fewest code points of one beside a second factor.
pub const SHORTEST_BESIDE: usize = 8;
/// Most code points; bounds the work of hashing, not the person.
pub const LONGEST: usize = 256;
/// Fewer guesses than this (as a power of ten) is what an attacker tries first. zxcvbn calls 10^8 "somewhat guessable";
/// words repeated or counted up to 15 characters stay below it, any sentence is far above.
const GUESSES: f64 = 8.0;

/// A password as hashed: NFC, so that the same keys on another device give the same bytes (NIST SP 800-63B-4 §3.1.1.2).
#[must_use]
pub fn normal(raw: &str) -> String {
    raw.nfc().collect()
}

/// Code points as counted by the rule.
#[must_use]
pub fn length(raw: &str) -> usize {
    raw.nfc().count()
}

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weakness {
    /// The reason.
    pub code: &'static Code,
    /// The limit it names, if any.
    pub limit: Option<usize>,
}

/// Fewest code points for someone who has a second factor, or has not.
#[must_use]
pub fn shortest(beside_factor: bool) -> usize {
    if beside_factor { SHORTEST_BESIDE } else { SHORTEST }
}

/// Judges a password of at least `shortest` code points; `personal` are the words a guesser knows: login, names, the
/// organisation.
///
/// # Errors
/// The first weakness found.
pub fn judge(raw: &str, personal: &[&str], shortest: usize) -> Result<(), Weakness> {
    let password = normal(raw);
    let length = password.chars().count();
    if length < shortest {
        return Err(Weakness { code: &PASSWORD_SHORT, limit: Some(shortest) });
    }
    if length > LONGEST {
        return Err(Weakness { code: &PASSWORD_LONG, limit: Some(LONGEST) });
    }
    let folded = kairan_core::text::fold(&password);
    let known =
        personal.iter().map(|word| kairan_core::text::fold(word)).filter(|word| word.chars().count() >= 2);
    let known = known.flat_map(|word| {
        word.split_whitespace().map(str::to_owned).chain([word.replace(' ', "")]).collect::<Vec<_>>()
    });
    let mut known = known.filter(|word| word.chars().count() >= 2).collect::<Vec<_>>();
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    if own_characters(&folded, &known) < shortest / 2 && !known.is_empty() {
        return Err(Weakness { code: &PASSWORD_PERSONAL, limit: None });
    }
    if distinct(&folded) < 5 {
        return Err(Weakness { code: &PASSWORD_COMMON, limit: None });
    }
    let words = known.iter().map(String::as_str).collect::<Vec<_>>();
    if zxcvbn::zxcvbn(&folded, &words).guesses_log10() < GUESSES {
        return Err(Weakness { code: &PASSWORD_COMMON, limit: None });
    }
    Ok(())
}

/// How many characters are left when the known words are taken out.
fn own_characters(password: &str, known: &[String]) -> usize {
    let mut rest = password.to_owned();
    for word in known {
        rest = rest.replace(word.as_str(), " ");
    }
    rest.chars().filter(|c| !c.is_whitespace()).count()
}

fn distinct(password: &str) -> usize {
    password.chars().collect::<std::collections::HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), &'static str> {
        judge(password, &["hanako", "乙川", "花子", "みほんマート"], SHORTEST)
            .map_err(|weakness| weakness.code.name)
    }

    /// R3
    #[test]
    fn beside_a_second_factor_eight_are_enough_and_guessing_is_still_refused() {
        let beside = |password: &str| {
            judge(password, &["hanako"], shortest(true)).map_err(|weakness| weakness.code.name)
        };
        assert_eq!(beside("k9#vTq2x"), Ok(()));
        assert_eq!(beside("k9#vTq2"), Err("password.short"));
        for common in ["password", "12345678", "qwertyui", "aaaaaaaa"] {
            assert_eq!(beside(common), Err("password.common"), "{common}");
        }
        assert_eq!(beside("hanako12"), Err("password.personal"));
        assert_eq!((shortest(false), shortest(true)), (15, 8));
    }

    /// R3
    #[test]
    fn length_counts_and_composition_does_not() {
        assert_eq!(verdict("かんばんのある八百屋のとなり"), Err("password.short"), "14 code points");
        assert_eq!(verdict("かんばんのある八百屋のとなりへ"), Ok(()));
        assert_eq!(verdict("correct horse battery staple"), Ok(()));
        assert_eq!(verdict("umbrella kettle tuesday"), Ok(()));
        let long = "ながい道のりをあるいて帰る".repeat(20);
        assert_eq!(verdict(&long), Err("password.long"));
        assert_eq!(verdict(&long.chars().take(256).collect::<String>()), Ok(()));
    }

    /// R3
    #[test]
    fn what_guessing_starts_with_is_refused() {
        for common in [
            "passwordpassword",
            "passwordpassword1",
            "123456789012345",
            "1234567890123456789",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaaaa",
            "ああああああああああああああああ",
            "abcabcabcabcabcabc",
            "iloveyouiloveyou",
            "PASSWORDPASSWORD",
            "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",
        ] {
            assert_eq!(verdict(common), Err("password.common"), "{common}");
        }
        for personal in [
            "hanako-hanako-hanako",
            "乙川花子乙川花子乙川花子乙川花子",
            "みほんマートみほんマートhanako",
            "HANAKO@hanako.1",
        ] {
            assert_eq!(verdict(personal), Err("password.personal"), "{personal}");
        }
    }

    #[test]
    fn one_password_is_one_whatever_the_keyboard() {
        assert_eq!(normal("か\u{3099}"), normal("が"));
        assert_eq!(length("か\u{3099}"), 1);
    }
}
