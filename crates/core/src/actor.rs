//! Who did it: every event names an actor.

use serde::{Deserialize, Serialize};

use crate::MemberId;

/// Who caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A member, through a session.
    Member(MemberId),
    /// The server itself: a job, a rule that follows another change.
    System,
    /// Whoever has the machine: a command on the server's own command line.
    CommandLine,
    /// Somebody who has not signed in (a refused sign-in, an invitation being opened).
    Nobody,
}

impl Actor {
    /// The member, when it was one.
    #[must_use]
    pub fn member(self) -> Option<MemberId> {
        match self {
            Self::Member(member) => Some(member),
            Self::System | Self::CommandLine | Self::Nobody => None,
        }
    }
    /// One letter for the journal: `m`, `s`, `c`, `n`. Part of what is hashed; never change one.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Member(_) => "m",
            Self::System => "s",
            Self::CommandLine => "c",
            Self::Nobody => "n",
        }
    }
}
