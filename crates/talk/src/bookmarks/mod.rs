//! Bookmarks (しおり): messages somebody wants to find again.
//!
//! It stays true that nobody else knows of them, and that a bookmark shows nothing its owner may not see now (R25).

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
