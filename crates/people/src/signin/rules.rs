//! How long a session lives, and what a recovery code looks like. Pure.

use kairan_core::time::{DAY, HOUR};
use kairan_core::{Instant, Role};

kairan_core::codes! {
    SIGNIN_REFUSED = 401 "signin.refused", "社員番号（ログインID）かパスワードが違います。忘れたときは、管理者に招待をもう一度出してもらってください。", "The login or the password is not right. If you forgot it, ask an administrator for a new invitation.";
    SIGNIN_SLOW = 429 "signin.slow", "まちがいが続いたので、少し待ってからにしてください。あと{seconds}秒で、もう一度試せます。", "Too many wrong tries. You can try again in {seconds} seconds.";
    SIGNIN_BUSY = 503 "signin.busy", "いまはサインインが込み合っています。少し待って、もう一度試してください。", "Too many people are signing in right now. Wait a moment and try again.";
    SESSION_MISSING = 401 "session.missing", "サインインしていないか、時間が過ぎて終わりました。もう一度サインインしてください。", "You are not signed in, or the session has ended. Sign in again.";
    SESSION_STALE = 401 "session.stale", "しばらく使わなかったので、この端末の確認をやり直します。", "This session's token has run out. The device has to renew it.";
    SESSION_INCOMPLETE = 403 "session.incomplete", "サインインがまだ終わっていません。画面の案内にそって、残りの確認を済ませてください。", "You have not finished signing in. Follow the remaining steps on the screen.";
    RECOVERY_REFUSED = 401 "recovery.refused", "社員番号（ログインID）か回復コードが違うか、もう使われています。書いた紙を確かめてください。", "The login or the recovery code is not right, or was used before. Check the paper it is on.";
    PASSWORD_WRONG = 403 "password.wrong", "いまのパスワードが違います。", "Your current password is not right.";
}

/// How many recovery codes one gets.
pub const RECOVERY_CODES: usize = 10;

/// How long a session lives, in ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// From its beginning, used or not.
    pub absolute: i64,
    /// Without being used.
    pub idle: i64,
}

/// R19: those who hold powers over others sign in daily; others once a month.
#[must_use]
pub fn life(role: Role) -> Life {
    match role {
        Role::Owner | Role::Admin | Role::Auditor | Role::Hr => Life { absolute: DAY, idle: HOUR },
        Role::Manager | Role::Member | Role::Partner => Life { absolute: 30 * DAY, idle: 14 * DAY },
    }
}

/// Whether a session is over at `now`.
#[must_use]
pub fn over(expires_at: Instant, last_seen: Instant, idle: i64, now: Instant) -> bool {
    now >= expires_at || now.since(last_seen) >= idle
}

/// Crockford's base 32 without letters that read as digits, so that a code survives handwriting.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code for people: 80 bits as `XXXX-XXXX-XXXX-XXXX`, too many to guess even from its hash.
#[must_use]
pub fn recovery_code(bits: [u8; 10]) -> String {
    let number = bits.iter().fold(0u128, |number, byte| (number << 8) | u128::from(*byte));
    let letters =
        (0..16).rev().map(|at| ALPHABET[usize::try_from((number >> (5 * at)) & 31).unwrap_or(0)] as char);
    let code = letters.collect::<String>();
    [&code[0..4], &code[4..8], &code[8..12], &code[12..16]].join("-")
}

/// The code as hashed: what people type differently (case, spaces, hyphens, O for 0, I or L for 1) is one.
#[must_use]
pub fn plain_recovery_code(typed: &str) -> Option<String> {
    let typed = crate::members::rules::handle(typed).to_ascii_uppercase();
    let letters = typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | 'ー' | '‐' | '−'));
    let plain = letters
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect::<String>();
    (plain.len() == 16 && plain.bytes().all(|c| ALPHABET.contains(&c))).then_some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// R19
    #[test]
    fn privileged_sessions_are_short() {
        for role in Role::ALL {
            let privileged = matches!(role, Role::Owner | Role::Admin | Role::Auditor | Role::Hr);
            assert_eq!(life(role).absolute <= DAY && life(role).idle <= HOUR, privileged, "{role:?}");
        }
        let (start, day) = (Instant(0), Instant(DAY));
        assert!(!over(day, start, HOUR, Instant(HOUR - 1)));
        assert!(over(day, start, HOUR, Instant(HOUR)));
        assert!(over(day, Instant(DAY - 1), HOUR, day));
    }

    #[test]
    fn a_code_survives_handwriting() {
        let code = recovery_code([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(code.len(), 19);
        let plain = plain_recovery_code(&code).expect("its own spelling");
        let sloppy = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(plain_recovery_code(&sloppy), Some(plain));
        assert_eq!(plain_recovery_code("7HQK-M3XD"), None);
    }

    proptest! {
        #[test]
        fn codes_are_as_many_as_their_bits(one in any::<[u8; 10]>(), other in any::<[u8; 10]>()) {
            prop_assert_eq!(recovery_code(one) == recovery_code(other), one == other);
        }
    }
}
