//! Drafts (下書き): what somebody has begun to write in a room, on whichever device they go on.
//!
//! Marks, not events: they change with every pause in writing and prove nothing. It stays true that only their author ever
//! reads them, that the newest one wins whichever arrives last, and that they end with the membership they were written
//! under.

pub mod commands;
pub mod http;
pub mod queries;
pub mod rules;
