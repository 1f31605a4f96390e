//! When an invitation opens. Pure.

use kairan_core::time::HOUR;
use kairan_core::{Code, Instant};

kairan_core::codes! {
    SIGNUP_CLOSED = 403 "signup.closed", "この組織には、招待された人だけが入れます。組織の管理者に、招待を頼んでください。", "Joining this organisation is by invitation only. Ask its administrators for one.";
    INVITATION_UNKNOWN = 404 "invitation.unknown", "この招待は見つかりません。リンクが途中で切れていないか確かめるか、招待した人に頼んでください。", "There is no such invitation. Check that the link is whole, or ask whoever invited you.";
    INVITATION_USED = 410 "invitation.used", "この招待は、もう使われています。自分で使ったのでなければ、すぐ招待した人に知らせてください。", "This invitation has been used. If it was not you, tell whoever invited you at once.";
    INVITATION_EXPIRED = 410 "invitation.expired", "この招待は期限が過ぎました。招待した人に、もう一度出してもらってください。", "This invitation has expired. Ask whoever invited you for a new one.";
    INVITATION_REVOKED = 410 "invitation.revoked", "この招待は取り消されたか、新しいものに替わりました。新しい招待を使ってください。", "This invitation was withdrawn or replaced. Use the newer one.";
    INVITATION_BOT = 422 "invitation.bot", "BOTは招待できません。人を選んでください。", "A bot cannot be invited. Choose people.";
    INVITATION_LEFT = 409 "invitation.left", "退職した人は招待できません。戻ってきた人は、新しく登録してください。", "Someone who left cannot be invited. Add a returning person anew.";
    INVITATIONS_MANY = 422 "invitation.too_many", "一度に招待できるのは{limit}人までです。分けて招待してください。", "Invite at most {limit} people at once.";
}

/// How long one opens (R2: at most 72 hours).
pub const LIFE: i64 = 72 * HOUR;
/// Most people invited by one request.
pub const AT_ONCE: usize = 5_000;

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Open,
    /// Somebody joined with it.
    Used,
    /// Withdrawn, or replaced by a newer one.
    Revoked,
}

impl Standing {
    /// As stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Revoked => "revoked",
        }
    }
    /// From the stored name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Open, Self::Used, Self::Revoked].into_iter().find(|standing| standing.name() == name)
    }
}

/// Whether an invitation opens now.
///
/// # Errors
/// Why not: used and revoked are told before expired, because they ask for different acts.
pub fn opens(standing: Standing, expires_at: Instant, now: Instant) -> Result<(), &'static Code> {
    match standing {
        Standing::Used => Err(&INVITATION_USED),
        Standing::Revoked => Err(&INVITATION_REVOKED),
        Standing::Open if now >= expires_at => Err(&INVITATION_EXPIRED),
        Standing::Open => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R2
    #[test]
    fn it_opens_once_and_for_72_hours() {
        let made = Instant(1_000);
        let until = made.plus_ms(LIFE);
        let at = |standing, ms| opens(standing, until, made.plus_ms(ms)).map_err(|code| code.name);
        assert_eq!(at(Standing::Open, 0), Ok(()));
        assert_eq!(at(Standing::Open, LIFE - 1), Ok(()));
        assert_eq!(at(Standing::Open, LIFE), Err("invitation.expired"));
        assert_eq!(at(Standing::Used, LIFE), Err("invitation.used"));
        assert_eq!(at(Standing::Revoked, 0), Err("invitation.revoked"));
        assert_eq!(LIFE, 72 * 3_600_000);
    }
}
