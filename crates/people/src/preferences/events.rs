//! What can have happened to somebody's preferences.

use serde::{Deserialize, Serialize};

kairan_storage::facts! {
    /// Stream: the member's own.
    pub enum PreferenceFact {
        "preferences.set" => Set(Preferences),
    }
}

/// How one likes it. Nothing said: as the device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Which language.
    #[schema(required = true)]
    pub language: Option<Language>,
    /// Light or dark.
    #[schema(required = true)]
    pub theme: Option<Theme>,
    /// Whether Enter sends (and Shift+Enter breaks the line) on a keyboard.
    pub enter_sends: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { language: None, theme: None, enter_sends: true }
    }
}

/// A language of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// 日本語.
    Ja,
    /// English.
    En,
}

/// A theme of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Paper.
    Light,
    /// Night.
    Dark,
}

impl Language {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Ja, Self::En].into_iter().find(|language| language.name() == name)
    }
}

impl Theme {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
    /// From the stable name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }
}
