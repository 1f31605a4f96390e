//! Pieces of the API document that every feature shares.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{FieldError, ProblemBody};

/// Name of the security scheme: the session cookie.
pub const SESSION: &str = "session";

/// Adds what is shared: the `Problem` schema, the session cookie, and `default` answers that are problems, so that no
/// operation has to say it again.
pub fn complete(document: &mut OpenApi, cookie: &str) {
    let components = document.components.get_or_insert_with(Components::new);
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    schemas.push((FieldError::name().into_owned(), FieldError::schema()));
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        cookie,
        "The session, given by POST /session; HttpOnly.",
    )));
    components.security_schemes.insert(SESSION.to_owned(), scheme);
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(refused()));
        }
    }
}

fn refused() -> Response {
    let content = ContentBuilder::new()
        .schema(Some(utoipa::openapi::Ref::from_schema_name(ProblemBody::name())))
        .build();
    ResponseBuilder::new()
        .description("A no, with its reasons (RFC 9457)")
        .content("application/problem+json", content)
        .build()
}
