//! What a device is given to sign: something it cannot have signed before.
//!
//! It stays true that a challenge serves once and for two minutes, and that asking for challenges costs the server nothing
//! to remember: a challenge carries its own time and seal, and only those that served are kept until they are over. So a
//! stranger who asks for millions of them crowds nobody out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::time::MINUTE;
use kairan_core::{Instant, Surroundings};
use ring::hmac;

/// How long a challenge serves, ms.
pub const LIFE: i64 = 2 * MINUTE;
/// Challenges that served, remembered at most. Each took a signature of an enrolled device, or a session.
const MOST: usize = 200_000;
/// Bytes: when it was made (8), chance (8), seal (16).
const LENGTH: usize = 32;
const SEALED: usize = 16;

/// Gives challenges out and takes them back. A restart forgets its key: then clients ask again.
pub struct Challenges {
    key: hmac::Key,
    served: Mutex<HashMap<[u8; LENGTH], Instant>>,
}

impl Challenges {
    /// With a new key.
    #[must_use]
    pub fn new(surroundings: &Surroundings) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &surroundings.bytes::<32>());
        Self { key, served: Mutex::default() }
    }

    /// A new challenge, base64url, and until when it serves.
    #[must_use]
    pub fn issue(&self, surroundings: &Surroundings) -> (String, Instant) {
        let now = surroundings.now();
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&now.ms().to_be_bytes());
        bytes[8..SEALED].copy_from_slice(&surroundings.bytes::<8>());
        let seal = hmac::sign(&self.key, &bytes[..SEALED]);
        bytes[SEALED..].copy_from_slice(&seal.as_ref()[..LENGTH - SEALED]);
        (URL_SAFE_NO_PAD.encode(bytes), now.plus_ms(LIFE))
    }

    /// The challenge, if it was given out here and still serves at `now`.
    fn read(&self, challenge: &str, now: Instant) -> Option<[u8; LENGTH]> {
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(challenge).ok()?.try_into().ok()?;
        let seal = hmac::sign(&self.key, &bytes[..SEALED]);
        let sealed: bool =
            subtle::ConstantTimeEq::ct_eq(&bytes[SEALED..], &seal.as_ref()[..LENGTH - SEALED]).into();
        let made = Instant(i64::from_be_bytes(bytes[..8].try_into().ok()?));
        (sealed && (0..LIFE).contains(&now.since(made))).then_some(bytes)
    }

    /// Takes a challenge back; true the first time only. Called when its signature was found good, so that nobody spends
    /// another's challenge.
    #[must_use]
    pub fn spend(&self, challenge: &str, now: Instant) -> bool {
        let Some(bytes) = self.read(challenge, now) else { return false };
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        if served.len() >= MOST {
            served.retain(|_, over| *over > now);
        }
        served.len() < MOST && served.insert(bytes, now.plus_ms(LIFE)).is_none()
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;

    /// R21's rule for challenges: once, for a while, and only where it was made.
    #[test]
    fn a_challenge_serves_once_for_two_minutes() {
        let (surroundings, clock) = held::surroundings(7);
        let challenges = Challenges::new(&surroundings);
        let (one, until) = challenges.issue(&surroundings);
        assert_eq!(until.since(surroundings.now()), LIFE);
        assert!(challenges.spend(&one, surroundings.now()));
        assert!(!challenges.spend(&one, surroundings.now()), "once");
        let (two, _) = challenges.issue(&surroundings);
        assert_ne!(one, two);
        assert!(!Challenges::new(&surroundings).spend(&two, surroundings.now()), "another server's");
        let mut forged = two.clone().into_bytes();
        forged[0] = if forged[0] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("letters");
        assert!(!challenges.spend(&forged, surroundings.now()));
        clock.advance(LIFE);
        assert!(!challenges.spend(&two, surroundings.now()), "late");
        for nonsense in ["", "AAAA", "§", &"A".repeat(43)] {
            assert!(!challenges.spend(nonsense, surroundings.now()), "{nonsense}");
        }
    }

    #[test]
    fn what_served_is_forgotten_when_it_is_over() {
        let (surroundings, clock) = held::surroundings(8);
        let challenges = Challenges::new(&surroundings);
        let spend = |many: usize| {
            (0..many)
                .filter(|_| challenges.spend(&challenges.issue(&surroundings).0, surroundings.now()))
                .count()
        };
        assert_eq!(spend(1_000), 1_000);
        clock.advance(LIFE);
        challenges.served.lock().expect("no one panics").retain(|_, over| *over > surroundings.now());
        assert!(challenges.served.lock().expect("no one panics").is_empty());
    }
}
