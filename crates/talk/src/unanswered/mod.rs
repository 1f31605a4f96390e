//! 未返信: what waits for somebody's word.
//!
//! It stays true that what waits is decided by one rule, [`rules::Asked::waits`]; the query only says it in SQL, and a test
//! holds the two against each other.

pub mod http;
pub mod queries;
pub mod rules;
