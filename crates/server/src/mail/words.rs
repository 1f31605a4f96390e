//! What a summary says, in the member's language. Pure.

use kairan_people::organisation::settings::Shows;
use kairan_people::preferences::events::Language;
use kairan_talk::notifications::summaries::Summary;

/// A mail's words.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// Where a member changes whether they get these.
pub fn settings_page(origin: &str) -> String {
    format!("{origin}/me/notifications")
}

/// The words for one member; Japanese unless they chose English.
pub fn words(summary: &Summary, organisation: &str, shows: Shows, origin: &str) -> Words {
    let total: i64 = summary.rooms.iter().map(|room| room.count).sum();
    let settings = settings_page(origin);
    let english = summary.language == Some(Language::En);
    let rooms: String = match shows {
        Shows::Nothing => String::new(),
        Shows::Room | Shows::Text => summary
            .rooms
            .iter()
            .map(|room| match english {
                true => format!("- {}: {}\n", room.name, room.count),
                false => format!("・{}　{}件\n", room.name, room.count),
            })
            .chain([String::from("\n")])
            .collect(),
    };
    if english {
        let (messages, wait) = if total == 1 { ("message", "waits") } else { ("messages", "wait") };
        return Words {
            subject: format!("Kairan: {total} unread {messages} for you"),
            text: format!(
                "{total} unread {messages} addressed to you {wait} in Kairan at {organisation}.\n\n{rooms}Open: {origin}/rooms\n\n\
                 You asked for this mail in your notification settings. It comes at most every four hours and never says what a message says.\n\
                 To stop it: {settings}\n"
            ),
        };
    }
    Words {
        subject: format!("回覧：あなたあての未読が{total}件あります"),
        text: format!(
            "{organisation}の回覧に、あなたあての未読が{total}件あります。\n\n{rooms}開く：{origin}/rooms\n\n\
             通知の設定で希望した方に、多くて4時間に1通お送りしています。発言の内容は書きません。\n\
             止めるには：{settings}\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;
    use kairan_talk::notifications::summaries::SummaryRoom;

    use super::*;

    fn summary(language: Option<Language>) -> Summary {
        let (surroundings, _) = held::surroundings(1);
        Summary {
            member: surroundings.id(),
            address: "futaba@example.jp".into(),
            language,
            rooms: vec![
                SummaryRoom { name: "駅前店 連絡".into(), count: 2 },
                SummaryRoom { name: "己本 一葉".into(), count: 1 },
            ],
        }
    }

    /// R15
    #[test]
    fn rooms_are_named_only_when_the_organisation_says_so() {
        let say = |language, shows| words(&summary(language), "みほんマート", shows, "https://k.example.jp");
        for language in [None, Some(Language::Ja), Some(Language::En)] {
            let silent = say(language, Shows::Nothing);
            assert!(!silent.text.contains("駅前店") && !silent.text.contains("己本"), "{}", silent.text);
            assert!(
                silent.subject.contains('3') && silent.text.contains("https://k.example.jp/me/notifications")
            );
            let open = say(language, Shows::Room);
            assert!(open.text.contains("駅前店 連絡"), "{}", open.text);
            assert!(!open.subject.contains("駅前店"));
        }
        assert!(say(None, Shows::Room).text.contains("・駅前店 連絡　2件\n"));
        assert!(say(Some(Language::En), Shows::Text).text.contains("- 駅前店 連絡: 2\n"));
    }
}
