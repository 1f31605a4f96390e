//! `/welcome` and `/setup`: before anyone can sign in. The command line founds the organisation by the same steps.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kairan_core::{Actor, MemberId, Refusal, Role};
use kairan_http::{Answer, Body, ClientInfo};
use kairan_storage::{Reader, Stream, Tx};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{self, Founding};
use super::queries;
use super::rules::{SETUP_CODE, SETUP_DONE, name};
use crate::People;
use crate::members::rules::{Draft, profile};
use crate::signin::commands::{Opening, new_recovery_codes, open_session};
use crate::signin::door::{acceptable, personal};
use crate::signin::events::How;
use crate::signin::http::{Entrance, Me, Standing, WithCookie};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new().routes(routes!(show_welcome)).routes(routes!(set_up))
}

/// What a client learns before sign-in.
#[derive(Serialize, ToSchema)]
struct Welcome {
    /// Whether the organisation exists.
    set_up: bool,
    /// Its name.
    #[schema(required = true)]
    organisation: Option<String>,
    /// Whether set-up asks for the code that the server printed.
    needs_code: bool,
    /// The program's version.
    version: &'static str,
}

/// Says whose Kairan this is.
#[utoipa::path(get, path = "/welcome", tag = "session", responses((status = 200, body = Welcome)))]
async fn show_welcome(State(people): State<People>) -> Answer<Json<Welcome>> {
    let organisation = organisation(&people).await?;
    let needs_code = organisation.is_none() && people.settings.setup_code.is_some();
    Ok(Json(Welcome {
        set_up: organisation.is_some(),
        organisation,
        needs_code,
        version: people.settings.version,
    }))
}

async fn organisation(people: &People) -> Result<Option<String>, Refusal> {
    Ok(people.store.read(async |reader: &mut Reader| queries::name(reader).await).await?)
}

/// The organisation and its first owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// 組織名.
    pub organisation: String,
    /// 姓.
    pub family_name: String,
    /// 名.
    pub given_name: String,
    /// せい.
    pub family_kana: String,
    /// めい.
    pub given_kana: String,
    /// ログインID.
    pub login: String,
    /// Their password.
    #[schema(value_type = String)]
    pub password: SecretString,
    /// The code that the server printed, when it asks for one.
    #[schema(value_type = Option<String>)]
    pub code: Option<SecretString>,
}

/// What is shown once after set-up.
#[derive(Serialize, ToSchema)]
struct SetupDone {
    /// Each opens once.
    recovery_codes: Vec<String>,
    me: Me,
}

/// The same, while the owner's session is not complete yet.
#[derive(Serialize, ToSchema)]
struct SetupStanding {
    #[serde(flatten)]
    standing: Standing,
    /// Each opens once.
    recovery_codes: Vec<String>,
}

/// Founds the organisation and signs its owner in.
#[utoipa::path(post, path = "/setup", tag = "session", request_body = Setup, responses((status = 201, body = SetupDone), (status = 202, body = SetupStanding)))]
async fn set_up(
    State(people): State<People>,
    client: ClientInfo,
    Body(asked): Body<Setup>,
) -> Answer<impl IntoResponse + use<>> {
    if organisation(&people).await?.is_some() {
        return Err(Refusal::new(&SETUP_DONE).into());
    }
    check_code(&people, asked.code.as_ref(), &client).await?;
    let founding = prepare(&people, asked).await?;
    let recovery_codes = founding.recovery_codes.clone();
    let opening = Opening::new(people.surroundings(), How::Setup, client);
    let hooks = people.hooks.clone();
    let job = async move |tx: &mut Tx| -> Result<_, Refusal> {
        let owner = commands::found(tx, Actor::Nobody, &founding).await?;
        hooks.belonging_changed.after(tx).await?;
        open_session(tx, owner, Role::Owner, &opening).await
    };
    let session = people.store.write(Stream::Organisation, job).await?;
    let done: Response = match people.entrance(session.member, session.session).await? {
        Entrance::In(me) => {
            (StatusCode::CREATED, Json(SetupDone { recovery_codes, me: *me })).into_response()
        }
        Entrance::Waiting(standing) => {
            (StatusCode::ACCEPTED, Json(SetupStanding { standing: *standing, recovery_codes }))
                .into_response()
        }
    };
    Ok(WithCookie::new(&people.settings, &session, done)?)
}

/// The set-up code is guessed no faster than a password.
async fn check_code(
    people: &People,
    code: Option<&SecretString>,
    client: &ClientInfo,
) -> Result<(), Refusal> {
    const ATTEMPTS_ARE_COUNTED_AS: &str = "set-up code";
    let Some(wanted) = &people.settings.setup_code else { return Ok(()) };
    people.attempt(ATTEMPTS_ARE_COUNTED_AS, client).await?;
    let offered = code.map_or("", ExposeSecret::expose_secret).trim();
    if bool::from(offered.as_bytes().ct_eq(wanted.expose_secret().as_bytes())) {
        people.throttle.succeeded(ATTEMPTS_ARE_COUNTED_AS, client.address.into());
        return Ok(());
    }
    Err(Refusal::new(&SETUP_CODE))
}

/// Checks everything, all faults at once, and hashes the password.
async fn prepare(people: &People, asked: Setup) -> Result<Founding, Refusal> {
    let draft = Draft {
        family_name: asked.family_name,
        given_name: asked.given_name,
        family_kana: asked.family_kana,
        given_kana: asked.given_kana,
        login: Some(asked.login.clone()),
        ..Draft::default()
    };
    let mut faults = Vec::new();
    let organisation =
        name(&asked.organisation).map_err(|refusal| faults.extend(refusal.fields)).unwrap_or_default();
    let owner = profile(&draft).map_err(|more| faults.extend(more)).ok();
    if asked.login.trim().is_empty() {
        faults.push(kairan_core::FieldFault::new("login", &kairan_core::refusal::FIELD_REQUIRED));
    }
    let words = owner.as_ref().map(|owner| personal(owner, &organisation)).unwrap_or_default();
    if let Err(refusal) = acceptable(&asked.password, &words, false) {
        faults.extend(refusal.fields);
    }
    let Some(owner) = owner.filter(|_| faults.is_empty()) else { return Err(Refusal::fields(faults)) };
    let password = people.choose(asked.password).await?;
    Ok(Founding { organisation, owner, password, recovery_codes: new_recovery_codes(people.surroundings()) })
}

/// Founds the organisation from the server's own command line; no session is opened and no set-up code is asked for.
/// The owner and their recovery codes, to be shown once.
///
/// # Errors
/// `setup.done`, faults by field.
pub async fn setup_from_command_line(
    people: &People,
    asked: Setup,
) -> Result<(MemberId, Vec<String>), Refusal> {
    let founding = prepare(people, asked).await?;
    let codes = founding.recovery_codes.clone();
    let hooks = people.hooks.clone();
    let job = async move |tx: &mut Tx| -> Result<MemberId, Refusal> {
        let owner = commands::found(tx, Actor::CommandLine, &founding).await?;
        hooks.belonging_changed.after(tx).await?;
        Ok(owner)
    };
    Ok((people.store.write(Stream::Organisation, job).await?, codes))
}
