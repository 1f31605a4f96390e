//! Second factors (二要素): authenticator apps, passkeys, and the code by which an administrator helps someone who lost
//! them.
//!
//! It stays true that whoever has a factor shows it before anything else opens; that a shown code or signature works once
//! (R5), also when it comes twice at the same moment; and that nobody ends another's factors silently: it takes a code
//! handed over in person, which its owner sees and the journal keeps (R8).

mod challenges;
pub mod commands;
pub mod door;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
pub mod totp;
pub mod webauthn;

pub use challenges::Challenges;
