//! The journal: everything that happens is an event in one stream, with a gapless number and a hash of all before it.

mod event;
mod facts;
mod stream;

pub use event::{Event, Hash};
pub use facts::Facts;
pub use stream::Stream;
