//! Push events → `push_subscriptions`. What is over has no row.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::PushFact;

/// Writes `push_subscriptions`.
pub struct PushTable;

impl Projection for PushTable {
    fn tables(&self) -> &'static [&'static str] {
        &["push_subscriptions"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            match PushFact::of(event).transpose()? {
                None => Ok(()),
                Some(PushFact::Subscribed(fact)) => {
                    let sql = "INSERT INTO push_subscriptions (session, member, subscription, since) VALUES ($1, $2, $3, $4)
                        ON CONFLICT (session) DO UPDATE SET subscription = excluded.subscription, since = excluded.since";
                    tables.run(sql, params![fact.session, member, fact.subscription, event.at]).await
                }
                Some(PushFact::Unsubscribed(fact)) => {
                    tables
                        .run("DELETE FROM push_subscriptions WHERE session = $1", params![fact.session])
                        .await
                }
            }
        })
    }
}
