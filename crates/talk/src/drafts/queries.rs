//! Reading one's drafts.

use kairan_core::{MemberId, RoomId};
use kairan_storage::{Error, Reader, Result, params};

use super::rules::Draft;
use crate::messages::rules::Label;

/// A member's drafts in the rooms they are in, newest first.
///
/// # Errors
/// What storage says.
pub async fn drafts(reader: &mut Reader, member: MemberId) -> Result<Vec<(RoomId, Draft)>> {
    let sql = "SELECT d.room, d.text, d.picked, d.label, d.reply_to, d.at FROM marks_drafts d
        JOIN room_members m ON m.room = d.room AND m.member = d.member AND m.since = d.since
        WHERE d.member = $1 AND (d.text <> '' OR d.label IS NOT NULL OR d.reply_to IS NOT NULL) ORDER BY d.at DESC, d.room";
    let rows = reader.query(sql, params![member]).await?;
    rows.iter()
        .map(|row| {
            let label: Option<String> = row.get(3)?;
            let label = label.map(|name| Label::named(&name).ok_or(Error::NoRow("a label"))).transpose()?;
            let picked = serde_json::from_str(&row.get::<String>(2)?)?;
            Ok((
                row.get(0)?,
                Draft { text: row.get(1)?, picked, label, reply_to: row.get(4)?, at: row.get(5)? },
            ))
        })
        .collect()
}
