//! Pieces of the API document that every feature shares.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, ObjectBuilder, OpenApi, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{FieldError, ProblemBody};

/// Name of the security scheme: the session cookie.
pub const SESSION: &str = "session";

/// Adds what is shared: the `Problem` schema, the session cookie, what the path names, and `default` answers that are
/// problems, so that no operation has to say it again.
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
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(refused()));
            name_what_the_path_names(path, operation);
        }
    }
}

/// Says of every operation that it is for those who are signed in.
pub fn behind_session(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            operation.security = Some(vec![SecurityRequirement::new(SESSION, Vec::<String>::new())]);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

/// Every `{name}` of a path is a parameter: an id, but for the reaction, which is its own text.
fn name_what_the_path_names(path: &str, operation: &mut Operation) {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    for name in names {
        let known = operation.parameters.get_or_insert_default();
        if known.iter().any(|one: &Parameter| one.name == name && one.parameter_in == ParameterIn::Path) {
            continue;
        }
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = if name == "reaction" {
            text
        } else {
            text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        };
        let named = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text));
        known.push(named.build());
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
