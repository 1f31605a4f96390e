//! The router as a whole, in process: headers, limits, names, and what the log may hold.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use axum::routing::{get, post};
use kairan_core::surroundings::held;
use tower::ServiceExt as _;

use super::*;
use crate::config::{Flags, load};
use crate::environment::Environment;

fn site(settings: &[(&'static str, &str)], ready: Result<(), &'static str>) -> Router {
    let flags = Flags {
        file: None,
        settings: settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    };
    let config = load(&flags, &Environment::default()).expect("a good configuration");
    let api = Router::new()
        .route("/rooms/{room}", get(|| async { "a room".repeat(1_000) }))
        .route("/rooms", post(|body: String| async move { body.len().to_string() }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("on purpose")
                }
            }),
        );
    Site {
        api,
        client: Client::of(&[]),
        metrics: Metrics::new("0"),
        readiness: Arc::new(move || Box::pin(async move { ready })),
        surroundings: held::surroundings(7).0,
    }
    .router(&config)
}

async fn ask(app: Router, request: Request<Body>) -> (Response<()>, String) {
    let mut request = request;
    request.extensions_mut().insert(ConnectInfo("127.0.0.1:5".parse::<SocketAddr>().expect("an address")));
    let (parts, body) = app.oneshot(request).await.expect("infallible").into_parts();
    let body = to_bytes(body, 1 << 22).await.expect("read");
    (Response::from_parts(parts, ()), String::from_utf8_lossy(&body).into_owned())
}

fn read(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

/// Header of an answer, or `-`.
fn header_of<'a>(response: &'a Response<()>, name: &str) -> &'a str {
    response.headers().get(name).map_or("-", |value| value.to_str().expect("ascii"))
}

#[tokio::test]
async fn every_answer_is_protected_and_https_is_remembered_only_over_https() {
    for (settings, hsts) in
        [(vec![], "-"), (vec![("public_url", "https://k.example.jp")], "max-age=31536000")]
    {
        for path in ["/", "/healthz", "/api/v1/rooms/1", "/api/nothing", "/_app/gone.js"] {
            let (response, _) = ask(site(&settings, Ok(())), read(path)).await;
            assert_eq!(header_of(&response, "x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header_of(&response, "x-frame-options"), "DENY", "{path}");
            assert_eq!(header_of(&response, "referrer-policy"), "no-referrer", "{path}");
            assert_eq!(header_of(&response, "strict-transport-security"), hsts, "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_path_of_the_api_is_a_problem_and_not_the_client() {
    for path in ["/api", "/api/", "/api/v1/nothing", "/api/v2/rooms", "/api/v1"] {
        let (response, body) = ask(site(&[], Ok(())), read(path)).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(header_of(&response, "content-type"), "application/problem+json", "{path}");
        assert!(body.contains("\"code\":\"not_found\""), "{path}: {body}");
    }
}

/// R39
#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_it_is_read() {
    let request = Request::post("/api/v1/rooms")
        .header("origin", "http://localhost:8080")
        .header("content-length", "4194305")
        .body(Body::from_stream(futures_util::stream::once(async {
            panic!("the body was read");
            #[expect(unreachable_code, reason = "gives the stream its type")]
            Ok::<_, std::io::Error>(bytes::Bytes::new())
        })))
        .expect("a request");
    let (response, body) = ask(site(&[], Ok(())), request).await;
    assert_eq!(response.status(), 413);
    assert!(body.contains("\"code\":\"body.too_large\"") && body.contains("\"limit\":4194304"), "{body}");
}

/// R22
#[tokio::test]
async fn a_change_asked_for_by_another_site_is_refused() {
    let request = |origin: &str| {
        Request::post("/api/v1/rooms").header("origin", origin).body(Body::from("x")).expect("a request")
    };
    assert_eq!(ask(site(&[], Ok(())), request("http://localhost:8080")).await.0.status(), 200);
    let (response, body) = ask(site(&[], Ok(())), request("https://elsewhere.example")).await;
    assert_eq!(response.status(), 403);
    assert!(body.contains("origin.refused"), "{body}");
}

#[tokio::test]
async fn readiness_says_what_is_missing() {
    assert_eq!(ask(site(&[], Ok(())), read("/readyz")).await.0.status(), 200);
    let (response, body) = ask(site(&[], Err("the database does not answer")), read("/readyz")).await;
    assert_eq!((response.status().as_u16(), body.as_str()), (503, "the database does not answer\n"));
}

#[tokio::test]
async fn the_counters_are_for_those_named_and_never_through_a_proxy() {
    assert_eq!(ask(site(&[], Ok(())), read("/metrics")).await.0.status(), 200);
    let proxied = Request::get("/metrics")
        .header("x-forwarded-for", "203.0.113.1")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(ask(site(&[], Ok(())), proxied).await.0.status(), 404);
    assert_eq!(ask(site(&[("metrics_from", "10.0.0.0/8")], Ok(())), read("/metrics")).await.0.status(), 404);
}

#[tokio::test]
async fn requests_are_counted_by_pattern_and_never_by_path() {
    let app = site(&[], Ok(()));
    for path in ["/api/v1/rooms/secret-room?token=abc", "/api/v1/nothing", "/rooms/secret-room"] {
        ask(app.clone(), read(path)).await;
    }
    let (_, page) = ask(app, read("/metrics")).await;
    assert!(page.contains("route=\"/api/v1/rooms/{room}\",status=\"200\"} 1"), "{page}");
    assert!(page.contains("route=\"/api (no such route)\",status=\"404\"} 1"), "{page}");
    assert!(page.contains("route=\"client\",status=\"503\"} 1"), "{page}");
    assert!(!page.contains("secret"), "{page}");
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_those_who_take_it() {
    let request = Request::get("/api/v1/rooms/1")
        .header("accept-encoding", "gzip")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(header_of(&ask(site(&[], Ok(())), request).await.0, "content-encoding"), "gzip");
    assert_eq!(header_of(&ask(site(&[], Ok(())), read("/api/v1/rooms/1")).await.0, "content-encoding"), "-");
}

#[tokio::test]
async fn a_panic_is_a_500_with_words_and_the_server_goes_on() {
    let (response, body) = ask(site(&[], Ok(())), read("/api/v1/panic")).await;
    assert_eq!(response.status(), 500);
    assert!(body.contains("\"code\":\"server.fault\""), "{body}");
}
