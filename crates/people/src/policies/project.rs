//! Policy events → `policies`.

use kairan_storage::{Error, Event, Facts, LocalBoxFuture, Projection, Result, Tables, params};

use super::events::PolicyFact;

/// Writes `policies`.
pub struct PolicyTable;

impl Projection for PolicyTable {
    fn tables(&self) -> &'static [&'static str] {
        &["policies"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(PolicyFact::Set(set)) = PolicyFact::of(event).transpose()? else { return Ok(()) };
            let rules = serde_json::to_string(&set.rules)
                .map_err(|error| Error::Damaged(format!("rules that cannot be written: {error}")))?;
            let sql = "INSERT INTO policies (id, version, rules) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET version = excluded.version, rules = excluded.rules";
            tables.run(sql, params![set.version, rules]).await
        })
    }
}
