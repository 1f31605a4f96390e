//! Reading (既読): how far each member has read a room, and since when.
//!
//! Reading positions are marks, not events: a room of 100 would otherwise write 100 events for each message. It stays true
//! that a position only moves forward, and that who read what when can be told from the ranges kept beside it.

pub mod commands;
pub mod http;
pub mod queries;
