//! `/organisation/settings`.

use axum::Json;
use axum::extract::State;
use kairan_core::Permission;
use kairan_http::{Answer, Body};
use kairan_storage::{Error, Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rules::{Files, Mail, Push, Settings};
use super::{commands, queries};
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new().routes(routes!(show_organisation_settings, set_organisation_settings))
}

/// What the organisation decided.
#[derive(Serialize, ToSchema)]
struct OrganisationSettings {
    files: Files,
    push: Push,
    mail: MailShown,
}

/// Summary mails, and whether this server can send any.
#[derive(Serialize, ToSchema)]
struct MailShown {
    /// Whether members may have them.
    on: bool,
    /// Whether a mail server is configured.
    possible: bool,
}

/// What the organisation shall have decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganisationSettingsChange {
    files: Files,
    push: Push,
    mail: MailChange,
}

/// Summary mails.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailChange {
    /// Whether members may have them.
    on: bool,
}

fn shown(people: &People, settings: Settings) -> Json<OrganisationSettings> {
    let Settings { files, push, mail } = settings;
    let mail = MailShown { on: mail.on, possible: people.settings.sends_mail };
    Json(OrganisationSettings { files, push, mail })
}

/// Shows what the organisation decided.
#[utoipa::path(get, path = "/organisation/settings", tag = "organisation", responses((status = 200, body = OrganisationSettings)), security(("session" = [])))]
async fn show_organisation_settings(
    State(people): State<People>,
    caller: Caller,
) -> Answer<Json<OrganisationSettings>> {
    caller.may(Permission::ManageOrganisation)?;
    let read = async |reader: &mut Reader| queries::of(reader).await;
    let settings = people.store.read::<_, Error, _>(read).await.map_err(kairan_core::Refusal::from)?;
    Ok(shown(&people, settings))
}

/// Decides it.
#[utoipa::path(put, path = "/organisation/settings", tag = "organisation", request_body = OrganisationSettingsChange, responses((status = 200, body = OrganisationSettings)), security(("session" = [])))]
async fn set_organisation_settings(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<OrganisationSettingsChange>,
) -> Answer<Json<OrganisationSettings>> {
    let wanted = Settings { files: asked.files, push: asked.push, mail: Mail { on: asked.mail.on } };
    let job = async move |tx: &mut Tx| commands::change(tx, &caller, wanted).await;
    people.store.write(Stream::Organisation, job).await?;
    Ok(shown(&people, wanted))
}
