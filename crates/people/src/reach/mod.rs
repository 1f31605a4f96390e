//! How somebody is reached while they are not looking: subscriptions of their browsers, mail, and when to be silent.
//!
//! It stays true that a subscription lives no longer than its session (R14, R20), that its address and keys are a secret
//! which no event or log holds, and that it points to a service the server's owner named (R36, R76). Where a session of a
//! device ends without its person having signed out there, the address is kept for one thing alone: the [`last_call`] that
//! wakes the device to wipe itself.

pub mod commands;
pub mod events;
pub mod http;
pub mod last_call;
pub mod project;
pub mod queries;
pub mod rules;
