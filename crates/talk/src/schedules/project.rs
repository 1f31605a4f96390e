//! Schedule events → `schedules`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::ScheduleFact;
use crate::messages::rules::Label;

/// Writes `schedules`.
pub struct Schedules;

impl Projection for Schedules {
    fn tables(&self) -> &'static [&'static str] {
        &["schedules"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            let Some(fact) = ScheduleFact::of(event).transpose()? else { return Ok(()) };
            match fact {
                ScheduleFact::Set(set) => {
                    let sql = "INSERT INTO schedules (member, id, room, content, label, reply_to, at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting')";
                    let label = set.label.map(Label::name);
                    let row =
                        params![member, set.message, set.room, set.content.id, label, set.reply_to, set.at];
                    tables.run(sql, row).await
                }
                ScheduleFact::Changed(changed) => {
                    let sql = "UPDATE schedules SET content = $3, label = $4, at = $5, state = 'waiting', failure = NULL WHERE member = $1 AND id = $2";
                    let label = changed.label.map(Label::name);
                    let row = params![member, changed.message, changed.content.id, label, changed.at];
                    tables.run(sql, row).await
                }
                ScheduleFact::Cancelled(cancelled) => {
                    let sql = "UPDATE schedules SET state = 'cancelled', failure = NULL WHERE member = $1 AND id = $2";
                    tables.run(sql, params![member, cancelled.message]).await
                }
                ScheduleFact::Sent(sent) => {
                    let sql =
                        "UPDATE schedules SET state = 'sent', failure = NULL WHERE member = $1 AND id = $2";
                    tables.run(sql, params![member, sent.message]).await
                }
                ScheduleFact::Failed(failed) => {
                    let failure = serde_json::to_string(&failed.failure)?;
                    let sql =
                        "UPDATE schedules SET state = 'failed', failure = $3 WHERE member = $1 AND id = $2";
                    tables.run(sql, params![member, failed.message, failure]).await
                }
            }
        })
    }
}
