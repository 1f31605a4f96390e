//! What people do with messages: load → policy → rules → append. Each is one write job on the room's stream.

use kairan_core::{Actor, FileId, MemberId, MessageId, Permission, Refusal, RoomId, Seq, refusal};
use kairan_people::Caller;
use kairan_storage::{Stream, Tx};

use super::events::{
    MessageAnswered, MessageDeleted, MessageEdited, MessageFact, MessagePinned, MessagePosted,
    MessageReopened, MessageUnpinned, ReactionAdded, ReactionRemoved, Was,
};
use super::queries::{self, Known, MessageView, Quoted};
use super::rules::{self, Addressed, Label};
use crate::files;
use crate::rooms::commands::standing;
use crate::rooms::rules::{ARCHIVED, Standing};

/// A message to be posted; its text has passed [`rules::message_text`].
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Made by the client.
    pub id: MessageId,
    /// NFC, within the limits.
    pub text: String,
    /// Label, if any.
    pub label: Option<Label>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// The files it brings, in order.
    pub files: Vec<FileId>,
}

/// Posts. `true` with the new message; `false` with the one there, when this id came before (R27).
///
/// # Errors
/// 404, 403 or 409 by the room's kind and state, 409 `message.id_taken`, 422 for reply or mentions, 429 `mention_all.too_often`.
pub async fn post_message(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    new: &NewMessage,
) -> Result<(MessageView, bool), Refusal> {
    let standing = standing(tx, caller, room).await?;
    if let Some(known) = queries::known(tx, new.id).await? {
        if known.room != room || known.author != caller.member {
            return Err((&rules::MESSAGE_ID_TAKEN).into());
        }
        let there = queries::message(tx, room, 0, new.id).await?.ok_or(&refusal::NOT_FOUND)?;
        return Ok((there, false));
    }
    standing.may_post()?;
    let reply_to = match new.reply_to {
        Some(reply) => Some(quoted(tx, room, standing, reply).await?),
        None => None,
    };
    let addressed = check_addressed(tx, caller, room, standing, &new.text, &Addressed::default()).await?;
    let (posted_files, files) =
        files::commands::bring(tx, caller, room, &new.files).await?.into_iter().unzip();
    let content = tx.put_content(&new.text).await?;
    let posted = MessagePosted {
        message: new.id,
        content: content.into(),
        label: new.label,
        reply_to: new.reply_to,
        mentions: addressed.members.clone(),
        all: addressed.all,
        files: posted_files,
    };
    let seq = append(tx, caller, room, posted).await?;
    let message = MessageView {
        id: new.id,
        room,
        seq,
        at: tx.now(),
        author: caller.member,
        text: Some(new.text.clone()),
        label: new.label,
        answered: None,
        reply_to,
        mentions: addressed.members,
        everyone: addressed.all,
        edited_at: None,
        edits: 0,
        deleted: None,
        pinned: None,
        reactions: Vec::new(),
        read_count: 0,
        files,
    };
    Ok((message, true))
}

/// Replaces the text. What it was stays for the record (R31).
///
/// # Errors
/// 404, 403 `message.not_author`, 409 when deleted or archived, 422 for mentions.
pub async fn edit_message(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    message: MessageId,
    text: &str,
) -> Result<MessageView, Refusal> {
    let (standing, known) = seen(tx, caller, room, message).await?;
    writable(standing, known)?;
    if known.author != caller.member {
        return Err((&rules::NOT_AUTHOR).into());
    }
    let before = queries::message(tx, room, 0, message).await?.ok_or(&refusal::NOT_FOUND)?;
    if text.is_empty() && before.files.is_empty() {
        return Err((&rules::TEXT_EMPTY).into());
    }
    if before.text.as_deref() != Some(text) {
        let was = Some(was(&before));
        let had = Addressed { members: before.mentions, all: before.everyone };
        let addressed = check_addressed(tx, caller, room, standing, text, &had).await?;
        let content = tx.put_content(text).await?;
        append(
            tx,
            caller,
            room,
            MessageEdited {
                message,
                content: content.into(),
                mentions: addressed.members,
                all: addressed.all,
                was,
            },
        )
        .await?;
    }
    Ok(queries::message(tx, room, 0, message).await?.ok_or(&refusal::NOT_FOUND)?)
}

/// Deletes: the text is no longer shown to anyone; the record keeps it (R31).
///
/// # Errors
/// 404, 403 `message.not_deletable`.
pub async fn delete_message(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    message: MessageId,
) -> Result<(), Refusal> {
    let (standing, known) = seen(tx, caller, room, message).await?;
    if known.author != caller.member && standing.manages(caller.role).is_err() {
        return Err((&rules::NOT_DELETABLE).into());
    }
    if !known.deleted {
        let before = queries::message(tx, room, 0, message).await?;
        append(tx, caller, room, MessageDeleted { message, was: before.as_ref().map(was) }).await?;
    }
    Ok(())
}

/// Adds a reaction; its form has been checked.
///
/// # Errors
/// 404, 409 when deleted or archived, 422 `reaction.too_many`.
pub async fn add_reaction(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    message: MessageId,
    reaction: &str,
) -> Result<(), Refusal> {
    let (standing, known) = seen(tx, caller, room, message).await?;
    writable(standing, known)?;
    let (different, there, mine) = queries::reaction_state(tx, message, reaction, caller.member).await?;
    if mine {
        return Ok(());
    }
    if !there && different >= rules::REACTION_LIMIT {
        return Err(Refusal::new(&rules::REACTION_TOO_MANY).fact("limit", rules::REACTION_LIMIT));
    }
    append(tx, caller, room, ReactionAdded { message, reaction: reaction.to_owned() }).await?;
    Ok(())
}

/// Takes the caller's reaction back.
///
/// # Errors
/// 404.
pub async fn remove_reaction(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    message: MessageId,
    reaction: &str,
) -> Result<(), Refusal> {
    seen(tx, caller, room, message).await?;
    let (_, _, mine) = queries::reaction_state(tx, message, reaction, caller.member).await?;
    if mine {
        append(tx, caller, room, ReactionRemoved { message, reaction: reaction.to_owned() }).await?;
    }
    Ok(())
}

/// Pins or unpins. In a broadcast room only managers do.
///
/// # Errors
/// 404, 403, 409 when deleted or archived.
pub async fn set_pinned(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    message: MessageId,
    pinned: bool,
) -> Result<(), Refusal> {
    let (standing, known) = seen(tx, caller, room, message).await?;
    writable(standing, known)?;
    standing.may_post()?;
    match (known.pinned, pinned) {
        (false, true) => append(tx, caller, room, MessagePinned { message }).await.map(drop),
        (true, false) => append(tx, caller, room, MessageUnpinned { message }).await.map(drop),
        _ => Ok(()),
    }
}

/// Settles a 相談 or 依頼, or opens it again.
///
/// # Errors
/// 404, 409 `message.not_answerable`, or when deleted or archived.
pub async fn set_answered(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    message: MessageId,
    answered: bool,
) -> Result<(), Refusal> {
    let (standing, known) = seen(tx, caller, room, message).await?;
    writable(standing, known)?;
    if !known.label.is_some_and(Label::is_open_question) {
        return Err((&rules::NOT_ANSWERABLE).into());
    }
    match (known.answered, answered) {
        (false, true) => append(tx, caller, room, MessageAnswered { message }).await.map(drop),
        (true, false) => append(tx, caller, room, MessageReopened { message }).await.map(drop),
        _ => Ok(()),
    }
}

fn was(before: &MessageView) -> Was {
    Was { seq: before.seq, author: before.author, mentions: before.mentions.clone(), all: before.everyone }
}

/// The caller's standing and a message they may see, or 404.
async fn seen(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    message: MessageId,
) -> Result<(Standing, Known), Refusal> {
    let standing = standing(tx, caller, room).await?;
    let known =
        queries::known(tx, message).await?.filter(|known| known.room == room && known.seq > standing.floor);
    Ok((standing, known.ok_or(&refusal::NOT_FOUND)?))
}

/// A message of any room that the caller sees, not deleted.
pub(crate) async fn living(tx: &mut Tx, caller: &Caller, message: MessageId) -> Result<Known, Refusal> {
    let known = queries::known(tx, message).await?.ok_or(&refusal::NOT_FOUND)?;
    let (_, known) = seen(tx, caller, known.room, message).await?;
    if known.deleted { Err((&rules::DELETED).into()) } else { Ok(known) }
}

fn writable(standing: Standing, known: Known) -> Result<(), Refusal> {
    if standing.archived {
        return Err((&ARCHIVED).into());
    }
    if known.deleted { Err((&rules::DELETED).into()) } else { Ok(()) }
}

async fn quoted(tx: &mut Tx, room: RoomId, standing: Standing, reply: MessageId) -> Result<Quoted, Refusal> {
    let found = queries::message(tx, room, standing.floor, reply).await?.ok_or(&rules::REPLY_NOT_FOUND)?;
    let (files, file_kind) = (found.files.len(), found.files.first().map(|file| file.shape.kind));
    let files = i64::try_from(files).unwrap_or(i64::MAX);
    Ok(Quoted { message: found.id, author: found.author, text: found.text, files, file_kind })
}

/// Whether the caller might post this here and now, but for how often: what is asked of a message that is to be posted
/// later, so that its author hears of a fault while they are still there.
///
/// # Errors
/// As [`post_message`], without 409 `message.id_taken` and 429.
pub(crate) async fn could_post(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<(), Refusal> {
    let standing = standing(tx, caller, room).await?;
    standing.may_post()?;
    if let Some(reply) = reply_to {
        quoted(tx, room, standing, reply).await?;
    }
    may_address(tx, caller, room, standing, text, &Addressed::default()).await?;
    Ok(())
}

/// Whether the caller may address whom the text addresses. Those it addressed before an edit (`had`) need no second check.
async fn check_addressed(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    standing: Standing,
    text: &str,
    had: &Addressed,
) -> Result<Addressed, Refusal> {
    let addressed = may_address(tx, caller, room, standing, text, had).await?;
    if addressed.all && !had.all {
        let since = tx.now().plus_ms(-rules::MENTION_ALL_WINDOW);
        if queries::everyone_count(tx, caller.member, since).await? >= rules::MENTION_ALL_LIMIT {
            return Err(Refusal::new(&rules::MENTION_ALL_TOO_OFTEN).fact("limit", rules::MENTION_ALL_LIMIT));
        }
    }
    Ok(addressed)
}

/// Whether those addressed are there, and everyone is the caller's to address.
async fn may_address(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    standing: Standing,
    text: &str,
    had: &Addressed,
) -> Result<Addressed, Refusal> {
    let addressed = rules::addressed(text);
    let new: Vec<MemberId> =
        addressed.members.iter().filter(|member| !had.members.contains(member)).copied().collect();
    for member in new {
        if crate::rooms::queries::standing(tx, room, member).await?.is_none() {
            return Err((&rules::MENTION_NOT_IN_ROOM).into());
        }
    }
    if addressed.all && !had.all && !standing.manager && caller.may(Permission::MentionAll).is_err() {
        return Err((&rules::MENTION_ALL_DENIED).into());
    }
    Ok(addressed)
}

async fn append(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    fact: impl Into<MessageFact>,
) -> Result<Seq, Refusal> {
    Ok(tx.append(Stream::Room(room), Actor::Member(caller.member), None, &fact.into()).await?)
}
