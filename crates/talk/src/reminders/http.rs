//! Reminders over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kairan_core::{Instant, MessageId, Refusal, ReminderId, refusal};
use kairan_http::{Answer, At, Body, NoContent};
use kairan_people::Caller;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands;
use super::queries::{self, Kept};
use super::rules::ReminderState;
use crate::Talk;
use crate::messages::http::Message;
use crate::messages::queries::MessageView;
use crate::mine::job;
use crate::rooms::http::status;

/// The reminders' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(put_reminder, delete_reminder)).routes(routes!(list_reminders))
}

/// Of what to be told, and when.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReminderNew {
    #[schema(value_type = String, format = Uuid)]
    message: MessageId,
    /// ms UTC, at most a year ahead. A time gone by is due at once.
    #[schema(value_type = i64)]
    at: Instant,
}

/// A reminder.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reminder {
    #[schema(value_type = String, format = Uuid)]
    id: ReminderId,
    message: Message,
    /// ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
    state: ReminderState,
}

/// One's reminders by their time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reminders {
    reminders: Vec<Reminder>,
}

impl From<(Kept, MessageView)> for Reminder {
    fn from((kept, message): (Kept, MessageView)) -> Self {
        Self { id: kept.id, message: message.into(), at: kept.at, state: kept.state }
    }
}

#[utoipa::path(put, path = "/reminders/{id}", operation_id = "put_reminder", request_body = ReminderNew,
    responses((status = 201, body = Reminder), (status = 200, body = Reminder, description = "It was there, perhaps for another time")))]
async fn put_reminder(
    State(talk): State<Talk>,
    caller: Caller,
    At(id): At<ReminderId>,
    Body(new): Body<ReminderNew>,
) -> Answer<(StatusCode, Json<Reminder>)> {
    let ReminderNew { message, at } = new;
    let (made, reminder) = job(&talk, &caller, async move |tx, caller| {
        let made = commands::set_reminder(tx, caller, id, message, at).await?;
        let kept = queries::kept(tx, caller.member, id).await?;
        let shown = queries::shown(tx, caller.member, kept.into_iter().collect()).await?;
        let set = shown.into_iter().next().ok_or(&refusal::NOT_FOUND)?;
        Ok::<_, Refusal>((made, set))
    })
    .await?;
    Ok((status(made), Json(reminder.into())))
}

#[utoipa::path(delete, path = "/reminders/{id}", operation_id = "delete_reminder", responses((status = 204)))]
async fn delete_reminder(
    State(talk): State<Talk>,
    caller: Caller,
    At(id): At<ReminderId>,
) -> Answer<NoContent> {
    job(&talk, &caller, async move |tx, caller| commands::cancel_reminder(tx, caller, id).await).await?;
    Ok(NoContent)
}

#[utoipa::path(get, path = "/reminders", operation_id = "list_reminders", responses((status = 200, body = Reminders)))]
async fn list_reminders(State(talk): State<Talk>, caller: Caller) -> Answer<Json<Reminders>> {
    let mine = talk.store.read(async move |reader| queries::reminders(reader, caller.member).await).await?;
    Ok(Json(Reminders { reminders: mine.into_iter().map(Reminder::from).collect() }))
}
