//! Files over HTTP.

mod downloads;
mod places;
mod uploads;
mod views;
mod wire;

use utoipa_axum::router::OpenApiRouter;

pub use wire::File;

use crate::Talk;

/// The files' routes.
pub fn router() -> OpenApiRouter<Talk> {
    OpenApiRouter::new()
        .merge(uploads::router())
        .merge(downloads::router())
        .merge(views::router())
        .merge(places::router())
}
