//! Devices (端末): which browsers and phones a person uses, who let them in, and what is done when one is lost.
//!
//! A device is a key pair whose private half never leaves it: whoever copies a cookie has no device. It stays true that a
//! device comes in only with a code that somebody entitled made for its person (R12), that one that is locked or to be
//! wiped opens nothing (R20), and that a wipe counts as done only when the device itself says so, signed (R14).

pub mod challenges;
pub mod commands;
pub mod door;
pub mod events;
pub mod http;
pub mod policy;
pub mod project;
pub mod proof;
pub mod queries;
pub mod rules;
pub(crate) mod sheet;
mod terms;

pub use challenges::Challenges;
pub use proof::{DeviceProof, Purpose};
