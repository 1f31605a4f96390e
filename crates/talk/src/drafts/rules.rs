//! What a draft may be.

use kairan_core::{Instant, MemberId, MessageId, Refusal};

use crate::messages::rules::{Label, message_text};

kairan_core::codes! {
    DRAFT_PICKED = 422 "draft.picked", "下書きで指している人が多すぎるか、名前が長すぎます。{limit}人までにしてください。", "The draft addresses too many people, or a name in it is too long. Address at most {limit}.";
}

/// People picked in one draft.
pub const PICKED_LIMIT: usize = 200;
/// Code points of one picked name, as it stands in the text.
pub const NAME_LIMIT: usize = 200;

/// Something begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// As far as it got; may be empty where there is a label or a message to answer.
    pub text: String,
    /// Names in the text and whom they mean, as the composer shows them.
    pub picked: Vec<(String, MemberId)>,
    /// Label, if chosen.
    pub label: Option<Label>,
    /// The message it would answer.
    pub reply_to: Option<MessageId>,
    /// When it was written, by the clock of the device.
    pub at: Instant,
}

impl Draft {
    /// Nothing begun any more, since `at`.
    #[must_use]
    pub fn none(at: Instant) -> Self {
        Self { text: String::new(), picked: Vec::new(), label: None, reply_to: None, at }
    }

    /// Within the limits of a message, and not from the future: a device whose clock is ahead would win for ever.
    ///
    /// # Errors
    /// `text.*` as for messages, but for an empty one; `draft.picked`.
    pub fn check(mut self, now: Instant) -> Result<Self, Refusal> {
        self.text = if self.text.trim().is_empty() { String::new() } else { message_text(&self.text)? };
        let long = |(name, _): &(String, MemberId)| name.chars().count() > NAME_LIMIT;
        if self.picked.len() > PICKED_LIMIT || self.picked.iter().any(long) {
            return Err(Refusal::new(&DRAFT_PICKED).fact("limit", PICKED_LIMIT));
        }
        self.at = self.at.min(now);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::ids::Id;

    use super::*;

    const NOW: Instant = Instant(1_796_601_600_000);

    fn draft(text: &str) -> Draft {
        Draft { text: text.to_owned(), ..Draft::none(NOW) }
    }

    /// R34
    #[test]
    fn a_draft_has_the_limits_of_a_message_and_may_be_empty() {
        assert_eq!(draft("か\u{3099} ").check(NOW).map(|draft| draft.text).ok(), Some("が ".into()));
        assert_eq!(draft(" \n").check(NOW).map(|draft| draft.text).ok(), Some(String::new()));
        let long = draft(&"長".repeat(8_001)).check(NOW).map_err(|refusal| refusal.code.name);
        assert_eq!(long, Err("text.too_long"));
        let many = Draft { picked: vec![("甲".into(), MemberId::nil()); 201], ..draft("甲") };
        assert_eq!(many.check(NOW).map_err(|refusal| refusal.code.name), Err("draft.picked"));
    }

    #[test]
    fn a_draft_is_not_from_the_future() {
        let ahead = Draft { at: NOW.plus_ms(60_000), ..draft("先") };
        assert_eq!(ahead.check(NOW).map(|draft| draft.at).ok(), Some(NOW));
    }
}
