//! Files (ファイル): what people hand each other in a room, from the first part of an upload to the last byte of a download.
//!
//! It stays true that a file is seen by whoever may see the message it was sent with, and by nobody else (R24, R25); that
//! nobody receives bytes which were not looked into, cleaned and, where that is on, scanned (R43–R49); that whoever may not take a file is given pictures of it at most (R16);
//! and that bytes lie
//! in the store only sealed, under a key whose erasure erases them (R68).

pub mod commands;
pub mod events;
mod finish;
pub mod http;
pub mod inspect;
pub mod jobs;
mod keep;
pub mod kept;
pub mod preview;
pub mod project;
pub mod queries;
mod range;
mod receiving;
pub mod rules;
pub mod scan;
mod tickets;
mod turns;
pub mod view;

pub use keep::{FileCounts, Files};
pub use receiving::Receiving;
pub use view::Viewing;
