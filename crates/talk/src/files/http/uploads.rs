//! Uploads: one resumable way for every size (R48).

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kairan_core::{FileId, Refusal, RoomId, refusal};
use kairan_http::{Answer, At, Body, NoContent, Octets};
use kairan_people::Caller;
use kairan_storage::blobs::{FileKey, Layer};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::File;
use crate::Talk;
use crate::files::commands::{self, NewUpload, Progress};
use crate::files::receiving::Sender;
use crate::files::{finish, inspect, jobs, queries, rules};
use crate::rooms::http::{job, status};

/// The uploads' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(put_upload, get_upload, delete_upload))
        .routes(routes!(put_upload_part))
        .routes(routes!(finish_upload))
}

/// What is to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UploadNew {
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    /// As others will see it.
    name: String,
    /// Bytes.
    size: i64,
    /// Media type, as the browser says; compared with the bytes.
    #[serde(default)]
    media: Option<String>,
}

/// Whether an upload is finished.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum UploadState {
    Open,
    Done,
}

/// Where an upload stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Upload {
    #[schema(value_type = String, format = Uuid)]
    file: FileId,
    #[schema(value_type = String, format = Uuid)]
    room: RoomId,
    size: i64,
    /// Bytes of every part but the last, which is the remainder.
    part_bytes: i64,
    /// Numbers of the parts that are here, ascending; the first part is 0.
    received: Vec<i64>,
    state: UploadState,
}

impl From<Progress> for Upload {
    fn from(progress: Progress) -> Self {
        let Progress { file, room, size, received, done } = progress;
        let state = if done { UploadState::Done } else { UploadState::Open };
        Self { file, room, size, part_bytes: rules::PART_BYTES, received, state }
    }
}

#[utoipa::path(put, path = "/uploads/{file}", operation_id = "put_upload", request_body = UploadNew,
    responses((status = 201, body = Upload), (status = 200, body = Upload, description = "It was opened before")))]
async fn put_upload(
    State(talk): State<Talk>,
    caller: Caller,
    At(file): At<FileId>,
    Body(new): Body<UploadNew>,
) -> Answer<(StatusCode, Json<Upload>)> {
    let name = inspect::file_name(&new.name)?;
    let wrapped = talk.files.sealing.wrap(&FileKey::generate(talk.store.surroundings()), file);
    let new = NewUpload { file, room: new.room, name, size: new.size, media: new.media, wrapped };
    let opened = async move |tx: &mut Tx| commands::open_upload(tx, &caller, &new).await;
    let (progress, made): (Progress, bool) = talk.store.write(Stream::Organisation, opened).await?;
    Ok((status(made), Json(progress.into())))
}

#[utoipa::path(get, path = "/uploads/{file}", operation_id = "get_upload", responses((status = 200, body = Upload)))]
async fn get_upload(State(talk): State<Talk>, caller: Caller, At(file): At<FileId>) -> Answer<Json<Upload>> {
    let read = async move |reader: &mut Reader| progress(reader, &caller, file).await;
    let progress: Result<Progress, Refusal> = talk.store.read(read).await;
    Ok(Json(progress?.into()))
}

/// Where the caller's own upload or unposted file stands, or 404.
async fn progress(reader: &mut Reader, caller: &Caller, file: FileId) -> Result<Progress, Refusal> {
    if let Some(there) = queries::visible(reader, file, caller.member).await?
        && there.by == caller.member
    {
        return Ok(commands::done(&there));
    }
    let open = commands::own_upload(reader, caller.member, file).await?;
    let received = queries::received(reader, file).await?;
    Ok(Progress { file, room: open.room, size: open.size, received, done: false })
}

#[utoipa::path(delete, path = "/uploads/{file}", operation_id = "delete_upload", responses((status = 204)))]
async fn delete_upload(State(talk): State<Talk>, caller: Caller, At(file): At<FileId>) -> Answer<NoContent> {
    let lock = talk.files.lock(file);
    let _alone = lock.write().await;
    let (asker, read) = (caller.clone(), talk.store.clone());
    let room = read
        .read(async move |reader: &mut Reader| Ok::<_, Refusal>(progress(reader, &asker, file).await?.room))
        .await?;
    job(&talk, &caller, room, async move |tx, caller| commands::cancel_upload(tx, caller, file).await)
        .await?;
    jobs::clear(&talk, file).await;
    Ok(NoContent)
}

/// Bytes of the largest part, as the extractor wants it.
const PART: usize = 4 * 1024 * 1024;

#[utoipa::path(put, path = "/uploads/{file}/parts/{n}", operation_id = "put_upload_part",
    params(("n" = i64, Path, description = "Number of the part; the first is 0")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "Exactly the part's bytes"),
    responses((status = 204)))]
async fn put_upload_part(
    State(talk): State<Talk>,
    sender: Sender,
    At((file, n)): At<(FileId, u32)>,
    Octets(bytes): Octets<PART>,
) -> Answer<NoContent> {
    let caller = &sender.caller;
    let lock = talk.files.lock(file);
    let _shared = lock.read().await;
    let (asker, part) = (caller.clone(), i64::from(n));
    let read = async move |reader: &mut Reader| {
        if progress(reader, &asker, file).await?.done {
            return Err(Refusal::new(&rules::UPLOAD_DONE));
        }
        let there = queries::received(reader, file).await?.binary_search(&part).is_ok();
        Ok((commands::own_upload(reader, asker.member, file).await?, there))
    };
    let (open, there) = talk.store.read(read).await?;
    let expected = rules::part_length(open.size, part).ok_or(&refusal::NOT_FOUND)?;
    if i64::try_from(bytes.len()) != Ok(expected) {
        return Err(Refusal::new(&rules::PART_LENGTH).fact("expected", expected).into());
    }
    if there {
        return Ok(NoContent);
    }
    let (key, length) = (talk.files.key(&talk.store, file, open.secret).await?, bytes.len());
    talk.files.blobs.put_part(&key, file, Layer::Content, n, bytes.into()).await?;
    talk.files.counts.bytes_in.fetch_add(length as u64, Ordering::Relaxed);
    let kept = job(&talk, caller, open.room, async move |tx, caller| {
        commands::keep_part(tx, caller, file, part).await
    })
    .await;
    if kept.is_err() {
        // Cancelled meanwhile, on another node: nothing of it stays here.
        jobs::clear_if_gone(&talk, file).await;
    }
    kept?;
    Ok(NoContent)
}

#[utoipa::path(post, path = "/uploads/{file}/finish", operation_id = "finish_upload",
    responses((status = 201, body = File), (status = 200, body = File, description = "It was finished before")))]
async fn finish_upload(
    State(talk): State<Talk>,
    caller: Caller,
    At(file): At<FileId>,
) -> Answer<(StatusCode, Json<File>)> {
    // On a task of its own: whoever hangs up does not stop it halfway.
    let work = tokio::spawn(async move { finish::finish(&talk, &caller, file).await });
    let (there, made) = work.await.map_err(Refusal::fault)??;
    Ok((status(made), Json(there.view.into())))
}
