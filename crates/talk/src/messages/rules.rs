//! What a message may be: its text, its mentions, its label, reactions to it.

use kairan_core::text::{self, TextFault};
use kairan_core::time::HOUR;
use kairan_core::{MemberId, Refusal};
use serde::{Deserialize, Serialize};

use crate::files::rules::FILES_LIMIT;

kairan_core::codes! {
    TEXT_EMPTY = 422 "text.empty", "本文が空です。何か書いてから送ってください。", "The message is empty. Write something first.";
    TEXT_TOO_LONG = 422 "text.too_long", "{length}文字あります。一度に送れるのは{limit}文字までです。分けて送ってください。", "This has {length} characters; a message holds {limit}. Send it in parts.";
    TEXT_TOO_MANY_MARKS = 422 "text.too_many_marks", "1つの文字に重ねた記号が多すぎます。減らすと送れます。", "Too many marks are stacked on one character. Remove some to send.";
    TEXT_CHARACTER = 422 "text.character", "文字ではないもの（制御文字）が入っています。消すと送れます。", "The text contains control characters. Remove them to send.";
    MESSAGE_ID_TAKEN = 409 "message.id_taken", "この発言の番号は使われています。もう一度送ってください。", "This message id is already used. Send it again.";
    REPLY_NOT_FOUND = 422 "reply.not_found", "返信先の発言が、この部屋にありません。返信をやめると送れます。", "The message you answer is not in this room. Send it without the reply.";
    MENTION_NOT_IN_ROOM = 422 "mention.not_in_room", "指した人のうち、この部屋にいない人がいます。消すか、先に部屋に入れてください。", "You address somebody who is not in this room. Remove the mention or add them first.";
    MENTION_ALL_DENIED = 403 "mention_all.denied", "全員を指せるのは責任者です。相手を選んで指すか、責任者に頼んでください。", "Only managers can address everyone. Address people by name, or ask a manager.";
    MENTION_ALL_TOO_OFTEN = 429 "mention_all.too_often", "全員を指せるのは1時間に{limit}回までです。少し待つか、全員を指さずに送ってください。", "Everyone can be addressed {limit} times an hour. Wait, or send without it.";
    NOT_AUTHOR = 403 "message.not_author", "直せるのは書いた本人だけです。", "Only its author can edit a message.";
    NOT_DELETABLE = 403 "message.not_deletable", "消せるのは、書いた本人か部屋の責任者です。責任者に頼んでください。", "Only its author or a manager of the room can delete a message. Ask a manager.";
    DELETED = 409 "message.deleted", "この発言は削除されています。", "This message has been deleted.";
    REACTION_SHAPE = 422 "reaction.shape", "反応は絵文字1つか、決まった言葉にしてください。", "React with one emoji or one of the given words.";
    REACTION_TOO_MANY = 422 "reaction.too_many", "1つの発言に付けられる反応は{limit}種類までです。今ある反応から選んでください。", "A message holds {limit} different reactions. Choose one that is there.";
    FILE_NOT_USABLE = 422 "message.file_not_usable", "付けたファイルのうち、送れないものがあります。外して、もう一度選んでください。", "One of the files cannot be sent with this message. Remove it and choose it again.";
    FILES_TOO_MANY = 422 "message.too_many_files", "1つの発言に付けられるファイルは{limit}件までです。分けて送ってください。", "A message holds {limit} files. Send them in parts.";
    NOT_ANSWERABLE = 409 "message.not_answerable", "閉じられるのは、相談か依頼の札が付いた発言です。", "Only a message labelled 相談 or 依頼 can be settled.";
}

/// Different reactions on one message (R34).
pub const REACTION_LIMIT: i64 = 50;
/// How often one person may address everyone (R33) …
pub const MENTION_ALL_LIMIT: i64 = 3;
/// … within this time, ms.
pub const MENTION_ALL_WINDOW: i64 = HOUR;

/// Reactions that are words. 確認 is drawn as a seal.
pub const REACTION_WORDS: [&str; 5] = ["確認", "了解", "ありがとう", "お疲れさま", "いいね"];

/// 報告・連絡・相談・依頼.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// 報告
    Report,
    /// 連絡
    Notice,
    /// 相談: open until somebody marks it answered.
    Consult,
    /// 依頼: open until somebody marks it done.
    Request,
}

impl Label {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Notice => "notice",
            Self::Consult => "consult",
            Self::Request => "request",
        }
    }
    /// From what is stored.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Report, Self::Notice, Self::Consult, Self::Request]
            .into_iter()
            .find(|label| label.name() == name)
    }
    /// Whether it waits for somebody.
    #[must_use]
    pub fn is_open_question(self) -> bool {
        matches!(self, Self::Consult | Self::Request)
    }
}

/// A text as it will be stored. Only beside files it may say nothing.
///
/// # Errors
/// What is wrong with it; nothing is cut.
pub fn message_text_beside(raw: &str, files: usize) -> Result<String, Refusal> {
    if files > FILES_LIMIT {
        return Err(Refusal::new(&FILES_TOO_MANY).fact("limit", FILES_LIMIT));
    }
    if files > 0 && raw.trim().is_empty() { Ok(String::new()) } else { message_text(raw) }
}

/// A text as it will be stored.
///
/// # Errors
/// What is wrong with it; nothing is cut.
pub fn message_text(raw: &str) -> Result<String, Refusal> {
    text::message(raw).map_err(|fault| match fault {
        TextFault::Empty => (&TEXT_EMPTY).into(),
        TextFault::TooLong { length, limit } => {
            Refusal::new(&TEXT_TOO_LONG).fact("length", length).fact("limit", limit)
        }
        TextFault::TooManyMarks => (&TEXT_TOO_MANY_MARKS).into(),
        TextFault::Character => (&TEXT_CHARACTER).into(),
    })
}

/// Who a text addresses: `@{member id}` and `@{all}`. Anything else in braces is just text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressed {
    /// People, each once, in the order of the text.
    pub members: Vec<MemberId>,
    /// Everyone.
    pub all: bool,
}

/// Reads the mentions of a text.
#[must_use]
pub fn addressed(text: &str) -> Addressed {
    let mut addressed = Addressed::default();
    for (start, _) in text.match_indices("@{") {
        let inside = &text[start + 2..];
        let Some(end) = inside.find('}') else { break };
        match &inside[..end] {
            "all" => addressed.all = true,
            id => {
                if let Ok(member) = id.parse()
                    && !addressed.members.contains(&member)
                {
                    addressed.members.push(member);
                }
            }
        }
    }
    addressed
}

/// A reaction: one of the words, or one emoji.
///
/// # Errors
/// `reaction.shape`.
pub fn reaction(raw: &str) -> Result<String, Refusal> {
    let is_emoji = text::is_one_grapheme(raw)
        && raw.chars().count() <= 16
        && raw.chars().next().is_some_and(is_pictorial);
    if REACTION_WORDS.contains(&raw) || is_emoji { Ok(raw.to_owned()) } else { Err((&REACTION_SHAPE).into()) }
}

/// Whether an emoji may begin with it: symbols, dingbats, pictographs, flags, keycaps.
fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{00a9}' | '\u{00ae}' | '\u{203c}' | '\u{2049}' | '\u{2100}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use kairan_core::ids::Id;
    use proptest::prelude::*;

    use super::*;

    /// R34
    #[test]
    fn a_text_too_long_says_how_long_it_is() {
        let refusal = message_text(&"長".repeat(8_001)).expect_err("one too many");
        assert_eq!(refusal.code, &TEXT_TOO_LONG);
        assert_eq!(
            refusal.words().0,
            "8001文字あります。一度に送れるのは8000文字までです。分けて送ってください。"
        );
    }

    #[test]
    fn mentions_are_read_from_the_text() {
        let one = MemberId::from_uuid(uuid::Uuid::from_u128(7));
        let text = format!("@{{{one}}} と @{{all}} と @{{{one}}} と @{{誰か}} と @{{");
        assert_eq!(addressed(&text), Addressed { members: vec![one], all: true });
    }

    #[test]
    fn a_reaction_is_an_emoji_or_a_given_word() {
        for good in ["確認", "了解", "👍", "👨‍👩‍👧‍👦", "❤️", "🇯🇵", "㊗"] {
            assert!(reaction(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "確", "馬鹿", "👍👍", " ", "<b>", "\u{202e}"] {
            assert!(reaction(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reading_mentions_never_panics(text in "[@{}a-f0-9\\-あ👍]{0,80}") {
            let _ = addressed(&text);
        }
    }
}
