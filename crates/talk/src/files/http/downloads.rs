//! A file's bytes on their way out.
//!
//! It stays true that what may be seen is asked at every request, and again while a long answer is under way (R25), and
//! that nothing which could run is ever shown where it is (R42).

use std::ops::Range;

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kairan_core::{FileId, Instant, Refusal, refusal};
use kairan_http::{Answer, Asked, At, Body, Problem};
use kairan_people::Caller;
use kairan_storage::blobs::{BlobError, FileKey, Layer, PART};
use kairan_storage::{Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::places::on_terms;
use super::views::{FileShown, drawn, shown};
use crate::Talk;
use crate::files::inspect::may_show;
use crate::files::preview::{LARGE, SMALL};
use crate::files::queries::PlacedFile;
use crate::files::rules::{FileState, How};
use crate::files::tickets::Opens;
use crate::files::view::drawing;
use crate::files::{commands, range};

/// The downloads' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .routes(routes!(get_thumbnail))
        .routes(routes!(open_file))
        .routes(routes!(get_content))
}

/// How large a thumbnail.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Size {
    /// Fits 400 pixels.
    Small,
    /// Fits 1,600 pixels.
    Large,
}

/// Which thumbnail.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ThumbnailAsked {
    #[param(inline)]
    size: Size,
    /// The version of the caller's policies, so that pictures a browser kept from before they changed are asked for anew.
    /// What is answered follows from the policies of now.
    #[param(nullable = false)]
    #[expect(dead_code, reason = "it is for the browser's cache")]
    v: Option<i64>,
}

#[utoipa::path(get, path = "/files/{file}/thumbnail", operation_id = "get_thumbnail", params(ThumbnailAsked),
    responses((status = 200, description = "A picture the server made", body = Vec<u8>, content_type = "image/*"), (status = 304, description = "As before")))]
async fn get_thumbnail(
    State(talk): State<Talk>,
    caller: Caller,
    At(file): At<FileId>,
    Asked(asked): Asked<ThumbnailAsked>,
    headers: HeaderMap,
) -> Answer<Response> {
    let (there, terms) = on_terms(&talk, &caller, file).await?;
    if there.view.state != FileState::Ready || !there.view.shape.preview {
        return Err(Refusal::new(&refusal::NOT_FOUND).into());
    }
    let (layer, letter, side) = match asked.size {
        Size::Small => (Layer::Small, 's', SMALL),
        Size::Large => (Layer::Large, 'l', LARGE),
    };
    if terms.is_marked() {
        let key = talk.files.key(&talk.store, file, there.secret).await?;
        let picture = whole(&talk, &key, file, layer).await?;
        return Ok(drawn(&talk, drawing::marked(&talk, &caller, picture, side).await?)?);
    }
    let tag = value(&format!("\"{}-{letter}\"", there.sha256))?;
    let mut response = if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let key = talk.files.key(&talk.store, file, there.secret).await?;
        let picture = whole(&talk, &key, file, layer).await?;
        talk.files.count_out(picture.len());
        let kind = HeaderValue::from_static(picture_type(&picture));
        ([(header::CONTENT_TYPE, kind)], picture).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::ETAG, tag);
    // Kept by the browser of this session only: another person's cookie is another request.
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=86400, immutable, no-transform"),
    );
    answer.insert(header::VARY, HeaderValue::from_static("cookie"));
    shut_in(answer);
    Ok(response)
}

/// A layer that is small enough to hold.
async fn whole(talk: &Talk, key: &FileKey, file: FileId, layer: Layer) -> Result<Vec<u8>, Refusal> {
    let mut picture = Vec::new();
    for part in 0.. {
        match talk.files.blobs.part(key, file, layer, part).await {
            Ok(bytes) => {
                picture.extend_from_slice(&bytes);
                if (bytes.len() as u64) < PART {
                    break;
                }
            }
            // The part before was full and the last.
            Err(BlobError::Missing { .. }) if part > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(picture)
}

/// What our own renderer made, by its first bytes.
fn picture_type(picture: &[u8]) -> &'static str {
    match picture {
        [0xff, 0xd8, ..] => "image/jpeg",
        [0x89, b'P', ..] => "image/png",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        _ => "application/octet-stream",
    }
}

/// How somebody wants to open it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FileOpen {
    how: How,
}

/// Where its bytes are for a while.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileLink {
    /// Below `/api/v1`; opens in this session only. The bytes; or, where `view` is there, the pages: with `{page}` to be
    /// replaced by 1 to `pages`.
    url: String,
    /// ms UTC.
    #[schema(value_type = i64)]
    expires_at: Instant,
    /// What there is to see, where the caller may only look or what they look at is marked.
    #[schema(required = true)]
    view: Option<FileShown>,
}

#[utoipa::path(post, path = "/files/{file}/open", operation_id = "open_file", request_body = FileOpen, responses((status = 200, body = FileLink)))]
async fn open_file(
    State(talk): State<Talk>,
    caller: Caller,
    At(file): At<FileId>,
    Body(open): Body<FileOpen>,
) -> Answer<Json<FileLink>> {
    let (asker, how) = (caller.clone(), open.how);
    let opened = async move |tx: &mut Tx| commands::open_file(tx, &asker, file, how).await;
    let (there, gives_bytes) = talk.store.write(Stream::Member(caller.member), opened).await?;
    let view = if gives_bytes { None } else { Some(shown(&talk, &caller, &there).await?) };
    let now = talk.store.surroundings().now();
    let (opens, end) =
        if gives_bytes { (Opens::Bytes(how), "content") } else { (Opens::Pages, "view/{page}") };
    let (ticket, expires_at) = talk.files.tickets.issue(caller.session, file, opens, now);
    Ok(Json(FileLink { url: format!("/files/{file}/{end}?ticket={ticket}"), expires_at, view }))
}

/// The ticket.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContentAsked {
    /// As `POST /files/{file}/open` gave it.
    ticket: String,
}

#[utoipa::path(get, path = "/files/{file}/content", operation_id = "get_file_content", params(ContentAsked),
    responses((status = 200, description = "The whole", body = Vec<u8>, content_type = "*/*"), (status = 206, description = "The range asked for", body = Vec<u8>, content_type = "*/*")))]
async fn get_content(
    State(talk): State<Talk>,
    caller: Caller,
    At(file): At<FileId>,
    Asked(asked): Asked<ContentAsked>,
    headers: HeaderMap,
) -> Answer<Response> {
    let now = talk.store.surroundings().now();
    let opens = talk.files.tickets.read(&asked.ticket, caller.session, file, now);
    let Some(Opens::Bytes(how)) = opens else { return Err(Refusal::new(&refusal::NOT_FOUND).into()) };
    let there = with_bytes(&talk, &caller, file, how).await?;
    let len = u64::try_from(there.view.shape.size).unwrap_or(0);
    let tag = value(&format!("\"{}\"", there.sha256))?;
    let part = match wanted(&headers, &tag, len) {
        Ok(part) => part,
        Err(refusal) => return Ok(not_satisfiable(refusal, len)),
    };
    let key = talk.files.key(&talk.store, file, there.secret).await?;
    let sent = part.clone().unwrap_or(0..len);
    let length = sent.end - sent.start;
    let mut response = Bytes::from_stream(bytes(talk, caller, key, (file, how), len, sent)).into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_LENGTH, length.into());
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(header::ETAG, tag);
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store, no-transform"));
    present(answer, &there, how)?;
    shut_in(answer);
    if let Some(Range { start, end }) = part {
        answer.insert(header::CONTENT_RANGE, value(&format!("bytes {start}-{}/{len}", end - 1))?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// The file, if the caller may have its bytes now, this way: whatever their ticket was given for, the rules of this moment
/// count (R16).
async fn with_bytes(talk: &Talk, caller: &Caller, file: FileId, how: How) -> Result<PlacedFile, Refusal> {
    let (there, terms) = on_terms(talk, caller, file).await?;
    if there.view.state == FileState::Ready && terms.gives_bytes(how)? {
        Ok(there)
    } else {
        Err((&refusal::NOT_FOUND).into())
    }
}

/// The range asked for, unless it was to hold only for other bytes than these (`If-Range`).
fn wanted(headers: &HeaderMap, tag: &HeaderValue, len: u64) -> Result<Option<Range<u64>>, Refusal> {
    if headers.get(header::IF_RANGE).is_some_and(|held| held != tag) {
        return Ok(None);
    }
    match headers.get(header::RANGE).and_then(|range| range.to_str().ok()) {
        Some(range) => range::wanted(range, len),
        None => Ok(None),
    }
}

fn not_satisfiable(refusal: Refusal, len: u64) -> Response {
    let mut response = Problem::from(refusal).into_response();
    if let Ok(length) = HeaderValue::from_str(&format!("bytes */{len}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, length);
    }
    response
}

/// Bytes sent between two looks whether they still may be: four parts.
const LOOK_AGAIN: u64 = 4 * PART;

/// The bytes, a stretch at a time, each only while the session is open and its person may have the file.
fn bytes(
    talk: Talk,
    caller: Caller,
    key: FileKey,
    (file, how): (FileId, How),
    len: u64,
    sent: Range<u64>,
) -> impl futures_util::Stream<Item = Result<axum::body::Bytes, std::io::Error>> + Send {
    let first = sent.start;
    let starts = (0..).map(move |n| first + n * LOOK_AGAIN).take_while(move |start| *start < sent.end);
    let counts = talk.files.clone();
    stream::iter(starts)
        .then(move |start| {
            let (talk, caller, key) = (talk.clone(), caller.clone(), key.clone());
            async move {
                if start > first
                    && !(talk.people.is_open(&caller).await
                        && with_bytes(&talk, &caller, file, how).await.is_ok())
                {
                    return Err(std::io::Error::other("not theirs to open any more"));
                }
                let end = (start + LOOK_AGAIN).min(sent.end);
                let stretch = talk.files.blobs.stream(&key, file, Layer::Content, len, start..end);
                Ok(stretch.map_err(std::io::Error::from))
            }
        })
        .try_flatten()
        .inspect_ok(move |bytes| counts.count_out(bytes.len()))
}

/// What it is and what the browser may do with it.
fn present(answer: &mut HeaderMap, there: &PlacedFile, how: How) -> Result<(), Refusal> {
    let media = there.view.shape.media.as_str();
    let inline = how == How::View && may_show(media);
    let kind = match (inline, media) {
        (false, _) => "application/octet-stream".to_owned(),
        (true, "text/plain") => {
            format!("text/plain; charset={}", there.charset.as_deref().unwrap_or("utf-8"))
        }
        (true, media) => media.to_owned(),
    };
    answer.insert(header::CONTENT_TYPE, value(&kind)?);
    answer.insert(header::CONTENT_DISPOSITION, value(&disposition(inline, &there.view.name))?);
    Ok(())
}

/// RFC 6266, the name as RFC 8187 writes it; a program that reads neither still gets an extension.
fn disposition(inline: bool, name: &str) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let mut written = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(byte as char);
        } else {
            written += &format!("%{byte:02X}");
        }
    }
    let plain = match name.rsplit_once('.') {
        Some((_, extension))
            if !extension.is_empty() && extension.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            format!("file.{extension}")
        }
        _ => "file".to_owned(),
    };
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{written}")
}

/// Whatever it is, it runs nothing and nobody elsewhere embeds it (R42).
pub(super) fn shut_in(answer: &mut HeaderMap) {
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    answer.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
}

fn value(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text).map_err(Refusal::fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_header_is_written_in_bytes_that_headers_may_have() {
        assert_eq!(
            disposition(false, "請求 書\".pdf"),
            "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E8%AB%8B%E6%B1%82%20%E6%9B%B8%22.pdf"
        );
        assert_eq!(
            disposition(true, "名前"),
            "inline; filename=\"file\"; filename*=UTF-8''%E5%90%8D%E5%89%8D"
        );
    }
}
