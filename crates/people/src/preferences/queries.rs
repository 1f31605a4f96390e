//! Reading preferences.

use kairan_core::MemberId;
use kairan_storage::{Reader, Result, params};

use super::events::{Language, Preferences, Theme};

/// One person's preferences, or the usual ones.
///
/// # Errors
/// What the engine says.
pub async fn of(reader: &mut Reader, member: MemberId) -> Result<Preferences> {
    let sql = "SELECT language, theme, enter_sends FROM preferences WHERE member = $1";
    let Some(row) = reader.maybe(sql, params![member]).await? else { return Ok(Preferences::default()) };
    let (language, theme): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
    Ok(Preferences {
        language: language.as_deref().and_then(Language::named),
        theme: theme.as_deref().and_then(Theme::named),
        enter_sends: row.get(2)?,
    })
}
