//! The organisation's events → `organisation`.

use kairan_core::Instant;
use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::{Founded, OrganisationFact};

/// Writes `organisation`.
pub struct OrganisationTable;

impl Projection for OrganisationTable {
    fn tables(&self) -> &'static [&'static str] {
        &["organisation"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if event.stream != Stream::Organisation {
                return Ok(());
            }
            match OrganisationFact::of(event).transpose()? {
                None => Ok(()),
                Some(OrganisationFact::Founded(fact)) => founded(tables, event.at, &fact).await,
            }
        })
    }
}

async fn founded(tables: &mut Tables<'_>, at: Instant, fact: &Founded) -> Result<()> {
    tables
        .run("INSERT INTO organisation (id, name, founded_at) VALUES (1, $1, $2)", params![&fact.name, at])
        .await
}
