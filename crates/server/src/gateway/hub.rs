//! The hub's handle: what connections hold of it, and what they and it say to each other.
//!
//! It stays true that everything a connection gets comes through its mailbox, in the order in which the hub's task put it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::extract::ws::Utf8Bytes;
use kairan_core::{MemberId, RoomId, Seq};
use kairan_people::Caller;
use kairan_people::alarms::rules::Audience;
use kairan_storage::Store;
use kairan_talk::rooms::http::Room;
use tokio::sync::{mpsc, oneshot, watch};

use super::frames::Closing;
use super::routing::Number;
use super::task::Task;
use crate::metrics::Metrics;

/// Calls of connections waiting for the hub.
const CALLS: usize = 4_096;

/// What a connection holds to be reached and closed.
pub struct Mailbox {
    /// Frames to be sent.
    pub frames: mpsc::Receiver<Utf8Bytes>,
    /// Bytes in `frames`; the connection takes off what it has sent.
    pub waiting: Arc<AtomicUsize>,
    /// Set once, when the connection is to end.
    pub closing: watch::Receiver<Option<Closing>>,
}

/// What a connection's arrival answers.
pub struct Arrival {
    /// The connection's number.
    pub number: Number,
    /// Where each of its rooms stands; events above come by the mailbox.
    pub heads: std::collections::BTreeMap<RoomId, Seq>,
    /// Its mailbox.
    pub mailbox: Mailbox,
}

/// What connections and readers tell the hub.
pub(super) enum Call {
    /// Somebody comes.
    Connect(Caller, oneshot::Sender<Arrival>),
    /// A connection is gone.
    Disconnect(Number),
    /// Which rooms it has on screen.
    Look(Number, Vec<RoomId>),
    /// Its member writes.
    Typing(Number, RoomId),
    /// A room read for a connection that is newly in it; none when they were out again before it was read.
    Entered(Number, RoomId, Option<Box<(Room, Seq)>>),
    /// A room that could not be read for a connection that is newly in it.
    NotEntered(Number, RoomId),
    /// A member's profile read anew.
    Profile(MemberId, Utf8Bytes),
    /// An event raised alarms for these.
    Alarmed(Vec<(Audience, Option<MemberId>)>),
    /// Connections whose sessions are not complete any more.
    Incomplete(Vec<Number>),
    /// The server goes down.
    CloseAll(oneshot::Sender<()>),
}

/// A handle on the hub's task.
#[derive(Clone)]
pub struct Hub(mpsc::Sender<Call>);

impl Hub {
    /// Starts the task.
    #[must_use]
    pub fn start(store: Store, metrics: Metrics) -> Self {
        let (sender, calls) = mpsc::channel(CALLS);
        let hub = Self(sender);
        tokio::spawn(Task::new(store, metrics, hub.clone()).run(calls));
        hub
    }

    pub(super) async fn connect(&self, caller: Caller) -> Option<Arrival> {
        let (answer, arrival) = oneshot::channel();
        self.0.send(Call::Connect(caller, answer)).await.ok()?;
        arrival.await.ok()
    }
    pub(super) async fn disconnect(&self, number: Number) {
        let _ = self.0.send(Call::Disconnect(number)).await;
    }
    pub(super) async fn look(&self, number: Number, rooms: Vec<RoomId>) {
        let _ = self.0.send(Call::Look(number, rooms)).await;
    }
    pub(super) async fn typing(&self, number: Number, room: RoomId) {
        let _ = self.0.send(Call::Typing(number, room)).await;
    }
    pub(super) async fn tell(&self, call: Call) {
        let _ = self.0.send(call).await;
    }
    /// Sends everyone away with 4409, and returns when they have gone.
    pub async fn close_all(&self) {
        let (done, told) = oneshot::channel();
        if self.0.send(Call::CloseAll(done)).await.is_ok() {
            let _ = told.await;
        }
    }
}
