//! Messages (発言): what people say in a room, and what becomes of it.
//!
//! It stays true that a post is acknowledged only when it is durable, that a thousand retries of one id make one message
//! (R27), and that what was said before an edit or a deletion stays provable (R31): the text lies in `contents`, each
//! version under its own id.

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
