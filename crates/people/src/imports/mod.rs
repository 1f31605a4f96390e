//! Importing members from CSV (一括登録), as Excel writes it in Japan.
//!
//! It stays true that nothing is written unless every line is right, and that what the preview said is what the import
//! does.

pub mod commands;
pub mod http;
mod read;
pub mod rules;

pub use read::{Encoding, Sheet, read};
