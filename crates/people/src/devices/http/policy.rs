//! `/organisation/devices` and `/organisation/device-terms`.

use axum::Json;
use axum::extract::State as Held;
use kairan_core::{Instant, Permission, Refusal};
use kairan_http::{Answer, Body};
use kairan_storage::{Error, Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::devices::rules::Settings;
use crate::devices::{policy, queries};
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show_device_settings, set_device_settings))
        .routes(routes!(show_device_terms, set_device_terms))
}

/// Shows what the organisation decided about devices.
#[utoipa::path(get, path = "/organisation/devices", tag = "organisation", responses((status = 200, body = Settings)), security(("session" = [])))]
async fn show_device_settings(Held(people): Held<People>, caller: Caller) -> Answer<Json<Settings>> {
    caller.may(Permission::ManageMembers)?;
    let read = async |reader: &mut Reader| queries::settings(reader).await;
    Ok(Json(people.store.read::<_, Error, _>(read).await.map_err(Refusal::from)?))
}

/// Decides it.
#[utoipa::path(put, path = "/organisation/devices", tag = "organisation", request_body = Settings, responses((status = 200, body = Settings)), security(("session" = [])))]
async fn set_device_settings(
    Held(people): Held<People>,
    caller: Caller,
    Body(wanted): Body<Settings>,
) -> Answer<Json<Settings>> {
    let job = async move |tx: &mut Tx| policy::set(tx, &caller, wanted).await;
    people.store.write(Stream::Organisation, job).await?;
    Ok(Json(wanted))
}

/// What everyone accepts before a device of theirs is used.
#[derive(Serialize, ToSchema)]
struct DeviceTerms {
    /// Counted up.
    version: i64,
    text: String,
    /// Since when; null for the text that is built in.
    #[schema(value_type = Option<i64>, required = true)]
    since: Option<Instant>,
}

impl From<queries::Terms> for DeviceTerms {
    fn from(terms: queries::Terms) -> Self {
        Self { version: terms.version, text: terms.text, since: terms.since }
    }
}

/// Shows the terms in force.
#[utoipa::path(get, path = "/organisation/device-terms", tag = "organisation", responses((status = 200, body = DeviceTerms)), security(("session" = [])))]
async fn show_device_terms(Held(people): Held<People>, _: Caller) -> Answer<Json<DeviceTerms>> {
    let read = async |reader: &mut Reader| queries::terms(reader).await;
    let terms = people.store.read::<_, Error, _>(read).await.map_err(Refusal::from)?;
    Ok(Json(terms.into()))
}

/// Other terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceTermsNew {
    text: String,
}

/// Puts other terms in force: everyone accepts them before they go on.
#[utoipa::path(put, path = "/organisation/device-terms", tag = "organisation", request_body = DeviceTermsNew, responses((status = 200, body = DeviceTerms)), security(("session" = [])))]
async fn set_device_terms(
    Held(people): Held<People>,
    caller: Caller,
    Body(asked): Body<DeviceTermsNew>,
) -> Answer<Json<DeviceTerms>> {
    let job = async move |tx: &mut Tx| policy::set_terms(tx, &caller, &asked.text).await;
    Ok(Json(people.store.write(Stream::Organisation, job).await?.into()))
}
