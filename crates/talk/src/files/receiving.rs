//! How many parts of files are received at the same time, by all together and from one person.
//!
//! It stays true that whatever clients do, parts on their way in hold a bounded amount of memory: a part is held whole
//! until it lies in the store, and none is read from the line before it has its turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kairan_core::{MemberId, Refusal};
use kairan_http::Problem;
use kairan_people::Caller;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::rules::{UPLOAD_BUSY, UPLOAD_TOO_MANY};
use crate::Talk;

/// Parts received at once: of 4 MiB each, and up to twice that while one grows.
const AT_ONCE: usize = 64;
/// Of these, from one person: four tabs of a client that sends two at a time.
const OF_ONE: usize = 8;
/// How long a part waits for its turn. Clients take a line for dead that moves nothing for half a minute.
const PATIENCE: Duration = Duration::from_secs(5);
/// What whoever had no turn is told to wait, ms.
const COME_AGAIN: i64 = 5_000;

/// The turns.
#[derive(Debug, Clone)]
pub struct Receiving {
    all: Arc<Semaphore>,
    people: Arc<Mutex<HashMap<MemberId, usize>>>,
    of_one: usize,
    patience: Duration,
}

impl Default for Receiving {
    fn default() -> Self {
        Self::new(AT_ONCE, OF_ONE, PATIENCE)
    }
}

impl Receiving {
    /// So many at once, so many of one person, and how long one waits.
    #[must_use]
    pub fn new(at_once: usize, of_one: usize, patience: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(at_once)), people: Arc::default(), of_one, patience }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// 429 `upload.too_many_at_once` when this person has had all of theirs; 503 `upload.busy` when none came in time.
    async fn turn(&self, member: MemberId) -> Result<Turn, Refusal> {
        let again = |code| Refusal::new(code).fact("retry_after_ms", COME_AGAIN);
        let place = self.place(member).ok_or_else(|| again(&UPLOAD_TOO_MANY).fact("limit", self.of_one))?;
        match timeout(self.patience, self.all.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit, _place: place }),
            Ok(Err(_)) | Err(_) => Err(again(&UPLOAD_BUSY)),
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
struct Turn {
    _permit: OwnedSemaphorePermit,
    _place: Place,
}

/// Who sends a part, and their turn: to be asked for before the body, which is not read without one.
#[derive(Debug)]
pub struct Sender {
    /// Who.
    pub caller: Caller,
    _turn: Turn,
}

impl FromRequestParts<Talk> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, talk: &Talk) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, talk).await?;
        let turn = talk.files.receiving.turn(caller.member).await?;
        Ok(Self { caller, _turn: turn })
    }
}
