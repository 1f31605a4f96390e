//! Ids in paths and conditions in queries.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use kairan_core::Refusal;
use kairan_core::refusal::NOT_FOUND;
use serde::de::DeserializeOwned;

use crate::{Problem, QUERY_SHAPE};

/// What the path names. Something that is not an id answers exactly as an id that does not exist (R24).
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Refusal::new(&NOT_FOUND).into()),
        }
    }
}

/// What the query asks. Let `T` be `#[serde(deny_unknown_fields)]`, or a misspelt condition would be ignored.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(_) => Err(Refusal::new(&QUERY_SHAPE).into()),
        }
    }
}
