//! What is kept so that nobody is forgotten when the server stops halfway.

use kairan_core::{Instant, MemberId, RoomId, Seq};
use kairan_storage::{Result, Tx, params};

use super::payload::What;

/// Tells a member of something that is no message, on every device of theirs that can be told: after this job's commit,
/// within a second or two, and only if the organisation uses notifications and they have not asked for silence. Told again
/// before it went out, it is told once.
///
/// # Errors
/// What storage says.
pub async fn tell(tx: &mut Tx, member: MemberId, what: What) -> Result<()> {
    let sql = "INSERT INTO marks_notices (member, what, at) VALUES ($1, $2, $3)
        ON CONFLICT (member, what) DO UPDATE SET at = excluded.at";
    let at = tx.now();
    tx.mark(sql, params![member, what.name(), at]).await?;
    Ok(())
}

/// A notice has gone out (or could not); one told again since stays.
///
/// # Errors
/// What storage says.
pub async fn told(tx: &mut Tx, member: MemberId, what: What, at: Instant) -> Result<()> {
    let sql = "DELETE FROM marks_notices WHERE member = $1 AND what = $2 AND at <= $3";
    tx.mark(sql, params![member, what.name(), at]).await?;
    Ok(())
}

/// Everybody was told of a room up to a place.
///
/// # Errors
/// What storage says.
pub async fn told_of_room(tx: &mut Tx, room: RoomId, upto: Seq) -> Result<()> {
    let sql = "INSERT INTO marks_told (room, upto) VALUES ($1, $2)
        ON CONFLICT (room) DO UPDATE SET upto = excluded.upto WHERE marks_told.upto < excluded.upto";
    tx.mark(sql, params![room, upto]).await?;
    Ok(())
}

/// A summary went to a member by mail.
///
/// # Errors
/// What storage says.
pub async fn mailed(tx: &mut Tx, member: MemberId, at: Instant) -> Result<()> {
    let sql = "INSERT INTO marks_mailed (member, at) VALUES ($1, $2) ON CONFLICT (member) DO UPDATE SET at = excluded.at";
    tx.mark(sql, params![member, at]).await?;
    Ok(())
}
