//! What the server tells whoever runs it: that it lives, that it can serve, and its counters.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use ipnet::IpNet;

use super::within;
use crate::metrics::Metrics;

/// Asks what serving depends on. `Err`: why not, in a few words without secrets.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<(), &'static str>> + Send + Sync>;

/// State of these pages.
#[derive(Clone)]
pub struct Pages {
    /// Counters.
    pub metrics: Metrics,
    /// Whether the server can serve.
    pub readiness: Readiness,
    /// Who may read the counters.
    pub readers: Arc<[IpNet]>,
}

/// The process lives and answers.
pub async fn get_health() -> &'static str {
    "ok\n"
}

/// The database answers, its schema is this binary's, and the server is not going down.
pub async fn get_readiness(State(pages): State<Pages>) -> Response {
    match (pages.readiness)().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

/// The counters, for those named in `metrics_from`; nobody else learns that the page exists.
pub async fn get_metrics(State(pages): State<Pages>, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    // A proxy on this machine makes everyone look like this machine; it says so by these headers.
    let forwarded = was_forwarded(request.headers());
    if forwarded || !peer.is_some_and(|peer| within(&pages.readers, peer)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], pages.metrics.page()).into_response()
}

fn was_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name))
}
