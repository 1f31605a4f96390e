//! What counts as waiting for somebody's word.

use crate::messages::rules::Label;

/// How a message that one sees stands to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// It names one; everyone (@all) is nobody in particular.
    pub named: bool,
    /// Its label.
    pub label: Option<Label>,
    /// It stands in a room of two.
    pub direct: bool,
    /// One wrote it oneself.
    pub mine: bool,
    /// It was deleted.
    pub deleted: bool,
    /// It was settled: somebody marked the 相談 or 依頼 as answered.
    pub answered: bool,
    /// Its room is archived, where nobody can answer.
    pub archived: bool,
    /// One has posted in the room since, and what one posted is still there.
    pub posted_since: bool,
    /// One has reacted to it.
    pub reacted: bool,
}

impl Asked {
    /// Whether it waits for one's word.
    #[must_use]
    pub fn waits(self) -> bool {
        let to_me = self.named || (self.direct && self.label.is_some_and(Label::is_open_question));
        let over = self.mine || self.deleted || self.answered || self.archived;
        to_me && !over && !self.posted_since && !self.reacted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_waits_until_one_posts_reacts_or_it_is_over() {
        let named = Asked { named: true, ..Asked::default() };
        assert!(named.waits());
        for done in [
            Asked { mine: true, ..named },
            Asked { deleted: true, ..named },
            Asked { answered: true, ..named },
            Asked { archived: true, ..named },
            Asked { posted_since: true, ..named },
            Asked { reacted: true, ..named },
        ] {
            assert!(!done.waits(), "{done:?}");
        }
    }

    #[test]
    fn a_question_between_two_waits_without_a_name() {
        let direct = |label| Asked { direct: true, label, ..Asked::default() };
        assert!(direct(Some(Label::Consult)).waits() && direct(Some(Label::Request)).waits());
        assert!(
            !direct(Some(Label::Report)).waits()
                && !direct(Some(Label::Notice)).waits()
                && !direct(None).waits()
        );
        assert!(
            !Asked { label: Some(Label::Consult), ..Asked::default() }.waits(),
            "in a group it is everybody's"
        );
    }
}
