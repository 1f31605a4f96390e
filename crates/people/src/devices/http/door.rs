//! What a browser says before it has a session, or while its session is not complete.

use axum::Json;
use axum::extract::State as Held;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kairan_core::{DeviceId, Instant, SessionId};
use kairan_http::{Answer, At, Body, ClientInfo, NoContent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::devices::commands::enrolment::Enrolment;
use crate::devices::proof::{DeviceProof, PublicKey, Purpose};
use crate::devices::rules::{Kind, State, description};
use crate::signin::http::{Me, Standing, WithCookie, entered};
use crate::{Entering, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(create_challenge))
        .routes(routes!(enrol_device))
        .routes(routes!(accept_device_terms))
        .routes(routes!(renew_session))
        .routes(routes!(show_device_standing))
        .routes(routes!(confirm_device_wipe))
}

/// Something to sign.
#[derive(Serialize, ToSchema)]
struct DeviceChallenge {
    /// 32 bytes, base64url.
    challenge: String,
    /// Until when it serves.
    #[schema(value_type = i64)]
    expires_at: Instant,
}

/// Gives a challenge, which a device signs once.
#[utoipa::path(post, path = "/session/challenge", tag = "session", responses((status = 200, body = DeviceChallenge)))]
async fn create_challenge(Held(people): Held<People>) -> Json<DeviceChallenge> {
    let (challenge, expires_at) = people.device_challenges.issue(people.surroundings());
    Json(DeviceChallenge { challenge, expires_at })
}

/// A browser that wants to be a device of its person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceNew {
    /// Made by the client (`UUIDv7`), so that a lost answer costs no code.
    #[schema(value_type = String, format = Uuid)]
    id: DeviceId,
    /// `XXXX-XXXX`; not needed after an invitation or set-up.
    code: Option<String>,
    /// What its person calls it.
    name: String,
    /// What kind of client it runs.
    kind: Kind,
    /// Its system, in words for people.
    os: String,
    /// The public key: an uncompressed P-256 point of 65 bytes, base64url.
    key: String,
    /// From `POST /session/challenge`.
    challenge: String,
    /// The challenge signed for the purpose `enrol`, r‖s, base64url.
    signature: String,
}

/// Enrols this browser as a device of the session's person, or takes a device of theirs into this session.
#[utoipa::path(post, path = "/session/device", tag = "session", request_body = DeviceNew, responses((status = 201, body = Me), (status = 202, body = Standing)), security(("session" = [])))]
async fn enrol_device(
    Held(people): Held<People>,
    entering: Entering,
    client: ClientInfo,
    Body(asked): Body<DeviceNew>,
) -> Answer<impl IntoResponse + use<>> {
    let description = description(&asked.name, asked.kind, &asked.os)?;
    let key = PublicKey::read(&asked.key)?;
    people.check_signature(&key, Purpose::Enrol, &asked.challenge, &asked.signature)?;
    let address = client.address.to_string();
    let enrolment = Enrolment { device: asked.id, description, key, code: asked.code, address };
    let session = people.enrol_device(entering, enrolment, &client).await?;
    Ok(entered(&people, &session).await?)
}

/// The terms as read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TermsAccepted {
    /// Their version.
    version: i64,
}

/// Accepts the terms for the device of this session.
#[utoipa::path(post, path = "/session/consent", tag = "session", operation_id = "accept_device_terms", request_body = TermsAccepted, responses((status = 201, body = Me), (status = 202, body = Standing)), security(("session" = [])))]
async fn accept_device_terms(
    Held(people): Held<People>,
    entering: Entering,
    Body(asked): Body<TermsAccepted>,
) -> Answer<impl IntoResponse + use<>> {
    let session = people.accept_device_terms(entering, asked.version).await?;
    Ok(entered(&people, &session).await?)
}

/// A session that wants another token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Renewal {
    #[schema(value_type = String, format = Uuid)]
    session: SessionId,
    #[schema(value_type = String, format = Uuid)]
    device: DeviceId,
    /// From `POST /session/challenge`.
    challenge: String,
    /// The challenge signed for the purpose `renew`.
    signature: String,
}

/// Gives the session of a device another token; the one before opens nothing. No cookie is needed: the key is the proof.
#[utoipa::path(post, path = "/session/renew", tag = "session", request_body = Renewal, responses((status = 204)))]
async fn renew_session(
    Held(people): Held<People>,
    client: ClientInfo,
    Body(asked): Body<Renewal>,
) -> Answer<impl IntoResponse + use<>> {
    let Renewal { session, device, challenge, signature } = asked;
    let renewed = people.renew(session, &DeviceProof { device, challenge, signature }, &client).await?;
    Ok(WithCookie::new(&people.settings, &renewed, NoContent)?)
}

/// A challenge, signed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Signed {
    /// From `POST /session/challenge`.
    challenge: String,
    /// Signed for the purpose `standing`.
    signature: String,
}

/// What a device asks the server when it comes back.
#[derive(Serialize, ToSchema)]
struct DeviceStanding {
    state: State,
    /// Whether it is to wipe what it keeps.
    wipe: bool,
}

/// Tells a device where it stands, whatever became of its session: the key is the proof.
#[utoipa::path(post, path = "/devices/{id}/standing", tag = "devices", params(("id" = String, Path)), request_body = Signed, responses((status = 200, body = DeviceStanding)))]
async fn show_device_standing(
    Held(people): Held<People>,
    At(device): At<DeviceId>,
    Body(asked): Body<Signed>,
) -> Answer<Json<DeviceStanding>> {
    let proof = DeviceProof { device, challenge: asked.challenge, signature: asked.signature };
    let device = people.prove_device(&proof, Purpose::Standing).await?;
    Ok(Json(DeviceStanding { state: device.state, wipe: device.state == State::Wiping }))
}

/// A device's word that it has wiped what it kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WipeDone {
    /// From `POST /session/challenge`.
    challenge: String,
    /// Signed for the purpose `wiped`.
    signature: String,
    /// How many things there were.
    items: u32,
}

/// Keeps a device's word that it has wiped what it kept, whatever became of its session (R14).
#[utoipa::path(post, path = "/devices/{id}/wiped", tag = "devices", params(("id" = String, Path)), request_body = WipeDone, responses((status = 204)))]
async fn confirm_device_wipe(
    Held(people): Held<People>,
    At(device): At<DeviceId>,
    Body(asked): Body<WipeDone>,
) -> Answer<StatusCode> {
    let proof = DeviceProof { device, challenge: asked.challenge, signature: asked.signature };
    people.confirm_wipe(&proof, asked.items.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
