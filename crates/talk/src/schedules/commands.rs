//! Scheduling, changing, cancelling; and posting when the time has come.

use kairan_core::{Actor, Instant, MemberId, MessageId, Refusal, RoomId, refusal};
use kairan_people::Caller;
use kairan_people::caller::absent;
use kairan_storage::{Stream, Tx};

use super::events::{
    ScheduleCancelled, ScheduleChanged, ScheduleFact, ScheduleFailed, ScheduleSent, ScheduleSet,
};
use super::queries::{self, ScheduleView};
use super::rules::{
    self, Failure, LIMIT, SCHEDULE_AUTHOR_LEFT, SCHEDULE_OVER, SCHEDULE_TOO_MANY, ScheduleState,
};
use crate::files;
use crate::messages::commands::{NewMessage, could_post, post_message};
use crate::messages::queries::MessageView;
use crate::messages::rules::{Label, TEXT_EMPTY};
use crate::mine::Mine;

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Another text, checked.
    pub text: Option<String>,
    /// Another label, or none.
    pub label: Option<Option<Label>>,
    /// Another time.
    pub at: Option<Instant>,
}

/// Schedules a message; its text has passed the rules. `true` when it is new, `false` when this id came before.
///
/// # Errors
/// As for posting; 409 `schedule.over`, 422 `schedule.*`.
pub async fn set_schedule(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    new: &NewMessage,
    at: Instant,
) -> Result<(ScheduleView, bool), Refusal> {
    if let Some(there) = queries::schedule(tx, caller.member, new.id).await? {
        return if there.state.is_open() { Ok((there, false)) } else { Err((&SCHEDULE_OVER).into()) };
    }
    could_post(tx, caller, room, &new.text, new.reply_to).await?;
    files::commands::usable(tx, caller, room, &new.files).await?;
    rules::time(at, tx.now())?;
    if queries::count(tx, caller.member).await? >= LIMIT {
        return Err(Refusal::new(&SCHEDULE_TOO_MANY).fact("limit", LIMIT));
    }
    let content = tx.put_content(&new.text).await?;
    let set = ScheduleSet {
        message: new.id,
        room,
        content: content.into(),
        label: new.label,
        reply_to: new.reply_to,
        at,
        files: new.files.clone(),
    };
    append(tx, caller.actor(), caller.member, set).await?;
    Ok((mine(tx, caller, new.id).await?, true))
}

/// Changes a scheduled message. One that had failed waits again.
///
/// # Errors
/// 404, 409 `schedule.over`, 422 for what it is changed to.
pub async fn change_schedule(
    tx: &mut Tx,
    caller: &Caller,
    message: MessageId,
    change: &Change,
) -> Result<ScheduleView, Refusal> {
    let there = open(tx, caller, message).await?;
    let at = change.at.unwrap_or(there.at);
    // A failed one has its time behind it: it needs another. One that still waits may be a moment from its time.
    if change.at.is_some() || there.state == ScheduleState::Failed {
        rules::time(at, tx.now())?;
    }
    let before = there.text.ok_or(&refusal::NOT_FOUND)?;
    let text = change.text.as_deref().unwrap_or(&before);
    if text.is_empty() && there.files.is_empty() {
        return Err((&TEXT_EMPTY).into());
    }
    could_post(tx, caller, there.room, text, there.reply_to).await?;
    let content = tx.put_content(text).await?;
    tx.erase_content(there.content).await?;
    let changed =
        ScheduleChanged { message, content: content.into(), label: change.label.unwrap_or(there.label), at };
    append(tx, caller.actor(), caller.member, changed).await?;
    mine(tx, caller, message).await
}

/// Cancels; what nobody has read is erased.
///
/// # Errors
/// 404, 409 `schedule.over` when it was sent.
pub async fn cancel_schedule(tx: &mut Tx, caller: &Caller, message: MessageId) -> Result<(), Refusal> {
    let there = mine(tx, caller, message).await?;
    match there.state {
        ScheduleState::Cancelled => Ok(()),
        ScheduleState::Sent => Err((&SCHEDULE_OVER).into()),
        ScheduleState::Waiting | ScheduleState::Failed => {
            append(tx, caller.actor(), caller.member, ScheduleCancelled { message }).await?;
            tx.erase_content(there.content).await?;
            Ok(())
        }
    }
}

/// Posts one now, by its author's own hand. `false` when it was posted before.
///
/// # Errors
/// 404, 409 `schedule.over` when it was cancelled, and as for posting.
pub async fn send_now(
    tx: &mut Tx,
    caller: &Caller,
    message: MessageId,
) -> Result<(MessageView, bool), Refusal> {
    tx.last_seq(Stream::Member(caller.member)).await?;
    let there = mine(tx, caller, message).await?;
    if there.state == ScheduleState::Cancelled {
        return Err((&SCHEDULE_OVER).into());
    }
    post(tx, caller, &there).await
}

/// Posts one whose time has come, as its author. Nothing happens when it is not waiting any more, or no longer yet.
///
/// # Errors
/// Why its author could not post it now.
pub async fn send_due(tx: &mut Tx, member: MemberId, message: MessageId) -> Result<(), Refusal> {
    let Some(there) = waiting(tx, member, message).await? else { return Ok(()) };
    let caller = absent(tx, member).await?.ok_or(&SCHEDULE_AUTHOR_LEFT)?;
    post(tx, &caller, &there).await?;
    Ok(())
}

/// Notes why one was not posted at its time.
///
/// # Errors
/// What storage says.
pub async fn note_failed(
    tx: &mut Tx,
    member: MemberId,
    message: MessageId,
    failure: &Failure,
) -> Result<(), Refusal> {
    if waiting(tx, member, message).await?.is_some() {
        let failed = ScheduleFailed { message, failure: failure.clone() };
        append(tx, Actor::System, member, failed).await?;
    }
    Ok(())
}

/// One that waits and whose time has come. The member's stream is taken first: a change, a cancelling or another node's
/// sending that is under way is waited for, and then seen; so it is sent once, and never after it was cancelled.
async fn waiting(tx: &mut Tx, member: MemberId, message: MessageId) -> Result<Option<ScheduleView>, Refusal> {
    tx.last_seq(Stream::Member(member)).await?;
    let now = tx.now();
    let there = queries::schedule(tx, member, message).await?;
    Ok(there.filter(|there| there.state == ScheduleState::Waiting && there.at <= now))
}

/// The message and the fact that it was sent, in one transaction.
async fn post(tx: &mut Tx, caller: &Caller, there: &ScheduleView) -> Result<(MessageView, bool), Refusal> {
    let new = NewMessage {
        id: there.id,
        text: there.text.clone().unwrap_or_default(),
        label: there.label,
        reply_to: there.reply_to,
        files: there.files.iter().map(|file| file.id).collect(),
    };
    // A message of this id is this one: then there is nothing to post, only to note.
    let (message, made) = post_message(tx, caller, there.room, &new).await?;
    if there.state.is_open() {
        let sent = ScheduleSent { message: there.id, seq: message.seq };
        append(tx, Actor::System, caller.member, sent).await?;
        tx.erase_content(there.content).await?;
    }
    Ok((message, made))
}

async fn mine(tx: &mut Tx, caller: &Caller, message: MessageId) -> Result<ScheduleView, Refusal> {
    Ok(queries::schedule(tx, caller.member, message).await?.ok_or(&refusal::NOT_FOUND)?)
}

async fn open(tx: &mut Tx, caller: &Caller, message: MessageId) -> Result<ScheduleView, Refusal> {
    let there = mine(tx, caller, message).await?;
    if there.state.is_open() { Ok(there) } else { Err((&SCHEDULE_OVER).into()) }
}

async fn append(
    tx: &mut Tx,
    actor: Actor,
    member: MemberId,
    fact: impl Into<ScheduleFact>,
) -> Result<(), Refusal> {
    tx.append(Stream::Member(member), actor, None, &fact.into()).await?;
    Mine::Schedules.tell(tx, member, None);
    Ok(())
}
