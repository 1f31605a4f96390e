//! Projections: the only code that writes feature tables, and only while an event is being appended or replayed.
//!
//! It stays true that a table's rows follow from the events of *one* stream in order: replays go stream by stream.

use futures_util::future::LocalBoxFuture;

use crate::database::Reader;
use crate::error::Result;
use crate::journal::Event;
use crate::value::{Params, Row};

/// Turns a feature's events into its tables.
pub trait Projection: Send + Sync {
    /// The tables it writes, for replays.
    fn tables(&self) -> &'static [&'static str];
    /// Writes what follows from this event; events of other features are passed over.
    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>>;
}

/// The handle that writes tables; only projections get one.
pub struct Tables<'t>(pub(crate) &'t mut Reader);

impl Tables<'_> {
    /// Writes. On `PostgreSQL` it may be held back and pipelined; an error then appears later, in the same transaction.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn run(&mut self, sql: &'static str, params: Params) -> Result<()> {
        self.0.write(sql, params).await
    }

    /// Reads what this stream's earlier events have written.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn query(&mut self, sql: &'static str, params: Params) -> Result<Vec<Row>> {
        self.0.query(sql, params).await
    }
}
