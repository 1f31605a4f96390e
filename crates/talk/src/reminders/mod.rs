//! Reminders (あとで知らせる): a message that somebody wants to be told of again, later.
//!
//! It stays true that nobody else knows of them, that each falls due once, on time or as soon as the server is up again,
//! and that a reminder shows nothing its owner may not see now (R25).

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
