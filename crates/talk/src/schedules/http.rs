//! Scheduled messages over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kairan_core::{FileId, Instant, MessageId, Refusal, RoomId, refusal};
use kairan_http::problem::ProblemBody;
use kairan_http::{Answer, At, Body, NoContent, Problem, present};
use kairan_people::Caller;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::queries::{self, ScheduleView};
use super::{commands, rules};
use crate::Talk;
use crate::files::http::File;
use crate::messages::commands::NewMessage;
use crate::messages::http::Message;
use crate::messages::rules::{Label, message_text_beside};
use crate::mine::job;
use crate::rooms::http::{job as room_job, status};

/// The routes of scheduled messages.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(list_schedules))
        .routes(routes!(put_schedule, patch_schedule, delete_schedule))
        .routes(routes!(post_schedule_send))
}

/// A message for later.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ScheduleNew {
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    /// 1–8,000 code points; beside files it may be empty.
    text: String,
    /// One's own finished files of that room that no message brought yet, at most 20.
    #[serde(default)]
    #[schema(value_type = Vec<String>, format = Uuid)]
    files: Vec<FileId>,
    #[serde(default)]
    label: Option<Label>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    reply_to: Option<MessageId>,
    /// ms UTC; a minute to a year ahead.
    #[schema(value_type = i64)]
    at: Instant,
}

/// What to change of one; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ScheduleChange {
    /// 1–8,000 code points; beside files it may be empty.
    #[serde(default)]
    text: Option<String>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Label>)]
    label: Option<Option<Label>>,
    /// ms UTC; a minute to a year ahead.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    at: Option<Instant>,
}

/// Where a scheduled message stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleStanding {
    /// Its time is to come.
    Waiting,
    /// It could not be posted.
    Failed,
}

/// A scheduled message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Schedule {
    /// The message will have it too.
    #[schema(value_type = String, format = Uuid)]
    id: MessageId,
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    text: String,
    #[schema(required = true)]
    label: Option<Label>,
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    reply_to: Option<MessageId>,
    /// ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
    state: ScheduleStanding,
    files: Vec<File>,
    /// Why it was not posted, in words.
    #[schema(required = true)]
    why: Option<ProblemBody>,
}

/// One's scheduled messages that are not done, by their time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Schedules {
    schedules: Vec<Schedule>,
}

impl From<ScheduleView> for Schedule {
    fn from(view: ScheduleView) -> Self {
        Self {
            id: view.id,
            room: view.room,
            text: view.text.unwrap_or_default(),
            label: view.label,
            reply_to: view.reply_to,
            at: view.at,
            files: view.files.into_iter().map(File::from).collect(),
            state: match view.state {
                rules::ScheduleState::Failed => ScheduleStanding::Failed,
                _ => ScheduleStanding::Waiting,
            },
            why: view.failure.map(|failure| Problem::from(failure.refusal()).body()),
        }
    }
}

#[utoipa::path(get, path = "/schedules", operation_id = "list_schedules", responses((status = 200, body = Schedules)))]
async fn list_schedules(State(talk): State<Talk>, caller: Caller) -> Answer<Json<Schedules>> {
    let mine = talk.store.read(async move |reader| queries::schedules(reader, caller.member).await).await?;
    Ok(Json(Schedules { schedules: mine.into_iter().map(Schedule::from).collect() }))
}

#[utoipa::path(put, path = "/schedules/{id}", operation_id = "put_schedule", request_body = ScheduleNew,
    responses((status = 201, body = Schedule), (status = 200, body = Schedule, description = "This id was scheduled before")))]
async fn put_schedule(
    State(talk): State<Talk>,
    caller: Caller,
    At(id): At<MessageId>,
    Body(new): Body<ScheduleNew>,
) -> Answer<(StatusCode, Json<Schedule>)> {
    let ScheduleNew { room, text, files, label, reply_to, at } = new;
    let new = NewMessage { id, text: message_text_beside(&text, files.len())?, label, reply_to, files };
    let (schedule, made) =
        job(&talk, &caller, async move |tx, caller| commands::set_schedule(tx, caller, room, &new, at).await)
            .await?;
    Ok((status(made), Json(schedule.into())))
}

#[utoipa::path(patch, path = "/schedules/{id}", operation_id = "patch_schedule", request_body = ScheduleChange, responses((status = 200, body = Schedule)))]
async fn patch_schedule(
    State(talk): State<Talk>,
    caller: Caller,
    At(id): At<MessageId>,
    Body(change): Body<ScheduleChange>,
) -> Answer<Json<Schedule>> {
    let ScheduleChange { text, label, at } = change;
    // Whether it may be empty is known where its files are.
    let text = text.map(|text| message_text_beside(&text, 1)).transpose()?;
    let change = commands::Change { text, label, at };
    let schedule =
        job(&talk, &caller, async move |tx, caller| commands::change_schedule(tx, caller, id, &change).await)
            .await?;
    Ok(Json(schedule.into()))
}

#[utoipa::path(delete, path = "/schedules/{id}", operation_id = "delete_schedule", responses((status = 204)))]
async fn delete_schedule(
    State(talk): State<Talk>,
    caller: Caller,
    At(id): At<MessageId>,
) -> Answer<NoContent> {
    job(&talk, &caller, async move |tx, caller| commands::cancel_schedule(tx, caller, id).await).await?;
    Ok(NoContent)
}

#[utoipa::path(post, path = "/schedules/{id}/send", operation_id = "post_schedule_send",
    responses((status = 201, body = Message), (status = 200, body = Message, description = "It was posted before")))]
async fn post_schedule_send(
    State(talk): State<Talk>,
    caller: Caller,
    At(id): At<MessageId>,
) -> Answer<(StatusCode, Json<Message>)> {
    let member = caller.member;
    let there = talk.store.read(async move |reader| queries::schedule(reader, member, id).await).await?;
    let room = there.ok_or_else(|| Refusal::new(&refusal::NOT_FOUND))?.room;
    let (message, made) =
        room_job(&talk, &caller, room, async move |tx, caller| commands::send_now(tx, caller, id).await)
            .await?;
    Ok((status(made), Json(message.into())))
}
