//! `/organisation/policies` and `/me/policy`.

use axum::Json;
use axum::extract::State;
use kairan_core::{MemberId, Permission, Refusal, RuleId};
use kairan_http::{Answer, Body};
use kairan_storage::{Error, Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::checks::checked;
use super::commands::Change;
use super::effective::{Because, Effective, Said};
use super::hours::Hours;
use super::preview::{Preview, Troubled, Way, preview};
use super::queries::Policies;
use super::rules::{Limit, Rule};
use super::{commands, queries};
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show_policies, set_policies))
        .routes(routes!(preview_policies))
        .routes(routes!(show_own_policy))
}

/// The rules in force.
#[derive(Serialize, ToSchema)]
struct PolicySet {
    /// Counted up; 0 while there never were any.
    version: i64,
    rules: Vec<Rule>,
}

impl From<Policies> for PolicySet {
    fn from(policies: Policies) -> Self {
        Self { version: policies.version, rules: policies.rules }
    }
}

/// Shows the rules in force.
#[utoipa::path(get, path = "/organisation/policies", tag = "organisation", responses((status = 200, body = PolicySet)), security(("session" = [])))]
async fn show_policies(State(people): State<People>, caller: Caller) -> Answer<Json<PolicySet>> {
    caller.may(Permission::ManageMembers)?;
    let read = async |reader: &mut Reader| queries::in_force(reader).await;
    Ok(Json(people.store.read::<_, Error, _>(read).await.map_err(Refusal::from)?.into()))
}

/// Other rules.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyChange {
    /// The version that was changed.
    version: i64,
    /// The whole set.
    rules: Vec<Rule>,
    /// Whether whoever sends this knows that they shut themselves out.
    #[serde(default)]
    understood: bool,
}

/// Puts other rules in force; whoever they shut out is shut out at once (R20).
#[utoipa::path(put, path = "/organisation/policies", tag = "organisation", request_body = PolicyChange, responses((status = 200, body = PolicySet)), security(("session" = [])))]
async fn set_policies(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<PolicyChange>,
) -> Answer<Json<PolicySet>> {
    let PolicyChange { version, rules, understood } = asked;
    let change = Change { version, rules, understood };
    let job = async move |tx: &mut Tx| commands::set(tx, &caller, change.clone()).await;
    Ok(Json(people.store.write(Stream::Organisation, job).await?.into()))
}

/// Rules to look at before they are in force.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyDraft {
    /// The whole set.
    rules: Vec<Rule>,
}

/// What other rules would come to.
#[derive(Serialize, ToSchema)]
struct PolicyPreview {
    changed: Vec<PolicyRuleChanged>,
    /// On how many devices something would be different.
    devices: usize,
    /// For how many people.
    people: usize,
    /// Who kept files lately where they could not any more; 50 at most.
    troubled: Vec<PolicyTroubled>,
    enrolling: PolicyEnrolling,
    /// Whether whoever asks would shut themselves out.
    #[schema(required = true)]
    locks_you_out: Option<PolicyLocksOut>,
}

/// A rule that would be another.
#[derive(Serialize, ToSchema)]
struct PolicyRuleChanged {
    #[schema(value_type = String, format = Uuid)]
    id: RuleId,
    name: String,
    how: Way,
    /// Which of its limits would be others; none when only its name or whom it meets would.
    limits: Vec<Limit>,
}

/// Somebody whom the change would trouble.
#[derive(Serialize, ToSchema)]
struct PolicyTroubled {
    #[schema(value_type = String, format = Uuid)]
    member: MemberId,
    name: String,
    /// The name of the rule that would do it.
    because: String,
}

impl From<Troubled> for PolicyTroubled {
    fn from(Troubled { member, name, because }: Troubled) -> Self {
        Self { member, name, because }
    }
}

/// Who has no second factor and would have to choose one before they go on.
#[derive(Serialize, ToSchema)]
struct PolicyEnrolling {
    /// How many they are.
    people: usize,
    /// Who; 50 at most.
    named: Vec<PolicyTroubled>,
}

/// Why whoever asks would be shut out.
#[derive(Serialize, ToSchema)]
struct PolicyLocksOut {
    /// The rule's name.
    rule: String,
    because: Because,
}

impl From<Preview> for PolicyPreview {
    fn from(preview: Preview) -> Self {
        let changed = preview.changed.into_iter().map(|one| PolicyRuleChanged {
            id: one.id,
            name: one.name,
            how: one.how,
            limits: one.limits,
        });
        let named = |people: Vec<Troubled>| people.into_iter().map(PolicyTroubled::from).collect();
        Self {
            changed: changed.collect(),
            devices: preview.devices,
            people: preview.people,
            troubled: named(preview.troubled),
            enrolling: PolicyEnrolling { people: preview.enrolling_people, named: named(preview.enrolling) },
            locks_you_out: preview.locks_out.map(|(because, rule)| PolicyLocksOut { rule, because }),
        }
    }
}

/// Tells what other rules would come to; nothing changes.
#[utoipa::path(post, path = "/organisation/policies/preview", tag = "organisation", request_body = PolicyDraft, responses((status = 200, body = PolicyPreview)), security(("session" = [])))]
async fn preview_policies(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<PolicyDraft>,
) -> Answer<Json<PolicyPreview>> {
    caller.may(Permission::ManageOrganisation)?;
    let rules = checked(asked.rules)?;
    let (hooks, now) = (people.hooks.clone(), people.surroundings().now());
    let read = async move |reader: &mut Reader| preview(reader, &hooks, &caller, &rules, now).await;
    Ok(Json(people.store.read(read).await?.into()))
}

/// What holds on the device that asks, each with the rule that says so; null is as usual.
#[derive(Serialize, ToSchema)]
struct OwnPolicy {
    /// Of which set of rules.
    version: i64,
    download: PolicyAllowed,
    copy: PolicyAllowed,
    print: PolicyAllowed,
    share: PolicyAllowed,
    watermark: PolicyRequired,
    blur: PolicyRequired,
    /// Within all of these; none: at any time.
    hours: Vec<PolicyHoursSaid>,
    /// From one of each of these; none: from anywhere.
    networks: Vec<PolicyNetworksSaid>,
    devices: PolicyNumber,
    second_factor: PolicyRequired,
    session_hours: PolicyNumber,
    session_idle_minutes: PolicyNumber,
    app_lock_minutes: PolicyNumber,
    lease_hours: PolicyNumber,
}

/// Whether something may be done.
#[derive(Serialize, ToSchema)]
struct PolicyAllowed {
    allowed: bool,
    #[schema(required = true)]
    rule: Option<String>,
}

/// Whether something is done in any case.
#[derive(Serialize, ToSchema)]
struct PolicyRequired {
    required: bool,
    #[schema(required = true)]
    rule: Option<String>,
}

/// How much of something.
#[derive(Serialize, ToSchema)]
struct PolicyNumber {
    /// Null: no limit.
    #[schema(required = true)]
    value: Option<i64>,
    #[schema(required = true)]
    rule: Option<String>,
}

/// When it may be used.
#[derive(Serialize, ToSchema)]
struct PolicyHoursSaid {
    #[serde(flatten)]
    hours: Hours,
    rule: String,
}

/// From where it may be used.
#[derive(Serialize, ToSchema)]
struct PolicyNetworksSaid {
    list: Vec<String>,
    rule: String,
}

impl From<Effective> for OwnPolicy {
    fn from(policy: Effective) -> Self {
        let rule = |limit| policy.rule(limit).map(str::to_owned);
        let allowed = |allowed, limit| PolicyAllowed { allowed, rule: rule(limit) };
        let required = |required, limit| PolicyRequired { required, rule: rule(limit) };
        let number = |value, limit| PolicyNumber { value, rule: rule(limit) };
        let hours = policy.hours.iter().cloned();
        let networks = policy.networks.iter().cloned();
        Self {
            version: policy.version,
            download: allowed(policy.download, Limit::Download),
            copy: allowed(policy.copy, Limit::Copy),
            print: allowed(policy.print, Limit::Print),
            share: allowed(policy.share, Limit::Share),
            watermark: required(policy.watermark, Limit::Watermark),
            blur: required(policy.blur, Limit::Blur),
            hours: hours.map(|Said { value: hours, rule }| PolicyHoursSaid { hours, rule }).collect(),
            networks: networks.map(|Said { value: list, rule }| PolicyNetworksSaid { list, rule }).collect(),
            devices: number(policy.devices, Limit::Devices),
            second_factor: required(policy.second_factor, Limit::SecondFactor),
            session_hours: number(Some(policy.session_hours), Limit::SessionHours),
            session_idle_minutes: number(Some(policy.session_idle_minutes), Limit::SessionIdleMinutes),
            app_lock_minutes: number(policy.app_lock_minutes, Limit::AppLockMinutes),
            lease_hours: number(Some(policy.lease_hours), Limit::LeaseHours),
        }
    }
}

/// Shows what holds on this device, and which rule says so.
#[utoipa::path(get, path = "/me/policy", tag = "me", responses((status = 200, body = OwnPolicy)), security(("session" = [])))]
async fn show_own_policy(State(people): State<People>, caller: Caller) -> Answer<Json<OwnPolicy>> {
    let asking = people.clone();
    let read = async move |reader: &mut Reader| asking.policy(reader, &caller).await;
    Ok(Json(people.store.read::<_, Error, _>(read).await.map_err(Refusal::from)?.into()))
}

/// What holds on this device, as far as a client acts on it; the rules' names are in `/me/policy`.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyPolicy {
    /// Of which set of rules.
    pub version: i64,
    /// Whether files may be kept; otherwise the server only shows them (R16).
    pub download: bool,
    /// Whether text may be copied.
    pub copy: bool,
    /// Whether it may be printed.
    pub print: bool,
    /// Whether it may be shared to other apps.
    pub share: bool,
    /// Whether who looks, and when, is written over it (R17).
    pub watermark: bool,
    /// Whether it is blurred while another window is in front.
    pub blur: bool,
    /// How long the app stays unlocked unused, minutes; null: it need not be locked.
    #[schema(required = true)]
    pub app_lock_minutes: Option<i64>,
}

impl From<Effective> for MyPolicy {
    fn from(policy: Effective) -> Self {
        let Effective { version, download, copy, print, share, watermark, blur, app_lock_minutes, .. } =
            policy;
        Self { version, download, copy, print, share, watermark, blur, app_lock_minutes }
    }
}
