//! Who can do what about somebody (だれが何をできるか), told to that person.
//!
//! It stays true that what is told is computed from the very rules that allow it, so that it cannot be kinder than they are;
//! and that a partner learns no name in this way that they do not know already (R70).

pub mod http;
pub mod queries;
