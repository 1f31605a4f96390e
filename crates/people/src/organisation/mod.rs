//! The organisation (組織) itself: founded once, by its first owner.
//!
//! It stays true that set-up can happen only once, however many ask at the same time.

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
pub mod settings;
