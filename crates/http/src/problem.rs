//! A [`Refusal`] as `application/problem+json` (RFC 9457).
//!
//! It stays true that a cause is for the log and words are for people: the response holds only the code's own words and
//! facts, the log only codes and causes, never what was sent (invariant 7).

use std::error::Error;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kairan_core::Refusal;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a handler returns.
pub type Answer<T> = Result<T, Problem>;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Problem(Refusal);

/// The body of every answer that is a no.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:kairan:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable name of the reason, for programs.
    pub code: &'static str,
    /// Words for people, Japanese.
    pub detail: String,
    /// Words for people, English.
    pub detail_en: String,
    /// What the words are filled with, for programs.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object, required = false)]
    pub facts: Map<String, Value>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field of the request.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Its name as sent.
    pub field: String,
    /// Stable name of the reason.
    pub code: &'static str,
    /// Words for people, Japanese.
    pub detail: String,
    /// Words for people, English.
    pub detail_en: String,
}

impl From<&kairan_core::FieldFault> for FieldError {
    fn from(fault: &kairan_core::FieldFault) -> Self {
        let (detail, detail_en) = fault.words();
        Self { field: fault.field.clone(), code: fault.code.name, detail, detail_en }
    }
}

impl<R: Into<Refusal>> From<R> for Problem {
    fn from(refusal: R) -> Self {
        Self(refusal.into())
    }
}

impl Problem {
    /// The status it will have.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The refusal inside.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        &self.0
    }

    /// The body it will have.
    #[must_use]
    pub fn body(&self) -> ProblemBody {
        let (detail, detail_en) = self.0.words();
        ProblemBody {
            kind: format!("urn:kairan:problem:{}", self.0.code.name),
            title: self.status().canonical_reason().unwrap_or("Refused").to_owned(),
            status: self.status().as_u16(),
            code: self.0.code.name,
            detail,
            detail_en,
            facts: self.0.facts.clone(),
            errors: self.0.fields.iter().map(FieldError::from).collect(),
        }
    }

    fn log(&self) {
        let status = self.status().as_u16();
        if status < 500 {
            tracing::debug!(status, code = self.0.code.name, "refused");
            return;
        }
        let mut cause = String::new();
        let mut next: Option<&dyn Error> = self.0.source();
        while let Some(error) = next {
            cause += if cause.is_empty() { "" } else { ": " };
            cause += &error.to_string();
            next = error.source();
        }
        tracing::error!(status, code = self.0.code.name, cause, "failed");
    }

    /// Whole seconds to wait, when the refusal knows (RFC 9110 §10.2.3).
    fn retry_after(&self) -> Option<HeaderValue> {
        let ms = self.0.facts.get("retry_after_ms")?.as_i64()?;
        HeaderValue::from_str(&ms.max(0).unsigned_abs().div_ceil(1_000).to_string()).ok()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.log();
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}
