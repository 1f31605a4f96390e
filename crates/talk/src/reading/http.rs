//! 既読 over HTTP.

use axum::Json;
use axum::extract::State;
use kairan_core::{Instant, MemberId, MessageId, RoomId, Seq, refusal};
use kairan_http::{Answer, At, Body};
use kairan_people::Caller;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{commands, queries};
use crate::rooms::http::job;
use crate::{Talk, messages, rooms};

/// The reading routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(put_room_read)).routes(routes!(get_message_readers))
}

/// How far the caller has read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReadUpTo {
    #[schema(value_type = i64)]
    upto: Seq,
}

/// Where the caller's position stands now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadPosition {
    #[schema(value_type = i64)]
    read: Seq,
}

/// One who has read a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageReader {
    #[schema(value_type = String, format = Uuid)]
    member: MemberId,
    /// When, ms UTC.
    #[schema(value_type = i64)]
    at: Instant,
}

/// Who has read a message and who has not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readers {
    read: Vec<MessageReader>,
    /// Members of the room who have not.
    #[schema(value_type = Vec<String>)]
    unread: Vec<MemberId>,
}

#[utoipa::path(put, path = "/rooms/{id}/read", operation_id = "put_room_read", request_body = ReadUpTo, responses((status = 200, body = ReadPosition)))]
async fn put_room_read(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Body(read): Body<ReadUpTo>,
) -> Answer<Json<ReadPosition>> {
    let read = job(&talk, &caller, room, async move |tx, caller| {
        commands::mark_read(tx, caller, room, read.upto).await
    })
    .await?;
    Ok(Json(ReadPosition { read }))
}

#[utoipa::path(get, path = "/rooms/{id}/messages/{message}/readers", operation_id = "get_message_readers", responses((status = 200, body = Readers)))]
async fn get_message_readers(
    State(talk): State<Talk>,
    caller: Caller,
    At((room, message)): At<(RoomId, MessageId)>,
) -> Answer<Json<Readers>> {
    let (members, readers, author) = talk
        .store
        .read(async move |reader| {
            let standing =
                rooms::queries::standing(reader, room, caller.member).await?.ok_or(&refusal::NOT_FOUND)?;
            let known = messages::queries::known(reader, message)
                .await?
                .filter(|known| known.room == room && known.seq > standing.floor)
                .ok_or(&refusal::NOT_FOUND)?;
            let members = rooms::queries::members(reader, room).await?;
            let readers = queries::readers(reader, room, known.seq).await?;
            Ok::<_, kairan_core::Refusal>((members, readers, known.author))
        })
        .await?;
    let unread = members
        .iter()
        .map(|one| one.member)
        .filter(|member| *member != author && !readers.iter().any(|(reader, _)| reader == member))
        .collect();
    let read = readers
        .into_iter()
        .filter(|(member, _)| *member != author)
        .map(|(member, at)| MessageReader { member, at })
        .collect();
    Ok(Json(Readers { read, unread }))
}
