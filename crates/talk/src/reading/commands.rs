//! Moving a reading position.

use kairan_core::{Refusal, RoomId, Seq, refusal};
use kairan_people::Caller;
use kairan_storage::{News, Tx, params};

use super::queries;
use crate::rooms;

/// Marks everything up to a place as read; never backward, never beyond the room's end. Where it stands then.
///
/// # Errors
/// 404.
pub async fn mark_read(tx: &mut Tx, caller: &Caller, room: RoomId, upto: Seq) -> Result<Seq, Refusal> {
    if rooms::queries::standing(tx, room, caller.member).await?.is_none() {
        return Err((&refusal::NOT_FOUND).into());
    }
    let upto = upto.min(tx.last_seq(kairan_storage::Stream::Room(room)).await?);
    let before = queries::position(tx, room, caller.member).await?;
    if before.is_some_and(|before| before >= upto) || upto <= Seq::START {
        return Ok(before.unwrap_or(Seq::START));
    }
    let at = tx.now();
    tx.mark(
        "INSERT INTO marks_read (room, member, upto, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (room, member) DO UPDATE SET upto = excluded.upto, at = excluded.at",
        params![room, caller.member, upto, at],
    )
    .await?;
    tx.mark(
        "INSERT INTO marks_reading (room, member, after, upto, at) VALUES ($1, $2, $3, $4, $5)",
        params![room, caller.member, before.unwrap_or(Seq::START), upto, at],
    )
    .await?;
    tx.tell(News::Read { member: caller.member, room, upto: upto.0, at: at.ms() });
    Ok(upto)
}
