//! Search: messages, names of files, people and rooms, by what somebody typed.
//!
//! It stays true that an answer holds only what its asker may see at that moment (R26): the index narrows, and membership,
//! deletion and the words themselves are checked against the tables in the same snapshot.
//!
//! - [`rules`]: the query language; [`words`]: what is a hit, how good it is, and how it is shown
//! - [`index`]: the job that trails the log and keeps the index
//! - [`queries`] asks; [`scan`] goes down the index; `directory` knows the names of people and rooms

mod directory;
pub mod http;
pub mod index;
pub mod queries;
pub mod rules;
pub mod scan;
pub mod words;

pub use index::{Indexer, Lag};
