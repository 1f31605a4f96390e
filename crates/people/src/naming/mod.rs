//! Who sets the name that everybody sees: the organisation, the member with its approval, or the member.
//!
//! It stays true that a name on the screen passed the organisation's rule and that no two can be taken for each other (R9,
//! R10): what is asked for is checked when it is asked for, and again when it is granted.

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
