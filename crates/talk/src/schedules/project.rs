//! Schedule events → `schedules`, `schedule_files`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::ScheduleFact;
use crate::messages::rules::Label;

/// Writes `schedules` and `schedule_files`.
pub struct Schedules;

/// Its files are the message's now, or nobody's.
const FILES_DONE: &str = "DELETE FROM schedule_files WHERE member = $1 AND schedule = $2";

impl Projection for Schedules {
    fn tables(&self) -> &'static [&'static str] {
        &["schedules", "schedule_files"]
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
                    tables.run(sql, row).await?;
                    let sql = "INSERT INTO schedule_files (member, schedule, position, file) VALUES ($1, $2, $3, $4)";
                    for (position, file) in (0_i64..).zip(set.files) {
                        tables.run(sql, params![member, set.message, position, file]).await?;
                    }
                    Ok(())
                }
                ScheduleFact::Changed(changed) => {
                    let sql = "UPDATE schedules SET content = $3, label = $4, at = $5, state = 'waiting', failure = NULL WHERE member = $1 AND id = $2";
                    let label = changed.label.map(Label::name);
                    let row = params![member, changed.message, changed.content.id, label, changed.at];
                    tables.run(sql, row).await
                }
                ScheduleFact::Cancelled(cancelled) => {
                    let sql = "UPDATE schedules SET state = 'cancelled', failure = NULL WHERE member = $1 AND id = $2";
                    tables.run(sql, params![member, cancelled.message]).await?;
                    tables.run(FILES_DONE, params![member, cancelled.message]).await
                }
                ScheduleFact::Sent(sent) => {
                    let sql =
                        "UPDATE schedules SET state = 'sent', failure = NULL WHERE member = $1 AND id = $2";
                    tables.run(sql, params![member, sent.message]).await?;
                    tables.run(FILES_DONE, params![member, sent.message]).await
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
