//! Drawing: what strangers sent, made into pictures of our own, and the names of those who look written across them.
//!
//! It stays true that everything here is a function from bytes to bytes: no file, no clock, no network. So it can run in
//! a process with limits of its own (`server/src/render.rs`), where whatever a file does to its decoder is no picture
//! and nothing else (R44).

#![forbid(unsafe_code)]

mod font;
mod mark;
mod order;
mod pdf;
mod picture;
mod preview;
mod text;

pub use font::covers;
pub use mark::Mark;
pub use order::{Drawn, Kind, Order, Undrawable, draw};
pub use preview::{LARGE, Rendered, SMALL, render};

/// Most pixels of a picture that is decoded.
pub const PIXEL_LIMIT: u64 = 50_000_000;
/// Largest file that is drawn, bytes.
pub const SOURCE_LIMIT: u64 = 64 << 20;
