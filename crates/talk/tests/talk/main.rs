//! Talk through its routes, on both engines.

mod messages;
mod reading;
mod rooms;
mod support;
