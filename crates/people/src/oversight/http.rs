//! `/me/oversight`.

use axum::Json;
use axum::extract::State;
use kairan_http::Answer;
use kairan_storage::Reader;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::queries::{self, Holders};
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new().routes(routes!(show_oversight))
}

/// Says who can do what about oneself.
#[utoipa::path(get, path = "/me/oversight", tag = "me", responses((status = 200, body = Vec<Holders>)), security(("session" = [])))]
async fn show_oversight(State(people): State<People>, caller: Caller) -> Answer<Json<Vec<Holders>>> {
    let hooks = people.hooks.clone();
    let read = async move |reader: &mut Reader| queries::oversight(reader, &hooks, caller.member).await;
    Ok(Json(people.store.read(read).await?))
}
