//! `/me/notifications` and `/me/push`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kairan_core::{Instant, Refusal, SessionId};
use kairan_http::{Answer, Body, NoContent, present};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::events::Gone;
use super::rules::Subscription;
use super::{commands, queries};
use crate::organisation::settings::{self, Shows};
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show_notifications, set_notifications))
        .routes(routes!(put_push, delete_push))
}

/// How the caller is reached.
#[derive(Serialize, ToSchema)]
struct Notifications {
    /// Silence until this instant, ms UTC.
    #[schema(value_type = Option<i64>, required = true)]
    quiet_until: Option<Instant>,
    /// Whether they want summary mails.
    mail: bool,
    /// Whether they could get any: the server can send, the organisation allows it, and they have an address.
    mail_possible: bool,
    push: PushShown,
}

/// Notifications on devices.
#[derive(Serialize, ToSchema)]
struct PushShown {
    /// Whether the organisation uses them.
    on: bool,
    /// The server's public key for subscribing (RFC 8292 §3.2), base64url; none while they are off.
    #[schema(required = true)]
    key: Option<String>,
    /// What they name.
    shows: Shows,
    /// Whether this session is subscribed.
    subscribed: bool,
}

/// What the caller wants to be different.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NotificationsChange {
    /// Silence until this instant, ms UTC; `null` ends it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    quiet_until: Option<Option<Instant>>,
    /// Whether they want summary mails.
    #[serde(default)]
    mail: Option<bool>,
}

/// What a browser gives to be reached by: `PushSubscription.toJSON()`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PushNew {
    endpoint: String,
    /// The browser's public key, base64url.
    p256dh: String,
    /// The shared secret, base64url.
    auth: String,
}

/// A subscription.
#[derive(Serialize, ToSchema)]
struct PushId {
    /// The session it belongs to and ends with.
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
}

async fn shown(people: &People, caller: &Caller) -> Result<Json<Notifications>, Refusal> {
    let (member, session) = (caller.member, caller.session);
    let read = async move |reader: &mut Reader| -> Result<_, Refusal> {
        let wanted = queries::wanted(reader, member).await?;
        let address = queries::has_address(reader, member).await?;
        let subscribed = queries::subscription_of(reader, session).await?.is_some();
        Ok((wanted, address, subscribed, settings::of(reader).await?))
    };
    let (wanted, address, subscribed, organisation) = people.store.read(read).await?;
    let push = organisation.push;
    Ok(Json(Notifications {
        quiet_until: wanted.quiet_until.filter(|until| *until > people.surroundings().now()),
        mail: wanted.mail,
        mail_possible: people.settings.sends_mail && organisation.mail.on && address,
        push: PushShown {
            on: push.on,
            key: people.settings.push_key.clone().filter(|_| push.on),
            shows: push.shows,
            subscribed,
        },
    }))
}

/// Shows how the caller is reached.
#[utoipa::path(get, path = "/me/notifications", tag = "me", responses((status = 200, body = Notifications)), security(("session" = [])))]
async fn show_notifications(State(people): State<People>, caller: Caller) -> Answer<Json<Notifications>> {
    Ok(shown(&people, &caller).await?)
}

/// Says how one wants to be reached.
#[utoipa::path(put, path = "/me/notifications", tag = "me", request_body = NotificationsChange, responses((status = 200, body = Notifications)), security(("session" = [])))]
async fn set_notifications(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<NotificationsChange>,
) -> Answer<Json<Notifications>> {
    let stream = Stream::Member(caller.member);
    let of = caller.clone();
    let job = async move |tx: &mut Tx| commands::want(tx, &of, asked.quiet_until, asked.mail).await;
    people.store.write(stream, job).await?;
    Ok(shown(&people, &caller).await?)
}

/// Tells this session's browser of messages from now on. It ends with the session.
#[utoipa::path(put, path = "/me/push", tag = "me", operation_id = "put_push", request_body = PushNew, responses((status = 201, body = PushId), (status = 200, body = PushId)), security(("session" = [])))]
async fn put_push(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<PushNew>,
) -> Answer<(StatusCode, Json<PushId>)> {
    let services = &people.settings.push_services;
    let subscription = Subscription::read(&asked.endpoint, &asked.p256dh, &asked.auth, services)?;
    let (stream, id) = (Stream::Member(caller.member), caller.session);
    let job = async move |tx: &mut Tx| commands::subscribe(tx, &caller, &subscription).await;
    let new = people.store.write(stream, job).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(PushId { id })))
}

/// Tells this session's browser nothing any more.
#[utoipa::path(delete, path = "/me/push", tag = "me", operation_id = "delete_push", responses((status = 204)), security(("session" = [])))]
async fn delete_push(State(people): State<People>, caller: Caller) -> Answer<NoContent> {
    let stream = Stream::Member(caller.member);
    let job = async move |tx: &mut Tx| -> Result<(), Refusal> {
        commands::unsubscribe(tx, caller.actor(), caller.member, caller.session, Gone::Asked).await?;
        Ok(())
    };
    people.store.write(stream, job).await?;
    Ok(NoContent)
}
