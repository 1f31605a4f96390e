//! The guard that every API request passes: no change for another site's page (R22), a name for every request, and
//! headers that keep an API answer from ever being more than data.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Refusal, Surroundings};

use crate::client::note_client;
use crate::{METHOD_REFUSED, ORIGIN_REFUSED, Problem, TrustedProxies};

/// The origins (`scheme://host[:port]`, as browsers write them) under which people open Kairan.
#[derive(Debug, Clone)]
pub struct Origins(Arc<[String]>);

impl Origins {
    /// These origins and no other.
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self(origins.into_iter().collect())
    }

    /// Whether this `Origin` header names one of them, byte for byte (R21 uses it for the gateway).
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }

    /// Whether a change may be asked for with these headers. Browsers send `Origin` with every change; only a request
    /// without it may be judged by `Sec-Fetch-Site` (Fetch Metadata), so that a name rebound to this host by DNS fails.
    #[must_use]
    pub fn may_change(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::ORIGIN) {
            Some(origin) => origin.to_str().is_ok_and(|origin| self.allow(origin)),
            None => {
                let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
                site == Some(b"same-origin".as_slice()) || site == Some(b"none".as_slice())
            }
        }
    }
}

async fn same_site(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || origins.may_change(request.headers()) {
        next.run(request).await
    } else {
        Problem::from(Refusal::new(&ORIGIN_REFUSED)).into_response()
    }
}

/// The name of one request, to find it in the log.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

async fn name_request(
    State(surroundings): State<Surroundings>,
    mut request: Request,
    next: Next,
) -> Response {
    // Whoever stands further out may have named it already, for the log.
    let id = request
        .extensions()
        .get()
        .cloned()
        .unwrap_or_else(|| RequestId(surroundings.random_uuid().to_string()))
        .0;
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

/// An API answer is data: never rendered, framed, sniffed, cached or read by another site.
async fn only_data(request: Request, next: Next) -> Response {
    const HEADERS: [(&str, &str); 6] = [
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ];
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

async fn no_such_path() -> Problem {
    Refusal::new(&NOT_FOUND).into()
}

async fn no_such_method() -> Problem {
    Refusal::new(&METHOD_REFUSED).into()
}

/// What the guard needs to know.
#[derive(Clone)]
pub struct Guard {
    /// Where people open Kairan.
    pub origins: Origins,
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: TrustedProxies,
    /// Names requests.
    pub surroundings: Surroundings,
}

impl Guard {
    /// Puts the API behind the guard; unknown paths and methods inside it answer with a problem.
    pub fn around<S: Clone + Send + Sync + 'static>(self, api: Router<S>) -> Router<S> {
        api.fallback(no_such_path)
            .method_not_allowed_fallback(no_such_method)
            .layer(from_fn_with_state(self.origins, same_site))
            .layer(from_fn_with_state(self.proxies, note_client))
            .layer(from_fn(only_data))
            .layer(from_fn_with_state(self.surroundings, name_request))
    }
}
