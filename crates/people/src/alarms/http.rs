//! `/me/alarms`, and `/alarms` for those who manage members.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State as Held;
use kairan_core::{Actor, AlarmId, DeviceId, Instant, MemberId, Permission, Refusal};
use kairan_http::{Answer, Asked, At, Body, NoContent};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands;
use super::details::Details;
use super::queries;
use super::rules::Kind;
use crate::devices::rules::State as DeviceState;
use crate::{Caller, People, devices, members};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(list_own_alarms))
        .routes(routes!(see_own_alarms))
        .routes(routes!(deny_alarm))
        .routes(routes!(list_alarms))
        .routes(routes!(review_alarms))
        .routes(routes!(review_alarm))
}

/// Alarms answered at once at most.
const PAGE: i64 = 100;

/// An alarm.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alarm {
    #[schema(value_type = String, format = Uuid)]
    id: AlarmId,
    #[schema(value_type = i64)]
    at: Instant,
    kind: Kind,
    /// Whom it is about; null when it is about nobody in particular.
    #[schema(required = true)]
    subject: Option<AlarmPerson>,
    by: AlarmMaker,
    /// With which device it was done, as far as that is known.
    #[schema(required = true)]
    device: Option<AlarmDevice>,
    /// The other device it is about: the one that was shut out, or the other half of a pair.
    #[schema(required = true)]
    other: Option<AlarmDevice>,
    facts: Details,
    /// Whether it is about the very device that asks: that one can neither deny it nor mark it as seen.
    here: bool,
    /// Whether one can say that it was not oneself.
    deniable: bool,
    /// When its person said that it was not them.
    #[schema(value_type = Option<i64>, required = true)]
    denied_at: Option<Instant>,
    /// When the one who asks saw it.
    #[schema(value_type = Option<i64>, required = true)]
    seen_at: Option<Instant>,
}

/// A person, by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlarmPerson {
    #[schema(value_type = String, format = Uuid)]
    id: MemberId,
    name: String,
}

/// A device, by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlarmDevice {
    #[schema(value_type = String, format = Uuid)]
    id: DeviceId,
    name: String,
    os: String,
    state: DeviceState,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmMaker {
    kind: MakerKind,
    /// Which member, when it was one.
    #[schema(required = true)]
    member: Option<AlarmPerson>,
}

/// What kind of actor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MakerKind {
    /// A member.
    Member,
    /// The server itself.
    System,
    /// Whoever has the machine.
    Console,
    /// Nobody who is signed in.
    Nobody,
}

/// Looks names up, each once.
#[derive(Default)]
struct Names {
    people: HashMap<MemberId, Option<AlarmPerson>>,
    devices: HashMap<DeviceId, Option<AlarmDevice>>,
}

impl Names {
    async fn person(
        &mut self,
        reader: &mut Reader,
        member: Option<MemberId>,
    ) -> Result<Option<AlarmPerson>, Refusal> {
        let Some(id) = member else { return Ok(None) };
        if let Some(known) = self.people.get(&id) {
            return Ok(known.clone());
        }
        let record = members::queries::record(reader, id).await?;
        let found = record.map(|record| AlarmPerson { id, name: record.profile.display_name });
        self.people.insert(id, found.clone());
        Ok(found)
    }

    async fn device(
        &mut self,
        reader: &mut Reader,
        device: Option<DeviceId>,
    ) -> Result<Option<AlarmDevice>, Refusal> {
        let Some(id) = device else { return Ok(None) };
        if let Some(known) = self.devices.get(&id) {
            return Ok(known.clone());
        }
        let found = devices::queries::device(reader, id).await?;
        let found = found.map(|found| AlarmDevice { id, name: found.name, os: found.os, state: found.state });
        self.devices.insert(id, found.clone());
        Ok(found)
    }

    async fn view(
        &mut self,
        reader: &mut Reader,
        alarm: queries::Alarm,
        caller: &Caller,
    ) -> Result<Alarm, Refusal> {
        let here = alarm.is_about(caller);
        let own = alarm.subject == Some(caller.member);
        let kind = match alarm.actor {
            Actor::Member(_) => MakerKind::Member,
            Actor::System => MakerKind::System,
            Actor::CommandLine => MakerKind::Console,
            Actor::Nobody => MakerKind::Nobody,
        };
        let member = self.person(reader, alarm.actor.member()).await?;
        Ok(Alarm {
            subject: self.person(reader, alarm.subject).await?,
            by: AlarmMaker { kind, member },
            device: self.device(reader, alarm.device()).await?,
            other: self.device(reader, alarm.details.other).await?,
            deniable: own && alarm.kind.is_deniable() && !here && alarm.denied_at.is_none(),
            id: alarm.id,
            at: alarm.at,
            kind: alarm.kind,
            facts: alarm.details,
            here,
            denied_at: alarm.denied_at,
            seen_at: alarm.seen_at,
        })
    }

    async fn views(
        &mut self,
        reader: &mut Reader,
        found: Vec<queries::Alarm>,
        caller: &Caller,
    ) -> Result<Vec<Alarm>, Refusal> {
        let mut views = Vec::with_capacity(found.len());
        for alarm in found {
            views.push(self.view(reader, alarm, caller).await?);
        }
        Ok(views)
    }
}

/// One's own alarms.
#[derive(Serialize, ToSchema)]
struct OwnAlarms {
    /// Newest first, 100 at most.
    alarms: Vec<Alarm>,
    /// How many of them are new to their person; those about the device that asks do not count.
    unseen: usize,
}

/// Lists what one should know about one's own account, newest first.
#[utoipa::path(get, path = "/me/alarms", tag = "alarms", responses((status = 200, body = OwnAlarms)), security(("session" = [])))]
async fn list_own_alarms(Held(people): Held<People>, caller: Caller) -> Answer<Json<OwnAlarms>> {
    let read = async move |reader: &mut Reader| -> Result<OwnAlarms, Refusal> {
        let found = queries::of_member(reader, caller.member, PAGE).await?;
        let alarms = Names::default().views(reader, found, &caller).await?;
        let unseen = alarms.iter().filter(|alarm| alarm.seen_at.is_none() && !alarm.here).count();
        Ok(OwnAlarms { alarms, unseen })
    };
    Ok(Json(people.store.read(read).await?))
}

/// Up to where one has seen them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AlarmsSeen {
    /// The newest one seen.
    #[schema(value_type = String, format = Uuid)]
    upto: AlarmId,
}

/// Says that one has seen one's own alarms up to this one; those about the device that asks stay as they are.
#[utoipa::path(post, path = "/me/alarms/seen", tag = "alarms", request_body = AlarmsSeen, responses((status = 204)), security(("session" = [])))]
async fn see_own_alarms(
    Held(people): Held<People>,
    caller: Caller,
    Body(asked): Body<AlarmsSeen>,
) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| commands::see_own(tx, &caller, asked.upto).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}

/// What was done because somebody says it was not them.
#[derive(Serialize, ToSchema)]
struct AlarmDenied {
    /// The device that is shut out now; null when none was known.
    #[schema(required = true)]
    device: Option<AlarmDevice>,
    /// How many sessions ended.
    sessions: i64,
    /// Whether a new password is to be chosen, before anything else, on each device that is still in use.
    password: bool,
}

/// Says that it was not oneself: shuts the device in question out, ends its sessions at once (R20), and leaves the password
/// good for nothing but choosing another one on one's own devices.
#[utoipa::path(post, path = "/me/alarms/{id}/not-me", tag = "alarms", params(("id" = String, Path)), responses((status = 200, body = AlarmDenied)), security(("session" = [])))]
async fn deny_alarm(
    Held(people): Held<People>,
    caller: Caller,
    At(alarm): At<AlarmId>,
) -> Answer<Json<AlarmDenied>> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| -> Result<AlarmDenied, Refusal> {
        let commands::Outcome { device, sessions, password } = commands::deny(tx, &caller, alarm).await?;
        let device = Names::default().device(tx, device).await?;
        Ok(AlarmDenied { device, sessions, password })
    };
    Ok(Json(people.store.write(stream, job).await?))
}

/// Which alarms.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AlarmsAsked {
    /// Those that come after this one in the list, which are older.
    #[param(value_type = Option<String>, nullable = false)]
    after: Option<AlarmId>,
    /// How many, 100 at most.
    #[param(nullable = false)]
    limit: Option<i64>,
}

/// One page of what those who manage members should know.
#[derive(Serialize, ToSchema)]
struct AlarmPage {
    /// Newest first.
    alarms: Vec<Alarm>,
    /// Ask with `after` = this for the next page; null on the last.
    #[schema(value_type = Option<String>, required = true)]
    next: Option<AlarmId>,
    /// How many in all the one who asks has not seen.
    unseen: i64,
}

/// Lists what those who manage members should know, newest first.
#[utoipa::path(get, path = "/alarms", tag = "alarms", params(AlarmsAsked), responses((status = 200, body = AlarmPage)), security(("session" = [])))]
async fn list_alarms(
    Held(people): Held<People>,
    caller: Caller,
    Asked(asked): Asked<AlarmsAsked>,
) -> Answer<Json<AlarmPage>> {
    caller.may(Permission::ManageMembers)?;
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let read = async move |reader: &mut Reader| -> Result<AlarmPage, Refusal> {
        // One more than asked for tells whether there is a next page.
        let mut found = queries::for_admins(reader, caller.member, asked.after, limit + 1).await?;
        let more = i64::try_from(found.len()).is_ok_and(|many| many > limit);
        if more {
            found.pop();
        }
        let next = if more { found.last().map(|alarm| alarm.id) } else { None };
        let unseen = queries::unseen_by_admin(reader, caller.member).await?;
        Ok(AlarmPage { alarms: Names::default().views(reader, found, &caller).await?, next, unseen })
    };
    Ok(Json(people.store.read(read).await?))
}

/// Says that one has seen it; to the others who manage members it stays new.
#[utoipa::path(post, path = "/alarms/{id}/seen", tag = "alarms", params(("id" = String, Path)), responses((status = 204)), security(("session" = [])))]
async fn review_alarm(
    Held(people): Held<People>,
    caller: Caller,
    At(alarm): At<AlarmId>,
) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| commands::review(tx, &caller, alarm).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}

/// Says that one has seen all that those who manage members are told, up to this one.
#[utoipa::path(post, path = "/alarms/seen", tag = "alarms", request_body = AlarmsSeen, responses((status = 204)), security(("session" = [])))]
async fn review_alarms(
    Held(people): Held<People>,
    caller: Caller,
    Body(asked): Body<AlarmsSeen>,
) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| commands::review_all(tx, &caller, asked.upto).await;
    people.store.write(stream, job).await?;
    Ok(NoContent)
}
