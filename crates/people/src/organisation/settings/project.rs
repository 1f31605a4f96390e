//! Settings events → `organisation_settings`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Tables, params};

use super::events::SettingsFact;

/// Writes `organisation_settings`.
pub struct SettingsTable;

impl Projection for SettingsTable {
    fn tables(&self) -> &'static [&'static str] {
        &["organisation_settings"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(SettingsFact::Changed(set)) = SettingsFact::of(event).transpose()? else {
                return Ok(());
            };
            let sql = "INSERT INTO organisation_settings (id, largest, per_member, total, push, push_shows, mail, names) VALUES (1, $1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (id) DO UPDATE SET largest = excluded.largest, per_member = excluded.per_member, total = excluded.total,
                  push = excluded.push, push_shows = excluded.push_shows, mail = excluded.mail, names = excluded.names";
            let (files, push) = (set.files, set.push);
            let columns = params![
                files.largest,
                files.per_member,
                files.total,
                push.on,
                push.shows.name(),
                set.mail.on,
                set.names.name()
            ];
            tables.run(sql, columns).await
        })
    }
}
