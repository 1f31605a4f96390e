//! What people keep for themselves, told to their own devices and to nobody else.

use kairan_core::{Instant, MemberId, Refusal, RoomId};
use kairan_people::Caller;
use kairan_storage::{News, Stream, Tx};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Talk;

/// A list that a member keeps; a device that hears of it reads the list again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mine {
    /// 下書き.
    Drafts,
    /// Scheduled messages.
    Schedules,
    /// Bookmarks.
    Bookmarks,
    /// あとで知らせる.
    Reminders,
}

impl Mine {
    /// The name that clients know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Drafts => "drafts",
            Self::Schedules => "schedules",
            Self::Bookmarks => "bookmarks",
            Self::Reminders => "reminders",
        }
    }

    /// Tells the member's devices after the commit.
    pub(crate) fn tell(self, tx: &mut Tx, member: MemberId, room: Option<RoomId>) {
        tx.tell(News::Mine { member, what: self.name(), room });
    }
}

/// Runs a command on what the caller keeps for themselves, as a write job on their own stream.
pub(crate) async fn job<T, F>(talk: &Talk, caller: &Caller, command: F) -> Result<T, Refusal>
where
    F: AsyncFn(&mut Tx, &Caller) -> Result<T, Refusal> + Send + Sync + 'static,
    T: Send + 'static,
{
    let caller = caller.clone();
    talk.store.write(Stream::Member(caller.member), async move |tx: &mut Tx| command(tx, &caller).await).await
}

/// Which part of a list that is newest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Older {
    /// Those before this moment, ms UTC.
    #[param(nullable = false)]
    older_than: Option<i64>,
    /// About so many, 1–100.
    #[param(nullable = false)]
    limit: Option<i64>,
}

impl Older {
    /// Before which moment, and about how many.
    pub(crate) fn page(&self) -> (Instant, i64) {
        (Instant(self.older_than.unwrap_or(i64::MAX)), self.limit.unwrap_or(50).clamp(1, 100))
    }
}

/// Of rows newest first, how many make a page of about `limit` that ends between two moments, and whether there are more.
///
/// Pages go on by time; a page that ended within one millisecond would make the next pass over the rest of it.
pub(crate) fn cut(ats: &[Instant], limit: i64) -> (usize, bool) {
    let limit = usize::try_from(limit).unwrap_or(1).max(1);
    let Some(last) = ats.get(limit - 1) else { return (ats.len(), false) };
    let most = limit + ats[limit..].iter().take_while(|at| *at == last).count();
    (most, most < ats.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_between_two_moments() {
        let cut =
            |ats: &[i64], limit| super::cut(&ats.iter().map(|at| Instant(*at)).collect::<Vec<_>>(), limit);
        assert_eq!(cut(&[], 3), (0, false));
        assert_eq!(cut(&[9, 8, 7], 3), (3, false));
        assert_eq!(cut(&[9, 8, 7, 6], 3), (3, true));
        assert_eq!(cut(&[9, 8, 7, 7, 7, 6], 3), (5, true));
        assert_eq!(cut(&[9, 8, 7, 7], 3), (4, false));
    }
}
