//! Talk through its routes, on both engines.

mod convergence;
mod messages;
mod reading;
mod rooms;
mod support;
