//! Name events → `name_requests`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Tables, params};

use super::events::{NameFact, Withdrawn};

/// Writes `name_requests`.
pub struct NameTable;

impl Projection for NameTable {
    fn tables(&self) -> &'static [&'static str] {
        &["name_requests"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(fact) = NameFact::of(event).transpose()? else { return Ok(()) };
            let ended = match fact {
                NameFact::Asked(fact) => {
                    let sql = "INSERT INTO name_requests (member, display_name, asked_at) VALUES ($1, $2, $3)
                        ON CONFLICT (member) DO UPDATE SET display_name = excluded.display_name, asked_at = excluded.asked_at,
                          refused_at = NULL, refused_by = NULL, reason = NULL";
                    return tables.run(sql, params![fact.member, fact.display_name, event.at]).await;
                }
                NameFact::Refused(fact) => {
                    let sql = "UPDATE name_requests SET refused_at = $2, refused_by = $3, reason = $4 WHERE member = $1";
                    let columns = params![fact.member, event.at, event.actor.member(), fact.reason];
                    return tables.run(sql, columns).await;
                }
                NameFact::Withdrawn(Withdrawn { member }) => member,
                NameFact::Granted(fact) => fact.member,
            };
            tables.run("DELETE FROM name_requests WHERE member = $1", params![ended]).await
        })
    }
}
