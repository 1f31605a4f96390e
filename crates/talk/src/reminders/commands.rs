//! Setting a reminder, being done with it, and its time coming.

use kairan_core::{Actor, Instant, MemberId, MessageId, Refusal, ReminderId};
use kairan_people::Caller;
use kairan_storage::{Stream, Tx};

use super::events::{ReminderCancelled, ReminderDue, ReminderFact, ReminderSet};
use super::queries;
use super::rules::{self, LIMIT, REMINDER_TOO_MANY, ReminderState};
use crate::messages::commands::living;
use crate::mine::Mine;
use crate::notifications::{self, What};

/// Sets a reminder of a message that the caller sees, or gives one another time. `true` when it is new.
///
/// # Errors
/// 404, 409 `message.deleted`, 422 `reminder.too_late` or `reminder.too_many`.
pub async fn set_reminder(
    tx: &mut Tx,
    caller: &Caller,
    reminder: ReminderId,
    message: MessageId,
    at: Instant,
) -> Result<bool, Refusal> {
    let known = living(tx, caller, message).await?;
    let there = queries::kept(tx, caller.member, reminder).await?;
    if there.is_some_and(|there| there.message == message && there.at == at) {
        return Ok(false); // a retry, perhaps after its time has come
    }
    rules::time(at, tx.now())?;
    if there.is_none() && queries::count(tx, caller.member).await? >= LIMIT {
        return Err(Refusal::new(&REMINDER_TOO_MANY).fact("limit", LIMIT));
    }
    let set = ReminderSet { reminder, message, room: known.room, at };
    append(tx, caller.actor(), caller.member, set).await?;
    Ok(there.is_none())
}

/// Done with, or no longer wanted. One that is not there is no fault.
///
/// # Errors
/// What storage says.
pub async fn cancel_reminder(tx: &mut Tx, caller: &Caller, reminder: ReminderId) -> Result<(), Refusal> {
    if queries::kept(tx, caller.member, reminder).await?.is_some() {
        append(tx, caller.actor(), caller.member, ReminderCancelled { reminder }).await?;
    }
    Ok(())
}

/// Its time has come; whoever else was quicker, it falls due once.
///
/// # Errors
/// What storage says.
pub async fn fall_due(tx: &mut Tx, member: MemberId, reminder: ReminderId) -> Result<(), Refusal> {
    let now = tx.now();
    // The stream first: another node that is doing the same is waited for, and then seen.
    tx.last_seq(Stream::Member(member)).await?;
    let there = queries::kept(tx, member, reminder).await?;
    if there.is_some_and(|there| there.state == ReminderState::Set && there.at <= now) {
        append(tx, Actor::System, member, ReminderDue { reminder }).await?;
        notifications::tell(tx, member, What::Reminder).await?;
    }
    Ok(())
}

async fn append(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    fact: impl Into<ReminderFact>,
) -> Result<(), Refusal> {
    tx.append(Stream::Member(member), actor, None, &fact.into()).await?;
    Mine::Reminders.tell(tx, member, None);
    Ok(())
}
