//! The hub: one task that owns the routing. It turns each committed event into its frame once and puts it, by reference,
//! into the queues of those who get it.
//!
//! It stays true that the hub never waits for a client: a queue that is full closes its connection (R78).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use kairan_core::{MemberId, Permission, RoomId, Seq, SessionId};
use kairan_people::alarms::rules::Audience;
use kairan_people::policies::queries::{Policies, in_force};
use kairan_people::{Caller, alarms, departments, members, naming, preferences, signin};
use kairan_storage::{Committed, Error, Event, Facts, News, Store, Stream};
use kairan_talk::rooms::{self, http::Room};
use kairan_talk::{frames, messages};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::connection::QUEUE_BYTES;
use super::frames::{Closing, Plain};
use super::hub::{Arrival, Call, Hub, Mailbox};
use super::routing::{Deliveries, Number, Place, Routing, Shown};
use crate::metrics::Metrics;

mod policies;

/// Frames waiting for one connection at most; with [`QUEUE_BYTES`] it bounds what a slow reader costs (R78).
pub const QUEUE_FRAMES: usize = 1_024;
/// Pause before the rooms are asked for again when the database did not answer.
const AGAIN: Duration = Duration::from_secs(1);

struct Slot {
    caller: Caller,
    frames: mpsc::Sender<Utf8Bytes>,
    waiting: Arc<AtomicUsize>,
    closing: watch::Sender<Option<Closing>>,
}

/// How often it is asked whether somebody's hours have ended; R20 gives a second.
const HOURS: Duration = Duration::from_secs(1);

/// Who is in which room and above which place they see, where each room stands, and the policies in force.
type Picture = (Vec<(RoomId, MemberId, Seq)>, Vec<(RoomId, Seq)>, Policies);

/// The hub's task.
pub struct Task {
    store: Store,
    metrics: Metrics,
    hub: Hub,
    routing: Routing,
    slots: HashMap<Number, Slot>,
    policies: Policies,
    last: Number,
    /// The server goes down: who waits until the last connection has gone. Nobody comes in any more.
    leaving: Option<oneshot::Sender<()>>,
}

impl Task {
    /// Knows nothing yet; [`Task::run`] reads the picture first.
    pub fn new(store: Store, metrics: Metrics, hub: Hub) -> Self {
        let (routing, slots) = (Routing::default(), HashMap::new());
        let policies = Policies::default();
        Self { store, metrics, hub, routing, slots, policies, last: 0, leaving: None }
    }

    /// Until every handle is gone.
    pub async fn run(mut self, mut calls: mpsc::Receiver<Call>) {
        // Listening first: what is committed while the picture is read is heard, and recognised as old.
        let mut news = self.store.bus().listen();
        self.load().await;
        let mut hours = interval(HOURS);
        hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                heard = news.recv() => match heard {
                    Ok(News::Event(committed)) => self.committed(&committed).await,
                    Ok(News::Read { member, room, upto, at }) => {
                        let frame = Plain::Read { room, member, upto, at }.text();
                        let deliveries = self.routing.for_room(room, &frame.into(), None);
                        self.deliver(deliveries);
                    }
                    Ok(News::Own(member)) => self.tell_member(member, &Plain::Me.text()),
                    Ok(News::Mine { member, what, room }) => self.tell_member(member, &Plain::Mine { what, room }.text()),
                    Ok(News::Placed) => {}
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "the gateway fell behind and sends everyone to come back");
                        self.begin_anew().await;
                    }
                    Err(RecvError::Closed) => return,
                },
                call = calls.recv() => match call {
                    Some(call) => self.call(call),
                    None => return,
                },
                _ = hours.tick() => self.let_go_after_hours(),
            }
        }
    }

    /// Reads who is in which room and where each stands, until it succeeds.
    async fn load(&mut self) {
        loop {
            match self.picture().await {
                Ok((memberships, heads, policies)) => {
                    self.policies = policies;
                    return self.routing.load(&memberships, &heads);
                }
                Err(error) => tracing::error!(%error, "the gateway could not read the rooms"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn picture(&self) -> Result<Picture, Error> {
        self.store
            .read(async |reader| {
                let memberships = rooms::queries::all_memberships(reader).await?;
                let heads = rooms::queries::heads(reader).await?;
                Ok((memberships, heads, in_force(reader).await?))
            })
            .await
    }

    /// After missed news: whose session ended and who was removed meanwhile is not known here (R20, R25), so everyone is
    /// sent to come back with their cursors, and the picture is read anew.
    async fn begin_anew(&mut self) {
        for number in self.routing.all() {
            self.let_go(number, Closing::TooSlow);
        }
        self.load().await;
    }

    async fn committed(&mut self, committed: &Committed) {
        match committed.event.stream {
            Stream::Room(room) => self.room_event(room, committed).await,
            Stream::Organisation | Stream::Member(_) => self.people_event(&committed.event),
        }
    }

    async fn room_event(&mut self, room: RoomId, committed: &Committed) {
        let seq = committed.event.seq;
        match self.routing.place(room, seq) {
            Place::Old => {}
            Place::Next if !committed.found => {
                if let Some(frame) = frames::live(&committed.event, &committed.contents) {
                    self.tell(&committed.event, &frame).await;
                }
            }
            // Another process's event: its contents are in the journal.
            Place::Next => self.read_missed(room, Seq(seq.0 - 1), seq).await,
            // Some were told before the picture was read, or not at all: the journal has them.
            Place::Gap(after) => self.read_missed(room, after, seq).await,
        }
    }

    /// Tells a room's events after one place up to another, out of the journal.
    async fn read_missed(&mut self, room: RoomId, after: Seq, upto: Seq) {
        let read = async move |reader: &mut kairan_storage::Reader| {
            let limit = upto.0 - after.0;
            let events = kairan_storage::events_after(reader, Stream::Room(room), after, limit).await?;
            let frames = frames::catch_up(reader, room, Seq::START, after, limit).await?;
            Ok::<_, Error>(events.into_iter().zip(frames).collect::<Vec<_>>())
        };
        match self.store.read(read).await {
            Ok(missed) => {
                for (event, frame) in &missed {
                    self.tell(event, frame).await;
                }
            }
            Err(error) => tracing::error!(%error, "the gateway could not read missed events"),
        }
    }

    /// Makes the frame, once, and hands it round.
    async fn tell(&mut self, event: &Event, frame: &frames::RoomEvent) {
        let (room, movement) = (frame.room, frames::movement(event));
        let shown =
            Shown { frame: Plain::Event(frame).text(), concealed: self.concealed(event, frame).await };
        let (deliveries, newly) = self.routing.event(room, event.seq, movement.as_ref(), &shown);
        self.deliver(deliveries);
        for (number, member) in newly {
            self.read_room(number, room, member);
        }
    }

    /// For an edit or a deletion of a message that somebody in the room came too late to see: where it stands, and the frame for them.
    async fn concealed(&self, event: &Event, frame: &frames::RoomEvent) -> Option<(Seq, Utf8Bytes)> {
        let message = frames::tells_of(event).filter(|_| self.routing.conceals(frame.room))?;
        let read =
            async move |reader: &mut kairan_storage::Reader| messages::queries::place(reader, message).await;
        // Where it cannot be asked, nobody who came late is shown it: they all came after the first place.
        let place = self.store.read::<_, Error, _>(read).await.ok().flatten().map_or(1, |(_, place)| place);
        Some((Seq(place), Plain::Event(&frames::concealed(frame)).text()))
    }

    /// Reads a room for a connection that is newly in it, beside the hub.
    fn read_room(&self, number: Number, room: RoomId, member: MemberId) {
        let (hub, store) = (self.hub.clone(), self.store.clone());
        tokio::spawn(async move {
            let views = store
                .read::<_, Error, _>(async move |reader| {
                    rooms::queries::views(reader, member, Some(room)).await
                })
                .await;
            let call = match views {
                Ok(views) => {
                    let view = views.into_iter().next().map(|view| (view.head, view));
                    let state = view.map(|(head, view)| Box::new((Room::from(view), head)));
                    Call::Entered(number, room, state)
                }
                Err(error) => {
                    tracing::error!(%error, "a room could not be read for a newcomer");
                    Call::NotEntered(number, room)
                }
            };
            hub.tell(call).await;
        });
    }

    fn people_event(&mut self, event: &Event) {
        self.policy_event(event);
        if let Some(Ok(signin::events::SigninFact::Closed(closed))) = signin::events::SigninFact::of(event) {
            self.close_session(closed.session);
        }
        if alarms::rules::may_raise(&event.kind, event.actor) {
            self.read_alarms(event);
        }
        match members::events::MemberFact::of(event) {
            Some(Ok(members::events::MemberFact::Added(fact))) => self.read_profile(fact.member),
            Some(Ok(members::events::MemberFact::Changed(fact))) => self.read_profile(fact.member),
            Some(Ok(members::events::MemberFact::RoleChanged(fact))) => self.read_profile(fact.member),
            Some(Ok(members::events::MemberFact::Joined(fact))) => self.read_profile(fact.member),
            _ => {}
        }
        if naming::events::NameFact::of(event).is_some() {
            self.tell_managers(&Plain::Mine { what: "names", room: None }.text());
        }
        if departments::events::DepartmentFact::of(event).is_some() {
            let frame = Plain::Departments.text();
            let everyone = self.routing.all().into_iter().map(|number| (number, frame.clone())).collect();
            self.deliver(everyone);
        }
        if preferences::events::PreferenceFact::of(event).is_some()
            && let Stream::Member(member) = event.stream
        {
            self.tell_member(member, &Plain::Me.text());
        }
    }

    /// Reads for whom an event raised alarms, beside the hub.
    fn read_alarms(&self, event: &Event) {
        let (hub, store, event) = (self.hub.clone(), self.store.clone(), event.clone());
        tokio::spawn(async move {
            let read = async move |reader: &mut kairan_storage::Reader| {
                alarms::queries::raised_by(reader, &event).await
            };
            match store.read::<_, Error, _>(read).await {
                Ok(raised) if raised.is_empty() => {}
                Ok(raised) => hub.tell(Call::Alarmed(raised)).await,
                Err(error) => tracing::error!(%error, "the gateway could not read alarms"),
            }
        });
    }

    /// Tells those whom alarms are for.
    fn alarmed(&mut self, raised: Vec<(Audience, Option<MemberId>)>) {
        for (audience, subject) in raised {
            let frame = Plain::Alarm { audience: audience.name() }.text();
            match (audience, subject) {
                (Audience::Member, Some(member)) => self.tell_member(member, &frame),
                (Audience::Member, None) => {}
                (Audience::Admins, _) => self.tell_managers(&frame),
            }
        }
    }

    /// Tells everyone who manages members.
    fn tell_managers(&mut self, frame: &Utf8Bytes) {
        let manages = |slot: &Slot| slot.caller.role.may(Permission::ManageMembers);
        let told = self.slots.iter().filter(|(_, slot)| manages(slot));
        let deliveries = told.map(|(number, _)| (*number, frame.clone())).collect();
        self.deliver(deliveries);
    }

    /// Reads a member's profile, beside the hub.
    fn read_profile(&self, member: MemberId) {
        let (hub, store) = (self.hub.clone(), self.store.clone());
        tokio::spawn(async move {
            let read = async move |reader: &mut kairan_storage::Reader| {
                members::queries::record(reader, member).await
            };
            if let Ok(Some(record)) = store.read::<_, Error, _>(read).await {
                let frame = super::frames::member(&members::http::Member::from(record));
                hub.tell(Call::Profile(member, frame)).await;
            }
        });
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Connect(caller, answer) => self.connect(caller, answer),
            Call::Disconnect(number) => self.disconnect(number),
            Call::Look(number, rooms) => {
                let here = self.routing.look(number, &rooms);
                let frames = here
                    .into_iter()
                    .map(|member| (number, Plain::Presence { member, online: true }.text()))
                    .collect();
                self.deliver(frames);
            }
            Call::Typing(number, room) => {
                if let Some(member) = self.slots.get(&number).map(|slot| slot.caller.member)
                    && self.routing.is_in(room, member)
                {
                    let deliveries =
                        self.routing.for_lookers(room, member, &Plain::Typing { room, member }.text());
                    self.deliver(deliveries);
                }
            }
            Call::Entered(number, room, Some(state)) => {
                let (state, head) = *state;
                let text = super::frames::room(&state);
                let deliveries = self.routing.entered(number, room, text, head);
                self.deliver(deliveries);
            }
            Call::Entered(_, _, None) => {}
            // Its events would wait for ever: the client comes back and asks for what it does not have.
            Call::NotEntered(number, room) => {
                if self.routing.awaits(number, room) {
                    self.let_go(number, Closing::TooSlow);
                }
            }
            Call::Profile(member, frame) => {
                let sees_all = |number: Number| {
                    self.slots
                        .get(&number)
                        .is_some_and(|slot| slot.caller.role.may(Permission::ViewDirectory))
                };
                let deliveries = self.routing.for_acquaintances(member, sees_all, &frame);
                self.deliver(deliveries);
            }
            Call::Alarmed(raised) => self.alarmed(raised),
            Call::Incomplete(numbers) => {
                for number in numbers {
                    self.let_go(number, Closing::SessionEnded);
                }
            }
            Call::CloseAll(done) => {
                for slot in self.slots.values() {
                    slot.closing.send_replace(Some(Closing::GoingDown));
                }
                self.leaving = Some(done);
                self.gone();
            }
        }
    }

    fn connect(&mut self, caller: Caller, answer: oneshot::Sender<Arrival>) {
        if self.leaving.is_some() {
            return; // no answer is the answer: 4409
        }
        self.last += 1;
        let number = self.last;
        let (frames, receiver) = mpsc::channel(QUEUE_FRAMES);
        let (closing, closed) = watch::channel(None);
        let waiting = Arc::new(AtomicUsize::new(0));
        let (member, session) = (caller.member, caller.session);
        let first = self.routing.of_member(member, &Utf8Bytes::default()).is_empty();
        let heads = self.routing.connect(number, member, session);
        self.slots.insert(number, Slot { caller, frames, waiting: waiting.clone(), closing });
        if first {
            self.presence(member, true);
        }
        self.metrics.sockets.inc();
        let mailbox = Mailbox { frames: receiver, waiting, closing: closed };
        if answer.send(Arrival { number, heads, mailbox }).is_err() {
            self.disconnect(number);
        }
    }

    fn disconnect(&mut self, number: Number) {
        if self.slots.remove(&number).is_none() {
            return;
        }
        self.metrics.sockets.dec();
        // Whoever watched is asked before the picture forgets the connection.
        if let Some(member) = self.routing.disconnect(number) {
            self.presence(member, false);
        }
        self.gone();
    }

    /// Tells whoever waits for everyone's going, when everyone has gone.
    fn gone(&mut self) {
        if self.slots.is_empty()
            && let Some(leaving) = self.leaving.as_mut()
        {
            // Whoever waited may have given up; the sender itself stays: nobody comes in any more.
            let _ = std::mem::replace(leaving, oneshot::channel().0).send(());
        }
    }

    /// Ends a connection from here.
    fn let_go(&mut self, number: Number, why: Closing) {
        if let Some(slot) = self.slots.get(&number) {
            slot.closing.send_replace(Some(why));
        }
        self.disconnect(number);
    }

    fn presence(&mut self, member: MemberId, online: bool) {
        let frame = Plain::Presence { member, online }.text();
        let watching =
            self.routing.who_watches(member).into_iter().map(|number| (number, frame.clone())).collect();
        self.deliver(watching);
    }

    fn close_session(&mut self, session: SessionId) {
        for number in self.routing.of_session(session) {
            self.let_go(number, Closing::SessionEnded);
        }
    }

    fn tell_member(&mut self, member: MemberId, frame: &Utf8Bytes) {
        let deliveries = self.routing.of_member(member, frame);
        self.deliver(deliveries);
    }

    fn deliver(&mut self, deliveries: Deliveries) {
        let mut too_slow = Vec::new();
        for (number, frame) in deliveries {
            let Some(slot) = self.slots.get(&number) else { continue };
            let size = frame.len();
            let full = slot.waiting.fetch_add(size, Ordering::AcqRel) + size > QUEUE_BYTES;
            if full || slot.frames.try_send(frame).is_err() {
                too_slow.push(number);
            }
        }
        for number in too_slow {
            if self.slots.contains_key(&number) {
                self.metrics.sockets_too_slow.inc();
                self.let_go(number, Closing::TooSlow);
            }
        }
    }
}
