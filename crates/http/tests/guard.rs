//! The guard and the extractors, mounted on a small router: what a hostile or clumsy client gets.

use axum::Router;
use axum::body::Body as Raw;
use axum::http::{Request, StatusCode};
use axum::routing::{get, put};
use kairan_core::{MemberId, surroundings::held};
use kairan_http::guard::Guard;
use kairan_http::{Answer, Asked, At, Body, ClientInfo, NoContent, Origins, TrustedProxies, Upload};
use serde::Deserialize;
use tower::ServiceExt;

#[derive(Deserialize)]
struct Named {
    #[expect(dead_code, reason = "only read from JSON")]
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conditions {
    limit: Option<u32>,
}

fn app() -> Router {
    async fn thing(At(_): At<MemberId>, Body(_): Body<Named>) -> Answer<NoContent> {
        Ok(NoContent)
    }
    async fn upload(Upload(_): Upload<16>) -> Answer<NoContent> {
        Ok(NoContent)
    }
    async fn list(client: ClientInfo, Asked(conditions): Asked<Conditions>) -> Answer<String> {
        Ok(format!("{} {:?}", client.address, conditions.limit))
    }
    let api = Router::new()
        .route("/things/{id}", put(thing))
        .route("/upload", put(upload))
        .route("/list", get(list));
    let guard = Guard {
        origins: Origins::new(["http://localhost:8080".to_owned()]),
        proxies: TrustedProxies::default(),
        surroundings: held::surroundings(7).0,
    };
    guard.around(api)
}

async fn ask(request: Request<Raw>) -> (StatusCode, String, axum::http::HeaderMap) {
    let response = app().oneshot(request).await.expect("infallible");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("body");
    (status, String::from_utf8_lossy(&bytes).into_owned(), headers)
}

const ID: &str = "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f";

fn change(path: &str, headers: &[(&str, &str)], body: impl Into<Raw>) -> Request<Raw> {
    let mut request = Request::put(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).expect("request")
}

/// R22, R39: each bad request has its exact status and code.
#[tokio::test]
async fn bad_requests_are_refused_by_name() {
    let here = ("origin", "http://localhost:8080");
    let json = ("content-type", "application/json");
    let big = "300000";
    let thing = format!("/things/{ID}");
    let name = r#"{"name":"a"}"#;
    let cases: Vec<(Request<Raw>, u16, &str)> = vec![
        (change(&thing, &[here, json], name), 204, ""),
        (change(&thing, &[("sec-fetch-site", "same-origin"), json], name), 204, ""),
        (change(&thing, &[("sec-fetch-site", "cross-site"), json], name), 403, "origin.refused"),
        (change(&thing, &[json], name), 403, "origin.refused"),
        (change(&thing, &[("origin", "null"), json], name), 403, "origin.refused"),
        (
            change(&thing, &[("origin", "http://localhost:8080.evil.example"), json], name),
            403,
            "origin.refused",
        ),
        (
            change(
                &thing,
                &[("origin", "http://evil.example"), ("sec-fetch-site", "same-origin"), json],
                name,
            ),
            403,
            "origin.refused",
        ),
        (change(&thing, &[here], name), 415, "body.type"),
        (change(&thing, &[here, ("content-type", "text/plain")], name), 415, "body.type"),
        (change(&thing, &[here, json, ("content-length", big)], "{}"), 413, "body.too_large"),
        (change(&thing, &[here, json], " ".repeat(300_000)), 413, "body.too_large"),
        (change("/upload", &[here, ("content-type", "text/csv")], "x".repeat(17)), 413, "body.too_large"),
        (change(&thing, &[here, json], "{"), 400, "body.unreadable"),
        (change(&thing, &[here, json], r#"{"name":"a","b":1}"#), 422, "body.unknown_field"),
        (change("/things/7", &[here, json], name), 404, "not_found"),
        (change(&format!("/things/{}", ID.to_uppercase()), &[here, json], name), 404, "not_found"),
        (change("/nothing", &[here, json], name), 404, "not_found"),
        (change("/list", &[here], ""), 405, "method.refused"),
        (Request::get("/list?limit=x").body(Raw::empty()).expect("request"), 422, "query.shape"),
        (Request::get("/list?limt=1").body(Raw::empty()).expect("request"), 422, "query.shape"),
    ];
    for (request, status, code) in cases {
        let told = format!("{} {:?}", request.uri(), request.headers());
        let (got, body, headers) = ask(request).await;
        assert_eq!(got.as_u16(), status, "{told}: {body}");
        if !code.is_empty() {
            assert!(body.contains(&format!("\"code\":\"{code}\"")), "{told}: {body}");
            assert_eq!(headers["content-type"], "application/problem+json");
        }
        assert!(headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn answers_are_only_data() {
    let (status, body, headers) =
        ask(Request::get("/list?limit=3").body(Raw::empty()).expect("request")).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "127.0.0.1 Some(3)"));
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-content-type-options"], "nosniff");
}
