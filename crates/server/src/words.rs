//! What the command line says to people: each sentence in Japanese and English, chosen by the terminal's locale.

use crate::environment::Environment;

/// The language of whoever sits at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// 日本語.
    Japanese,
    /// English.
    English,
}

impl Language {
    /// By `LC_ALL`, `LC_MESSAGES`, `LANG`, the first that is set (POSIX locale order). Japanese only when it says so:
    /// a server's bare `C` locale may not be able to show it.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| environment.get(name).filter(|value| !value.is_empty()));
        if locale.is_some_and(|locale| locale.starts_with("ja")) { Self::Japanese } else { Self::English }
    }

    /// One of two fixed texts.
    #[must_use]
    pub fn choose<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Japanese => ja,
            Self::English => en,
        }
    }
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// 日本語.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The sentence in this language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        language.choose(&self.ja, &self.en)
    }
}

/// `words!("日本語 {x}", "English {x}")`: both sentences, filled.
macro_rules! words {
    ($ja:literal, $en:literal $(,)?) => {
        $crate::words::Words { ja: format!($ja), en: format!($en) }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_and_the_stronger_variable_wins() {
        for (variables, want) in [
            (vec![("LANG", "ja_JP.UTF-8")], Language::Japanese),
            (vec![("LANG", "en_GB.UTF-8")], Language::English),
            (vec![("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")], Language::English),
            (vec![("LANG", "C"), ("LC_ALL", ""), ("LC_MESSAGES", "ja_JP")], Language::Japanese),
            (vec![], Language::English),
        ] {
            assert_eq!(Language::of(&Environment::from(&variables)), want, "{variables:?}");
        }
    }
}
