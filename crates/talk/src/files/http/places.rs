//! Where files are: one file's place, a room's files, what everything weighs.

use axum::Json;
use axum::extract::State;
use kairan_core::{FileId, Instant, MemberId, Refusal, RoomId, refusal};
use kairan_http::{Answer, Asked, At, QUERY_SHAPE};
use kairan_people::Caller;
use kairan_storage::Reader;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::wire::FileDetail;
use crate::files::queries::{self, FilesAsked};
use crate::files::rules::FileKind;
use crate::files::view::rules::Terms;
use crate::{Talk, rooms};

/// These routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(get_file)).routes(routes!(list_room_files)).routes(routes!(get_usage))
}

#[utoipa::path(get, path = "/files/{file}", operation_id = "get_file", responses((status = 200, body = FileDetail)))]
async fn get_file(
    State(talk): State<Talk>,
    caller: Caller,
    At(file): At<FileId>,
) -> Answer<Json<FileDetail>> {
    let (there, terms) = on_terms(&talk, &caller, file).await?;
    Ok(Json(FileDetail::of(there, &terms)))
}

/// The file, if the caller may open it now, and on what terms; or 404.
pub(super) async fn on_terms(
    talk: &Talk,
    caller: &Caller,
    file: FileId,
) -> Result<(queries::PlacedFile, Terms), Refusal> {
    let caller = caller.clone();
    let found = talk
        .store
        .read(async move |reader: &mut Reader| {
            Ok::<_, Refusal>(queries::on_terms(reader, file, &caller).await?)
        })
        .await?;
    Ok(found.ok_or(&refusal::NOT_FOUND)?)
}

/// Which files of a room.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RoomFilesAsked {
    /// Kinds, with commas between them; `media` stands for image and video. None: every kind.
    #[param(nullable = false)]
    kind: Option<String>,
    /// Who sent them.
    #[param(value_type = Option<String>, format = Uuid, nullable = false)]
    by: Option<MemberId>,
    /// Sent at this moment or later, ms UTC.
    #[param(value_type = Option<i64>, nullable = false)]
    after: Option<Instant>,
    /// Sent before this moment, ms UTC.
    #[param(value_type = Option<i64>, nullable = false)]
    before: Option<Instant>,
    /// Of messages before this place: the place of the last file of the page before.
    #[param(nullable = false)]
    older_than: Option<i64>,
    /// About so many, 1–100: the files of one message are never parted.
    #[param(nullable = false)]
    limit: Option<i64>,
}

/// A room's files, newest message first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomFiles {
    files: Vec<FileDetail>,
    /// Older ones exist.
    more: bool,
}

#[utoipa::path(get, path = "/rooms/{id}/files", operation_id = "list_room_files", params(RoomFilesAsked), responses((status = 200, body = RoomFiles)))]
async fn list_room_files(
    State(talk): State<Talk>,
    caller: Caller,
    At(room): At<RoomId>,
    Asked(asked): Asked<RoomFilesAsked>,
) -> Answer<Json<RoomFiles>> {
    let RoomFilesAsked { kind, by, after, before, older_than, limit } = asked;
    let kinds = kinds(kind.as_deref().unwrap_or_default())?;
    let asked = FilesAsked { kinds, by, after, before, older_than, limit: limit.unwrap_or(50).clamp(1, 100) };
    let (files, more, terms) = talk
        .store
        .read(async move |reader: &mut Reader| {
            let standing = rooms::queries::standing(reader, room, caller.member).await?;
            let floor = standing.ok_or(&refusal::NOT_FOUND)?.floor;
            let (files, more) = queries::of_room(reader, room, floor, &asked).await?;
            Ok::<_, Refusal>((files, more, queries::terms(reader, &caller).await?))
        })
        .await?;
    Ok(Json(RoomFiles {
        files: files.into_iter().map(|there| FileDetail::of(there, &terms)).collect(),
        more,
    }))
}

fn kinds(list: &str) -> Result<Vec<FileKind>, Refusal> {
    let mut kinds = Vec::new();
    for name in list.split(',').filter(|name| !name.is_empty()) {
        match name {
            "media" => kinds.extend([FileKind::Image, FileKind::Video]),
            name => kinds.push(FileKind::named(name).ok_or(&QUERY_SHAPE)?),
        }
    }
    Ok(kinds)
}

/// How much there is and how much there may be, bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Used {
    /// Uploads under way included.
    used: i64,
    /// None: no limit.
    #[schema(required = true)]
    limit: Option<i64>,
}

/// What files weigh.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    organisation: Used,
    /// Of the one who asks.
    member: Used,
    /// The largest file that is taken, bytes.
    largest: i64,
}

#[utoipa::path(get, path = "/usage", operation_id = "get_usage", responses((status = 200, body = UsageView)))]
async fn get_usage(State(talk): State<Talk>, caller: Caller) -> Answer<Json<UsageView>> {
    let read = async move |reader: &mut Reader| {
        let limits = queries::limits(reader).await?;
        Ok::<_, Refusal>((queries::usage(reader, caller.member).await?, limits))
    };
    let (usage, limits) = talk.store.read(read).await?;
    Ok(Json(UsageView {
        organisation: Used { used: usage.organisation, limit: limits.total },
        member: Used { used: usage.member, limit: limits.per_member },
        largest: limits.largest,
    }))
}
