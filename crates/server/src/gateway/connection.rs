//! One socket: hello, what was missed, then the queue.
//!
//! It stays true that what waits for one reader is bounded (R78), and that a frame that is not one ends the connection
//! with 1007 before anything is made of it (R39).

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use kairan_core::{Refusal, RoomId, Seq};
use kairan_people::policies::Because;
use kairan_people::signin::rules::SESSION_MISSING;
use kairan_people::{Caller, People};
use kairan_storage::{Error, Store};
use kairan_talk::{frames as room_frames, rooms};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use super::frames::{Call, Closing, Plain};
use super::hub::{Arrival, Hub, Mailbox};
use super::routing::Number;

/// Bytes waiting for one reader at most (R78).
pub const QUEUE_BYTES: usize = 1024 * 1024;
/// A client says hello within this.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// A client that takes none of what is sent for so long is gone or too slow.
const STALLED: Duration = Duration::from_secs(30);
/// Clients ping every 20 s; silence longer than this means that nobody is there.
const SILENCE: Duration = Duration::from_secs(70);
/// How often an open socket counts as use of its session, and its person is asked for anew.
const TOUCH: Duration = Duration::from_secs(60);
/// Events sent to catch up in one room; more and the client loads the room anew.
const CATCH_UP: i64 = 500;
/// Frames taken from the queue and written before one flush.
const BURST: usize = 64;
/// Rooms on one screen.
const LOOKING: usize = 8;

type Sink = SplitSink<WebSocket, Message>;

/// Serves one socket to its end.
pub async fn serve(socket: WebSocket, caller: Caller, hub: Hub, store: Store, people: People) {
    let (mut sink, mut stream) = socket.split();
    let (cursors, looking) = match timeout(HELLO_WITHIN, stream.next()).await {
        Ok(Some(Ok(Message::Text(text)))) => match serde_json::from_str(&text) {
            Ok(Call::Hello { cursors, looking }) => (cursors, looking),
            Ok(_) => return close(&mut sink, Closing::BadHello).await,
            Err(_) => return close(&mut sink, Closing::Malformed).await,
        },
        Ok(Some(Ok(Message::Binary(_)) | Err(_))) => return close(&mut sink, Closing::Malformed).await,
        _ => return close(&mut sink, Closing::BadHello).await,
    };
    let Some(arrival) = hub.connect(caller.clone()).await else {
        return close(&mut sink, Closing::GoingDown).await;
    };
    let number = arrival.number;
    // Asked only now that the hub would hear of its end: a session that ended since its ticket was given opens nothing.
    let closing = match people.still(&caller).await {
        Ok(()) => {
            talk(&mut sink, &mut stream, arrival, cursors, looking, &caller, &hub, &store, &people).await
        }
        Err(refusal) => Some(ending(&refusal).unwrap_or(Closing::SessionEnded)),
    };
    if let Some(closing) = closing {
        close(&mut sink, closing).await;
    }
    // After the close frame: a goodbye waits until the hub holds no connection.
    hub.disconnect(number).await;
}

/// Until the socket ends. Why, when it is we who end it.
#[expect(clippy::too_many_arguments, reason = "the parts of one connection, named once")]
async fn talk(
    sink: &mut Sink,
    stream: &mut SplitStream<WebSocket>,
    arrival: Arrival,
    cursors: BTreeMap<RoomId, Seq>,
    looking: Vec<RoomId>,
    caller: &Caller,
    hub: &Hub,
    store: &Store,
    people: &People,
) -> Option<Closing> {
    let Arrival { number, heads, mailbox } = arrival;
    let Mailbox { mut frames, waiting, mut closing } = mailbox;
    let welcome = Plain::Welcome { session: caller.session, heads: &heads }.text();
    if let Err(why) = send(sink, &mut closing, vec![welcome]).await {
        return why;
    }
    for (room, head) in &heads {
        let Some(cursor) = cursors.get(room) else { continue };
        let missed = missed(store, caller, *room, *cursor, *head).await;
        if let Err(why) = send(sink, &mut closing, missed).await {
            return why;
        }
    }
    hub.look(number, looking.into_iter().take(LOOKING).collect()).await;

    let mut touch = interval(TOUCH);
    touch.tick().await; // the first tick is now, and the sign-in or ticket has just counted
    let mut burst = Vec::with_capacity(BURST);
    loop {
        tokio::select! {
            taken = frames.recv_many(&mut burst, BURST) => {
                if taken == 0 {
                    // The hub let go of us; it has said why.
                    return *closing.borrow();
                }
                let bytes: usize = burst.iter().map(|frame| frame.len()).sum();
                if let Err(why) = send(sink, &mut closing, std::mem::take(&mut burst)).await {
                    return why;
                }
                waiting.fetch_sub(bytes, Ordering::AcqRel);
            }
            heard = timeout(SILENCE, stream.next()) => match heard {
                Ok(Some(Ok(message))) => match hear(message, number, hub).await {
                    Heard::Nothing => {}
                    Heard::Ping => if let Err(why) = send(sink, &mut closing, vec![Plain::Pong.text()]).await { return why },
                    Heard::End => return None,
                    Heard::Wrong(closing) => return Some(closing),
                },
                // Bad UTF-8, a frame too large, a broken header: whatever it was, it was not a frame.
                Ok(Some(Err(_))) => return Some(Closing::Malformed),
                Ok(None) | Err(_) => return None,
            },
            _ = closing.changed() => return *closing.borrow(),
            _ = touch.tick() => {
                people.touch(caller.member, caller.session).await;
                if let Err(refusal) = people.still(caller).await
                    && let Some(closing) = ending(&refusal)
                {
                    return Some(closing);
                }
            }
        }
    }
}

/// How a connection ends whose person may not go on; not at all when the database merely did not answer.
fn ending(refusal: &Refusal) -> Option<Closing> {
    if Because::of(refusal.code).is_some() {
        return Some(Closing::Policy);
    }
    (refusal.code == &SESSION_MISSING).then_some(Closing::SessionEnded)
}

enum Heard {
    Nothing,
    Ping,
    End,
    Wrong(Closing),
}

async fn hear(message: Message, number: Number, hub: &Hub) -> Heard {
    let text = match message {
        Message::Text(text) => text,
        Message::Binary(_) => return Heard::Wrong(Closing::Malformed),
        Message::Close(_) => return Heard::End,
        Message::Ping(_) | Message::Pong(_) => return Heard::Nothing,
    };
    match serde_json::from_str(&text) {
        Ok(Call::Hello { .. }) => Heard::Wrong(Closing::BadHello),
        Ok(Call::Looking { rooms }) => {
            hub.look(number, rooms.into_iter().take(LOOKING).collect()).await;
            Heard::Nothing
        }
        Ok(Call::Typing { room }) => {
            hub.typing(number, room).await;
            Heard::Nothing
        }
        Ok(Call::Ping) => Heard::Ping,
        Err(_) => Heard::Wrong(Closing::Malformed),
    }
}

/// What a client missed of a room between its cursor and where the room stood when it connected.
async fn missed(store: &Store, caller: &Caller, room: RoomId, cursor: Seq, head: Seq) -> Vec<Utf8Bytes> {
    if cursor == head {
        return Vec::new();
    }
    let anew = || vec![Plain::Refetch { room, head }.text()];
    // A cursor beyond the head is of a journal that was restored to an earlier day.
    if cursor > head || head.0.saturating_sub(cursor.0) > CATCH_UP {
        return anew();
    }
    let member = caller.member;
    let read = async move |reader: &mut kairan_storage::Reader| {
        let members = rooms::queries::members(reader, room).await?;
        // Out, or out and in again, since the cursor: what lies between may not be theirs to see, nor what they had theirs
        // now. Loading it anew tells them.
        let Some(here) = members.iter().find(|one| one.member == member && one.since <= cursor) else {
            return Ok(None);
        };
        // What is already in the queue above `head` is not sent twice.
        let floor = here.floor;
        room_frames::catch_up(reader, room, floor, cursor, head.0 - cursor.0).await.map(Some)
    };
    match store.read::<_, Error, _>(read).await {
        Ok(Some(events)) => events.iter().map(|event| Plain::Event(event).text()).collect(),
        Ok(None) => anew(),
        Err(error) => {
            tracing::error!(%error, "missed events could not be read");
            anew()
        }
    }
}

/// Writes frames and flushes once. An error is the end: with a reason when it is ours to give.
async fn send(
    sink: &mut Sink,
    closing: &mut watch::Receiver<Option<Closing>>,
    frames: Vec<Utf8Bytes>,
) -> Result<(), Option<Closing>> {
    if frames.is_empty() {
        return Ok(());
    }
    let write = async {
        for frame in frames {
            sink.feed(Message::Text(frame)).await?;
        }
        sink.flush().await
    };
    tokio::select! {
        written = timeout(STALLED, write) => match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            Err(_) => Err(Some(Closing::TooSlow)),
        },
        // A reader that takes nothing must not keep us from ending it.
        _ = closing.changed() => Err(*closing.borrow()),
    }
}

/// Says why, if the client still listens.
async fn close(sink: &mut Sink, closing: Closing) {
    let frame = CloseFrame { code: closing.code(), reason: closing.reason().into() };
    let _ = timeout(Duration::from_secs(2), async {
        sink.send(Message::Close(Some(frame))).await?;
        sink.close().await
    })
    .await;
}
