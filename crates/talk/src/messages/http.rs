//! Messages over HTTP: wire types and routes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kairan_core::{FileId, Instant, MemberId, MessageId, Refusal, RoomId, Seq, refusal};
use kairan_http::{Answer, Asked, At, Body, NoContent};
use kairan_people::Caller;
use kairan_storage::Reader;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{self, NewMessage};
use super::queries::{self, MessageView, Part};
use super::rules::{self, Label};
use crate::files::http::File;
use crate::files::rules::FileKind;
use crate::rooms::http::{job, status};
use crate::rooms::rules::Standing;
use crate::{Talk, frames, rooms};

/// The messages' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(list_messages))
        .routes(routes!(list_events))
        .routes(routes!(get_message, put_message, patch_message, delete_message))
        .routes(routes!(put_reaction, delete_reaction))
        .routes(routes!(put_pin, delete_pin))
        .routes(routes!(list_pins))
        .routes(routes!(put_answered, delete_answered))
        .routes(routes!(get_message_place))
}

/// Who did it and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct ByAt {
    #[schema(value_type = String, format = Uuid)]
    by: MemberId,
    /// ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
}

/// The message another one answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplyTo {
    #[schema(value_type = String, format = Uuid)]
    message: MessageId,
    #[schema(value_type = String, format = Uuid)]
    author: MemberId,
    /// Its text now; none when deleted.
    #[schema(required = true)]
    text: Option<String>,
    deleted: bool,
    /// How many files it brings.
    files: i64,
    /// What the first of them is.
    #[schema(required = true)]
    file_kind: Option<FileKind>,
}

/// A reaction and who gave it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reaction {
    /// One of the words (確認 is drawn as a seal) or an emoji.
    reaction: String,
    #[schema(value_type = Vec<String>)]
    members: Vec<MemberId>,
}

/// A message as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    #[schema(value_type = String, format = Uuid)]
    id: MessageId,
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    #[schema(value_type = i64)]
    seq: Seq,
    /// ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
    #[schema(value_type = String, format = Uuid)]
    author: MemberId,
    /// None when deleted. Mentions are `@{member id}` and `@{all}`.
    #[schema(required = true)]
    text: Option<String>,
    #[schema(required = true)]
    label: Option<Label>,
    #[schema(required = true)]
    answered: Option<ByAt>,
    #[schema(required = true)]
    reply_to: Option<ReplyTo>,
    #[schema(value_type = Vec<String>)]
    mentions: Vec<MemberId>,
    all: bool,
    #[schema(value_type = Option<i64>, required = true)]
    edited_at: Option<Instant>,
    edits: i64,
    #[schema(value_type = Option<i64>, required = true)]
    deleted_at: Option<Instant>,
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    deleted_by: Option<MemberId>,
    #[schema(required = true)]
    pinned: Option<ByAt>,
    reactions: Vec<Reaction>,
    /// Readers other than the author.
    read_count: i64,
    /// In the order they were sent; none when deleted.
    files: Vec<File>,
}

impl From<MessageView> for Message {
    fn from(view: MessageView) -> Self {
        let by_at = |done: queries::Done| ByAt { by: done.by, at: done.at };
        Self {
            id: view.id,
            room: view.room,
            seq: view.seq,
            at: view.at,
            author: view.author,
            text: view.text,
            label: view.label,
            answered: view.answered.map(by_at),
            reply_to: view.reply_to.map(|quoted| ReplyTo {
                message: quoted.message,
                author: quoted.author,
                deleted: quoted.text.is_none(),
                text: quoted.text,
                files: quoted.files,
                file_kind: quoted.file_kind,
            }),
            mentions: view.mentions,
            all: view.everyone,
            edited_at: view.edited_at,
            edits: view.edits,
            deleted_at: view.deleted.map(|done| done.at),
            deleted_by: view.deleted.map(|done| done.by),
            pinned: view.pinned.map(by_at),
            reactions: view
                .reactions
                .into_iter()
                .map(|(reaction, members)| Reaction { reaction, members })
                .collect(),
            read_count: view.read_count,
            files: view.files.into_iter().map(File::from).collect(),
        }
    }
}

/// A page of messages, ascending by place.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagePage {
    messages: Vec<Message>,
    /// The last place of the room's stream when the page was read.
    #[schema(value_type = i64)]
    head: Seq,
    more_before: bool,
    more_after: bool,
}

/// Pinned messages, newest pin first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pins {
    messages: Vec<Message>,
}

/// Events of a room, ascending.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    events: Vec<frames::RoomEvent>,
    #[schema(value_type = i64)]
    head: Seq,
}

/// Which messages. At most one of `before`, `after`, `around`; none: the newest.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesAsked {
    /// Those before this place.
    #[param(nullable = false)]
    before: Option<i64>,
    /// Those after this place.
    #[param(nullable = false)]
    after: Option<i64>,
    /// Those around this place.
    #[param(nullable = false)]
    around: Option<i64>,
    /// At most so many, 1–200.
    #[param(nullable = false)]
    limit: Option<i64>,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsAsked {
    /// Those after this place.
    after: i64,
    /// At most so many, 1–500.
    #[param(nullable = false)]
    limit: Option<i64>,
}

/// What to post.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MessageNew {
    /// 1–8,000 code points; beside files it may be empty.
    text: String,
    #[serde(default)]
    label: Option<Label>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    reply_to: Option<MessageId>,
    /// At most 20 finished uploads of one's own in this room that no message brought yet.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    files: Vec<FileId>,
}

/// The new text.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MessageChange {
    /// 1–8,000 code points; beside files it may be empty.
    text: String,
}

/// Where a message is.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagePlace {
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    seq: i64,
}

async fn standing(reader: &mut Reader, caller: &Caller, room: RoomId) -> Result<Standing, Refusal> {
    Ok(rooms::queries::standing(reader, room, caller.member).await?.ok_or(&refusal::NOT_FOUND)?)
}

#[utoipa::path(get, path = "/rooms/{id}/messages", operation_id = "list_messages", params(MessagesAsked), responses((status = 200, body = MessagePage)))]
async fn list_messages(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Asked(asked): Asked<MessagesAsked>,
) -> Answer<Json<MessagePage>> {
    let part = match (asked.before, asked.after, asked.around) {
        (None, None, None) => Part::Newest,
        (Some(place), None, None) => Part::Before(place),
        (None, Some(place), None) => Part::After(place),
        (None, None, Some(place)) => Part::Around(place),
        _ => return Err((&kairan_http::QUERY_SHAPE).into()),
    };
    let limit = asked.limit.unwrap_or(50).clamp(1, 200);
    let (page, head) = talk
        .store
        .read(async move |reader| {
            let standing = standing(reader, &caller, room).await?;
            let head = rooms::queries::head(reader, room).await?;
            Ok::<_, Refusal>((queries::page(reader, room, standing.floor, part, limit).await?, head))
        })
        .await?;
    let messages = page.messages.into_iter().map(Message::from).collect();
    Ok(Json(MessagePage { messages, head, more_before: page.more_before, more_after: page.more_after }))
}

#[utoipa::path(get, path = "/rooms/{id}/events", operation_id = "list_events", params(EventsAsked), responses((status = 200, body = EventPage)))]
async fn list_events(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Asked(asked): Asked<EventsAsked>,
) -> Answer<Json<EventPage>> {
    let limit = asked.limit.unwrap_or(500).clamp(1, 500);
    let page = talk
        .store
        .read(async move |reader| {
            let standing = standing(reader, &caller, room).await?;
            let head = rooms::queries::head(reader, room).await?;
            let after = Seq(asked.after.max(standing.floor));
            Ok::<_, Refusal>(EventPage {
                events: frames::catch_up(reader, room, Seq(standing.floor), after, limit).await?,
                head,
            })
        })
        .await?;
    Ok(Json(page))
}

#[utoipa::path(get, path = "/rooms/{id}/messages/{message}", operation_id = "get_message", responses((status = 200, body = Message)))]
async fn get_message(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
) -> Answer<Json<Message>> {
    let found = talk
        .store
        .read(async move |reader| {
            let standing = standing(reader, &caller, room).await?;
            Ok::<_, Refusal>(queries::message(reader, room, standing.floor, message).await?)
        })
        .await?;
    Ok(Json(found.ok_or(&refusal::NOT_FOUND)?.into()))
}

#[utoipa::path(put, path = "/rooms/{id}/messages/{message}", operation_id = "put_message", request_body = MessageNew,
    responses((status = 201, body = Message), (status = 200, body = Message, description = "This id was posted before")))]
async fn put_message(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
    Body(new): Body<MessageNew>,
) -> Answer<(StatusCode, Json<Message>)> {
    let new = NewMessage {
        id: message,
        text: rules::message_text_beside(&new.text, new.files.len())?,
        label: new.label,
        reply_to: new.reply_to,
        files: new.files,
    };
    let (posted, made) = job(&talk, &caller, room, async move |tx, caller| {
        commands::post_message(tx, caller, room, &new).await
    })
    .await?;
    Ok((status(made), Json(posted.into())))
}

#[utoipa::path(patch, path = "/rooms/{id}/messages/{message}", operation_id = "patch_message", request_body = MessageChange, responses((status = 200, body = Message)))]
async fn patch_message(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
    Body(change): Body<MessageChange>,
) -> Answer<Json<Message>> {
    // Whether it may be empty depends on the message; the command knows.
    let text = rules::message_text_beside(&change.text, 1)?;
    let edited = job(&talk, &caller, room, async move |tx, caller| {
        commands::edit_message(tx, caller, room, message, &text).await
    })
    .await?;
    Ok(Json(edited.into()))
}

#[utoipa::path(delete, path = "/rooms/{id}/messages/{message}", operation_id = "delete_message", responses((status = 204)))]
async fn delete_message(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::delete_message(tx, caller, room, message).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(put, path = "/rooms/{id}/messages/{message}/reactions/{reaction}", operation_id = "put_reaction", responses((status = 204)))]
async fn put_reaction(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message, reaction)): At<(RoomId, MessageId, String)>,
) -> Answer<NoContent> {
    let reaction = rules::reaction(&reaction)?;
    job(&talk, &caller, room, async move |tx, caller| {
        commands::add_reaction(tx, caller, room, message, &reaction).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/rooms/{id}/messages/{message}/reactions/{reaction}", operation_id = "delete_reaction", responses((status = 204)))]
async fn delete_reaction(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message, reaction)): At<(RoomId, MessageId, String)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::remove_reaction(tx, caller, room, message, &reaction).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(put, path = "/rooms/{id}/messages/{message}/pin", operation_id = "put_pin", responses((status = 204)))]
async fn put_pin(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::set_pinned(tx, caller, room, message, true).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/rooms/{id}/messages/{message}/pin", operation_id = "delete_pin", responses((status = 204)))]
async fn delete_pin(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::set_pinned(tx, caller, room, message, false).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(get, path = "/rooms/{id}/pins", operation_id = "list_pins", responses((status = 200, body = Pins)))]
async fn list_pins(State(talk): State<Talk>, caller: Caller, At(room): At<RoomId>) -> Answer<Json<Pins>> {
    let found = talk
        .store
        .read(async move |reader| {
            let standing = standing(reader, &caller, room).await?;
            Ok::<_, Refusal>(queries::pinned(reader, room, standing.floor).await?)
        })
        .await?;
    Ok(Json(Pins { messages: found.into_iter().map(Message::from).collect() }))
}

#[utoipa::path(put, path = "/rooms/{id}/messages/{message}/answered", operation_id = "put_answered", responses((status = 204)))]
async fn put_answered(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::set_answered(tx, caller, room, message, true).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/rooms/{id}/messages/{message}/answered", operation_id = "delete_answered", responses((status = 204)))]
async fn delete_answered(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::set_answered(tx, caller, room, message, false).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(get, path = "/messages/{message}", operation_id = "get_message_place", responses((status = 200, body = MessagePlace)))]
async fn get_message_place(
    State(talk): State<Talk>,
    caller: Caller,
    At(message): At<MessageId>,
) -> Answer<Json<MessagePlace>> {
    let place = talk
        .store
        .read(async move |reader| {
            let (room, seq) = queries::place(reader, message).await?.ok_or(&refusal::NOT_FOUND)?;
            let standing = standing(reader, &caller, room).await?;
            if seq > standing.floor {
                Ok(MessagePlace { room, seq })
            } else {
                Err(Refusal::new(&refusal::NOT_FOUND))
            }
        })
        .await?;
    Ok(Json(place))
}
