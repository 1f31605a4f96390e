//! Tickets: one socket for one session, within 30 seconds, once (R21).
//!
//! Kept in memory: a ticket that a restart forgets is simply asked for again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kairan_core::time::SECOND;
use kairan_core::{Instant, Surroundings};
use kairan_people::Caller;

/// How long a ticket works, ms.
const LIFE: i64 = 30 * SECOND;
/// Tickets remembered at most; beyond it the oldest are forgotten.
const MOST: usize = 100_000;

/// The tickets given out and not used.
#[derive(Clone)]
pub struct Tickets {
    surroundings: Surroundings,
    open: Arc<Mutex<HashMap<String, (Caller, Instant)>>>,
}

impl Tickets {
    pub fn new(surroundings: Surroundings) -> Self {
        Self { surroundings, open: Arc::default() }
    }

    /// A new ticket (256 bits) and when it ends.
    pub fn issue(&self, caller: Caller) -> (String, Instant) {
        let ticket = hex::encode(self.surroundings.bytes::<32>());
        let now = self.surroundings.now();
        let expires_at = now.plus_ms(LIFE);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST {
            open.retain(|_, (_, expires_at)| *expires_at > now);
        }
        open.insert(ticket.clone(), (caller, expires_at));
        (ticket, expires_at)
    }

    /// Whose it is; never a second time.
    pub fn redeem(&self, ticket: &str) -> Option<Caller> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, expires_at) = open.remove(ticket)?;
        (self.surroundings.now() < expires_at).then_some(caller)
    }
}
