//! `/devices` and codes for others: for those who manage members.

use axum::Json;
use axum::extract::State as Held;
use axum::response::{IntoResponse, Response};
use kairan_core::{DeviceId, MemberId, Permission, Refusal};
use kairan_http::sheet::Sheet;
use kairan_http::{Answer, Asked, At, Body, Created};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Device, DeviceCode};
use crate::devices::commands::acts::{self, Hand};
use crate::devices::commands::codes;
use crate::devices::queries::{self, Wanted};
use crate::devices::rules::{Act, Ownership, State};
use crate::devices::sheet;
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(create_device_code))
        .routes(routes!(list_devices))
        .routes(routes!(export_devices))
        .routes(routes!(change_device))
        .routes(routes!(approve_device))
        .routes(routes!(refuse_device))
        .routes(routes!(lock_device))
        .routes(routes!(unlock_device))
        .routes(routes!(wipe_device, cancel_device_wipe))
}

/// Devices answered at once at most.
const PAGE: i64 = 200;

/// For what device a code is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceCodeNew {
    /// Whose thing it is.
    ownership: Ownership,
}

/// Makes a one-time code with which this member brings a device in; one made before is void.
#[utoipa::path(post, path = "/members/{id}/device-code", tag = "devices", params(("id" = String, Path)), request_body = DeviceCodeNew, responses((status = 201, body = DeviceCode)), security(("session" = [])))]
async fn create_device_code(
    Held(people): Held<People>,
    caller: Caller,
    At(member): At<MemberId>,
    Body(asked): Body<DeviceCodeNew>,
) -> Answer<Created<DeviceCode>> {
    let code = codes::new_code(people.surroundings());
    let made = code.clone();
    let job = async move |tx: &mut Tx| codes::give(tx, &caller, member, asked.ownership, &made).await;
    let expires_at = people.store.write(Stream::Member(member), job).await?;
    Ok(Created(DeviceCode::new(&people, code, expires_at)?))
}

/// Which devices.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DevicesAsked {
    /// Only this member's.
    #[param(value_type = Option<String>, nullable = false)]
    member: Option<MemberId>,
    /// Only those that stand here.
    #[param(nullable = false)]
    state: Option<State>,
    /// Those after this one.
    #[param(value_type = Option<String>, nullable = false)]
    after: Option<DeviceId>,
    /// How many, 200 at most.
    #[param(nullable = false)]
    limit: Option<i64>,
}

/// One page of the register.
#[derive(Serialize, ToSchema)]
struct DevicePage {
    devices: Vec<Device>,
    /// Ask with `after` = this for the next page; null on the last.
    #[schema(value_type = Option<String>, required = true)]
    next: Option<DeviceId>,
}

/// Lists the organisation's devices in the order in which they came.
#[utoipa::path(get, path = "/devices", tag = "devices", params(DevicesAsked), responses((status = 200, body = DevicePage)), security(("session" = [])))]
async fn list_devices(
    Held(people): Held<People>,
    caller: Caller,
    Asked(asked): Asked<DevicesAsked>,
) -> Answer<Json<DevicePage>> {
    caller.may(Permission::ManageMembers)?;
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let wanted = Wanted { member: asked.member, state: asked.state, after: asked.after };
    // One more than asked for tells whether there is a next page.
    let read = async move |reader: &mut Reader| -> Result<_, Refusal> {
        let found = queries::page(reader, wanted, limit + 1).await?;
        Ok(Device::all(reader, found, caller.device).await?)
    };
    let mut devices = people.store.read(read).await?;
    let more = i64::try_from(devices.len()).is_ok_and(|many| many > limit);
    if more {
        devices.pop();
    }
    let next = if more { devices.last().map(|device| device.id) } else { None };
    Ok(Json(DevicePage { devices, next }))
}

/// The whole register as CSV (UTF-8 with a byte order mark; cells that a spreadsheet would take for formulas are neutralised).
#[utoipa::path(get, path = "/devices.csv", tag = "devices", responses((status = 200, body = String, content_type = "text/csv")), security(("session" = [])))]
async fn export_devices(Held(people): Held<People>, caller: Caller) -> Answer<Response> {
    caller.may(Permission::ManageMembers)?;
    caller.proved_within(crate::caller::FRESH, people.surroundings().now())?;
    let rows = people.store.read(async |reader: &mut Reader| sheet::rows(reader).await).await?;
    Ok(Sheet { name: "devices.csv", rows }.into_response())
}

/// What shall be different; a field not sent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceChange {
    /// What it is called.
    name: Option<String>,
    /// Whose thing it is.
    ownership: Option<Ownership>,
}

/// Names a device, or corrects whose thing it is.
#[utoipa::path(patch, path = "/devices/{id}", tag = "devices", params(("id" = String, Path)), request_body = DeviceChange, responses((status = 200, body = Device)), security(("session" = [])))]
async fn change_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
    Body(asked): Body<DeviceChange>,
) -> Answer<Json<Device>> {
    let hand = Hand::Admin(caller);
    Ok(Json(describe(&people, hand, device, asked.name, asked.ownership).await?))
}

/// Gives a device another description.
pub(super) async fn describe(
    people: &People,
    hand: Hand,
    device: DeviceId,
    name: Option<String>,
    ownership: Option<Ownership>,
) -> Result<Device, Refusal> {
    let (member, here) = (owner(people, &hand, device).await?, hand.device());
    let job = async move |tx: &mut Tx| -> Result<Device, Refusal> {
        let after = acts::describe(tx, &hand, device, name.as_deref(), ownership).await?;
        Ok(Device::of(tx, after, here).await?)
    };
    people.store.write(Stream::Member(member), job).await
}

/// Does something to a device.
pub(super) async fn act(people: &People, hand: Hand, device: DeviceId, act: Act) -> Answer<Json<Device>> {
    let (member, here) = (owner(people, &hand, device).await?, hand.device());
    let job = async move |tx: &mut Tx| -> Result<Device, Refusal> {
        let after = acts::act(tx, &hand, device, act).await?;
        Ok(Device::of(tx, after, here).await?)
    };
    Ok(Json(people.store.write(Stream::Member(member), job).await?))
}

/// Whose device it is: the stream in which something is done to it.
async fn owner(people: &People, hand: &Hand, device: DeviceId) -> Result<MemberId, Refusal> {
    let hand = hand.clone();
    let read = async move |reader: &mut Reader| -> Result<MemberId, Refusal> {
        Ok(hand.reach(reader, device).await?.member)
    };
    people.store.read(read).await
}

/// Lets a device in that waits for it.
#[utoipa::path(post, path = "/devices/{id}/approve", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn approve_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Admin(caller), device, Act::Approve).await
}

/// Does not let a device in that waits for it.
#[utoipa::path(post, path = "/devices/{id}/refuse", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn refuse_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Admin(caller), device, Act::Refuse).await
}

/// Locks a device: its sessions and sockets end at once (R20).
#[utoipa::path(post, path = "/devices/{id}/lock", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn lock_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Admin(caller), device, Act::Lock).await
}

/// Unlocks a device.
#[utoipa::path(post, path = "/devices/{id}/unlock", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn unlock_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Admin(caller), device, Act::Unlock).await
}

/// Tells a device to wipe what it keeps: now if it is in touch, else when it comes back (R14). Its sessions end at once.
#[utoipa::path(post, path = "/devices/{id}/wipe", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn wipe_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Admin(caller), device, Act::Wipe).await
}

/// Takes a wipe back that the device has not confirmed; it stays locked.
#[utoipa::path(delete, path = "/devices/{id}/wipe", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn cancel_device_wipe(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Admin(caller), device, Act::CancelWipe).await
}
