//! Sign-in (サインイン): passwords, sessions, recovery codes, and what keeps guessing slow.
//!
//! It stays true that the server never keeps what opens a door, only its hash (R18); that a stranger learns nothing from
//! a refusal (R7) and can shut nobody out (R6); and that every sign-in, every refusal and every end of a session is in
//! the journal (R50).

pub mod commands;
pub mod door;
pub mod events;
mod hasher;
pub mod http;
pub mod password;
pub mod project;
pub mod queries;
pub mod rules;
pub mod standing;
pub mod throttle;

pub use hasher::Hasher;
