//! Who is told of what. Pure.

use kairan_core::{Instant, MemberId, Seq, time::DAY};
use serde::{Deserialize, Serialize};

/// What somebody wants to be told of in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NotifyLevel)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Every message (すべて).
    #[default]
    All,
    /// What is addressed to them: by name, to everyone, or in a room of two (自分あて).
    Mentions,
    /// Nothing (なし).
    None,
}

impl Level {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }
    /// From what is stored; nothing stored is the usual.
    #[must_use]
    pub fn stored(name: Option<&str>) -> Self {
        [Self::Mentions, Self::None].into_iter().find(|level| Some(level.name()) == name).unwrap_or_default()
    }
    /// Whether this level wants what is (or is not) addressed to its person.
    #[must_use]
    pub fn wants(self, addressed: bool) -> bool {
        match self {
            Self::All => true,
            Self::Mentions => addressed,
            Self::None => false,
        }
    }
}

/// Older messages are left to the next look at the list: a telephone that was off for a week is not rung through.
pub const OLDEST_TOLD: i64 = DAY;

/// A message somebody might be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Its place.
    pub seq: Seq,
    /// When.
    pub at: Instant,
    /// By whom.
    pub author: MemberId,
    /// Whether it names the listener, or everyone.
    pub addressed: bool,
    /// Whether it was taken back.
    pub deleted: bool,
}

/// Whoever might be told, and how they stand in the room now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Who.
    pub member: MemberId,
    /// They see what stands above this place.
    pub floor: Seq,
    /// They have read up to here.
    pub read: Seq,
    /// What they want to be told of here.
    pub level: Level,
    /// Silence of this room until then.
    pub room_quiet_until: Option<Instant>,
    /// Silence of everything until then.
    pub quiet_until: Option<Instant>,
    /// Whether the room is of two.
    pub direct: bool,
    /// Whether the room is put away.
    pub archived: bool,
    /// Whether notifications may leave the house at all.
    pub organisation_on: bool,
    /// Since when they can be reached this way.
    pub since: Instant,
}

impl Listener {
    /// Whether a message counts on the badge: it waits for them, and their level wants it.
    #[must_use]
    pub fn counts(&self, said: &Said) -> bool {
        let addressed = said.addressed || self.direct;
        said.author != self.member
            && !said.deleted
            && said.seq > self.floor.max(self.read)
            && self.level.wants(addressed)
    }

    /// Whether to tell of a message now.
    #[must_use]
    pub fn is_told(&self, said: &Said, now: Instant) -> bool {
        let silent = |until: Option<Instant>| until.is_some_and(|until| until > now);
        self.organisation_on
            && !self.archived
            && !silent(self.room_quiet_until)
            && !silent(self.quiet_until)
            && said.at >= self.since
            && now.since(said.at) <= OLDEST_TOLD
            && self.counts(said)
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::ids::Id;
    use proptest::prelude::*;

    use super::*;

    const NOW: Instant = Instant(1_796_601_600_000);

    fn member(number: u8) -> MemberId {
        MemberId::from_uuid(uuid::Uuid::from_bytes([number; 16]))
    }

    prop_compose! {
        fn said()(seq in 1_i64..20, age in 0..2 * DAY, author in 0_u8..3, addressed: bool, deleted: bool) -> Said {
            Said { seq: Seq(seq), at: NOW.plus_ms(-age), author: member(author), addressed, deleted }
        }
    }

    fn silence() -> impl Strategy<Value = Option<Instant>> {
        proptest::option::of((-DAY..DAY).prop_map(|ms| NOW.plus_ms(ms)))
    }

    prop_compose! {
        fn listener()(
            who in 0_u8..3, floor in 0_i64..20, read in 0_i64..20,
            level in prop_oneof![Just(Level::All), Just(Level::Mentions), Just(Level::None)],
            room_quiet_until in silence(), quiet_until in silence(),
            direct: bool, archived: bool, organisation_on: bool, age in 0..2 * DAY,
        ) -> Listener {
            Listener {
                member: member(who), floor: Seq(floor), read: Seq(read), level, room_quiet_until, quiet_until,
                direct, archived, organisation_on, since: NOW.plus_ms(-age),
            }
        }
    }

    proptest! {
        /// R15, R25, R76: each reason to be silent is enough by itself.
        #[test]
        fn whoever_is_told_had_no_reason_not_to_be(said in said(), to in listener()) {
            if to.is_told(&said, NOW) {
                prop_assert!(to.organisation_on && !to.archived);
                prop_assert!(said.author != to.member && !said.deleted);
                prop_assert!(said.seq > to.floor && said.seq > to.read);
                prop_assert!(to.level != Level::None);
                prop_assert!(to.level == Level::All || said.addressed || to.direct);
                prop_assert!(to.quiet_until.is_none_or(|until| until <= NOW));
                prop_assert!(to.room_quiet_until.is_none_or(|until| until <= NOW));
                prop_assert!(said.at >= to.since && NOW.since(said.at) <= OLDEST_TOLD);
                prop_assert!(to.counts(&said), "what rings is on the badge too");
            }
        }

        /// And without any of them, one is told.
        #[test]
        fn without_a_reason_one_is_told(said in said(), to in listener()) {
            let to = Listener {
                member: member(9), floor: Seq::START, read: Seq::START, level: Level::All, room_quiet_until: None,
                quiet_until: None, archived: false, organisation_on: true, since: said.at, ..to
            };
            let said = Said { deleted: false, at: NOW.plus_ms(-1), ..said };
            let to = Listener { since: said.at, ..to };
            prop_assert!(to.is_told(&said, NOW));
            let less = Listener { level: Level::Mentions, ..to };
            prop_assert_eq!(less.is_told(&said, NOW), said.addressed || to.direct);
            let reader = Listener { read: said.seq, ..to };
            prop_assert!(!reader.is_told(&said, NOW), "who has read it meanwhile is left alone");
        }
    }

    #[test]
    fn a_level_that_is_not_stored_or_not_known_is_the_usual() {
        assert_eq!(Level::stored(None), Level::All);
        assert_eq!(Level::stored(Some("mentions")), Level::Mentions);
        assert_eq!(Level::stored(Some("none")), Level::None);
        assert_eq!(Level::stored(Some("sometimes")), Level::All);
    }
}
