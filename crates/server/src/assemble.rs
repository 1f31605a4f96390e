//! The composition root: the one place that knows every floor and wires them together.

use axum::Router;
use futures_util::future::BoxFuture;
use kairan_core::{Refusal, Surroundings};
use kairan_storage::{Migration, Projection, Reader, Store};

use crate::config::Config;
use crate::listen::Stop;
use crate::metrics::Metrics;

/// What the floors are given.
pub struct Parts {
    /// The settings in force.
    pub config: Config,
    /// The started database.
    pub store: Store,
    /// Time and chance.
    pub surroundings: Surroundings,
    /// Counters.
    pub metrics: Metrics,
    /// The code that the set-up page asks for, where one is needed.
    pub setup_code: Option<String>,
    /// Tells jobs to end.
    pub stop: Stop,
}

/// Tells everyone who is connected that the server goes down (close code 4409), and returns when they were told.
pub type Goodbye = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// What the server serves.
pub struct Assembled {
    /// The routes below `/api/v1`, with their state, without the guard.
    pub api: Router,
    /// Called first when the server stops.
    pub goodbye: Goodbye,
}

/// The schema's steps after storage's own, in order.
#[must_use]
pub fn migrations() -> Vec<Migration> {
    Vec::new()
}

/// Everything that turns events into tables.
#[must_use]
pub fn projections() -> Vec<Box<dyn Projection>> {
    Vec::new()
}

/// Wires the floors.
#[must_use]
pub fn assemble(parts: Parts) -> Assembled {
    drop(parts);
    Assembled { api: Router::new(), goodbye: Box::new(|| Box::pin(async {})) }
}

/// Whether the organisation has its owner.
///
/// # Errors
/// What storage says.
pub async fn is_set_up(_reader: &mut Reader) -> Result<bool, Refusal> {
    Ok(false)
}
