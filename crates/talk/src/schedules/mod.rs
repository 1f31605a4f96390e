//! Scheduled messages (予約送信): written now, posted at a time.
//!
//! It stays true that one is posted exactly once, by the same command and under the same rules as any other message, asked
//! at its time and as its author; and that one which could not be posted stays in the list with the reason.

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
