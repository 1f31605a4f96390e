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

use super::rules::{Files, Mail, Names, Push, Settings};
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
    /// Who sets display names.
    names: Names,
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
    /// Who sets display names; as it is when absent.
    names: Option<Names>,
}

/// Summary mails.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailChange {
    /// Whether members may have them.
    on: bool,
}

fn shown(people: &People, settings: Settings) -> Json<OrganisationSettings> {
    let Settings { files, push, mail, names } = settings;
    let mail = MailShown { on: mail.on, possible: people.settings.sends_mail };
    Json(OrganisationSettings { files, push, mail, names })
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
    let (files, push, mail) = (asked.files, asked.push, Mail { on: asked.mail.on });
    let job = async move |tx: &mut Tx| -> Result<Settings, kairan_core::Refusal> {
        let names = asked.names.unwrap_or(queries::of(tx).await?.names);
        let wanted = Settings { files, push, mail, names };
        commands::change(tx, &caller, wanted).await?;
        Ok(wanted)
    };
    let kept = people.store.write(Stream::Organisation, job).await?;
    Ok(shown(&people, kept))
}
