//! Preference events → `preferences`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::{Language, PreferenceFact, Theme};

/// Writes `preferences`.
pub struct PreferenceTable;

impl Projection for PreferenceTable {
    fn tables(&self) -> &'static [&'static str] {
        &["preferences"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            let Some(PreferenceFact::Set(set)) = PreferenceFact::of(event).transpose()? else {
                return Ok(());
            };
            let sql = "INSERT INTO preferences (member, language, theme, enter_sends) VALUES ($1, $2, $3, $4) ON CONFLICT (member) DO UPDATE SET language = excluded.language, theme = excluded.theme, enter_sends = excluded.enter_sends";
            let columns = params![
                member,
                set.language.map(Language::name),
                set.theme.map(Theme::name),
                set.enter_sends
            ];
            tables.run(sql, columns).await
        })
    }
}
