//! Who kept files on which device, from the journal: no table follows from a file's being opened.

use std::collections::HashSet;

use kairan_core::{DeviceId, Instant, MemberId};
use kairan_storage::{Facts, Reader, Result, Stream, params};

use super::events::FileUseFact;
use super::rules::How;

/// On which devices somebody kept a file since then; none for one that was not noted.
///
/// # Errors
/// What the engine says.
pub async fn kept_on(
    reader: &mut Reader,
    member: MemberId,
    since: Instant,
) -> Result<HashSet<Option<DeviceId>>> {
    let sql = "SELECT device, kind, body FROM events WHERE stream = $1 AND at >= $2 AND kind = 'file.opened'";
    let mut devices = HashSet::new();
    for row in reader.query(sql, params![Stream::Member(member), since]).await? {
        let (kind, body): (String, String) = (row.get(1)?, row.get(2)?);
        // A body that a later version wrote is passed over: this is a hint for people, and decides nothing.
        if let Some(Ok(FileUseFact::Opened(opened))) = FileUseFact::read(&kind, &body)
            && opened.how == How::Download
        {
            devices.insert(row.get(0)?);
        }
    }
    Ok(devices)
}
