//! Pages of files for whoever may look and not take.
//!
//! It stays true that nothing but pictures of our own drawing leaves here (R16), marked where that is required (R17), and
//! that no cache keeps them.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use kairan_core::{FileId, Refusal, refusal};
use kairan_draw::{Drawn, Kind, Undrawable};
use kairan_http::{Answer, Asked, At};
use kairan_people::Caller;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::downloads::shut_in;
use super::places::on_terms;
use crate::Talk;
use crate::files::queries::PlacedFile;
use crate::files::rules::FileState;
use crate::files::tickets::Opens;
use crate::files::view::drawing;
use crate::files::view::rules::{VIEW_FAILED, Why, drawable};

/// These routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(get_file_page))
}

/// What the pages are.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Seen {
    /// A picture, or a document's pages.
    Pictures,
    /// A text, set on pages.
    Text,
    /// There is nothing to see; `why` says why.
    None,
}

/// What there is to see of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileShown {
    kind: Seen,
    /// How many pages.
    #[schema(required = true)]
    pages: Option<u32>,
    /// Why there is nothing.
    #[schema(required = true)]
    why: Option<Why>,
}

/// What there is to see of it.
pub(super) async fn shown(talk: &Talk, caller: &Caller, there: &PlacedFile) -> Result<FileShown, Refusal> {
    let none = |why| FileShown { kind: Seen::None, pages: None, why: Some(why) };
    let kind = match drawable(&there.view.shape) {
        Ok(kind) => kind,
        Err(why) => return Ok(none(why)),
    };
    let seen = if kind == Kind::Text { Seen::Text } else { Seen::Pictures };
    Ok(match drawing::pages(talk, caller, there, kind).await? {
        Ok(pages) => FileShown { kind: seen, pages: Some(pages), why: None },
        Err(why) => none(why.into()),
    })
}

/// The ticket.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageAsked {
    /// As `POST /files/{file}/open` gave it.
    ticket: String,
}

#[utoipa::path(get, path = "/files/{file}/view/{page}", operation_id = "get_file_page",
    params(("page" = i64, Path, description = "Number of the page; the first is 1"), PageAsked),
    responses((status = 200, description = "A picture the server drew", body = Vec<u8>, content_type = "image/*")))]
async fn get_file_page(
    State(talk): State<Talk>,
    caller: Caller,
    At((file, page)): At<(FileId, u32)>,
    Asked(asked): Asked<PageAsked>,
) -> Answer<Response> {
    let now = talk.store.surroundings().now();
    let opens = talk.files.tickets.read(&asked.ticket, caller.session, file, now);
    if opens != Some(Opens::Pages) || page == 0 {
        return Err(Refusal::new(&refusal::NOT_FOUND).into());
    }
    let (there, terms) = on_terms(&talk, &caller, file).await?;
    if there.view.state != FileState::Ready {
        return Err(Refusal::new(&refusal::NOT_FOUND).into());
    }
    let kind = drawable(&there.view.shape).map_err(failed)?;
    let outcome = drawing::page(&talk, &caller, &there, kind, page, terms.is_marked()).await?;
    Ok(drawn(&talk, outcome)?)
}

fn failed(why: Why) -> Refusal {
    Refusal::new(&VIEW_FAILED).fact("why", why.name())
}

/// A picture for one pair of eyes at one moment: nobody keeps it.
pub(super) fn drawn(talk: &Talk, outcome: Result<Drawn, Undrawable>) -> Result<Response, Refusal> {
    let drawn = outcome.map_err(|why| match why {
        Undrawable::NoSuchPage => Refusal::new(&refusal::NOT_FOUND),
        why => failed(why.into()),
    })?;
    talk.files.count_out(drawn.picture.len());
    let media = HeaderValue::from_static(drawn.media());
    let mut response = ([(header::CONTENT_TYPE, media)], drawn.picture).into_response();
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store, no-transform"));
    answer.insert(header::VARY, HeaderValue::from_static("cookie"));
    shut_in(answer);
    Ok(response)
}
