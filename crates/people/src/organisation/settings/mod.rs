//! What the organisation decided for everyone: how large files may be, whether notifications and mails leave the house.
//!
//! It stays true that nothing leaves the house before somebody who may decide it said so (R76), and that a notification
//! names nothing until they said that too (R15).

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;

pub use queries::of;
pub use rules::{Files, Mail, Names, Push, Settings, Shows};
