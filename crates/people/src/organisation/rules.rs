//! What an organisation is called. Pure.

use kairan_core::{Refusal, text};

use crate::members::rules::line_fault;

kairan_core::codes! {
    SETUP_DONE = 409 "setup.done", "設定はもう済んでいます。サインインしてください。", "The set-up has been done. Sign in.";
    SETUP_CODE = 403 "setup.code", "設定コードが違います。サーバーを始めた人に、画面に出ているコードを聞いてください。", "The set-up code is not right. Ask whoever started the server for the code it shows.";
    SETUP_FIRST = 409 "setup.first", "まだ組織の設定が済んでいません。先に設定してください。", "The organisation is not set up yet. Do that first.";
}

const NAME_LIMIT: usize = 80;
const SHORT_LIMIT: usize = 12;

/// Legal forms left out of the short name.
const FORMS: [&str; 14] = [
    "株式会社",
    "有限会社",
    "合同会社",
    "合名会社",
    "合資会社",
    "一般社団法人",
    "一般財団法人",
    "公益社団法人",
    "公益財団法人",
    "社会福祉法人",
    "医療法人",
    "学校法人",
    "特定非営利活動法人",
    "（株）",
];

/// The organisation's name as stored.
///
/// # Errors
/// The fault of the field `organisation`.
pub fn name(raw: &str) -> Result<String, Refusal> {
    text::line(raw, NAME_LIMIT).map_err(|fault| Refusal::fields(vec![line_fault("organisation", fault)]))
}

/// The name where space is short: without its legal form, cut to 12 characters.
#[must_use]
pub fn short_name(name: &str) -> String {
    let bare = FORMS.iter().fold(name.to_owned(), |bare, form| bare.replace(form, " "));
    let bare = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    text::excerpt(if bare.is_empty() { name } else { &bare }, SHORT_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_name_leaves_out_the_legal_form() {
        assert_eq!(short_name("株式会社みほんマート"), "みほんマート");
        assert_eq!(short_name("みほん工務店 有限会社"), "みほん工務店");
        assert_eq!(short_name("株式会社"), "株式会社");
        assert_eq!(short_name("みほん市役所 総務部 情報政策課 システム係"), "みほん市役所 総務部 情…");
    }
}
