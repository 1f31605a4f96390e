//! Every request gets a name, a span, a line in the log and a count.
//!
//! It stays true that a request is known by its route pattern only: no path with ids, no query string, no body and no
//! header ever reaches the log or a metric (invariant 7).

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use kairan_core::{Refusal, Surroundings};
use kairan_http::{Problem, RequestId};
use tracing::Instrument as _;

use crate::metrics::Metrics;
use crate::surroundings::Stopwatch;

/// What observing needs.
#[derive(Clone)]
pub struct Observer {
    metrics: Metrics,
    surroundings: Surroundings,
}

impl Observer {
    /// Counts into `metrics`.
    pub fn new(metrics: Metrics, surroundings: Surroundings) -> Self {
        Self { metrics, surroundings }
    }
}

/// The middleware.
pub async fn observe(State(observer): State<Observer>, mut request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let method = request.method().clone();
    let route = route(&request);
    let id = observer.surroundings.random_uuid().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", "otel.name" = route, %method, route, id);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let _in_span = span.enter();
    let response = answer.unwrap_or_else(|_| {
        // The panic's own words went to standard error by the panic hook.
        tracing::error!("a handler panicked");
        Problem::from(Refusal::new(&kairan_core::refusal::SERVER_FAULT)).into_response()
    });
    let (status, took) = (response.status().as_u16(), watch.elapsed());
    observer.metrics.answered(&method, &route, status, took);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if route == CLIENT || route == "/healthz" || route == "/readyz" || route == "/metrics" {
        tracing::debug!(status, ms, "answered");
    } else {
        tracing::info!(status, ms, "answered");
    }
    response
}

/// A file or an address of the client.
const CLIENT: &str = "client";
/// An address below `/api` that is no route.
const NO_ROUTE: &str = "/api (no such route)";

/// The router's own pattern for this request.
fn route(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    match matched {
        Some(pattern) if !pattern.contains("{*") => pattern.to_owned(),
        _ if request.uri().path().starts_with("/api/") || request.uri().path() == "/api" => {
            NO_ROUTE.to_owned()
        }
        _ => CLIENT.to_owned(),
    }
}
