//! Notifications (通知): who is told of a message while they are not looking, and what a notification may say.
//!
//! It stays true that nobody is told of what they may not see (R25), that nothing is named unless the organisation said so
//! (R15), and that the decision is a pure function ([`rules`]).

pub mod commands;
pub mod http;
pub mod payload;
pub mod queries;
pub mod rules;
pub mod summaries;

pub use commands::tell;
pub use payload::What;
