//! Alarms (お知らせ・見まわり): what a person should know about their own account, and those who manage members about
//! everybody's, told in the app and nowhere else.
//!
//! It stays true that an alarm follows from the event that raised it and from nothing that is not in the journal, so that
//! nobody who acts has to remember to raise one and a replay gives the same; that a device cannot wave away the alarm that
//! is about itself; and that a stranger who keeps failing adds nothing to the journal but one event in a while.

pub mod commands;
pub mod details;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
pub mod watch;

pub use watch::Watch;
