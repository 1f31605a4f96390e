//! 未返信 over HTTP.

use axum::Json;
use axum::extract::State;
use kairan_http::{Answer, Asked};
use kairan_people::Caller;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::queries;
use crate::Talk;
use crate::messages::http::Message;
use crate::mine::Older;

/// The routes of what waits for the caller.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(list_unanswered)).routes(routes!(count_unanswered))
}

/// Messages that wait for the caller's word, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unanswered {
    messages: Vec<Message>,
    /// Older ones exist: go on with the last one's `at` as `older_than`.
    more: bool,
}

/// How many messages wait for the caller's word.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnansweredCount {
    count: i64,
}

#[utoipa::path(get, path = "/unanswered", operation_id = "list_unanswered", params(Older), responses((status = 200, body = Unanswered)))]
async fn list_unanswered(
    State(talk): State<Talk>,
    caller: Caller,
    Asked(asked): Asked<Older>,
) -> Answer<Json<Unanswered>> {
    let (before, limit) = asked.page();
    let (messages, more) = talk
        .store
        .read(async move |reader| queries::page(reader, caller.member, before, limit).await)
        .await?;
    Ok(Json(Unanswered { messages: messages.into_iter().map(Message::from).collect(), more }))
}

#[utoipa::path(get, path = "/unanswered/count", operation_id = "count_unanswered", responses((status = 200, body = UnansweredCount)))]
async fn count_unanswered(State(talk): State<Talk>, caller: Caller) -> Answer<Json<UnansweredCount>> {
    let count = talk.store.read(async move |reader| queries::count(reader, caller.member).await).await?;
    Ok(Json(UnansweredCount { count }))
}
