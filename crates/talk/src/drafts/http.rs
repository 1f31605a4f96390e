//! Drafts over HTTP.

use axum::Json;
use axum::extract::State;
use kairan_core::{Instant, MemberId, MessageId, RoomId};
use kairan_http::{Answer, Asked, At, Body, NoContent};
use kairan_people::Caller;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::keep_draft;
use super::{queries, rules};
use crate::Talk;
use crate::messages::rules::Label;
use crate::mine::job;

/// The drafts' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(put_draft, delete_draft)).routes(routes!(list_drafts))
}

/// What somebody has begun to write.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DraftNew {
    /// At most 8,000 code points; may be empty.
    text: String,
    /// Names in the text and whom they mean.
    #[schema(value_type = Vec<Vec<String>>)]
    picked: Vec<(String, MemberId)>,
    #[schema(required = true)]
    label: Option<Label>,
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    reply_to: Option<MessageId>,
    /// When it was written, by the clock of the device, ms UTC. An older draft than the one kept is passed over.
    #[schema(value_type = i64)]
    at: Instant,
}

/// When the draft was thrown away.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DraftGone {
    /// By the clock of the device, ms UTC; without it, now. A newer draft stays.
    #[param(nullable = false)]
    at: Option<i64>,
}

/// A draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct Draft {
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    text: String,
    #[schema(value_type = Vec<Vec<String>>)]
    picked: Vec<(String, MemberId)>,
    #[schema(required = true)]
    label: Option<Label>,
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    reply_to: Option<MessageId>,
    /// ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
}

/// One's drafts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drafts {
    drafts: Vec<Draft>,
}

#[utoipa::path(put, path = "/rooms/{id}/draft", operation_id = "put_draft", request_body = DraftNew, responses((status = 204)))]
async fn put_draft(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Body(new): Body<DraftNew>,
) -> Answer<NoContent> {
    let DraftNew { text, picked, label, reply_to, at } = new;
    let draft = rules::Draft { text, picked, label, reply_to, at };
    let draft = draft.check(talk.store.surroundings().now())?;
    job(&talk, &caller, async move |tx, caller| keep_draft(tx, caller, room, &draft).await).await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/rooms/{id}/draft", operation_id = "delete_draft", params(DraftGone), responses((status = 204)))]
async fn delete_draft(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Asked(asked): Asked<DraftGone>,
) -> Answer<NoContent> {
    let now = talk.store.surroundings().now();
    let none = rules::Draft::none(asked.at.map_or(now, Instant)).check(now)?;
    job(&talk, &caller, async move |tx, caller| keep_draft(tx, caller, room, &none).await).await?;
    Ok(NoContent)
}

#[utoipa::path(get, path = "/drafts", operation_id = "list_drafts", responses((status = 200, body = Drafts)))]
async fn list_drafts(State(talk): State<Talk>, caller: Caller) -> Answer<Json<Drafts>> {
    let kept = talk.store.read(async move |reader| queries::drafts(reader, caller.member).await).await?;
    let drafts = kept.into_iter().map(|(room, draft)| Draft {
        room,
        text: draft.text,
        picked: draft.picked,
        label: draft.label,
        reply_to: draft.reply_to,
        at: draft.at,
    });
    Ok(Json(Drafts { drafts: drafts.collect() }))
}
