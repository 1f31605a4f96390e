//! Reading a body: bounded before and while it is read (R39), UTF-8, of the declared type, without unknown fields.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use kairan_core::refusal::{BODY_SHAPE, BODY_UNKNOWN_FIELD, BODY_UNREADABLE, FIELD_REQUIRED};
use kairan_core::{FieldFault, Refusal};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{BODY_STALLED, BODY_TOO_LARGE, BODY_TYPE, Problem};

/// Most bytes of an ordinary JSON body.
pub const JSON_LIMIT: usize = 256 * 1024;

/// Longest silence in the middle of a body. Whoever has gone without a word must not hold what was read for them.
const SILENCE: Duration = Duration::from_secs(60);

/// A JSON body of shape `T`.
///
/// 415 `body.type` when it is declared as something else, 413 `body.too_large`, 408 `body.stalled`, 400 `body.unreadable` when it is not
/// UTF-8 JSON, 422 `body.unknown_field` or `body.shape` naming the field.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let types = ["application/json"];
        let bytes = bounded(request, &types, JSON_LIMIT, SILENCE).await?;
        Ok(Self(read(&bytes)?))
    }
}

/// Bytes of a file-like body (CSV), at most `LIMIT`.
pub struct Upload<const LIMIT: usize>(pub Vec<u8>);

impl<const LIMIT: usize, S: Send + Sync> FromRequest<S> for Upload<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        // Browsers on Windows name a CSV file by the program that opens it.
        let types = ["text/csv", "application/vnd.ms-excel", "application/octet-stream"];
        Ok(Self(bounded(request, &types, LIMIT, SILENCE).await?))
    }
}

/// Bytes that are nothing but bytes (a part of a file), at most `LIMIT`.
pub struct Octets<const LIMIT: usize>(pub Vec<u8>);

impl<const LIMIT: usize, S: Send + Sync> FromRequest<S> for Octets<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(bounded(request, &["application/octet-stream"], LIMIT, SILENCE).await?))
    }
}

async fn bounded(
    request: Request,
    types: &[&str],
    limit: usize,
    silence: Duration,
) -> Result<Vec<u8>, Refusal> {
    let (head, body) = request.into_parts();
    check_head(&head.headers, types, limit)?;
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = timeout(silence, chunks.next()).await.map_err(|_| &BODY_STALLED)? {
        // A connection that breaks off is the client's doing; nobody is left to read the words.
        let chunk = chunk.map_err(|_| Refusal::new(&BODY_UNREADABLE))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What the headers alone already tell.
fn check_head(headers: &HeaderMap, types: &[&str], limit: usize) -> Result<(), Refusal> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let declared = header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let kind = header(header::CONTENT_TYPE).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if types.contains(&essence.as_str()) {
        Ok(())
    } else {
        Err(Refusal::new(&BODY_TYPE).fact("expected", types[0]))
    }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(&BODY_TOO_LARGE).fact("limit", limit)
}

/// Reads JSON strictly.
///
/// # Errors
/// As [`Body`] says. The words name fields and expectations, never the values sent: one of them may be a password.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new(&BODY_UNREADABLE))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let mut unknown = Vec::new();
    let value =
        serde_ignored::deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track), |path| {
            unknown.push(path.to_string());
        });
    let value = value.map_err(|error| shape(&error, &track.path().to_string()))?;
    json.end().map_err(|_| Refusal::new(&BODY_UNREADABLE))?;
    match unknown.first() {
        Some(field) => Err(fault(&BODY_UNKNOWN_FIELD, field, "")),
        None => Ok(value),
    }
}

fn shape(error: &serde_json::Error, path: &str) -> Refusal {
    if !error.is_data() {
        return Refusal::new(&BODY_UNREADABLE);
    }
    let words = error.to_string();
    let quoted = |prefix: &str| words.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    if let Some(field) = quoted("unknown field `") {
        return fault(&BODY_UNKNOWN_FIELD, &joined(path, field), "");
    }
    if let Some(field) = quoted("missing field `") {
        let field = joined(path, field);
        let mut refusal = Refusal::new(&BODY_SHAPE).fact("hint", format!("`{field}`"));
        refusal.fields.push(FieldFault::new(field, &FIELD_REQUIRED));
        return refusal;
    }
    // Only what was expected is repeated, and only where serde puts it: "…, expected X at line 1 column 2".
    let expected =
        words.rsplit_once(", expected ").map(|(_, rest)| rest.split(" at line ").next().unwrap_or(rest));
    fault(&BODY_SHAPE, path, &expected.map(|expected| format!(" = {expected}")).unwrap_or_default())
}

/// A fault of one field, named in the words and beside the field.
fn fault(code: &'static kairan_core::Code, field: &str, more: &str) -> Refusal {
    let hint = format!("`{field}`{more}");
    let mut refusal = Refusal::new(code).fact("hint", &hint);
    refusal.fields.push(FieldFault::new(field, code).fact("hint", hint));
    refusal
}

fn joined(path: &str, field: &str) -> String {
    // The path already ends in the field when serde was inside it.
    if path == "." || path.is_empty() {
        field.to_owned()
    } else if path == field || path.ends_with(&format!(".{field}")) {
        path.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

/// For PATCH: tells a field that is absent (`None`) from one that is null (`Some(None)`). Use with
/// `#[serde(default, deserialize_with = "kairan_http::present")]`.
///
/// # Errors
/// Those of `T`.
pub fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read from JSON")]
    struct Inner {
        kind: Kind,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
        Two,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read from JSON")]
    struct Thing {
        name: String,
        #[serde(default)]
        inner: Vec<Inner>,
        #[serde(default, deserialize_with = "present")]
        note: Option<Option<String>>,
    }

    #[test]
    fn each_kind_of_bad_body_has_its_code_and_names_its_field() {
        let cases: [(&[u8], &str, &str); 11] = [
            (b"{", "body.unreadable", ""),
            (b"", "body.unreadable", ""),
            (b"\xff\xfe", "body.unreadable", ""),
            (b"{\"name\":\"\xe3\x81\"}", "body.unreadable", ""),
            (br#"{"name":"a"} x"#, "body.unreadable", ""),
            (br#"{"name":7}"#, "body.shape", "name"),
            (br#"{}"#, "body.shape", "name"),
            (br#"{"name":"a","name":"b"}"#, "body.shape", "."),
            (br#"{"name":"a","nmae":"b"}"#, "body.unknown_field", "nmae"),
            (br#"{"name":"a","inner":[{"kind":"one"},{"kind":"three"}]}"#, "body.shape", "inner[1].kind"),
            (br#"{"name":"a","inner":[{"kind":"one","x":1}]}"#, "body.unknown_field", "inner.0.x"),
        ];
        for (sent, code, field) in cases {
            let refusal = read::<Thing>(sent).expect_err("refused");
            let named = refusal.fields.first().map_or("", |fault| fault.field.as_str());
            assert_eq!((refusal.code.name, named), (code, field), "{}", String::from_utf8_lossy(sent));
        }
    }

    /// R39: whoever goes silent is let go.
    #[tokio::test]
    async fn a_body_that_stops_arriving_is_given_up() {
        let silent = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let request = Request::builder().header("content-type", "application/json");
        let request = request.body(axum::body::Body::from_stream(silent)).expect("a request");
        let refusal = bounded(request, &["application/json"], JSON_LIMIT, Duration::ZERO).await;
        assert_eq!(refusal.expect_err("refused").code, &BODY_STALLED);
    }

    #[test]
    fn nested_too_deeply_is_unreadable_not_a_crash() {
        let deep = format!("{{\"name\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(read::<Thing>(deep.as_bytes()).is_err());
    }

    #[test]
    fn the_words_never_repeat_a_value() {
        let refusal = read::<Thing>(br#"{"name":["hunter2"]}"#).expect_err("refused");
        let words = format!("{:?} {:?}", refusal.words(), refusal.fields);
        assert!(!words.contains("hunter2"), "{words}");
        assert!(refusal.words().1.contains("a string"), "{words}");
    }

    #[test]
    fn null_differs_from_absent() {
        assert_eq!(read::<Thing>(br#"{"name":"a"}"#).expect("fine").note, None);
        assert_eq!(read::<Thing>(br#"{"name":"a","note":null}"#).expect("fine").note, Some(None));
    }
}
