//! What Kairan remembers: one journal of everything that happened, and tables that follow from it.
//!
//! It stays true that an event and its table changes are committed together or not at all, that a stream has no gap, and
//! that nothing but a projection writes a feature's table.

pub mod blobs;
mod bus;
pub mod database;
mod error;
mod inspect;
pub mod journal;
mod lanes;
pub mod log;
pub mod migrate;
mod others;
mod private;
mod projection;
pub mod rebuild;
pub mod search;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tx;
mod value;

pub use bus::{Bus, Committed, Hints, News};
pub use database::{Database, OLDEST_SQLITE, Reader};
pub use error::{Error, Result};
pub use futures_util::future::LocalBoxFuture;
pub use inspect::{Inspection, Summary};
pub use journal::{Event, Facts, Hash, Stream};
pub use lanes::{JobError, LaneCounts};
pub use migrate::Migration;
pub use others::Others;
pub use projection::{Projection, Tables};
pub use rebuild::events_after;
pub use store::Store;
pub use tx::{Content, Tx, commitment};
pub use value::{FromValue, Params, Row, Value};
