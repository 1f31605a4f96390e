//! Search over HTTP.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use kairan_core::{FileId, MemberId, Refusal, RoomId};
use kairan_http::{Answer, Asked};
use kairan_people::Caller;
use kairan_people::members::http::Member;
use kairan_storage::Reader;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::queries::{self, Found, Sort};
use super::rules::{self, Query, Term};
use super::scan::Hit;
use super::words;
use crate::messages::http::Message;
use crate::messages::rules::Label;
use crate::rooms::rules::RoomKind;
use crate::{Talk, messages};

/// Search's routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(search))
}

/// Messages in an answer: most, and how many when nobody says.
const LIMIT: (i64, i64) = (50, 20);
/// An index that is less behind than this is as good as complete (ms).
const FRESH: i64 = 2_000;

/// How hits are ordered.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchSort {
    /// Newest first.
    New,
    /// Best first, among the newest 500.
    Best,
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchAsked {
    /// Words, "exact phrases", `from:` `in:` `before:` `after:` `has:file` `label:`; all of them must hold.
    q: String,
    /// Newest first when nobody says.
    #[param(inline, nullable = false)]
    sort: Option<SearchSort>,
    /// Only in this room.
    #[param(value_type = Option<String>, nullable = false)]
    room: Option<RoomId>,
    /// The `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// At most so many messages, 1–50; 20 when nobody says.
    #[param(nullable = false)]
    limit: Option<i64>,
    /// Minutes east of UTC: whose days `before:` and `after:` mean.
    #[param(nullable = false)]
    zone: Option<i64>,
}

/// A word or phrase of the query.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchTerm {
    text: String,
    /// In quotes.
    exact: bool,
}

/// The query as it was understood.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchQuery {
    terms: Vec<SearchTerm>,
    /// Those `from:` names.
    #[schema(value_type = Vec<String>)]
    from: Vec<MemberId>,
    /// Those `in:` names.
    #[schema(value_type = Vec<String>)]
    r#in: Vec<RoomId>,
    /// Before this day began, `2026-12-01`.
    #[schema(required = true)]
    before: Option<String>,
    /// From this day on.
    #[schema(required = true)]
    after: Option<String>,
    has_file: bool,
    labels: Vec<Label>,
    /// Filters that name nobody, no room or nothing, as typed.
    unknown: Vec<String>,
}

/// Start and length in UTF-16 units.
type Marks = Vec<(usize, usize)>;

/// The part of a text around its first hit.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchSnippet {
    /// `…` where something is left out.
    text: String,
    /// Hits in it: start and length in UTF-16 units.
    #[schema(value_type = Vec<Vec<usize>>)]
    marks: Marks,
}

/// Hits in the name of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchFileMarks {
    #[schema(value_type = String, format = Uuid)]
    file: FileId,
    /// Start and length in UTF-16 units.
    #[schema(value_type = Vec<Vec<usize>>)]
    marks: Marks,
}

/// A message that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchHit {
    message: Message,
    snippet: SearchSnippet,
    /// Its files whose names are hits.
    file_marks: Vec<SearchFileMarks>,
}

/// A room that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchRoom {
    #[schema(value_type = String, format = Uuid)]
    id: RoomId,
    name: String,
    kind: RoomKind,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchAnswer {
    query: SearchQuery,
    messages: Vec<SearchHit>,
    /// Ask with `cursor` = this for the next page, which may be empty and have a next one itself; null at the end.
    #[schema(required = true)]
    next: Option<String>,
    /// People whose names hold the words; on the first page, at most 8.
    people: Vec<Member>,
    /// The asker's rooms whose names do; on the first page, at most 8.
    rooms: Vec<SearchRoom>,
    /// So far is the index behind, ms; null when it is not.
    #[schema(required = true)]
    lag_ms: Option<i64>,
}

#[utoipa::path(get, path = "/search", operation_id = "search", params(SearchAsked), responses((status = 200, body = SearchAnswer)))]
async fn search(
    State(talk): State<Talk>,
    caller: Caller,
    Asked(asked): Asked<SearchAsked>,
) -> Answer<Json<SearchAnswer>> {
    let query = rules::parse(&asked.q)?;
    let limit = asked.limit.unwrap_or(LIMIT.1).clamp(1, LIMIT.0);
    let asked = queries::Asked {
        query,
        room: asked.room,
        sort: match asked.sort {
            None | Some(SearchSort::New) => Sort::New,
            Some(SearchSort::Best) => Sort::Best,
        },
        cursor: asked.cursor.map(|cursor| cursor.parse()).transpose()?,
        limit: usize::try_from(limit).unwrap_or(1),
        zone: asked.zone.unwrap_or(0),
    };
    let (hooks, now) = (talk.people.hooks.clone(), talk.store.surroundings().now());
    let read = async move |reader: &mut Reader| -> Result<SearchAnswer, Refusal> {
        let mut found = queries::search(reader, &caller, &hooks, &asked).await?;
        let hits = std::mem::take(&mut found.hits);
        let messages = messages_of(reader, &caller, &asked.query.terms, hits).await?;
        let lag = found.behind_since.map(|since| now.since(since)).filter(|ms| *ms >= FRESH);
        Ok(answer(asked.query, found, messages, lag))
    };
    Ok(Json(talk.store.read(read).await?))
}

fn answer(query: Query, found: Found, messages: Vec<SearchHit>, lag_ms: Option<i64>) -> SearchAnswer {
    let rooms = found.rooms.into_iter();
    SearchAnswer {
        query: SearchQuery {
            terms: query
                .terms
                .into_iter()
                .map(|term| SearchTerm { text: term.text, exact: term.exact })
                .collect(),
            from: found.from,
            r#in: found.rooms_named,
            before: query.before.map(|day| day.to_string()),
            after: query.after.map(|day| day.to_string()),
            has_file: query.has_file,
            labels: query.labels,
            unknown: found.unknown,
        },
        messages,
        next: found.next.map(|cursor| cursor.to_string()),
        people: found.people.into_iter().map(Member::from).collect(),
        rooms: rooms.map(|room| SearchRoom { id: room.id, name: room.name, kind: room.kind }).collect(),
        lag_ms,
    }
}

/// The whole messages of these hits, with what is marked in them.
async fn messages_of(
    reader: &mut Reader,
    caller: &Caller,
    terms: &[Term],
    hits: Vec<Hit>,
) -> Result<Vec<SearchHit>, Refusal> {
    let asked: Vec<_> = hits.iter().map(|hit| (hit.room, hit.message)).collect();
    let mut views: HashMap<_, _> = messages::queries::visible(reader, caller.member, &asked)
        .await?
        .into_iter()
        .map(|view| (view.id, view))
        .collect();
    let mut found = Vec::with_capacity(hits.len());
    for hit in hits {
        let Some(view) = views.remove(&hit.message) else { continue };
        let snippet = words::snippet(&hit.text, terms);
        let files = hit.files.iter().map(|file| (file.file, words::marks(&file.name, terms)));
        found.push(SearchHit {
            message: view.into(),
            snippet: SearchSnippet { text: snippet.text, marks: snippet.marks },
            file_marks: files
                .filter(|(_, marks)| !marks.is_empty())
                .map(|(file, marks)| SearchFileMarks { file, marks })
                .collect(),
        });
    }
    Ok(found)
}
