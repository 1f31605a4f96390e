//! Reading the organisation's settings.

use kairan_storage::{Reader, Result, params};

use super::rules::{Files, Mail, Names, Push, Settings, Shows};

/// What the organisation decided, or the usual.
///
/// # Errors
/// What the engine says.
pub async fn of(reader: &mut Reader) -> Result<Settings> {
    let sql = "SELECT largest, per_member, total, push, push_shows, mail, names FROM organisation_settings WHERE id = 1";
    let Some(row) = reader.maybe(sql, params![]).await? else { return Ok(Settings::default()) };
    let shows: String = row.get(4)?;
    Ok(Settings {
        files: Files { largest: row.get(0)?, per_member: row.get(1)?, total: row.get(2)? },
        // A name that a later version wrote is read as the most silent one.
        push: Push { on: row.get(3)?, shows: Shows::named(&shows).unwrap_or_default() },
        mail: Mail { on: row.get(5)? },
        names: Names::named(&row.get::<String>(6)?).unwrap_or_default(),
    })
}
