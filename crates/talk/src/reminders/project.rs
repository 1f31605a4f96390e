//! Reminder events → `reminders`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::ReminderFact;

/// Writes `reminders`.
pub struct Reminders;

impl Projection for Reminders {
    fn tables(&self) -> &'static [&'static str] {
        &["reminders"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            match ReminderFact::of(event).transpose()? {
                None => Ok(()),
                Some(ReminderFact::Set(set)) => {
                    let sql = "INSERT INTO reminders (member, id, room, message, at, state) VALUES ($1, $2, $3, $4, $5, 'set')
                        ON CONFLICT (member, id) DO UPDATE SET room = excluded.room, message = excluded.message, at = excluded.at, state = excluded.state";
                    tables.run(sql, params![member, set.reminder, set.room, set.message, set.at]).await
                }
                Some(ReminderFact::Cancelled(cancelled)) => {
                    let sql = "DELETE FROM reminders WHERE member = $1 AND id = $2";
                    tables.run(sql, params![member, cancelled.reminder]).await
                }
                Some(ReminderFact::Due(due)) => {
                    let sql = "UPDATE reminders SET state = 'due' WHERE member = $1 AND id = $2";
                    tables.run(sql, params![member, due.reminder]).await
                }
            }
        })
    }
}
