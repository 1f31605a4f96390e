//! Time and chance, passed in. Nothing else in Kairan may read a clock or a random source (invariant 3).

use std::sync::Arc;

use uuid::Uuid;

use crate::Instant;
use crate::ids::Id;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC milliseconds.
    fn now(&self) -> Instant;
}

/// Gives unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The clock and the random source of one running server, or of one test.
#[derive(Clone)]
pub struct Surroundings {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Surroundings {
    /// Puts a clock and a random source together.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random }
    }
    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }
    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.random.fill(&mut buffer);
        buffer
    }
    /// A new time-ordered id (RFC 9562 §5.7).
    #[must_use]
    pub fn id<T: Id>(&self) -> T {
        let ms = u64::try_from(self.now().ms()).unwrap_or(0);
        T::from_uuid(uuid::Builder::from_unix_timestamp_millis(ms, &self.bytes::<10>()).into_uuid())
    }
    /// A random (version 4) UUID, for what must not tell when it was made.
    #[must_use]
    pub fn random_uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

/// A clock and a random source that tests hold in their hand.
pub mod held {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::{Arc, Clock, Instant, Random, Surroundings};

    /// A clock that stands still until told.
    pub struct HeldClock(AtomicI64);

    impl HeldClock {
        /// A clock standing at `at`.
        #[must_use]
        pub fn at(at: Instant) -> Arc<Self> {
            Arc::new(Self(AtomicI64::new(at.ms())))
        }
        /// Moves the clock on.
        pub fn advance(&self, ms: i64) {
            self.0.fetch_add(ms, Ordering::SeqCst);
        }
    }
    impl Clock for HeldClock {
        fn now(&self) -> Instant {
            Instant(self.0.load(Ordering::SeqCst))
        }
    }

    /// A repeatable random source (splitmix64; fine for tests, never for secrets).
    pub struct SeededRandom(Mutex<u64>);

    impl SeededRandom {
        /// Starts from a seed.
        #[must_use]
        pub fn from(seed: u64) -> Arc<Self> {
            Arc::new(Self(Mutex::new(seed)))
        }
    }
    impl Random for SeededRandom {
        fn fill(&self, buffer: &mut [u8]) {
            let mut state = self.0.lock().expect("no one panics while holding it");
            for chunk in buffer.chunks_mut(8) {
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                z ^= z >> 31;
                chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
            }
        }
    }

    /// Surroundings that start at 2026-12-07 00:00 UTC with the given seed, and the clock to move them.
    #[must_use]
    pub fn surroundings(seed: u64) -> (Surroundings, Arc<HeldClock>) {
        let clock = HeldClock::at(Instant(1_796_601_600_000));
        (Surroundings::new(clock.clone(), SeededRandom::from(seed)), clock)
    }
}
