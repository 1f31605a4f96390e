//! `/me/devices`: one's own, from another of them.

use axum::Json;
use axum::extract::State as Held;
use kairan_core::{DeviceId, Refusal};
use kairan_http::{Answer, At, Body, Created};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::{act, describe};
use super::{Device, DeviceCode};
use crate::devices::commands::acts::Hand;
use crate::devices::commands::codes;
use crate::devices::queries;
use crate::devices::rules::Act;
use crate::policies::{self, Who};
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(list_own_devices))
        .routes(routes!(create_own_device_code))
        .routes(routes!(name_own_device))
        .routes(routes!(lock_own_device))
        .routes(routes!(unlock_own_device))
        .routes(routes!(wipe_own_device, cancel_own_device_wipe))
}

/// One's own devices, and what the organisation decided about them.
#[derive(Serialize, ToSchema)]
struct OwnDevices {
    /// Newest first.
    devices: Vec<Device>,
    /// Most that may be in use; null when there is no limit.
    #[schema(required = true)]
    most: Option<i64>,
    /// How long one may read what it keeps without being in touch, hours (R13).
    lease_hours: i64,
    /// Whether one may make codes for further devices oneself.
    may_add: bool,
}

/// Lists one's own devices.
#[utoipa::path(get, path = "/me/devices", tag = "devices", responses((status = 200, body = OwnDevices)), security(("session" = [])))]
async fn list_own_devices(Held(people): Held<People>, caller: Caller) -> Answer<Json<OwnDevices>> {
    let read = async move |reader: &mut Reader| -> Result<OwnDevices, Refusal> {
        let settings = queries::settings(reader).await?;
        let devices = queries::of_member(reader, caller.member).await?;
        let who = Who { role: caller.role, seat: caller.whence.seat };
        let policy = policies::queries::of(reader, &who).await?;
        Ok(OwnDevices {
            devices: Device::all(reader, devices, caller.device).await?,
            most: policy.devices,
            lease_hours: policy.lease_hours,
            may_add: settings.code_from.own_device,
        })
    };
    Ok(Json(people.store.read(read).await?))
}

/// Makes a one-time code for a further device of one's own; one made before is void.
#[utoipa::path(post, path = "/me/device-code", tag = "devices", responses((status = 201, body = DeviceCode)), security(("session" = [])))]
async fn create_own_device_code(Held(people): Held<People>, caller: Caller) -> Answer<Created<DeviceCode>> {
    let code = codes::new_code(people.surroundings());
    let (stream, made) = (Stream::Member(caller.member), code.clone());
    let job = async move |tx: &mut Tx| codes::give_own(tx, &caller, &made).await;
    let expires_at = people.store.write(stream, job).await?;
    Ok(Created(DeviceCode::new(&people, code, expires_at)?))
}

/// What it shall be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceName {
    name: String,
}

/// Names one of one's own devices.
#[utoipa::path(patch, path = "/me/devices/{id}", tag = "devices", params(("id" = String, Path)), request_body = DeviceName, responses((status = 200, body = Device)), security(("session" = [])))]
async fn name_own_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
    Body(asked): Body<DeviceName>,
) -> Answer<Json<Device>> {
    Ok(Json(describe(&people, Hand::Own(caller), device, Some(asked.name), None).await?))
}

/// Locks one of one's own devices from another: its sessions and sockets end at once (R20).
#[utoipa::path(post, path = "/me/devices/{id}/lock", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn lock_own_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Own(caller), device, Act::Lock).await
}

/// Unlocks a device that one locked oneself.
#[utoipa::path(post, path = "/me/devices/{id}/unlock", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn unlock_own_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Own(caller), device, Act::Unlock).await
}

/// Tells one of one's own devices to wipe what it keeps (R14).
#[utoipa::path(post, path = "/me/devices/{id}/wipe", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn wipe_own_device(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Own(caller), device, Act::Wipe).await
}

/// Takes back a wipe that one ordered oneself and the device has not confirmed; it stays locked.
#[utoipa::path(delete, path = "/me/devices/{id}/wipe", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Device)), security(("session" = [])))]
async fn cancel_own_device_wipe(
    Held(people): Held<People>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Answer<Json<Device>> {
    act(&people, Hand::Own(caller), device, Act::CancelWipe).await
}
