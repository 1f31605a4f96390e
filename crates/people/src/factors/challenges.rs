//! Challenges given out and not answered yet. In memory, per node: one lives five minutes and is asked for anew if lost.
//!
//! It stays true that a challenge is answered once, whoever answers first, and that their number is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kairan_core::time::MINUTE;
use kairan_core::{Instant, MemberId, SessionId, Surroundings};

/// How long one can be answered, ms.
pub const LIFE: i64 = 5 * MINUTE;
/// Most that wait; beyond, the oldest go.
const MOST: usize = 10_000;

/// Who may answer, and what the answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Whoever has a passkey, to sign in.
    Anyone,
    /// One person in one session, to show that it is they.
    Session(MemberId, SessionId),
    /// One person in one session, to register a new passkey.
    Enrolment(MemberId, SessionId),
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    what: For,
    challenge: [u8; 32],
    until: Instant,
}

/// The challenges.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<HashMap<String, Waiting>>);

impl Challenges {
    /// A new challenge and the name under which its answer comes.
    pub fn give(&self, surroundings: &Surroundings, what: For) -> (String, [u8; 32]) {
        let (name, challenge) = (surroundings.random_uuid().to_string(), surroundings.bytes());
        let now = surroundings.now();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST {
            waiting.retain(|_, one| now < one.until);
        }
        if waiting.len() >= MOST {
            let oldest = waiting.iter().min_by_key(|(_, one)| one.until).map(|(name, _)| name.clone());
            oldest.map(|name| waiting.remove(&name));
        }
        waiting.insert(name.clone(), Waiting { what, challenge, until: now.plus_ms(LIFE) });
        (name, challenge)
    }

    /// Takes a challenge: from now on nobody can answer it.
    pub fn take(&self, name: &str, now: Instant) -> Option<(For, [u8; 32])> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name)?;
        (now < taken.until).then_some((taken.what, taken.challenge))
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;

    #[test]
    fn one_is_answered_once_and_in_time() {
        let (surroundings, clock) = held::surroundings(7);
        let challenges = Challenges::default();
        let (name, challenge) = challenges.give(&surroundings, For::Anyone);
        assert_eq!(challenges.take(&name, surroundings.now()), Some((For::Anyone, challenge)));
        assert_eq!(challenges.take(&name, surroundings.now()), None);
        let (late, _) = challenges.give(&surroundings, For::Anyone);
        clock.advance(LIFE);
        assert_eq!(challenges.take(&late, surroundings.now()), None);
    }

    #[test]
    fn their_number_is_bounded_and_the_newest_stay() {
        let (surroundings, clock) = held::surroundings(7);
        let challenges = Challenges::default();
        let (first, _) = challenges.give(&surroundings, For::Anyone);
        clock.advance(1);
        for _ in 0..MOST {
            challenges.give(&surroundings, For::Anyone);
        }
        let (last, _) = challenges.give(&surroundings, For::Anyone);
        assert!(challenges.0.lock().expect("whole").len() <= MOST);
        assert_eq!(challenges.take(&first, surroundings.now()), None);
        assert!(challenges.take(&last, surroundings.now()).is_some());
    }
}
