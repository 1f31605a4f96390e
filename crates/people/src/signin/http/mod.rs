//! `/session`, `/passwords/check`, `/me` and one's own sessions.

mod answers;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use kairan_core::{Instant, Refusal, SessionId};
use kairan_http::{Answer, At, Body, ClientInfo, NoContent};
use kairan_storage::{Reader, Stream, Tx};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use answers::{Entrance, entered};
pub use answers::{Me, Standing, WithCookie};

use super::password::{judge, length, shortest};
use super::{commands, queries, rules};
use crate::caller::Anywhere;
use crate::devices::DeviceProof;
use crate::{Caller, Entering, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(check_password))
        .routes(routes!(open_session, show_session, close_session))
        .routes(routes!(show_standing))
        .routes(routes!(recover_session))
        .routes(routes!(change_password))
        .routes(routes!(renew_recovery_codes))
        .routes(routes!(list_sessions))
        .routes(routes!(end_session))
}

/// A password to judge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordCheck {
    #[schema(value_type = String)]
    password: SecretString,
    login: Option<String>,
    /// Whether it is for someone who has a second factor: then it may be shorter.
    #[serde(default)]
    second_factor: bool,
}

/// What is wrong with a password, if anything.
#[derive(Serialize, ToSchema)]
struct PasswordVerdict {
    acceptable: bool,
    /// Code points after NFC.
    length: usize,
    #[schema(required = true)]
    code: Option<&'static str>,
    #[schema(required = true)]
    detail: Option<String>,
    #[schema(required = true)]
    detail_en: Option<String>,
}

/// Judges a password before it is sent for good. Anybody may ask; nothing is kept.
#[utoipa::path(post, path = "/passwords/check", tag = "session", request_body = PasswordCheck, responses((status = 200, body = PasswordVerdict)))]
async fn check_password(
    State(people): State<People>,
    client: ClientInfo,
    Body(asked): Body<PasswordCheck>,
) -> Answer<Json<PasswordVerdict>> {
    people.judging(&client)?;
    let login = asked.login.unwrap_or_default();
    let verdict = judge(asked.password.expose_secret(), &[&login], shortest(asked.second_factor));
    let length = length(asked.password.expose_secret());
    Ok(Json(match verdict {
        Ok(()) => PasswordVerdict { acceptable: true, length, code: None, detail: None, detail_en: None },
        Err(weakness) => {
            let (detail, detail_en) = Refusal::new(weakness.code).fact("limit", weakness.limit).words();
            let code = Some(weakness.code.name);
            PasswordVerdict {
                acceptable: false,
                length,
                code,
                detail: Some(detail),
                detail_en: Some(detail_en),
            }
        }
    }))
}

/// Who wants in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// Login id or staff number.
    login: String,
    #[schema(value_type = String)]
    password: SecretString,
    /// That this is a device of theirs; signed for the purpose `sign-in`.
    device: Option<DeviceProof>,
}

/// Signs in.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn, responses((status = 201, body = Me), (status = 202, body = Standing)))]
async fn open_session(
    State(people): State<People>,
    client: ClientInfo,
    headers: HeaderMap,
    Body(asked): Body<SignIn>,
) -> Answer<impl IntoResponse + use<>> {
    let before = people.entering(&headers).await.ok();
    let session = people.sign_in(&asked.login, asked.password, client, before, asked.device).await?;
    Ok(entered(&people, &session).await?)
}

/// Who one is.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = Me)), security(("session" = [])))]
async fn show_session(State(people): State<People>, caller: Caller) -> Answer<Json<Me>> {
    Ok(Json(people.myself(caller.member, caller.session).await?.into()))
}

/// Where this session stands, complete or not.
#[utoipa::path(get, path = "/session/standing", tag = "session", responses((status = 200, body = Standing)), security(("session" = [])))]
async fn show_standing(State(people): State<People>, Anywhere(entering): Anywhere) -> Answer<Json<Standing>> {
    Ok(Json(people.standing(entering.member, entering.session).await?))
}

/// Signs out, also in the middle of signing in.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)), security(("session" = [])))]
async fn close_session(
    State(people): State<People>,
    Anywhere(entering): Anywhere,
) -> Answer<impl IntoResponse + use<>> {
    let (member, session) = (entering.member, entering.session);
    let stream = Stream::Member(member);
    let job = async move |tx: &mut Tx| commands::end_own_session(tx, member, session, session).await;
    people.store.write(stream, job).await?;
    Ok(WithCookie::forgetting(&people.settings, NoContent)?)
}

/// A recovery code instead of the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Recovery {
    /// Login id or staff number.
    login: String,
    #[schema(value_type = String)]
    code: SecretString,
    /// The new password.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Sets a new password with a recovery code, ends every other session and signs in.
#[utoipa::path(post, path = "/session/recover", tag = "session", request_body = Recovery, responses((status = 201, body = Me), (status = 202, body = Standing)))]
async fn recover_session(
    State(people): State<People>,
    client: ClientInfo,
    Body(asked): Body<Recovery>,
) -> Answer<impl IntoResponse + use<>> {
    let session = people.recover(&asked.login, asked.code.expose_secret(), asked.password, client).await?;
    Ok(entered(&people, &session).await?)
}

/// One password for another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    #[schema(value_type = String)]
    current: SecretString,
    #[schema(value_type = String)]
    password: SecretString,
}

/// Changes one's own password and ends every other session; this one gets a new token. Also where that is all the session
/// still needs.
#[utoipa::path(put, path = "/me/password", tag = "me", request_body = PasswordChange, responses((status = 204)), security(("session" = [])))]
async fn change_password(
    State(people): State<People>,
    entering: Entering,
    client: ClientInfo,
    Body(asked): Body<PasswordChange>,
) -> Answer<impl IntoResponse + use<>> {
    let caller = entering.changing_password(client.address)?;
    let renewed = people.change_password(caller, asked.current, asked.password, client).await?;
    Ok(WithCookie::new(&people.settings, &renewed, NoContent)?)
}

/// Proof that it is really oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordProof {
    #[schema(value_type = String)]
    password: SecretString,
}

/// Codes to keep on paper.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// Shown once; each opens once.
    recovery_codes: Vec<String>,
}

/// Makes new recovery codes; those before are void.
#[utoipa::path(post, path = "/me/recovery-codes", tag = "me", request_body = PasswordProof, responses((status = 200, body = RecoveryCodes)), security(("session" = [])))]
async fn renew_recovery_codes(
    State(people): State<People>,
    caller: Caller,
    client: ClientInfo,
    Body(asked): Body<PasswordProof>,
) -> Answer<Json<RecoveryCodes>> {
    let recovery_codes = people.renew_recovery_codes(caller, asked.password, client).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// One of one's own sessions.
#[derive(Serialize, ToSchema)]
struct SessionEntry {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    #[schema(value_type = i64)]
    opened_at: Instant,
    /// To the minute.
    #[schema(value_type = i64)]
    last_seen: Instant,
    address: String,
    agent: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// Lists one's own open sessions, newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "me", responses((status = 200, body = Vec<SessionEntry>)), security(("session" = [])))]
async fn list_sessions(State(people): State<People>, caller: Caller) -> Answer<Json<Vec<SessionEntry>>> {
    let member = caller.member;
    let read = async move |reader: &mut Reader| queries::sessions_of(reader, member).await;
    let open = people.store.read::<_, kairan_storage::Error, _>(read).await.map_err(Refusal::from)?;
    let now = people.surroundings().now();
    let lasting =
        open.into_iter().filter(|open| !rules::over(open.expires_at, open.last_seen, open.idle, now));
    let entry = |open: queries::OpenSession| SessionEntry {
        current: open.id == caller.session,
        id: open.id,
        opened_at: open.opened_at,
        last_seen: open.last_seen,
        address: open.address,
        agent: open.agent,
    };
    Ok(Json(lasting.map(entry).collect()))
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "me", params(("id" = String, Path)), responses((status = 204)), security(("session" = [])))]
async fn end_session(
    State(people): State<People>,
    caller: Caller,
    At(session): At<SessionId>,
) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job =
        async move |tx: &mut Tx| commands::end_own_session(tx, caller.member, caller.session, session).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}
