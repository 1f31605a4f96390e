//! One router for everything the server answers: the API behind its guard, the client, and the pages for whoever runs it.
//!
//! It stays true that every answer leaves with the same protection: no sniffing, no framing, no referrer, and HTTPS from
//! then on when that is how people reach it; and that no request is read beyond the limit.

mod observe;
mod pages;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use ipnet::IpNet;
use kairan_core::{Refusal, Surroundings};
use kairan_http::guard::Guard;
use kairan_http::{BODY_TOO_LARGE, Origins, Problem, TrustedProxies};
use tower_http::compression::predicate::{Predicate as _, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

pub use pages::Readiness;

use crate::client::{Client, get_client};
use crate::config::Config;
use crate::metrics::Metrics;

/// What the whole router is made of.
pub struct Site {
    /// The API's routes below `/api/v1`, their state given, without a guard of their own.
    pub api: Router,
    /// The web client.
    pub client: Client,
    /// Counters.
    pub metrics: Metrics,
    /// Whether the server can serve.
    pub readiness: Readiness,
    /// Names requests.
    pub surroundings: Surroundings,
}

/// Answers smaller than this gain nothing by compression (a network packet is about 1,400 bytes).
const WORTH_COMPRESSING: u16 = 1_024;

impl Site {
    /// Puts everything together.
    pub fn router(self, config: &Config) -> Router {
        let guard = Guard {
            origins: Origins::new([config.public_url.origin.clone()]),
            proxies: TrustedProxies(config.trusted_proxies.clone()),
            surroundings: self.surroundings.clone(),
        };
        let compression = CompressionLayer::new()
            .quality(CompressionLevel::Fastest)
            .compress_when(SizeAbove::new(WORTH_COMPRESSING).and(may_transform));
        let api = guard.around(Router::new().nest("/v1", self.api)).layer(compression);
        let pages = pages::Pages {
            metrics: self.metrics.clone(),
            readiness: self.readiness,
            readers: config.metrics_from.clone().into(),
        };
        let pages = Router::new()
            .route("/healthz", get(pages::get_health))
            .route("/readyz", get(pages::get_readiness))
            .route("/metrics", get(pages::get_metrics))
            .with_state(pages);
        Router::new()
            .nest("/api", api)
            // The one address below /api that `nest` leaves to the client.
            .route("/api/", any(no_such_route))
            .merge(pages)
            .fallback_service(Router::new().fallback(get_client).with_state(self.client))
            .layer(DefaultBodyLimit::max(config.limits.body_bytes))
            .layer(from_fn_with_state(config.limits.body_bytes, bound_body))
            .layer(from_fn_with_state(Arc::new(protection(config.public_url.https)), protect))
            .layer(from_fn_with_state(
                observe::Observer::new(self.metrics, self.surroundings),
                observe::observe,
            ))
    }
}

/// Files go out as they are (RFC 9111 §5.2.2.6): most are compressed already, and a range of one must be a range of it.
fn may_transform(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let control = headers.get(header::CACHE_CONTROL).and_then(|control| control.to_str().ok());
    !control.is_some_and(|control| control.contains("no-transform"))
}

/// Refuses a body that says it is too large before any of it is read (R39). One that does not say is cut off by whoever
/// reads it, at the same limit or a lower one.
async fn bound_body(State(limit): State<usize>, request: Request, next: Next) -> Response {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Problem::from(Refusal::new(&BODY_TOO_LARGE).fact("limit", limit)).into_response();
    }
    next.run(request).await
}

async fn no_such_route() -> Problem {
    Refusal::new(&kairan_core::refusal::NOT_FOUND).into()
}

type Protection = Vec<(HeaderName, HeaderValue)>;

fn protection(https: bool) -> Protection {
    let mut headers = vec![
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
        ),
    ];
    if https {
        // A year; subdomains are other people's business.
        headers.push((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")));
    }
    headers
}

async fn protect(State(headers): State<Arc<Protection>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in headers.iter() {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

/// Whether one of the networks holds the address, however it is written.
fn within(networks: &[IpNet], address: std::net::IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address.to_canonical()))
}
