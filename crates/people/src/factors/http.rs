//! `/session/factor`, `/session/passkey`, `/session/proof`, `/me/factors`, `/me/totp`, `/me/passkeys`,
//! `/members/{id}/factor-reset`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use kairan_core::refusal::BODY_SHAPE;
use kairan_core::{FactorId, Instant, MemberId, Refusal};
use kairan_http::{Answer, At, Body, ClientInfo, Created, NoContent};
use kairan_storage::{Reader, Stream, Tx};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{self, Evidence, Outcome};
use super::queries::{self, Factor};
use super::rules::{Kind, name};
use crate::devices::DeviceProof;
use crate::invitations::http::Qr;
use crate::policies::queries::factor_demand;
use crate::short_code::short_code;
use crate::signin::http::{Entrance, Me, Standing, WithCookie, entered};
use crate::signin::queries as signin;
use crate::signin::rules::SESSION_MISSING;
use crate::signin::standing::Needs;
use crate::{Caller, Entering, People, caller};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show_factor))
        .routes(routes!(challenge_passkey))
        .routes(routes!(enter_with_passkey))
        .routes(routes!(prove_presence))
        .routes(routes!(list_factors))
        .routes(routes!(offer_totp, confirm_totp, remove_totp))
        .routes(routes!(challenge_new_passkey))
        .routes(routes!(add_passkey))
        .routes(routes!(rename_passkey, remove_passkey))
        .routes(routes!(reset_factors, withdraw_factor_reset))
}

/// One second factor: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FactorShown {
    /// Six digits of an authenticator app.
    #[schema(value_type = Option<String>)]
    totp: Option<SecretString>,
    /// A recovery code; it is used up.
    #[schema(value_type = Option<String>)]
    recovery: Option<SecretString>,
    /// A code that an administrator handed over: the factors before end, and a new one must be enrolled.
    #[schema(value_type = Option<String>)]
    reset: Option<SecretString>,
}

fn text(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

/// Shows a second factor in a session that waits for one.
#[utoipa::path(post, path = "/session/factor", tag = "session", request_body = FactorShown, responses((status = 201, body = Me), (status = 202, body = Standing)), security(("session" = [])))]
async fn show_factor(
    State(people): State<People>,
    entering: Entering,
    client: ClientInfo,
    Body(asked): Body<FactorShown>,
) -> Answer<impl IntoResponse + use<>> {
    let evidence = match (&asked.totp, &asked.recovery, &asked.reset) {
        (Some(digits), None, None) => Evidence::Totp(text(digits)),
        (None, Some(code), None) => Evidence::Recovery(text(code)),
        (None, None, Some(code)) => Evidence::Reset(text(code)),
        _ => return Err(Refusal::new(&BODY_SHAPE).into()),
    };
    let session = people.show_factor(&entering, evidence, client).await?;
    Ok(entered(&people, &session).await?)
}

/// Nothing to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A question for a passkey.
#[derive(Serialize, ToSchema)]
struct Challenge {
    /// Under this name comes the answer; once, within five minutes.
    challenge: String,
    /// For the browser: `PublicKeyCredentialRequestOptionsJSON` or `PublicKeyCredentialCreationOptionsJSON` (W3C Web
    /// Authentication Level 3).
    #[schema(value_type = Object)]
    options: Value,
}

/// Asks a passkey to show itself: one of the session's person, or anyone's when there is no session.
#[utoipa::path(post, path = "/session/passkey/challenge", tag = "session", request_body = Nothing, responses((status = 200, body = Challenge)))]
async fn challenge_passkey(
    State(people): State<People>,
    client: ClientInfo,
    headers: HeaderMap,
    Body(Nothing {}): Body<Nothing>,
) -> Answer<Json<Challenge>> {
    let entering = people.entering(&headers).await.ok();
    let (challenge, options) = people.challenge_passkey(entering.as_ref(), &client).await?;
    Ok(Json(Challenge { challenge, options }))
}

/// What a passkey answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyShown {
    challenge: String,
    /// `AuthenticationResponseJSON` (W3C Web Authentication Level 3).
    #[schema(value_type = Object)]
    credential: Value,
    /// That this is a device of theirs, signed for the purpose `sign-in`; only when signing in.
    device: Option<DeviceProof>,
}

/// Signs in with a passkey alone, or shows one in a session that waits for a second factor.
#[utoipa::path(post, path = "/session/passkey", tag = "session", request_body = PasskeyShown, responses((status = 201, body = Me), (status = 202, body = Standing)))]
async fn enter_with_passkey(
    State(people): State<People>,
    client: ClientInfo,
    headers: HeaderMap,
    Body(asked): Body<PasskeyShown>,
) -> Answer<impl IntoResponse + use<>> {
    let entering = people.entering(&headers).await.ok();
    let waiting = entering.as_ref().filter(|one| one.needs == Some(Needs::SecondFactor));
    let session = match waiting {
        Some(one) => {
            let own = Some((one.member, one.session));
            let evidence = people.passkey_answer(&asked.challenge, &asked.credential, own)?;
            people.show_factor(one, evidence, client).await?
        }
        None => {
            let evidence = people.passkey_answer(&asked.challenge, &asked.credential, None)?;
            people.sign_in_with_passkey(evidence, client, entering, asked.device).await?
        }
    };
    Ok(entered(&people, &session).await?)
}

/// A fresh proof: exactly one of a password, digits, or a passkey's answer with its challenge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Proof {
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    #[schema(value_type = Option<String>)]
    totp: Option<SecretString>,
    challenge: Option<String>,
    #[schema(value_type = Option<Object>)]
    credential: Option<Value>,
}

/// Proves once more that it is oneself; it counts for five minutes in this session (R23).
#[utoipa::path(post, path = "/session/proof", tag = "session", request_body = Proof, responses((status = 204)), security(("session" = [])))]
async fn prove_presence(
    State(people): State<People>,
    caller: Caller,
    client: ClientInfo,
    Body(asked): Body<Proof>,
) -> Answer<NoContent> {
    let Proof { password, totp, challenge, credential } = asked;
    match (password, totp, challenge, credential) {
        (Some(password), None, None, None) => people.prove_by_password(&caller, password, &client).await?,
        (None, Some(digits), None, None) => {
            people.prove_by_factor(&caller, Evidence::Totp(text(&digits)), client).await?;
        }
        (None, None, Some(challenge), Some(credential)) => {
            let own = Some((caller.member, caller.session));
            let evidence = people.passkey_answer(&challenge, &credential, own)?;
            people.prove_by_factor(&caller, evidence, client).await?;
        }
        _ => return Err(Refusal::new(&BODY_SHAPE).into()),
    }
    Ok(NoContent)
}

/// One's own second factors.
#[derive(Serialize, ToSchema)]
struct Factors {
    /// The authenticator app.
    #[schema(required = true)]
    totp: Option<TotpSince>,
    passkeys: Vec<Passkey>,
    /// One's password; null when there is none.
    #[schema(required = true)]
    password: Option<PasswordSince>,
    /// Recovery codes that were not used.
    recovery_left: usize,
    /// Whether one must have a second factor, here or on another of one's devices.
    required: bool,
    /// The name of the rule that says so; null when none does: it may be one's role, or how one's account stands.
    #[schema(required = true)]
    required_by: Option<String>,
    /// A code that ends them, made by an administrator and not used.
    #[schema(required = true)]
    reset: Option<ResetWaiting>,
}

/// A password.
#[derive(Serialize, ToSchema)]
struct PasswordSince {
    /// Since when it is this one.
    #[schema(value_type = i64)]
    changed_at: Instant,
}

/// An authenticator app.
#[derive(Serialize, ToSchema)]
struct TotpSince {
    #[schema(value_type = i64)]
    since: Instant,
    #[schema(value_type = Option<i64>, required = true)]
    last_used: Option<Instant>,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
struct Passkey {
    #[schema(value_type = String, format = Uuid)]
    id: FactorId,
    name: String,
    #[schema(value_type = i64)]
    since: Instant,
    #[schema(value_type = Option<i64>, required = true)]
    last_used: Option<Instant>,
}

impl From<Factor> for Passkey {
    fn from(factor: Factor) -> Self {
        Self { id: factor.id, name: factor.name, since: factor.since, last_used: factor.last_used }
    }
}

/// A reset that its person can see (R8).
#[derive(Serialize, ToSchema)]
struct ResetWaiting {
    /// Who made it; null when it was made on the server itself.
    #[schema(value_type = Option<String>, required = true)]
    by: Option<MemberId>,
    #[schema(value_type = i64)]
    at: Instant,
    #[schema(value_type = i64)]
    expires_at: Instant,
}

/// Lists one's own second factors: in a session that is complete, or that needs one and has none.
#[utoipa::path(get, path = "/me/factors", tag = "me", responses((status = 200, body = Factors)), security(("session" = [])))]
async fn list_factors(State(people): State<People>, entering: Entering) -> Answer<Json<Factors>> {
    may_enrol(&entering)?;
    let (member, session, now) = (entering.member, entering.session, people.surroundings().now());
    let read = async move |reader: &mut Reader| -> Result<Factors, Refusal> {
        let open = signin::session_by_id(reader, member, session).await?;
        let open = open.ok_or_else(|| Refusal::new(&SESSION_MISSING))?;
        let demand = factor_demand(reader, &open).await?;
        let (apps, passkeys): (Vec<_>, Vec<_>) =
            queries::factors(reader, member).await?.into_iter().partition(|one| one.kind == Kind::Totp);
        let app = apps.into_iter().next();
        let reset = queries::reset(reader, member).await?.filter(|reset| now < reset.expires_at);
        Ok(Factors {
            totp: app.map(|app| TotpSince { since: app.since, last_used: app.last_used }),
            passkeys: passkeys.into_iter().map(Passkey::from).collect(),
            password: signin::password_set(reader, member)
                .await?
                .map(|changed_at| PasswordSince { changed_at }),
            recovery_left: signin::recovery_codes(reader, member).await?.len(),
            required: demand.is_some(),
            required_by: demand.and_then(|demand| demand.rule),
            reset: reset.map(|reset| ResetWaiting {
                by: reset.maker,
                at: reset.made_at,
                expires_at: reset.expires_at,
            }),
        })
    };
    Ok(Json(people.store.read(read).await?))
}

/// A seed for an authenticator app, shown once; it counts when a code of it came back.
#[derive(Serialize, ToSchema)]
struct TotpOffer {
    /// Base 32, for typing.
    secret: String,
    /// What the QR code holds.
    uri: String,
    /// The QR code.
    qr: Qr,
}

/// Begins to register an authenticator app; a seed offered before is void.
#[utoipa::path(post, path = "/me/totp", tag = "me", responses((status = 201, body = TotpOffer)), security(("session" = [])))]
async fn offer_totp(State(people): State<People>, entering: Entering) -> Answer<Created<TotpOffer>> {
    let seed = people.offer_app(&entering).await?;
    Ok(Created(TotpOffer { secret: seed.secret, qr: Qr::of(&seed.uri)?, uri: seed.uri }))
}

/// A code of the new app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TotpCode {
    #[schema(value_type = String)]
    code: SecretString,
}

/// What came of a new factor.
#[derive(Serialize, ToSchema)]
struct TotpConfirmed {
    /// Shown once, when there were none.
    #[schema(required = true)]
    recovery_codes: Option<Vec<String>>,
    /// Who one is, when it was the first factor and the session is complete with it. Null when the session did not change,
    /// or needs something more: `GET /session/standing` tells.
    #[schema(required = true)]
    me: Option<Me>,
}

/// The answer, with the session's new cookie when it has one.
async fn enrolled<T: IntoResponse>(
    people: &People,
    outcome: &Outcome,
    answer: impl FnOnce(Option<Me>) -> T,
) -> Answer<Response> {
    let Some(session) = &outcome.entered else { return Ok(answer(None).into_response()) };
    let me = match people.entrance(session.member, session.session).await? {
        Entrance::In(me) => Some(*me),
        Entrance::Waiting(_) => None,
    };
    Ok(WithCookie::new(&people.settings, session, answer(me))?.into_response())
}

/// Registers the app by a code of it.
#[utoipa::path(put, path = "/me/totp", tag = "me", request_body = TotpCode, responses((status = 200, body = TotpConfirmed)), security(("session" = [])))]
async fn confirm_totp(
    State(people): State<People>,
    entering: Entering,
    client: ClientInfo,
    Body(asked): Body<TotpCode>,
) -> Answer<Response> {
    let outcome = people.enrol_app(&entering, text(&asked.code), client).await?;
    let recovery_codes = outcome.recovery_codes.clone();
    enrolled(&people, &outcome, |me| Json(TotpConfirmed { recovery_codes, me })).await
}

/// Removes the authenticator app.
#[utoipa::path(delete, path = "/me/totp", tag = "me", responses((status = 204)), security(("session" = [])))]
async fn remove_totp(State(people): State<People>, caller: Caller) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| commands::remove(tx, &caller, None).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}

/// Who has a factor shows it before adding another, and everything else that their session needs is there before; asked again
/// inside the transaction that adds it.
fn may_enrol(entering: &Entering) -> Result<(), Refusal> {
    match entering.needs {
        None | Some(Needs::EnrolFactor) => Ok(()),
        Some(needs) => Err(caller::incomplete(needs)),
    }
}

/// Asks the browser for a new passkey.
#[utoipa::path(post, path = "/me/passkeys/challenge", tag = "me", responses((status = 200, body = Challenge)), security(("session" = [])))]
async fn challenge_new_passkey(State(people): State<People>, entering: Entering) -> Answer<Json<Challenge>> {
    may_enrol(&entering)?;
    let (challenge, options) = people.challenge_enrolment(&entering).await?;
    Ok(Json(Challenge { challenge, options }))
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    challenge: String,
    /// `RegistrationResponseJSON` (W3C Web Authentication Level 3).
    #[schema(value_type = Object)]
    credential: Value,
    name: String,
}

/// What came of a new passkey.
#[derive(Serialize, ToSchema)]
struct PasskeyAdded {
    passkey: Passkey,
    /// Shown once, when there were none.
    #[schema(required = true)]
    recovery_codes: Option<Vec<String>>,
    /// As with the authenticator app.
    #[schema(required = true)]
    me: Option<Me>,
}

/// Registers a passkey.
#[utoipa::path(post, path = "/me/passkeys", tag = "me", request_body = NewPasskey, responses((status = 201, body = PasskeyAdded)), security(("session" = [])))]
async fn add_passkey(
    State(people): State<People>,
    entering: Entering,
    Body(asked): Body<NewPasskey>,
) -> Answer<Response> {
    may_enrol(&entering)?;
    let name = name(&asked.name)?;
    let since = people.surroundings().now();
    let outcome = people.enrol_passkey(&entering, &asked.challenge, &asked.credential, name.clone()).await?;
    let passkey = Passkey { id: outcome.factor, name, since, last_used: None };
    let recovery_codes = outcome.recovery_codes.clone();
    enrolled(&people, &outcome, |me| {
        (StatusCode::CREATED, Json(PasskeyAdded { passkey, recovery_codes, me }))
    })
    .await
}

/// What a passkey is called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyName {
    name: String,
}

/// Calls a passkey something else.
#[utoipa::path(put, path = "/me/passkeys/{id}", tag = "me", params(("id" = String, Path)), request_body = PasskeyName, responses((status = 204)), security(("session" = [])))]
async fn rename_passkey(
    State(people): State<People>,
    caller: Caller,
    At(factor): At<FactorId>,
    Body(asked): Body<PasskeyName>,
) -> Answer<NoContent> {
    let (name, stream) = (name(&asked.name)?, Stream::Member(caller.member));
    let job = async move |tx: &mut Tx| commands::rename(tx, &caller, factor, &name).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}

/// Removes a passkey.
#[utoipa::path(delete, path = "/me/passkeys/{id}", tag = "me", params(("id" = String, Path)), responses((status = 204)), security(("session" = [])))]
async fn remove_passkey(
    State(people): State<People>,
    caller: Caller,
    At(factor): At<FactorId>,
) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| commands::remove(tx, &caller, Some(factor)).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}

/// A code to hand over in person; nobody can show it again.
#[derive(Serialize, ToSchema)]
pub struct ResetCode {
    /// What is typed, `XXXX-XXXX`; once.
    pub code: String,
    /// Until when, ms UTC.
    #[schema(value_type = i64)]
    pub expires_at: Instant,
}

/// Makes a code that ends a member's second factors, for someone who lost them (R8). Its person sees that it exists.
#[utoipa::path(post, path = "/members/{id}/factor-reset", tag = "members", params(("id" = String, Path)), responses((status = 201, body = ResetCode)), security(("session" = [])))]
async fn reset_factors(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
) -> Answer<Created<ResetCode>> {
    let code = short_code(people.surroundings().bytes());
    let kept = code.clone();
    let job = async move |tx: &mut Tx| commands::reset(tx, &caller, member, &kept).await;
    let expires_at = people.store.write(Stream::Member(member), job).await?;
    Ok(Created(ResetCode { code, expires_at }))
}

/// Makes such a code for the member with this login id, staff number or id, for whoever has the machine.
///
/// # Errors
/// `not_found`, `factor.none`.
pub async fn reset_from_command_line(people: &People, who: &str) -> Result<ResetCode, Refusal> {
    let member = crate::console::person(people, who).await?.id;
    let code = short_code(people.surroundings().bytes());
    let kept = code.clone();
    let job = async move |tx: &mut Tx| commands::reset_from_command_line(tx, member, &kept).await;
    let expires_at = people.store.write(Stream::Member(member), job).await?;
    Ok(ResetCode { code, expires_at })
}

/// Takes the code back.
#[utoipa::path(delete, path = "/members/{id}/factor-reset", tag = "members", params(("id" = String, Path)), responses((status = 204)), security(("session" = [])))]
async fn withdraw_factor_reset(
    State(people): State<People>,
    caller: Caller,
    At(member): At<MemberId>,
) -> Answer<NoContent> {
    let job = async move |tx: &mut Tx| commands::withdraw_reset(tx, &caller, member).await;
    people.store.write(Stream::Member(member), job).await?;
    Ok(NoContent)
}
