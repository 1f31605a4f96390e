//! `/me/preferences`.

use axum::Json;
use axum::extract::State;
use kairan_core::Refusal;
use kairan_http::{Answer, Body};
use kairan_storage::{News, Stream, Tx};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::events::{PreferenceFact, Preferences};
use super::queries;
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new().routes(routes!(set_preferences))
}

/// Says how one likes it.
#[utoipa::path(put, path = "/me/preferences", tag = "me", request_body = Preferences, responses((status = 200, body = Preferences)), security(("session" = [])))]
async fn set_preferences(
    State(people): State<People>,
    caller: Caller,
    Body(wanted): Body<Preferences>,
) -> Answer<Json<Preferences>> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| -> Result<(), Refusal> {
        if queries::of(tx, caller.member).await? != wanted {
            tx.append(stream, caller.actor(), None, &PreferenceFact::from(wanted)).await?;
            tx.tell(News::Own(caller.member));
        }
        Ok(())
    };
    people.store.write(stream, job).await?;
    Ok(Json(wanted))
}
