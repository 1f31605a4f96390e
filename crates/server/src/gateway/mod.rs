//! The gateway: what was committed, pushed to whoever may see it, over one WebSocket for each client.
//!
//! - [`tickets`]: single-use, short-lived proof that a socket belongs to a session (R21).
//! - [`frames`]: what travels.
//! - [`routing`]: pure: who gets which frame, in which order.
//! - [`task`]: the hub: one task that owns the routing and turns each event into its frame once; [`hub`] is its handle.
//! - [`connection`]: one socket: hello, catching up, then a bounded queue (R78).
//!
//! It stays true that commands never go through here: a socket only brings news.

mod connection;
mod frames;
mod hub;
mod routing;
mod task;
mod tickets;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use kairan_core::{Instant, Refusal};
use kairan_http::{Answer, Body, ClientInfo, Created, ORIGIN_REFUSED, Origins, Problem};
use kairan_people::devices::DeviceProof;
use kairan_people::{Caller, People};
use kairan_storage::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use hub::Hub;
use tickets::Tickets;

use crate::metrics::Metrics;

kairan_core::codes! {
    TICKET_REFUSED = 403 "gateway.ticket", "接続の券が使えません。券は1回だけ、30秒のあいだ使えます。もう一度つないでください。", "The connection ticket does not serve: it works once, for 30 seconds. Connect again.";
    NOT_A_SOCKET = 400 "gateway.not_a_socket", "ここはWebSocketでつなぐ場所です。", "Connect to this address with a WebSocket.";
}

/// What the gateway's routes hold.
#[derive(Clone)]
pub struct Gateway {
    people: People,
    store: Store,
    origins: Origins,
    tickets: Tickets,
    hub: Hub,
}

impl axum::extract::FromRef<Gateway> for People {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.people.clone()
    }
}

impl Gateway {
    /// Starts the hub.
    #[must_use]
    pub fn start(people: People, store: Store, origins: Origins, metrics: Metrics) -> Self {
        let hub = Hub::start(store.clone(), metrics);
        Self { people, tickets: Tickets::new(store.surroundings().clone()), store, origins, hub }
    }

    /// Tells every client that the server goes down, so that they come back spread out (close code 4409).
    pub fn goodbye(&self) -> BoxFuture<'static, ()> {
        let hub = self.hub.clone();
        Box::pin(async move { hub.close_all().await })
    }

    /// The gateway's routes.
    pub fn router() -> OpenApiRouter<Self> {
        OpenApiRouter::new().routes(routes!(post_gateway_ticket)).routes(routes!(get_gateway))
    }
}

/// A ticket for one socket.
#[derive(Debug, Serialize, ToSchema)]
pub struct GatewayTicket {
    /// Goes into the subprotocol `ticket.<ticket>`; never into a URL.
    ticket: String,
    /// ms UTC.
    #[schema(value_type = i64)]
    expires_at: Instant,
}

/// Who wants a socket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TicketAsked {
    /// That it is the device of this session, signed for the purpose `socket`; needed wherever a session has one.
    device: Option<DeviceProof>,
}

/// Gives a ticket for one socket. A session of a device gets one only for its signature: a copied cookie opens none.
#[utoipa::path(post, path = "/gateway/ticket", operation_id = "post_gateway_ticket", request_body = TicketAsked, responses((status = 201, body = GatewayTicket)), security(("session" = [])))]
async fn post_gateway_ticket(
    State(gateway): State<Gateway>,
    caller: Caller,
    Body(asked): Body<TicketAsked>,
) -> Answer<Created<GatewayTicket>> {
    gateway.people.prove_socket(&caller, asked.device.as_ref()).await?;
    let (ticket, expires_at) = gateway.tickets.issue(caller);
    Ok(Created(GatewayTicket { ticket, expires_at }))
}

/// The subprotocol this server speaks.
const PROTOCOL: &str = "kairan.v1";

/// Bytes. Clients send small frames; axum's default buffer of 128 KiB would cost two thirds of the speed (measured).
const READ_BUFFER: usize = 4 * 1024;
/// Bytes gathered before they are written.
const WRITE_BUFFER: usize = 16 * 1024;
/// Bytes of the largest frame a client may send: a hello with cursors of some thousand rooms (R39).
const LARGEST_FRAME: usize = 512 * 1024;

#[utoipa::path(get, path = "/gateway", operation_id = "get_gateway", responses((status = 101, description = "WebSocket, subprotocol kairan.v1")))]
async fn get_gateway(
    State(gateway): State<Gateway>,
    client: ClientInfo,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let upgrade = upgrade.map_err(|_| Problem::from(&NOT_A_SOCKET))?;
    // R21: browsers always send Origin with a WebSocket, and cannot be made to send another's.
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if !origin.is_some_and(|origin| gateway.origins.allow(origin)) {
        return Err((&ORIGIN_REFUSED).into());
    }
    let mut caller = ticket(&headers)
        .and_then(|ticket| gateway.tickets.redeem(ticket))
        .ok_or_else(|| Refusal::new(&TICKET_REFUSED))?;
    // Where the socket comes from is what counts from now on, not where its ticket went.
    caller.whence.address = Some(client.address);
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(connection::QUEUE_BYTES * 2)
        .max_message_size(LARGEST_FRAME)
        .max_frame_size(LARGEST_FRAME);
    Ok(upgrade
        .on_upgrade(move |socket| {
            connection::serve(socket, caller, gateway.hub, gateway.store, gateway.people)
        })
        .into_response())
}

/// The ticket among the offered subprotocols.
fn ticket(headers: &HeaderMap) -> Option<&str> {
    let offered =
        headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|line| line.split(',')).find_map(|protocol| protocol.trim().strip_prefix("ticket."))
}
