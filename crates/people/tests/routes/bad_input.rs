//! What hostile or clumsy clients send, each with the exact code.

use axum::http::Request;
use kairan_people::testing::{ORIGIN, World, schema};
use kairan_storage::testing::both_engines;
use serde_json::json;

/// Method, path, `Origin`, body; status and code of the answer.
type Case = (&'static str, &'static str, Option<&'static str>, &'static [u8], u16, &'static str);

#[tokio::test]
async fn each_bad_request_has_its_code() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let owner = &world.owner;
        let cases: Vec<Case> = vec![
            // R22
            ("POST", "/session", None, b"{}", 403, "origin.refused"),
            ("POST", "/session", Some("https://evil.example"), b"{}", 403, "origin.refused"),
            ("DELETE", "/session", Some("null"), b"", 403, "origin.refused"),
            ("POST", "/session", Some(ORIGIN), b"{", 400, "body.unreadable"),
            ("POST", "/session", Some(ORIGIN), b"\xff\xfe{}", 400, "body.unreadable"),
            ("POST", "/session", Some(ORIGIN), br#"{"login":"a"}"#, 422, "body.shape"),
            ("POST", "/session", Some(ORIGIN), br#"{"login":"a","password":1}"#, 422, "body.shape"),
            (
                "POST",
                "/session",
                Some(ORIGIN),
                br#"{"login":"a","password":"b","admin":true}"#,
                422,
                "body.unknown_field",
            ),
            ("POST", "/members", Some(ORIGIN), br#"{"family_name":"a","kind":"robot"}"#, 422, "body.shape"),
            ("PATCH", "/members/me", Some(ORIGIN), b"{}", 404, "not_found"),
            ("PATCH", "/members/0192F0C1-2B3A-7C4D-8E5F-6A7B8C9D0E1F", Some(ORIGIN), b"{}", 404, "not_found"),
            ("PUT", "/members", Some(ORIGIN), b"{}", 405, "method.refused"),
            ("GET", "/members?limit=ten", None, b"", 422, "query.shape"),
            ("GET", "/members?page=2", None, b"", 422, "query.shape"),
            ("GET", "/persons", None, b"", 404, "not_found"),
            // R1
            ("POST", "/signup", Some(ORIGIN), b"{}", 403, "signup.closed"),
        ];
        for (method, path, origin, body, status, code) in cases {
            let mut request = Request::builder()
                .method(method)
                .uri(format!("/api/v1{path}"))
                .header("cookie", &owner.cookie)
                .header("content-type", "application/json");
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let reply = world.raw(request.body(body.to_vec().into()).expect("a request")).await;
            assert_eq!(
                (reply.status.as_u16(), reply.body["code"].as_str()),
                (status, Some(code)),
                "{method} {path}: {}",
                reply.text
            );
        }
        let forged = ["", "kairan=", "kairan=AAAA", "other=1", "__Host-kairan=AAAA", "kairan=\u{fffd}"];
        for cookie in forged {
            let request = Request::get("/api/v1/session")
                .header("cookie", cookie)
                .body(axum::body::Body::empty())
                .expect("a request");
            world.raw(request).await.refused(401, "session.missing");
        }
        world.get(owner, "/session").await.expect(200);
    })
    .await;
}

/// R39
#[tokio::test]
async fn an_oversized_body_is_refused_before_it_is_read() {
    both_engines(schema(), async |base| {
        let world = World::new(&base).await;
        let big = json!({"login": "a", "password": "x".repeat(300_000)});
        world.anyone(axum::http::Method::POST, "/session", &big).await.refused(413, "body.too_large");
    })
    .await;
}
