//! What a browser's worker asks when it was woken.

use axum::Json;
use axum::extract::State;
use kairan_core::RoomId;
use kairan_core::ids::Id;
use kairan_http::Answer;
use kairan_people::Caller;
use kairan_people::organisation::settings::{self, Shows};
use kairan_people::reach;
use kairan_people::reach::rules::tag;
use kairan_storage::{Reader, Result};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::queries;
use crate::Talk;

/// The notifications' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(list_push_waiting))
}

/// What waits for the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushWaiting {
    /// How many messages they want to be told of wait, in all rooms.
    badge: i64,
    rooms: Vec<PushWaitingRoom>,
}

/// One room in which something waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushWaitingRoom {
    /// What notifications of this room are called in this browser.
    tag: String,
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    /// None unless the organisation lets notifications name rooms.
    #[schema(required = true)]
    name: Option<String>,
    /// Messages of others not read.
    unread: i64,
    /// Of these, addressed to them.
    mentions: i64,
}

/// What a browser's worker may show: counts, and names as far as the organisation lets notifications name anything (R15).
#[utoipa::path(get, path = "/me/push/waiting", tag = "me", operation_id = "list_push_waiting", responses((status = 200, body = PushWaiting)))]
async fn list_push_waiting(State(talk): State<Talk>, caller: Caller) -> Answer<Json<PushWaiting>> {
    let (member, session, now) = (caller.member, caller.session, talk.store.surroundings().now());
    let read = async move |reader: &mut Reader| -> Result<_> {
        let key = match reach::queries::reachable(reader, session, now).await? {
            Some((_, subscription, _)) => subscription.auth,
            None => session.bytes(),
        };
        Ok((queries::waiting(reader, member).await?, key, settings::of(reader).await?.push.shows))
    };
    let (waiting, key, shows) = talk.store.read(read).await.map_err(kairan_core::Refusal::from)?;
    let badge = waiting.iter().map(|one| one.counted).sum();
    let rooms = waiting
        .into_iter()
        .map(|one| PushWaitingRoom {
            tag: tag(&key, &one.room.bytes()),
            room: one.room,
            name: Some(one.name).filter(|_| shows != Shows::Nothing),
            unread: one.unread,
            mentions: one.mentions,
        })
        .collect();
    Ok(Json(PushWaiting { badge, rooms }))
}
