//! Preferences (設定): how one person likes Kairan to look and behave, on every device of theirs.
//!
//! It stays true that nobody else reads or changes them.

pub mod events;
pub mod http;
pub mod project;
pub mod queries;
