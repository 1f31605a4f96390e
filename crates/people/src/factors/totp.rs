//! Codes of an authenticator app (RFC 6238): SHA-1, six digits, 30 seconds, as every app understands. Pure.
//!
//! It stays true that a code is taken only for a step later than every step taken before (R5), by the server's clock alone.

use kairan_core::Instant;
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, TOTP};

/// A step's length, seconds.
const STEP: i64 = 30;
/// Steps before and after the present one that are taken, for clocks that are a little off (RFC 6238 §5.2).
const SKEW: i64 = 1;
/// Bytes of a seed: as long as the hash (RFC 4226 §4 R6).
pub const SEED: usize = 20;
/// What no step is before.
pub const NEVER: i64 = -1;

fn generator(seed: &[u8]) -> Option<TOTP> {
    TOTP::new(Algorithm::SHA1, 6, 1, STEP.unsigned_abs(), seed.to_vec()).ok()
}

/// The step whose code this is, if it is one of now and later than `last`.
#[must_use]
pub fn step_of(seed: &[u8], typed: &str, now: Instant, last: i64) -> Option<i64> {
    let digits = crate::members::rules::handle(typed).split_whitespace().collect::<String>();
    let generator = generator(seed).filter(|_| digits.len() == 6)?;
    let present = now.ms().div_euclid(STEP * 1_000);
    let mut found = None;
    // The latest that fits: were an earlier one taken, the same digits would open once more.
    for step in present - SKEW..=present + SKEW {
        let code = generator.generate(u64::try_from(step * STEP).unwrap_or(0));
        if step > last && bool::from(code.as_bytes().ct_eq(digits.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// The seed as typed into an app that has no camera (base 32, RFC 4648 §6).
#[must_use]
pub fn spelled(seed: &[u8]) -> String {
    generator(seed).map(|generator| generator.get_secret_base32()).unwrap_or_default()
}

/// What the QR code holds (the Key URI format of authenticator apps).
#[must_use]
pub fn uri(seed: &[u8], organisation: &str, login: &str) -> String {
    let (issuer, account) = (escaped(organisation), escaped(login));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}",
        spelled(seed)
    )
}

/// Percent-encoding of everything but unreserved characters (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The code of the step `steps` after the one at `now`, for tests that hold a phone in their hand.
#[cfg(any(test, feature = "testing"))]
#[must_use]
pub fn code_at(seed: &[u8], now: Instant, steps: i64) -> String {
    let at = u64::try_from(now.ms() / 1_000 + steps * STEP).unwrap_or(0);
    generator(seed).map(|generator| generator.generate(at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RFC: &[u8] = b"12345678901234567890";

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn the_rfcs_own_examples() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(RFC, code, Instant(seconds * 1_000), NEVER), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let now = Instant(59_000);
        for typed in ["287082", " 287 082 ", "２８７０８２"] {
            assert_eq!(step_of(RFC, typed, now, NEVER), Some(1), "{typed}");
        }
        for typed in ["", "28708", "2870820", "287083", "abcdef", "二八七〇八二"] {
            assert_eq!(step_of(RFC, typed, now, NEVER), None, "{typed}");
        }
    }

    #[test]
    fn the_link_for_apps() {
        let uri = uri(RFC, "見本 商店", "hana.k");
        assert_eq!(
            uri,
            "otpauth://totp/%E8%A6%8B%E6%9C%AC%20%E5%95%86%E5%BA%97:hana.k?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E8%A6%8B%E6%9C%AC%20%E5%95%86%E5%BA%97&algorithm=SHA1&digits=6&period=30"
        );
    }

    proptest! {
        /// R5: whatever was taken is never taken again, whenever it comes.
        #[test]
        fn a_code_works_once(seed in any::<[u8; SEED]>(), at in 0i64..4_000_000_000_000, later in 0i64..120_000) {
            let (now, again) = (Instant(at), Instant(at + later));
            let code = code_at(&seed, now, 0);
            let step = step_of(&seed, &code, now, NEVER).expect("its own code");
            prop_assert!(step_of(&seed, &code, again, step).is_none_or(|other| other > step));
            prop_assert_eq!(step_of(&seed, &code, now, step), None);
        }

        /// A minute later it is too old, however it looks.
        #[test]
        fn an_old_code_is_no_code(seed in any::<[u8; SEED]>(), at in 60_000i64..4_000_000_000_000) {
            let step = step_of(&seed, &code_at(&seed, Instant(at), -2), Instant(at), NEVER);
            prop_assert!(step.is_none_or(|step| step >= at / 30_000 - 1));
        }
    }
}
