//! Bookmarks over HTTP.

use axum::Json;
use axum::extract::State;
use kairan_core::{Instant, MessageId};
use kairan_http::{Answer, Asked, At, NoContent};
use kairan_people::Caller;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{commands, queries};
use crate::Talk;
use crate::messages::http::Message;
use crate::mine::{Older, job};

/// The bookmarks' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(put_bookmark, delete_bookmark)).routes(routes!(list_bookmarks))
}

/// A message marked to be found again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bookmark {
    message: Message,
    /// When it was marked, ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
}

/// One's bookmarks, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bookmarks {
    bookmarks: Vec<Bookmark>,
    /// Older ones exist: go on with the last one's `at` as `older_than`.
    more: bool,
}

#[utoipa::path(put, path = "/bookmarks/{message}", operation_id = "put_bookmark", responses((status = 204)))]
async fn put_bookmark(
    State(talk): State<Talk>,
    caller: Caller,
    At(message): At<MessageId>,
) -> Answer<NoContent> {
    job(&talk, &caller, async move |tx, caller| commands::add_bookmark(tx, caller, message).await).await?;
    Ok(NoContent)
}

#[utoipa::path(delete, path = "/bookmarks/{message}", operation_id = "delete_bookmark", responses((status = 204)))]
async fn delete_bookmark(
    State(talk): State<Talk>,
    caller: Caller,
    At(message): At<MessageId>,
) -> Answer<NoContent> {
    job(&talk, &caller, async move |tx, caller| commands::remove_bookmark(tx, caller, message).await).await?;
    Ok(NoContent)
}

#[utoipa::path(get, path = "/bookmarks", operation_id = "list_bookmarks", params(Older), responses((status = 200, body = Bookmarks)))]
async fn list_bookmarks(
    State(talk): State<Talk>,
    caller: Caller,
    Asked(asked): Asked<Older>,
) -> Answer<Json<Bookmarks>> {
    let (before, limit) = asked.page();
    let page = talk
        .store
        .read(async move |reader| queries::page(reader, caller.member, before, limit).await)
        .await?;
    let bookmarks =
        page.bookmarks.into_iter().map(|(message, at)| Bookmark { message: message.into(), at }).collect();
    Ok(Json(Bookmarks { bookmarks, more: page.more }))
}
