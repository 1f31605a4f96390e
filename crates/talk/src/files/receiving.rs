//! How many parts of files are received at the same time, by all together and from one person.
//!
//! It stays true that whatever clients do, parts on their way in hold a bounded amount of memory: a part is held whole
//! until it lies in the store, and none is read from the line before it has its turn.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kairan_http::Problem;
use kairan_people::Caller;

use super::rules::{UPLOAD_BUSY, UPLOAD_TOO_MANY};
use super::turns::{Turn, Turns};
use crate::Talk;

/// Parts received at once: of 4 MiB each, and up to twice that while one grows.
const AT_ONCE: usize = 64;
/// Of these, from one person: four tabs of a client that sends two at a time.
const OF_ONE: usize = 8;
/// How long a part waits for its turn. Clients take a line for dead that moves nothing for half a minute.
const PATIENCE: Duration = Duration::from_secs(5);

/// The turns to send a part.
#[derive(Debug, Clone)]
pub struct Receiving(Turns);

impl Default for Receiving {
    fn default() -> Self {
        Self::new(AT_ONCE, OF_ONE, PATIENCE)
    }
}

impl Receiving {
    /// So many at once, so many of one person, and how long one waits.
    #[must_use]
    pub fn new(at_once: usize, of_one: usize, patience: Duration) -> Self {
        Self(Turns::new((at_once, of_one), patience, &UPLOAD_BUSY, &UPLOAD_TOO_MANY))
    }
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
        let turn = talk.files.receiving.0.turn(caller.member).await?;
        Ok(Self { caller, _turn: turn })
    }
}
