//! Keeping a draft and throwing it away.

use kairan_core::time::DAY;
use kairan_core::{Refusal, RoomId, Seq, refusal};
use kairan_people::Caller;
use kairan_storage::{Store, Tx, params};

use super::rules::Draft;
use crate::mine::Mine;

/// How long an empty draft holds older ones off, ms.
const KEPT_EMPTY: i64 = 7 * DAY;

/// Keeps a draft, checked by [`Draft::check`], unless a newer one is there.
///
/// # Errors
/// 404.
pub async fn keep_draft(tx: &mut Tx, caller: &Caller, room: RoomId, draft: &Draft) -> Result<(), Refusal> {
    let row = tx
        .maybe("SELECT since FROM room_members WHERE room = $1 AND member = $2", params![room, caller.member])
        .await?;
    let since: Seq = row.ok_or(&refusal::NOT_FOUND)?.get(0)?;
    let picked = serde_json::to_string(&draft.picked).map_err(Refusal::fault)?;
    let changed = tx
        .mark(
            "INSERT INTO marks_drafts (member, room, since, text, picked, label, reply_to, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (member, room) DO UPDATE SET since = excluded.since, text = excluded.text, picked = excluded.picked,
               label = excluded.label, reply_to = excluded.reply_to, at = excluded.at
             WHERE marks_drafts.at <= excluded.at OR marks_drafts.since <> excluded.since",
            params![
                caller.member,
                room,
                since,
                draft.text.as_str(),
                picked,
                draft.label.map(crate::messages::rules::Label::name),
                draft.reply_to,
                draft.at
            ],
        )
        .await?;
    if changed > 0 {
        Mine::Drafts.tell(tx, caller.member, Some(room));
    }
    Ok(())
}

/// Forgets drafts whose membership has ended, and empty ones that have served.
///
/// # Errors
/// What storage says.
pub async fn forget_drafts(store: &Store) -> Result<(), Refusal> {
    let job = async |tx: &mut Tx| {
        let before = tx.now().plus_ms(-KEPT_EMPTY);
        tx.mark(
            "DELETE FROM marks_drafts WHERE (text = '' AND label IS NULL AND reply_to IS NULL AND at < $1)
             OR NOT EXISTS (SELECT 1 FROM room_members m WHERE m.room = marks_drafts.room AND m.member = marks_drafts.member AND m.since = marks_drafts.since)",
            params![before],
        )
        .await?;
        Ok::<_, Refusal>(())
    };
    store.write(kairan_storage::Stream::Organisation, job).await
}
