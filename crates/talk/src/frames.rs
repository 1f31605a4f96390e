//! A room's events as clients get them: the journal's facts, with the texts and file names beside them that the journal only names.
//!
//! One form for what is live and for catching up. It stays true that a text which is gone now is not sent again: catching
//! up shows each message as it is now.

use std::collections::HashMap;

use kairan_core::{Instant, MemberId, MessageId, RoomId, Seq};
use kairan_storage::{Event, Facts, Reader, Result, Stream, events_after, params};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::files;
use crate::files::events::{FileFact, PostedFile};
use crate::files::http::File;
use crate::files::queries::FileView;
use crate::messages::events::{ContentRef, MessageFact, MessagePosted};
use crate::rooms::events::RoomFact;

/// An event of a room.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RoomEvent {
    #[schema(value_type = String, format = Uuid)]
    /// Its room.
    pub room: RoomId,
    /// Its place; gapless.
    #[schema(value_type = i64)]
    pub seq: Seq,
    /// ms UTC.
    #[schema(value_type = i64)]
    pub at: Instant,
    /// Who did it; none for the server itself.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    pub actor: Option<MemberId>,
    /// `feature.happened`.
    pub kind: String,
    /// The facts of that kind.
    #[schema(value_type = Object)]
    pub body: Map<String, Value>,
}

/// A message an event brings the words of: their content, and the files when it brings those.
struct Brought {
    message: MessageId,
    content: ContentRef,
    files: Option<Vec<PostedFile>>,
}

impl Brought {
    fn by(event: &Event) -> Option<Self> {
        match MessageFact::of(event)?.ok()? {
            MessageFact::Posted(posted) => {
                let MessagePosted { message, content, files, .. } = posted;
                Some(Self { message, content, files: Some(files) })
            }
            MessageFact::Edited(edited) => {
                Some(Self { message: edited.message, content: edited.content, files: None })
            }
            _ => None,
        }
    }
}

/// What stands in a frame for what the journal only names.
struct Words {
    /// None when it is gone.
    text: Option<String>,
    /// None when the event brings no files.
    files: Option<Vec<File>>,
}

/// The frame of an event just committed; `contents` are those committed with it. `None` for events that are not a room's.
#[must_use]
pub fn live(event: &Event, contents: &HashMap<kairan_core::ContentId, String>) -> Option<RoomEvent> {
    let words = Brought::by(event).map(|brought| Words {
        text: contents.get(&brought.content.id).cloned(),
        files: brought.files.map(|files| files.into_iter().map(|file| shown(file, contents)).collect()),
    });
    frame(event, words)
}

/// A file as it was posted, with the name put beside the post.
fn shown(posted: PostedFile, contents: &HashMap<kairan_core::ContentId, String>) -> File {
    let name = contents.get(&posted.name.id).cloned().unwrap_or_default();
    FileView { id: posted.file, name, shape: posted.shape, state: posted.state }.into()
}

/// What clients are told of a file's own events; its name, key and hash are not for the room.
const OF_FILES: [&str; 2] = ["file", "preview"];

/// `words`: none when this kind of event has no text.
fn frame(event: &Event, words: Option<Words>) -> Option<RoomEvent> {
    let Stream::Room(room) = event.stream else { return None };
    let mut body: Map<String, Value> = serde_json::from_str(&event.body).ok()?;
    if let Some(Words { text, files }) = words {
        body.remove("content");
        body.insert("text".into(), text.map_or(Value::Null, Value::String));
        if let Some(files) = files {
            body.insert("files".into(), serde_json::to_value(files).ok()?);
        }
    }
    match FileFact::of(event) {
        Some(Ok(FileFact::Released(_))) => body.retain(|field, _| OF_FILES.contains(&field.as_str())),
        Some(_) => body.retain(|field, _| field == "file"),
        None => {}
    }
    body.remove("floor"); // what a newcomer may see is between them and the server
    Some(RoomEvent {
        room,
        seq: event.seq,
        at: event.at,
        actor: event.actor.member(),
        kind: event.kind.clone(),
        body,
    })
}

/// Whose coming or going an event is, for whoever routes frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// These came in (a new room's first members, or one more), each seeing what stands above a place.
    In(Vec<(MemberId, Seq)>),
    /// This one is out: the event itself is the last they get.
    Out(MemberId),
}

/// See [`Movement`].
#[must_use]
pub fn movement(event: &Event) -> Option<Movement> {
    match RoomFact::of(event)?.ok()? {
        RoomFact::Created(created) => {
            Some(Movement::In(created.members.iter().map(|first| (first.member, Seq::START)).collect()))
        }
        RoomFact::MemberAdded(added) => Some(Movement::In(vec![(added.member, added.floor)])),
        RoomFact::MemberRemoved(removed) => Some(Movement::Out(removed.member)),
        _ => None,
    }
}

/// The frame for those who may not see the message it brings text of.
#[must_use]
pub fn concealed(frame: &RoomEvent) -> RoomEvent {
    let mut frame = frame.clone();
    if let Some(text) = frame.body.get_mut("text") {
        *text = Value::Null;
    }
    if let Some(files) = frame.body.get_mut("files") {
        *files = Value::Array(Vec::new());
    }
    frame.body.remove("was");
    frame
}

/// The message posted before that an event tells something of which not everybody in the room may see.
#[must_use]
pub fn tells_of(event: &Event) -> Option<MessageId> {
    match MessageFact::of(event)?.ok()? {
        MessageFact::Edited(edited) => Some(edited.message),
        MessageFact::Deleted(deleted) => Some(deleted.message),
        _ => None,
    }
}

/// Events of a room after a place, each message above `floor` with its text as it is now.
///
/// # Errors
/// What storage says.
pub async fn catch_up(
    reader: &mut Reader,
    room: RoomId,
    floor: Seq,
    after: Seq,
    limit: i64,
) -> Result<Vec<RoomEvent>> {
    let events = events_after(reader, Stream::Room(room), after, limit).await?;
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(Vec::new()) };
    let mut texts = HashMap::new();
    let sql = "SELECT g.id, CASE WHEN g.deleted_at IS NULL THEN c.body ELSE NULL END FROM messages g JOIN contents c ON c.id = g.content
        WHERE g.room = $1 AND g.seq >= $2 AND g.seq <= $3";
    for row in reader.query(sql, params![room, first.seq, last.seq]).await? {
        texts.insert(row.get::<MessageId>(0)?, words(row.get(1)?));
    }
    let mut files: HashMap<MessageId, Vec<File>> = HashMap::new();
    for (message, file) in files::queries::of_messages(reader, room, first.seq, last.seq).await? {
        files.entry(message).or_default().push(file.into());
    }
    let mut frames = Vec::with_capacity(events.len());
    for event in &events {
        let words = match Brought::by(event) {
            None => None,
            Some(Brought { message, files: brought, .. }) => Some(Words {
                text: match texts.get(&message) {
                    Some(text) => text.clone(),
                    // An edit of a message from before this page.
                    None => text_now(reader, message, floor).await?,
                },
                files: brought.map(|_| files.remove(&message).unwrap_or_default()),
            }),
        };
        frames.extend(frame(event, words).map(|frame| without_what_was(frame, floor)));
    }
    Ok(frames)
}

/// How a message stood is not for those who came too late to see it.
fn without_what_was(mut frame: RoomEvent, floor: Seq) -> RoomEvent {
    if frame.body.get("was").and_then(|was| was["seq"].as_i64()).is_some_and(|seq| seq <= floor.0) {
        frame.body.remove("was");
    }
    frame
}

async fn text_now(reader: &mut Reader, message: MessageId, floor: Seq) -> Result<Option<String>> {
    let sql = "SELECT CASE WHEN g.deleted_at IS NULL THEN c.body ELSE NULL END FROM messages g JOIN contents c ON c.id = g.content WHERE g.id = $1 AND g.seq > $2";
    Ok(words(reader.maybe(sql, params![message, floor]).await?.map(|row| row.get(0)).transpose()?.flatten()))
}

fn words(bytes: Option<Vec<u8>>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
