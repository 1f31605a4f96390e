//! What has been committed, told to whoever listens in this process. Only ever after the commit.
//!
//! A listener that falls behind learns how much it missed and reads the journal: the bus is a hint, never a truth.

use std::collections::HashMap;
use std::sync::Arc;

use kairan_core::{ContentId, MemberId, RoomId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::journal::Event;

/// Something to tell.
#[derive(Debug, Clone)]
pub enum News {
    /// An event that is now in the journal.
    Event(Arc<Committed>),
    /// A mark that others want to see, too small for the journal: `member` read `room` up to `upto` at `at` (ms).
    Read {
        /// Who.
        member: MemberId,
        /// Where.
        room: RoomId,
        /// Up to which place.
        upto: i64,
        /// When, ms UTC.
        at: i64,
    },
    /// A member's own settings changed; only they care.
    Own(MemberId),
    /// A list that a member keeps for themselves changed (drafts, reminders …); only their own devices care.
    Mine {
        /// Whose.
        member: MemberId,
        /// Which list; the name that clients know.
        what: &'static str,
        /// Of which room, where that tells them enough to read less.
        room: Option<RoomId>,
    },
    /// The transparency log has grown: what trails it has work.
    Placed,
}

/// A committed event with the contents that were written beside it.
#[derive(Debug)]
pub struct Committed {
    /// The event.
    pub event: Event,
    /// Contents put by the same job.
    pub contents: Arc<HashMap<ContentId, String>>,
}

/// News a slow listener may be behind before it has to read the journal.
const BEHIND: usize = 8_192;

/// The in-process bus.
#[derive(Clone)]
pub struct Bus(broadcast::Sender<News>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

impl Bus {
    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }
    /// Tells everyone who listens.
    pub fn tell(&self, news: News) {
        // An error only says that nobody listens.
        let _ = self.0.send(news);
    }
}

/// Tells a job that trails the journal when it is worth looking.
pub struct Hints {
    news: broadcast::Receiver<News>,
    counts: fn(&News) -> bool,
}

impl Bus {
    /// Hints by the news that count, from now on.
    #[must_use]
    pub fn hints(&self, counts: fn(&News) -> bool) -> Hints {
        Hints { news: self.listen(), counts }
    }
}

impl Hints {
    /// Waits for a hint, or until news were missed, which is one too.
    pub async fn next(&mut self) {
        loop {
            match self.news.recv().await {
                Ok(news) if (self.counts)(&news) => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Forgets what was told until now: to be called before looking, for a look sees all that was told.
    pub fn forget(&mut self) {
        self.news = self.news.resubscribe();
    }
}
