//! What has been committed, told to whoever listens in this process. Only ever after the commit.
//!
//! A listener that falls behind learns how much it missed and reads the journal: the bus is a hint, never a truth. It stays
//! true that the events of a stream are told in their order, each once, whoever wrote them: this process, or another one that
//! [`Others`](crate::Others) noticed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kairan_core::{ContentId, MemberId, RoomId, Seq};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, mpsc};

use crate::journal::{Event, Stream};
use crate::others::Hint;

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
    /// Whether it was found in the journal, and its contents are to be read there too.
    pub found: bool,
}

/// News a slow listener may be behind before it has to read the journal.
const BEHIND: usize = 8_192;

/// A place in each of some streams.
pub(crate) type Marks = HashMap<Stream, Seq>;

/// Up to where the streams were told.
struct Upto {
    /// Told so far.
    told: Marks,
    /// Places this process has written behind events that were not told yet.
    ahead: Marks,
}

/// What is known of what was told.
enum Told {
    /// Nobody looks for what others write: whatever this process commits is told as it comes.
    Alone,
    /// Somebody is reading where the streams stand; what this process commits meanwhile waits.
    Learning(Vec<News>),
    /// Up to where.
    Upto(Upto),
}

struct Shared {
    sender: broadcast::Sender<News>,
    told: Mutex<Told>,
    /// That something came to stand in [`Upto::ahead`].
    behind: Notify,
    /// Who passes on to other servers what this one commits.
    overhears: Mutex<Option<mpsc::Sender<Hint>>>,
}

/// Hints waiting to be passed on; more are let go, for nothing depends on them.
const HINTS: usize = 4_096;

/// The in-process bus.
#[derive(Clone)]
pub struct Bus(Arc<Shared>);

impl Default for Bus {
    fn default() -> Self {
        let sender = broadcast::Sender::new(BEHIND);
        let (told, behind, overhears) = (Mutex::new(Told::Alone), Notify::new(), Mutex::default());
        Self(Arc::new(Shared { sender, told, behind, overhears }))
    }
}

impl Bus {
    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.0.sender.subscribe()
    }

    /// Tells everyone who listens. An event behind others that were not told yet waits for them: [`Others`](crate::Others)
    /// reads it in its turn.
    pub fn tell(&self, news: News) {
        if let Some(passes_on) = &*self.0.overhears.lock().unwrap_or_else(PoisonError::into_inner)
            && let Some(hint) = Hint::of(&news)
        {
            // Full or gone: nothing depends on it.
            let _ = passes_on.try_send(hint);
        }
        self.retell(news);
    }

    /// What this process commits from now on, for other servers. One overhears at a time, the last who asked.
    pub(crate) fn overhear(&self) -> mpsc::Receiver<Hint> {
        let (sender, hints) = mpsc::channel(HINTS);
        *self.0.overhears.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        hints
    }

    /// Tells what other processes committed or told.
    pub(crate) fn retell(&self, news: News) {
        match &mut *self.told() {
            Told::Alone => self.send(news),
            Told::Learning(waiting) => waiting.push(news),
            Told::Upto(upto) => self.pass(upto, news),
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, news: News) {
        // An error only says that nobody listens.
        let _ = self.0.sender.send(news);
    }

    /// Under the lock of the marks, so that the order of telling is the order of the marks.
    fn pass(&self, upto: &mut Upto, news: News) {
        if let News::Event(committed) = &news {
            let Event { stream, seq, .. } = committed.event;
            let told = upto.told.entry(stream).or_insert(Seq::START);
            if seq <= *told {
                return; // found in the journal before the lane came to tell it
            }
            if seq != told.next() {
                upto.ahead.insert(stream, seq);
                return self.0.behind.notify_one();
            }
            *told = seq;
        }
        self.send(news);
    }

    /// Lets what is committed wait until it is known where the streams stand.
    pub(crate) fn learn(&self) {
        let mut told = self.told();
        if matches!(*told, Told::Alone) {
            *told = Told::Learning(Vec::new());
        }
    }

    /// From now on events are told by these marks, where the streams stood at some moment since [`Bus::learn`]; what waited
    /// first. Without marks everything is told as it comes.
    pub(crate) fn learned(&self, standing: Option<Marks>) {
        let mut told = self.told();
        let Told::Learning(waiting) = std::mem::replace(&mut *told, Told::Alone) else { return };
        let Some(mut standing) = standing else {
            return waiting.into_iter().for_each(|news| self.send(news));
        };
        for news in &waiting {
            if let News::Event(committed) = news {
                // What waits was told to nobody, also where that moment had seen it.
                let Event { stream, seq, .. } = committed.event;
                let mark = standing.entry(stream).or_insert(Seq::START);
                *mark = (*mark).min(Seq(seq.0 - 1));
            }
        }
        let mut upto = Upto { told: standing, ahead: Marks::new() };
        for news in waiting {
            self.pass(&mut upto, news);
        }
        *told = Told::Upto(upto);
    }

    /// Whether this process wrote behind events that were not told yet.
    pub(crate) fn is_behind(&self) -> bool {
        matches!(&*self.told(), Told::Upto(upto) if !upto.ahead.is_empty())
    }

    /// Those streams that stand further than was told, by what was `reached` or by what this process wrote; with what was told.
    pub(crate) fn untold(&self, reached: &Marks) -> Vec<(Stream, Seq)> {
        let Told::Upto(upto) = &mut *self.told() else { return Vec::new() };
        let Upto { told, ahead } = upto;
        let mark = |stream: &Stream| told.get(stream).copied().unwrap_or(Seq::START);
        ahead.retain(|stream, seq| *seq > mark(stream));
        let further = reached.iter().filter(|(stream, seq)| **seq > mark(stream)).map(|(stream, _)| stream);
        let streams: BTreeSet<&Stream> = further.chain(ahead.keys()).collect();
        streams.into_iter().map(|stream| (*stream, mark(stream))).collect()
    }

    /// Until this process wrote behind events that were not told.
    pub(crate) async fn behind(&self) {
        self.0.behind.notified().await;
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
