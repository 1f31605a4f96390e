//! The real clock and the real random source. Nothing else in Kairan reads either (invariant 3).

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kairan_core::{Clock, Instant, Random, Surroundings};

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now(&self) -> Instant {
        // A clock before 1970 is broken; 0 makes `doctor` say so instead of a crash.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the random source that everything else is given")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer)
            .expect("a system without randomness cannot make a session; nothing sane can go on");
    }
}

/// The machine's own time and randomness.
#[must_use]
pub fn of_the_machine() -> Surroundings {
    Surroundings::new(Arc::new(SystemClock), Arc::new(SystemRandom))
}

/// A stopwatch for measurements (latency, progress). Not a clock: it tells only how long, on the monotonic clock.
#[derive(Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts to measure.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "measures a duration for metrics; decides nothing")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }
    /// How long since the start.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "measures a duration for metrics; decides nothing")]
    pub fn elapsed(self) -> std::time::Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_of_this_century_and_the_randomness_differs() {
        let real = of_the_machine();
        assert!(real.now().ms() > 1_700_000_000_000, "after 2023");
        assert_ne!(real.bytes::<16>(), real.bytes::<16>());
    }
}
