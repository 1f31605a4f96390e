//! What the log may hold. A program of its own: which lines are wanted is decided once for a whole process.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::routing::{get, post};
use kairan_core::surroundings::held;
use kairan_server::client::Client;
use kairan_server::config::{Flags, load};
use kairan_server::environment::Environment;
use kairan_server::metrics::Metrics;
use kairan_server::site::Site;
use tower::ServiceExt as _;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no one panics while holding it").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Invariant 7: the log knows the pattern, not the address line, the query, the cookie or the body.
#[tokio::test]
async fn the_log_holds_no_query_string_no_path_no_cookie_and_no_body() {
    let flags = Flags {
        file: None,
        settings: vec![("log.format", "json".to_owned()), ("log.level", "trace".to_owned())],
    };
    let config = load(&flags, &Environment::default()).expect("a good configuration");
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = kairan_server::logging::subscriber(&config.log, move || writer.clone());
    tracing::subscriber::set_global_default(subscriber).expect("the only one of this process");
    let api = Router::new()
        .route("/rooms/{room}", get(|| async { "a room" }))
        .route("/rooms", post(|body: String| async move { body }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("on purpose")
                }
            }),
        );
    let app = Site {
        api,
        client: Client::of(&[]),
        metrics: Metrics::new("0"),
        readiness: Arc::new(|| Box::pin(async { Ok(()) })),
        surroundings: held::surroundings(7).0,
    }
    .router(&config);
    for (method, path) in [
        ("GET", "/api/v1/rooms/path-secret?token=query-secret"),
        ("POST", "/api/v1/rooms"),
        ("GET", "/api/v1/panic"),
        ("GET", "/join?path-secret=1"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", "http://localhost:8080")
            .header("cookie", "kairan=cookie-secret")
            .extension(ConnectInfo("127.0.0.1:5".parse::<SocketAddr>().expect("an address")))
            .body(Body::from("body-secret"))
            .expect("a request");
        app.clone().oneshot(request).await.expect("infallible");
    }
    let text =
        String::from_utf8(lines.0.lock().expect("no one panics while holding it").clone()).expect("UTF-8");
    assert!(!text.contains("secret"), "{text}");
    let answered: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &serde_json::Value| line["message"] == "answered")
        .collect();
    assert_eq!(answered[0]["span"]["route"], "/api/v1/rooms/{room}");
    assert_eq!((&answered[2]["status"], &answered[3]["span"]["route"]), (&500.into(), &"client".into()));
    assert!(answered.iter().all(|line| line["span"]["id"].is_string()), "{text}");
    assert!(text.contains("a handler panicked"), "{text}");
}
