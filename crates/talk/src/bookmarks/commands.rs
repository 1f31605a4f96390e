//! Marking a message and taking the mark off.

use kairan_core::{MessageId, Refusal};
use kairan_people::Caller;
use kairan_storage::{Stream, Tx};

use super::events::{BookmarkAdded, BookmarkFact, BookmarkRemoved};
use super::queries;
use super::rules::{BOOKMARK_TOO_MANY, LIMIT};
use crate::messages::commands::living;
use crate::mine::Mine;

/// Marks a message that the caller sees. Marking it again changes nothing.
///
/// # Errors
/// 404, 409 `message.deleted`, 422 `bookmark.too_many`.
pub async fn add_bookmark(tx: &mut Tx, caller: &Caller, message: MessageId) -> Result<(), Refusal> {
    let known = living(tx, caller, message).await?;
    if queries::has(tx, caller.member, message).await? {
        return Ok(());
    }
    if queries::count(tx, caller.member).await? >= LIMIT {
        return Err(Refusal::new(&BOOKMARK_TOO_MANY).fact("limit", LIMIT));
    }
    append(tx, caller, BookmarkAdded { message, room: known.room }).await
}

/// Takes the mark off, also from what the caller no longer sees. No mark there is no fault.
///
/// # Errors
/// What storage says.
pub async fn remove_bookmark(tx: &mut Tx, caller: &Caller, message: MessageId) -> Result<(), Refusal> {
    if queries::has(tx, caller.member, message).await? {
        append(tx, caller, BookmarkRemoved { message }).await?;
    }
    Ok(())
}

async fn append(tx: &mut Tx, caller: &Caller, fact: impl Into<BookmarkFact>) -> Result<(), Refusal> {
    tx.append(Stream::Member(caller.member), caller.actor(), None, &fact.into()).await?;
    Mine::Bookmarks.tell(tx, caller.member, None);
    Ok(())
}
