//! Rooms over HTTP: wire types and routes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kairan_core::{DepartmentId, Instant, MemberId, MessageId, Refusal, RoomId, Seq, refusal, text};
use kairan_http::{Answer, At, Body, NoContent, Problem, present};
use kairan_people::Caller;
use kairan_storage::{Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{self, Kept, NewRoom};
use super::events::RoomChanged;
use super::queries::{self, RoomView};
use super::rules::{self, History, RoomKind};
use crate::Talk;
use crate::files::rules::FileKind;
use crate::notifications::rules::Level;

/// The rooms' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(list_rooms))
        .routes(routes!(get_room, put_room, patch_room))
        .routes(routes!(put_direct_room))
        .routes(routes!(put_room_member, delete_room_member))
        .routes(routes!(put_room_manager, delete_room_manager))
        .routes(routes!(post_room_leave))
        .routes(routes!(put_room_archive, delete_room_archive))
        .routes(routes!(put_room_mine))
}

/// One who is in a room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoomMember)]
pub struct RoomMemberWire {
    #[schema(value_type = String, format = Uuid)]
    member: MemberId,
    /// Answers for the room (責任者).
    manager: bool,
    /// The place of the event that brought them in.
    #[schema(value_type = i64)]
    since: Seq,
}

/// How a room stands with the one who asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomMine {
    /// They see what stands above this place.
    floor: i64,
    /// They have read up to here.
    read: i64,
    /// Messages of others not read.
    unread: i64,
    /// Of these, addressed to them.
    mentions: i64,
    /// Open 相談 and 依頼 of the room.
    open_consults: i64,
    /// What of it they want to be told of.
    notify: Level,
    /// No notifications before this instant, ms UTC.
    #[schema(value_type = Option<i64>, required = true)]
    quiet_until: Option<Instant>,
    /// Kept at the top.
    favourite: bool,
    /// When they last read, ms UTC.
    #[schema(value_type = Option<i64>, required = true)]
    last_read_at: Option<Instant>,
}

/// The last message of a room, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomLast {
    #[schema(value_type = String, format = Uuid)]
    message: MessageId,
    #[schema(value_type = i64)]
    seq: Seq,
    #[schema(value_type = i64)]
    at: Instant,
    #[schema(value_type = String, format = Uuid)]
    author: MemberId,
    /// At most 120 characters; empty when deleted.
    text: String,
    deleted: bool,
    /// How many files it brings.
    files: i64,
    /// What the first of them is.
    #[schema(required = true)]
    file_kind: Option<FileKind>,
}

/// A room as the one who asks sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Room {
    #[schema(value_type = String, format = Uuid)]
    id: RoomId,
    kind: RoomKind,
    /// None for direct rooms: they are named after the other person.
    #[schema(required = true)]
    name: Option<String>,
    description: String,
    #[schema(required = true)]
    icon: Option<String>,
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    department: Option<DepartmentId>,
    history: History,
    archived: bool,
    members: Vec<RoomMemberWire>,
    /// The last place of its stream.
    #[schema(value_type = i64)]
    head: Seq,
    /// How many are from outside.
    outsiders: i64,
    #[schema(value_type = i64)]
    created_at: Instant,
    mine: RoomMine,
    #[schema(required = true)]
    last: Option<RoomLast>,
}

/// Characters of a preview.
const PREVIEW: usize = 120;

impl From<RoomView> for Room {
    fn from(view: RoomView) -> Self {
        let RoomView {
            id,
            kind,
            name,
            description,
            icon,
            department,
            history,
            archived,
            created_at,
            head,
            members,
            outsiders,
            mine,
            last,
        } = view;
        Self {
            id,
            kind,
            name,
            description,
            icon,
            department,
            history,
            archived,
            members: members
                .into_iter()
                .map(|one| RoomMemberWire { member: one.member, manager: one.manager, since: one.since })
                .collect(),
            head,
            outsiders,
            created_at,
            mine: RoomMine {
                floor: mine.floor,
                read: mine.read,
                unread: mine.unread,
                mentions: mine.mentions,
                open_consults: mine.open_consults,
                notify: mine.notify,
                quiet_until: mine.quiet_until,
                favourite: mine.favourite,
                last_read_at: mine.read_at,
            },
            last: last.map(|last| RoomLast {
                message: last.message,
                seq: last.seq,
                at: last.at,
                author: last.author,
                deleted: last.text.is_none(),
                text: last.text.map(|words| text::excerpt(&words, PREVIEW)).unwrap_or_default(),
                files: last.files,
                file_kind: last.file_kind,
            }),
        }
    }
}

/// The rooms of the one who asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rooms {
    rooms: Vec<Room>,
}

/// A room to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RoomNew {
    /// Not `direct`.
    kind: RoomKind,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    icon: Option<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    members: Vec<MemberId>,
    /// Besides the one who makes it.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    managers: Vec<MemberId>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    department: Option<DepartmentId>,
    history: History,
}

/// What to change of a room.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RoomChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    icon: Option<Option<String>>,
    #[serde(default)]
    history: Option<History>,
}

/// The id a new direct room is to have.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DirectNew {
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
}

/// How the caller keeps the room.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RoomKeep {
    #[serde(default)]
    notify: Option<Level>,
    /// No notifications before this instant, ms UTC; `null` ends the silence.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    quiet_until: Option<Option<Instant>>,
    #[serde(default)]
    favourite: Option<bool>,
}

#[utoipa::path(get, path = "/rooms", operation_id = "list_rooms", responses((status = 200, body = Rooms)))]
async fn list_rooms(State(talk): State<Talk>, caller: Caller) -> Answer<Json<Rooms>> {
    let views =
        talk.store.read(async move |reader| queries::views(reader, caller.member, None).await).await?;
    Ok(Json(Rooms { rooms: views.into_iter().map(Room::from).collect() }))
}

#[utoipa::path(get, path = "/rooms/{id}", operation_id = "get_room", responses((status = 200, body = Room)))]
async fn get_room(State(talk): State<Talk>, caller: Caller, At(room): At<RoomId>) -> Answer<Json<Room>> {
    Ok(Json(room_for(&talk, &caller, room).await?))
}

/// The room as the caller sees it, or 404.
pub(crate) async fn room_for(talk: &Talk, caller: &Caller, room: RoomId) -> Result<Room, Refusal> {
    let member = caller.member;
    let views = talk.store.read(async move |reader| queries::views(reader, member, Some(room)).await).await?;
    Ok(views.into_iter().next().ok_or(&refusal::NOT_FOUND)?.into())
}

#[utoipa::path(put, path = "/rooms/{id}", operation_id = "put_room", request_body = RoomNew,
    responses((status = 201, body = Room), (status = 200, body = Room, description = "It was there already")))]
async fn put_room(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Body(new): Body<RoomNew>,
) -> Answer<(StatusCode, Json<Room>)> {
    let RoomNew { kind, name, description, icon, members, managers, department, history } = new;
    if kind == RoomKind::Direct {
        return Err(Problem::from(&rules::DIRECT_FIXED));
    }
    let new = NewRoom { kind, name, description, icon, members, managers, department, history }.check()?;
    let made = job(&talk, &caller, room, async move |tx, caller| {
        commands::create_room(tx, caller, room, &new).await
    })
    .await?;
    Ok((status(made), Json(room_for(&talk, &caller, room).await?)))
}

#[utoipa::path(put, path = "/direct/{member}", operation_id = "put_direct_room", request_body = DirectNew,
    responses((status = 201, body = Room), (status = 200, body = Room, description = "The pair's room")))]
async fn put_direct_room(
    State(talk): State<Talk>,
    caller: Caller,
    At(member): At<MemberId>,
    Body(new): Body<DirectNew>,
) -> Answer<(StatusCode, Json<Room>)> {
    let (room, made) = job(&talk, &caller, new.room, async move |tx, caller| {
        commands::open_direct_room(tx, caller, member, new.room).await
    })
    .await?;
    Ok((status(made), Json(room_for(&talk, &caller, room).await?)))
}

#[utoipa::path(patch, path = "/rooms/{id}", operation_id = "patch_room", request_body = RoomChange, responses((status = 200, body = Room)))]
async fn patch_room(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Body(change): Body<RoomChange>,
) -> Answer<Json<Room>> {
    let mut faults = Vec::new();
    let mut keep = |checked: Result<Option<String>, _>| {
        checked.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        })
    };
    let name = keep(change.name.as_deref().map(rules::name).transpose());
    let description = keep(change.description.as_deref().map(rules::description).transpose());
    let icon = match change.icon {
        None => None,
        Some(None) => Some(None),
        Some(Some(icon)) => Some(keep(rules::icon(&icon).map(Some))),
    };
    if !faults.is_empty() {
        return Err(Refusal::fields(faults).into());
    }
    let change = RoomChanged { name, description, icon, history: change.history };
    job(&talk, &caller, room, async move |tx, caller| commands::change_room(tx, caller, room, &change).await)
        .await?;
    Ok(Json(room_for(&talk, &caller, room).await?))
}

#[utoipa::path(put, path = "/rooms/{id}/members/{member}", operation_id = "put_room_member", responses((status = 204)))]
async fn put_room_member(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, member)): At<(RoomId, MemberId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| commands::add_member(tx, caller, room, member).await)
        .await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/rooms/{id}/members/{member}", operation_id = "delete_room_member", responses((status = 204)))]
async fn delete_room_member(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, member)): At<(RoomId, MemberId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::remove_member(tx, caller, room, member).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(put, path = "/rooms/{id}/managers/{member}", operation_id = "put_room_manager", responses((status = 204)))]
async fn put_room_manager(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, member)): At<(RoomId, MemberId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::set_manager(tx, caller, room, member, true).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/rooms/{id}/managers/{member}", operation_id = "delete_room_manager", responses((status = 204)))]
async fn delete_room_manager(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, member)): At<(RoomId, MemberId)>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        commands::set_manager(tx, caller, room, member, false).await
    })
    .await?;
    Ok(NoContent)
}

#[utoipa::path(post, path = "/rooms/{id}/leave", operation_id = "post_room_leave", responses((status = 204)))]
async fn post_room_leave(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| commands::leave_room(tx, caller, room).await).await?;
    Ok(NoContent)
}

#[utoipa::path(put, path = "/rooms/{id}/archive", operation_id = "put_room_archive", responses((status = 204)))]
async fn put_room_archive(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| commands::set_archived(tx, caller, room, true).await)
        .await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/rooms/{id}/archive", operation_id = "delete_room_archive", responses((status = 204)))]
async fn delete_room_archive(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| commands::set_archived(tx, caller, room, false).await)
        .await?;
    Ok(NoContent)
}

#[utoipa::path(put, path = "/rooms/{id}/mine", operation_id = "put_room_mine", request_body = RoomKeep, responses((status = 204)))]
async fn put_room_mine(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Body(keep): Body<RoomKeep>,
) -> Answer<NoContent> {
    job(&talk, &caller, room, async move |tx, caller| {
        let kept = Kept { notify: keep.notify, quiet_until: keep.quiet_until, favourite: keep.favourite };
        commands::keep_room(tx, caller, room, kept).await
    })
    .await?;
    Ok(NoContent)
}

/// Runs a command of the caller's as a write job on the room's stream.
pub(crate) async fn job<T, F>(talk: &Talk, caller: &Caller, room: RoomId, command: F) -> Result<T, Refusal>
where
    F: AsyncFn(&mut Tx, &Caller) -> Result<T, Refusal> + Send + Sync + 'static,
    T: Send + 'static,
{
    let caller = caller.clone();
    talk.store.write(Stream::Room(room), async move |tx: &mut Tx| command(tx, &caller).await).await
}

/// 201 for something new, 200 for a retry.
pub(crate) fn status(new: bool) -> StatusCode {
    if new { StatusCode::CREATED } else { StatusCode::OK }
}
