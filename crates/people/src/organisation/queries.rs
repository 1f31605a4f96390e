//! Reading the organisation.

use kairan_storage::{Reader, Result, params};

/// Its name; `None` before set-up.
///
/// # Errors
/// What the engine says.
pub async fn name(reader: &mut Reader) -> Result<Option<String>> {
    reader
        .maybe("SELECT name FROM organisation WHERE id = 1", params![])
        .await?
        .map(|row| row.get(0))
        .transpose()
}
