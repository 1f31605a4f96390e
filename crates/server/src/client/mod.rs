//! The web client, inside the binary.
//!
//! It stays true that an address of the client always gives the one page (its router does the rest), that a file named
//! after its content is never asked for twice, and that a file which is gone is 404 and not the page, so that a client
//! of an older version notices. The worker beside the pages (`service-worker.js`) is asked for each time, like the page.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// One file of the built client.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its path without the leading slash.
    pub path: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// The same, gzip-compressed, where that saves something.
    pub gzip: Option<&'static [u8]>,
    /// The start of its SHA-256, in hexadecimal.
    pub etag: &'static str,
}

static BUILT: &[Asset] = include!(concat!(env!("OUT_DIR"), "/client.rs"));

/// Where the system's "share" posts to (`share_target` of the manifest).
const SHARE: &str = "/share";

/// Shown by a debug build that was made before the client was.
const NOT_BUILT: &str = "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\"><title>Kairan</title>\
<h1>画面がまだ組み立てられていません</h1><p><code>make web</code> を実行してから、サーバーをもう一度組み立ててください。</p>\
<p lang=\"en\">The web client is not built. Run <code>make web</code>, then build the server again.</p></html>";

/// Serves a set of files.
#[derive(Clone)]
pub struct Client {
    assets: &'static [Asset],
    page_policy: HeaderValue,
}

impl Client {
    /// The client this binary was built with.
    #[must_use]
    pub fn built() -> Self {
        Self::of(BUILT)
    }

    /// Any files, sorted by path.
    #[must_use]
    pub fn of(assets: &'static [Asset]) -> Self {
        let page = find(assets, "index.html")
            .map_or(NOT_BUILT, |asset| std::str::from_utf8(asset.bytes).unwrap_or(""));
        Self { assets, page_policy: page_policy(page) }
    }

    fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let path = path.trim_start_matches('/');
        if let Some(asset) = find(self.assets, path) {
            return self.file(asset, headers);
        }
        // `_app/` holds only files, and no address of the client has a dot in its last part.
        if path.starts_with("_app/") || path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
            return StatusCode::NOT_FOUND.into_response();
        }
        match find(self.assets, "index.html") {
            Some(page) => self.file(page, headers),
            None => (
                StatusCode::SERVICE_UNAVAILABLE,
                [
                    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                    (header::CONTENT_SECURITY_POLICY, self.page_policy.clone()),
                ],
                NOT_BUILT,
            )
                .into_response(),
        }
    }

    fn file(&self, asset: &Asset, headers: &HeaderMap) -> Response {
        let mut response = Response::new(Body::empty());
        let gzip = asset.gzip.filter(|_| accepts_gzip(headers));
        // One file in two codings needs two strong validators (RFC 9110 §8.8.3.3).
        let etag =
            if gzip.is_some() { format!("\"{}-gz\"", asset.etag) } else { format!("\"{}\"", asset.etag) };
        let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
            value
                .to_str()
                .is_ok_and(|value| value.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag))
        });
        let mut set = |name, value| response.headers_mut().insert(name, value);
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            set(header::ETAG, etag);
        }
        let cache = if asset.path.starts_with("_app/immutable/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        set(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if asset.gzip.is_some() {
            set(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if asset.path.ends_with(".html") {
            set(header::CONTENT_SECURITY_POLICY, self.page_policy.clone());
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        set(header::CONTENT_TYPE, HeaderValue::from_static(content_type(asset.path)));
        if gzip.is_some() {
            set(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        *response.body_mut() = Body::from(Bytes::from_static(gzip.unwrap_or(asset.bytes)));
        response
    }
}

/// Answers every request that no other route took.
pub async fn get_client(State(client): State<Client>, request: Request) -> Response {
    match *request.method() {
        // Hyper leaves out the body of an answer to HEAD and keeps its length.
        Method::GET | Method::HEAD => client.answer(request.uri().path(), request.headers()),
        // What another app shares is taken by the worker beside the page, in the browser. Where that is gone the page
        // says so; nothing that came is read here.
        Method::POST if request.uri().path() == SHARE => {
            (StatusCode::SEE_OTHER, [(header::LOCATION, "/share?lost")]).into_response()
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response(),
    }
}

fn find(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    assets.binary_search_by(|asset| asset.path.cmp(path)).ok().map(|at| &assets[at])
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = matches!(weight.trim().strip_prefix("q="), Some(q) if q.trim().parse() == Ok(0.0_f32));
        matches!(name.trim(), "gzip" | "*") && !refused
    })
}

/// The page's own policy (its build wrote the hashes of its scripts into a meta element), as a header, so that it holds
/// from the first byte, and with what only a header can say: nobody may frame it.
fn page_policy(page: &str) -> HeaderValue {
    let start = "http-equiv=\"content-security-policy\" content=\"";
    let own = page.split_once(start).and_then(|(_, rest)| rest.split_once('"')).map(|(policy, _)| policy);
    let policy = match own {
        Some(own) => format!("{}; frame-ancestors 'none'", own.trim().trim_end_matches(';')),
        None => "default-src 'none'; frame-ancestors 'none'".to_owned(),
    };
    HeaderValue::from_str(&policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use tower::ServiceExt;

    use super::*;

    static FILES: &[Asset] = &[
        Asset { path: "_app/immutable/a.1f.js", bytes: b"let a;", gzip: Some(b"GZ"), etag: "aa" },
        Asset { path: "icon.svg", bytes: b"<svg/>", gzip: None, etag: "bb" },
        Asset {
            path: "index.html",
            bytes: b"<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; script-src 'sha256-x'\">",
            gzip: None,
            etag: "cc",
        },
        Asset { path: "manifest.webmanifest", bytes: b"{}", gzip: None, etag: "dd" },
        Asset { path: "service-worker.js", bytes: b"let w;", gzip: None, etag: "ee" },
    ];

    async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
        let app = Router::new().fallback(get_client).with_state(Client::of(FILES));
        let mut request = axum::http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            app.oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible");
        let (parts, body) = response.into_parts();
        (parts.status.as_u16(), parts.headers, to_bytes(body, 1 << 20).await.expect("read").to_vec())
    }

    #[tokio::test]
    async fn a_file_named_after_its_content_is_kept_for_ever_and_sent_compressed() {
        let (status, headers, body) =
            ask("GET", "/_app/immutable/a.1f.js", &[("accept-encoding", "br, gzip;q=0.5")]).await;
        assert_eq!((status, body.as_slice()), (200, b"GZ".as_slice()));
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(
            (&headers["content-encoding"], &headers["vary"]),
            (&"gzip".parse().expect("v"), &"accept-encoding".parse().expect("v"))
        );
        let (_, headers, body) =
            ask("GET", "/_app/immutable/a.1f.js", &[("accept-encoding", "gzip;q=0")]).await;
        assert!(!headers.contains_key("content-encoding") && body == b"let a;");
    }

    #[tokio::test]
    async fn every_address_of_the_client_gives_the_page_with_its_policy() {
        for path in ["/", "/rooms/0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f", "/join"] {
            let (status, headers, _) = ask("GET", path, &[]).await;
            assert_eq!((status, &headers["cache-control"]), (200, &"no-cache".parse().expect("v")), "{path}");
            assert_eq!(
                headers["content-security-policy"],
                "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'none'"
            );
        }
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_not_the_page() {
        for path in
            ["/_app/immutable/old.js", "/favicon.ico", "/_app/x", "/../Cargo.toml", "/%2e%2e/Cargo.toml"]
        {
            assert_eq!(ask("GET", path, &[]).await.0, 404, "{path}");
        }
    }

    #[tokio::test]
    async fn an_unchanged_file_is_not_sent_again() {
        let (status, headers, body) = ask("GET", "/icon.svg", &[("if-none-match", "\"zz\", W/\"bb\"")]).await;
        assert_eq!((status, body.len(), headers["etag"].to_str().expect("ascii")), (304, 0, "\"bb\""));
        assert_eq!(ask("GET", "/icon.svg", &[("if-none-match", "\"zz\"")]).await.0, 200);
    }

    #[tokio::test]
    async fn only_reading_is_offered() {
        let (status, headers, _) = ask("POST", "/", &[]).await;
        assert_eq!((status, headers["allow"].to_str().expect("ascii")), (405, "GET, HEAD"));
        assert_eq!(ask("HEAD", "/", &[]).await.0, 200);
    }

    #[tokio::test]
    async fn what_is_shared_past_the_worker_leads_to_the_page_that_says_so() {
        let (status, headers, _) = ask("POST", "/share", &[]).await;
        assert_eq!((status, headers["location"].to_str().expect("ascii")), (303, "/share?lost"));
        assert_eq!(ask("POST", "/share/x", &[]).await.0, 405);
    }

    #[tokio::test]
    async fn the_worker_and_the_manifest_are_asked_for_each_time() {
        for (path, kind) in [
            ("/service-worker.js", "text/javascript; charset=utf-8"),
            ("/manifest.webmanifest", "application/manifest+json"),
        ] {
            let (status, headers, _) = ask("GET", path, &[]).await;
            assert_eq!((status, headers["cache-control"].to_str().expect("ascii")), (200, "no-cache"));
            assert_eq!(headers["content-type"], kind);
        }
    }

    #[tokio::test]
    async fn a_build_without_the_client_says_how_to_build_it() {
        let app = Router::new().fallback(get_client).with_state(Client::of(&[]));
        let request = axum::http::Request::get("/").body(Body::empty()).expect("a request");
        let response = app.oneshot(request).await.expect("infallible");
        assert_eq!(response.status(), 503);
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("read");
        assert!(String::from_utf8_lossy(&body).contains("make web"));
    }
}
