//! `/me/profile`, `/name-requests`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kairan_core::{Instant, MemberId, Permission, Refusal};
use kairan_http::{Answer, At, Body, NoContent};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rules::{Path, path};
use super::{commands, queries};
use crate::members::http::{Member, MemberDetail};
use crate::members::queries as members;
use crate::members::roles::may_manage;
use crate::members::similar::{Similar, similar};
use crate::organisation::settings::{self, Names};
use crate::oversight::queries::ask;
use crate::{Caller, Hooks, People};

/// Most names told of those whom one may ask.
const ASK: usize = 3;

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show_own_name, set_own_name))
        .routes(routes!(withdraw_name_request))
        .routes(routes!(list_name_requests))
        .routes(routes!(approve_name_request))
        .routes(routes!(refuse_name_request))
}

/// One's own name, and who sets it.
#[derive(Serialize, ToSchema)]
struct OwnName {
    /// As everybody sees it.
    display_name: String,
    /// Who sets display names.
    names: Names,
    /// Whether another one is one's own at once.
    at_once: bool,
    /// What one asked for.
    #[schema(required = true)]
    request: Option<OwnNameRequest>,
    /// Who may change it: three names at most.
    ask: Vec<String>,
}

/// A name that one asked for.
#[derive(Serialize, ToSchema)]
struct OwnNameRequest {
    display_name: String,
    #[schema(value_type = i64)]
    asked_at: Instant,
    /// That it was refused; null while it waits.
    #[schema(required = true)]
    refused: Option<NameRefusal>,
}

/// Why one does not get a name.
#[derive(Serialize, ToSchema)]
struct NameRefusal {
    #[schema(value_type = i64)]
    at: Instant,
    /// Who decided; null when it was done on the server's command line.
    #[schema(required = true)]
    by: Option<String>,
    reason: String,
}

async fn own_name(reader: &mut Reader, caller: &Caller, hooks: &Hooks) -> Result<OwnName, Refusal> {
    let names = settings::of(reader).await?.names;
    let record = members::record(reader, caller.member).await?;
    let record = record.ok_or_else(|| Refusal::fault("the caller's record"))?;
    let request = match queries::request(reader, caller.member).await? {
        None => None,
        Some(open) => {
            let refused = match open.refused {
                None => None,
                Some(refused) => {
                    let by = match refused.by {
                        Some(by) => {
                            members::record(reader, by).await?.map(|record| record.profile.display_name)
                        }
                        None => None,
                    };
                    Some(NameRefusal { at: refused.at, by, reason: refused.reason })
                }
            };
            Some(OwnNameRequest { display_name: open.display_name, asked_at: open.asked_at, refused })
        }
    };
    let ask = ask(reader, hooks, caller.member, ASK).await?;
    let at_once = path(names, caller.role) == Path::AtOnce;
    Ok(OwnName { display_name: record.profile.display_name, names, at_once, request, ask })
}

/// Shows one's own name, who sets it, and what became of a wish for another.
#[utoipa::path(get, path = "/me/profile", tag = "me", responses((status = 200, body = OwnName)), security(("session" = [])))]
async fn show_own_name(State(people): State<People>, caller: Caller) -> Answer<Json<OwnName>> {
    let hooks = people.hooks.clone();
    let read = async move |reader: &mut Reader| own_name(reader, &caller, &hooks).await;
    Ok(Json(people.store.read(read).await?))
}

/// The name one wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameWanted {
    display_name: String,
}

/// Takes another name, or asks for it, as the organisation decided.
#[utoipa::path(put, path = "/me/profile", tag = "me", request_body = NameWanted, responses((status = 200, body = OwnName), (status = 202, body = OwnName)), security(("session" = [])))]
async fn set_own_name(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<NameWanted>,
) -> Answer<Response> {
    let hooks = people.hooks.clone();
    let job = async move |tx: &mut Tx| -> Result<_, Refusal> {
        let waits = commands::want(tx, &caller, &hooks, &asked.display_name).await?;
        Ok((waits, own_name(tx, &caller, &hooks).await?))
    };
    let (waits, own) = people.store.write(Stream::Organisation, job).await?;
    let status = if waits { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(own)).into_response())
}

/// Takes the wish back, or away the refusal that one has read.
#[utoipa::path(delete, path = "/me/profile/request", tag = "me", responses((status = 204)), security(("session" = [])))]
async fn withdraw_name_request(State(people): State<People>, caller: Caller) -> Answer<NoContent> {
    let job = async move |tx: &mut Tx| commands::withdraw(tx, &caller).await;
    people.store.write(Stream::Organisation, job).await?;
    Ok(NoContent)
}

/// A name that somebody asked for.
#[derive(Serialize, ToSchema)]
struct NameRequest {
    member: Member,
    /// The name they asked for.
    display_name: String,
    #[schema(value_type = i64)]
    asked_at: Instant,
    /// Whose name it cannot be told from by now (R9): then it cannot be approved.
    similar: Vec<Similar>,
    /// Whether whoever asks here may decide it.
    may_decide: bool,
}

/// Lists the names that members asked for and nobody decided yet, oldest first.
#[utoipa::path(get, path = "/name-requests", tag = "members", responses((status = 200, body = Vec<NameRequest>)), security(("session" = [])))]
async fn list_name_requests(State(people): State<People>, caller: Caller) -> Answer<Json<Vec<NameRequest>>> {
    caller.may(Permission::ManageMembers)?;
    let hooks = people.hooks.clone();
    let read = async move |reader: &mut Reader| -> Result<Vec<NameRequest>, Refusal> {
        let mut requests = Vec::new();
        for open in queries::waiting(reader).await? {
            let Some(record) = members::record(reader, open.member).await? else { continue };
            let taken = members::taken(reader, Some(open.member)).await?;
            let similar = similar(reader, &caller, &hooks, taken.like(&open.display_name)).await?;
            requests.push(NameRequest {
                may_decide: may_manage(caller.role, record.role),
                member: record.into(),
                display_name: open.display_name,
                asked_at: open.asked_at,
                similar,
            });
        }
        Ok(requests)
    };
    Ok(Json(people.store.read(read).await?))
}

/// The name that whoever decides has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameApproval {
    display_name: String,
}

/// Gives a member the name they asked for.
#[utoipa::path(post, path = "/name-requests/{member}/approve", tag = "members", params(("member" = String, Path)), request_body = NameApproval, responses((status = 200, body = MemberDetail)), security(("session" = [])))]
async fn approve_name_request(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
    Body(asked): Body<NameApproval>,
) -> Answer<Json<MemberDetail>> {
    let hooks = people.hooks.clone();
    let job = async move |tx: &mut Tx| -> Result<MemberDetail, Refusal> {
        let record = commands::grant(tx, &caller, &hooks, member, &asked.display_name).await?;
        Ok(MemberDetail::new(record, members::standing(tx, member).await?))
    };
    Ok(Json(people.store.write(Stream::Organisation, job).await?))
}

/// The name that whoever decides has seen, and why not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameRefused {
    display_name: String,
    /// Its member reads it.
    reason: String,
}

/// Does not give it to them, and says why.
#[utoipa::path(post, path = "/name-requests/{member}/refuse", tag = "members", params(("member" = String, Path)), request_body = NameRefused, responses((status = 204)), security(("session" = [])))]
async fn refuse_name_request(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
    Body(asked): Body<NameRefused>,
) -> Answer<NoContent> {
    let job = async move |tx: &mut Tx| {
        commands::refuse(tx, &caller, member, &asked.display_name, &asked.reason).await
    };
    people.store.write(Stream::Organisation, job).await?;
    Ok(NoContent)
}
