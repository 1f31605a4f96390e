//! Turns: how many of something costly are under way at the same time, by all together and for one person.
//!
//! It stays true that whoever has no turn within a while is told so and comes again, instead of holding memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kairan_core::{Code, MemberId, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What whoever had no turn is told to wait, ms.
const COME_AGAIN: i64 = 5_000;

/// The turns.
#[derive(Debug, Clone)]
pub struct Turns {
    all: Arc<Semaphore>,
    people: Arc<Mutex<HashMap<MemberId, usize>>>,
    of_one: usize,
    patience: Duration,
    busy: &'static Code,
    too_many: &'static Code,
}

impl Turns {
    /// So many at once, so many of one person (those that wait too), how long one waits; and what is said when no turn came,
    /// and to whoever has had all of theirs.
    pub(super) fn new(
        (at_once, of_one): (usize, usize),
        patience: Duration,
        busy: &'static Code,
        too_many: &'static Code,
    ) -> Self {
        let all = Arc::new(Semaphore::new(at_once));
        Self { all, people: Arc::default(), of_one, patience, busy, too_many }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// `too_many` when this person has had all of theirs; `busy` when none came in time.
    pub(super) async fn turn(&self, member: MemberId) -> Result<Turn, Refusal> {
        let again = |code| Refusal::new(code).fact("retry_after_ms", COME_AGAIN);
        let place = self.place(member).ok_or_else(|| again(self.too_many).fact("limit", self.of_one))?;
        match timeout(self.patience, self.all.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit, _place: place }),
            Ok(Err(_)) | Err(_) => Err(again(self.busy)),
        }
    }

    fn place(&self, member: MemberId) -> Option<Place> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = people.get(&member).copied().unwrap_or_default();
        if taken >= self.of_one {
            return None;
        }
        people.insert(member, taken + 1);
        Some(Place { people: self.people.clone(), member })
    }
}

/// One person's share, given back when it is dropped.
#[derive(Debug)]
struct Place {
    people: Arc<Mutex<HashMap<MemberId, usize>>>,
    member: MemberId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = people.get_mut(&self.member) {
            *taken -= 1;
            if *taken == 0 {
                people.remove(&self.member);
            }
        }
    }
}

/// A turn, for as long as it is held.
#[derive(Debug)]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
    _place: Place,
}
