//! The dispatcher follows the journal and sees to it that those who are not looking are told.
//!
//! It stays true that the bus is only a hint: up to where everybody was told of a room is a mark, moved when nobody is left
//! to tell, so that a kill loses nothing and what is told twice takes its own place (one name for each room and browser).

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kairan_core::time::SECOND;
use kairan_core::{Actor, Instant, Refusal, RoomId, Seq, SessionId};
use kairan_people::organisation::settings;
use kairan_people::reach::{self, last_call};
use kairan_storage::{Error, News, Reader, Result, Store, Stream, Tx};
use kairan_talk::notifications::payload::Tidings;
use kairan_talk::notifications::{commands, queries};
use kairan_talk::rooms;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::task::JoinSet;

use super::carrier::{Carrier, Letter, Outcome};
use super::queue::{About, Key, Queue, Verdict};
use crate::metrics::Metrics;

/// How long somebody has to read a message before they are told of it, ms.
const PATIENCE: i64 = 2 * SECOND;
/// Pause between two looks.
const TICK: Duration = Duration::from_millis(250);
/// Looks between two questions for notices: a second.
const NOTICES_EVERY: u32 = 4;
/// Notifications waiting at most; each takes about 100 bytes.
const WAITING: usize = 10_000;
/// Notifications under way at the same time.
const UNDER_WAY: usize = 16;

/// See the module.
pub struct Dispatcher {
    store: Store,
    carrier: Arc<dyn Carrier>,
    metrics: Metrics,
    news: Receiver<News>,
    /// Rooms with something new, and since when.
    fresh: BTreeMap<RoomId, Instant>,
    /// Up to where (for a notice: when) what is in the queue was wanted; with the last of it told, it becomes the mark.
    queued: HashMap<About, Seq>,
    queue: Queue,
    under_way: JoinSet<(Key, Flown)>,
    /// News were missed, or this is the start: the journal says what is to be done.
    behind: bool,
    looks: u32,
}

/// What a try came to.
enum Flown {
    Nothing,
    Carried(Outcome),
    /// The database did not answer.
    Stuck,
}

impl Dispatcher {
    /// Listens from now on; what came before is found by its marks.
    #[must_use]
    pub fn new(store: Store, carrier: Arc<dyn Carrier>, metrics: Metrics) -> Self {
        let news = store.bus().listen();
        Self {
            store,
            carrier,
            metrics,
            news,
            fresh: BTreeMap::new(),
            queued: HashMap::new(),
            queue: Queue::new(WAITING),
            under_way: JoinSet::new(),
            behind: true,
            looks: 0,
        }
    }

    /// Works until `stop` resolves. What is under way then is done again by the next start.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return,
                Some(landed) = self.under_way.join_next() => self.land(landed).await,
                () = tokio::time::sleep(TICK) => self.look().await,
            }
            self.start();
        }
    }

    /// Everything that is to be done now, to its end. For tests, where time stands still.
    pub async fn turn(&mut self) {
        self.looks = 0;
        self.look().await;
        self.start();
        while let Some(landed) = self.under_way.join_next().await {
            self.land(landed).await;
            self.start();
        }
    }

    fn now(&self) -> Instant {
        self.store.surroundings().now()
    }

    async fn look(&mut self) {
        self.hear();
        if let Err(error) = self.gather().await {
            tracing::error!(%error, "what is to be told could not be read");
            self.behind = true;
        }
    }

    fn hear(&mut self) {
        loop {
            match self.news.try_recv() {
                Ok(News::Event(committed)) => {
                    let event = &committed.event;
                    if let Stream::Room(room) = event.stream
                        && event.kind == "message.posted"
                    {
                        self.fresh.entry(room).or_insert(event.at);
                    }
                }
                Ok(_) => {}
                Err(TryRecvError::Lagged(_)) => self.behind = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    async fn gather(&mut self) -> Result<()> {
        let now = self.now();
        if std::mem::take(&mut self.behind) {
            let read = async |reader: &mut Reader| queries::behind(reader).await;
            for room in self.store.read::<_, Error, _>(read).await? {
                self.fresh.entry(room).or_insert(now.plus_ms(-PATIENCE));
            }
        }
        let due = self.fresh.iter().filter(|(_, at)| now.since(**at) >= PATIENCE);
        let due: Vec<RoomId> = due.map(|(room, _)| *room).collect();
        for room in due {
            self.queue_room(room, now).await?;
            self.fresh.remove(&room);
        }
        if self.looks.is_multiple_of(NOTICES_EVERY) {
            self.queue_notices(now).await?;
            self.queue_wipes(now).await?;
        }
        self.looks = self.looks.wrapping_add(1);
        Ok(())
    }

    /// Queues everyone who could be told of a room; whether they are is decided when their turn comes.
    async fn queue_room(&mut self, room: RoomId, now: Instant) -> Result<()> {
        let read = async move |reader: &mut Reader| -> Result<Option<(Seq, Seq, Vec<SessionId>)>> {
            if !settings::of(reader).await?.push.on {
                return Ok(None);
            }
            let sessions = queries::subscribed_in(reader, room).await?;
            let (told, head) =
                (queries::told_upto(reader, room).await?, rooms::queries::head(reader, room).await?);
            Ok(Some((told, head, sessions)))
        };
        let Some((told, head, sessions)) = self.store.read::<_, Error, _>(read).await? else { return Ok(()) };
        let after = self.queued.get(&About::Room(room)).copied().unwrap_or(told);
        for session in sessions {
            let key = Key { about: About::Room(room), session };
            if !self.queue.want(key, after, now) {
                self.metrics.push_dropped.inc();
            }
        }
        if self.queue.is_open(About::Room(room)) {
            self.queued.insert(About::Room(room), head);
        }
        Ok(())
    }

    async fn queue_notices(&mut self, now: Instant) -> Result<()> {
        let read = async |reader: &mut Reader| -> Result<_> {
            let mut found = Vec::new();
            for (member, what, at) in queries::notices(reader).await? {
                found.push((member, what, at, reach::queries::sessions_subscribed(reader, member).await?));
            }
            Ok(found)
        };
        for (member, what, at, sessions) in self.store.read::<_, Error, _>(read).await? {
            let about = About::Notice(member, what);
            if self.queue.is_open(about) {
                continue;
            }
            for session in sessions {
                if !self.queue.want(Key { about, session }, Seq::START, now) {
                    self.metrics.push_dropped.inc();
                }
            }
            if self.queue.is_open(about) {
                self.queued.insert(about, Seq(at.ms()));
            } else {
                self.settle(about, Seq(at.ms())).await;
            }
        }
        Ok(())
    }

    /// Devices that are to wipe themselves are called until their service has taken the call.
    async fn queue_wipes(&mut self, now: Instant) -> Result<()> {
        let read = async |reader: &mut Reader| last_call::wanted(reader).await;
        for (device, member, session) in self.store.read::<_, Error, _>(read).await? {
            let about = About::Wipe(member, device);
            if !self.queue.is_open(about) && !self.queue.want(Key { about, session }, Seq::START, now) {
                self.metrics.push_dropped.inc();
            }
        }
        Ok(())
    }

    /// Sets off what is due, as far as there is room.
    fn start(&mut self) {
        let free = UNDER_WAY.saturating_sub(self.under_way.len());
        for (key, after) in self.queue.take(free, self.now()) {
            let (store, carrier) = (self.store.clone(), self.carrier.clone());
            self.under_way.spawn(async move { (key, fly(&store, &*carrier, key, after).await) });
        }
    }

    async fn land(&mut self, landed: std::result::Result<(Key, Flown), tokio::task::JoinError>) {
        let Ok((key, flown)) = landed else {
            // A panic has been told by its own thread; the journal says what is left to do.
            self.behind = true;
            return;
        };
        let verdict = match flown {
            Flown::Nothing => Verdict::Done,
            Flown::Stuck => Verdict::Later(None),
            Flown::Carried(outcome) => self.counted(outcome),
        };
        if !self.queue.landed(key, verdict, self.now()) {
            self.metrics.push_dropped.inc();
            if matches!(key.about, About::Wipe(..)) {
                return; // It is still wanted, and begins anew.
            }
        }
        if !self.queue.is_open(key.about) {
            let upto = self.queued.remove(&key.about).unwrap_or(Seq::START);
            self.settle(key.about, upto).await;
        }
    }

    fn counted(&self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Sent => {
                self.metrics.push_sent.inc();
                Verdict::Done
            }
            Outcome::Gone => Verdict::Done,
            Outcome::Refused => {
                self.metrics.push_failed.inc();
                Verdict::Done
            }
            Outcome::Later(pause) => {
                self.metrics.push_failed.inc();
                Verdict::Later(pause)
            }
        }
    }

    /// Nobody is left to tell of this.
    async fn settle(&self, about: About, upto: Seq) {
        let stream = match about {
            About::Room(room) => Stream::Room(room),
            About::Notice(member, _) | About::Wipe(member, _) => Stream::Member(member),
        };
        let write = async move |tx: &mut Tx| match about {
            About::Room(room) => commands::told_of_room(tx, room, upto).await,
            About::Notice(member, what) => commands::told(tx, member, what, Instant(upto.0)).await,
            About::Wipe(_, device) => last_call::called(tx, device).await,
        };
        if let Err(error) = self.store.write(stream, write).await {
            tracing::warn!(%error, "it could not be noted who was told");
        }
    }
}

/// One try: decides, carries, and ends a subscription that its service does not know any more.
async fn fly(store: &Store, carrier: &dyn Carrier, key: Key, after: Seq) -> Flown {
    let now = store.surroundings().now();
    let read = async move |reader: &mut Reader| match key.about {
        About::Room(room) => queries::of_room(reader, key.session, room, after, now).await,
        About::Notice(_, what) => queries::of_notice(reader, key.session, what, now).await,
        About::Wipe(_, device) => queries::of_wipe(reader, device).await,
    };
    let tidings = match store.read::<_, Error, _>(read).await {
        Ok(Some(tidings)) => tidings,
        Ok(None) => return Flown::Nothing,
        Err(error) => {
            tracing::error!(%error, "what is to be told could not be read");
            return Flown::Stuck;
        }
    };
    let Tidings { member, session, secret, subscription, payload, urgent, kept } = tidings;
    let topic = payload.tag.clone();
    let Ok(payload) = serde_json::to_vec(&payload) else { return Flown::Nothing };
    let outcome = carrier.carry(Letter { subscription, payload, topic, urgent, kept }).await;
    if outcome == Outcome::Gone {
        let end = async move |tx: &mut Tx| -> std::result::Result<(), Refusal> {
            Ok(reach::commands::refused(tx, Actor::System, member, session, secret).await?)
        };
        if let Err(refusal) = store.write(Stream::Member(member), end).await {
            tracing::warn!(code = refusal.code.name, "a subscription that is over could not be ended");
        }
    }
    Flown::Carried(outcome)
}
