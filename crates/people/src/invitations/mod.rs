//! Invitations (招待): the only way in (R1). A link, as text, QR code or on paper, with which one person chooses a
//! password; for someone who is already in, the same link is how a forgotten password is replaced (R8).
//!
//! It stays true that the token is known only to whoever holds the link: the store has its hash, and no event, log or URL
//! that reaches the server carries it (R2).

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
