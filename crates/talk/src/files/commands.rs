//! What people do with uploads and files: load → policy → rules → append.
//!
//! Uploads under way are marks: an upload is opened on the organisation's stream, so that two of them never share the last
//! room under a quota (R48); everything after that is done on the room's stream, where finishing and cancelling meet.

use kairan_core::{Actor, FileId, MemberId, Refusal, RoomId, refusal};
use kairan_people::Caller;
use kairan_storage::{Stream, Tx, params};

use super::events::{
    FileAdded, FileErased, FileFact, FileInfected, FileOpened, FileRefused, FileReleased, FileShape,
    FileUseFact, PostedFile,
};
use super::queries::{self, FileView, PlacedFile, Upload};
use super::rules::{self, FileState, How};
use crate::messages::rules::FILE_NOT_USABLE;
use crate::rooms::commands::standing;

/// An upload to be opened; its name has been checked.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Made by the client.
    pub file: FileId,
    /// Where it is to go.
    pub room: RoomId,
    /// As others will see it.
    pub name: String,
    /// Its bytes.
    pub size: i64,
    /// What the browser says it is.
    pub media: Option<String>,
    /// Its key, wrapped.
    pub wrapped: Vec<u8>,
}

/// Where an upload stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The file.
    pub file: FileId,
    /// Its room.
    pub room: RoomId,
    /// Its bytes.
    pub size: i64,
    /// The parts that are here, ascending.
    pub received: Vec<i64>,
    /// Whether it is finished.
    pub done: bool,
}

/// Opens an upload; `false` when this id was opened before.
///
/// # Errors
/// 404, 403 or 409 by the room, 409 `file.id_taken`, 413 for what does not fit.
pub async fn open_upload(tx: &mut Tx, caller: &Caller, new: &NewUpload) -> Result<(Progress, bool), Refusal> {
    let standing = standing(tx, caller, new.room).await?;
    let same = |room: RoomId, name: &str| room == new.room && name == new.name;
    if let Some(open) = queries::upload(tx, new.file).await? {
        if open.member != caller.member || !same(open.room, &open.name) || open.size != new.size {
            return Err((&rules::FILE_ID_TAKEN).into());
        }
        let received = queries::received(tx, new.file).await?;
        let Upload { file, room, size, .. } = open;
        return Ok((Progress { file, room, size, received, done: false }, false));
    }
    if queries::taken(tx, new.file).await? {
        let there = queries::visible(tx, new.file, caller.member)
            .await?
            .filter(|there| there.by == caller.member && same(there.room, &there.view.name));
        return Ok((done(&there.ok_or(&rules::FILE_ID_TAKEN)?), false));
    }
    standing.may_post()?;
    let limits = queries::limits(tx).await?;
    let usage = queries::usage(tx, caller.member).await?;
    rules::fits(limits, usage, new.size)?;
    let secret = tx.put_secret("file.key", &new.wrapped).await?;
    tx.mark(
        "INSERT INTO marks_uploads (file, room, member, name, size, media, secret, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            new.file,
            new.room,
            caller.member,
            &new.name,
            new.size,
            new.media.clone(),
            secret,
            tx.now()
        ],
    )
    .await?;
    let NewUpload { file, room, size, .. } = *new;
    Ok((Progress { file, room, size, received: Vec::new(), done: false }, true))
}

/// How a finished upload stands.
#[must_use]
pub fn done(file: &PlacedFile) -> Progress {
    let size = file.view.shape.size;
    Progress {
        file: file.view.id,
        room: file.room,
        size,
        received: (0..rules::parts(size)).collect(),
        done: true,
    }
}

/// The caller's own upload, while they are in its room.
///
/// # Errors
/// 404.
pub async fn own_upload(
    reader: &mut kairan_storage::Reader,
    member: MemberId,
    file: FileId,
) -> Result<Upload, Refusal> {
    let open = queries::upload(reader, file).await?.filter(|open| open.member == member);
    let open = open.ok_or(&refusal::NOT_FOUND)?;
    let here = crate::rooms::queries::standing(reader, open.room, member).await?;
    here.ok_or(&refusal::NOT_FOUND)?;
    Ok(open)
}

/// Notes that a part is in the store.
///
/// # Errors
/// 404 when the upload is gone meanwhile.
pub async fn keep_part(tx: &mut Tx, caller: &Caller, file: FileId, part: i64) -> Result<(), Refusal> {
    own_upload(tx, caller.member, file).await?;
    tx.mark(
        "INSERT INTO marks_upload_parts (file, part) VALUES ($1, $2) ON CONFLICT (file, part) DO NOTHING",
        params![file, part],
    )
    .await?;
    Ok(())
}

/// Notes that the parts are about to be written over: until that is done none of them is what was uploaded.
///
/// # Errors
/// What storage says.
pub async fn forget_parts(tx: &mut Tx, file: FileId) -> Result<(), Refusal> {
    tx.mark("DELETE FROM marks_upload_parts WHERE file = $1", params![file]).await?;
    Ok(())
}

/// Cancels an upload, or erases a finished file that no message brought.
///
/// # Errors
/// 404; 409 `upload.done` when a message brought it.
pub async fn cancel_upload(tx: &mut Tx, caller: &Caller, file: FileId) -> Result<(), Refusal> {
    if let Some(open) = queries::upload(tx, file).await?.filter(|open| open.member == caller.member) {
        return forget_upload(tx, &open).await;
    }
    let there = queries::visible(tx, file, caller.member).await?;
    let there = there.filter(|there| there.by == caller.member).ok_or(&refusal::NOT_FOUND)?;
    if there.message.is_some() {
        return Err((&rules::UPLOAD_DONE).into());
    }
    erase_file(tx, caller.actor(), &there).await
}

/// Takes an upload back: its key goes with it, its bytes are noted to be erased.
///
/// # Errors
/// What storage says.
pub async fn forget_upload(tx: &mut Tx, open: &Upload) -> Result<(), Refusal> {
    tx.erase_secret(open.secret).await?;
    forget_parts(tx, open.file).await?;
    tx.mark("DELETE FROM marks_uploads WHERE file = $1", params![open.file]).await?;
    leave_remains(tx, open.file).await
}

async fn leave_remains(tx: &mut Tx, file: FileId) -> Result<(), Refusal> {
    let now = tx.now();
    tx.mark(
        "INSERT INTO marks_file_remains (file, at) VALUES ($1, $2) ON CONFLICT (file) DO NOTHING",
        params![file, now],
    )
    .await?;
    Ok(())
}

/// Notes that nothing of a file lies in the store any more.
///
/// # Errors
/// What storage says.
pub async fn forget_remains(tx: &mut Tx, file: FileId) -> Result<(), Refusal> {
    tx.mark("DELETE FROM marks_file_remains WHERE file = $1", params![file]).await?;
    Ok(())
}

/// Erases a file: name and key at once, its bytes as soon as the store does it.
///
/// # Errors
/// What storage says.
pub async fn erase_file(tx: &mut Tx, actor: Actor, there: &PlacedFile) -> Result<(), Refusal> {
    let file = there.view.id;
    for name in queries::names(tx, file).await? {
        tx.erase_content(name).await?;
    }
    tx.erase_secret(there.secret).await?;
    append(tx, there.room, actor, FileErased { file }).await?;
    leave_remains(tx, file).await
}

/// What a finished file turned out to be.
#[derive(Debug, Clone)]
pub struct Finished {
    /// What it is.
    pub shape: FileShape,
    /// The encoding of a text.
    pub charset: Option<String>,
    /// Hexadecimal SHA-256 of its bytes.
    pub sha256: String,
    /// False: it waits for the scanner.
    pub scanned: bool,
}

/// Makes a file of an upload. `false` with the one there, when it was finished before.
///
/// # Errors
/// 404 when the upload is gone, or the caller from its room.
pub async fn add_file(
    tx: &mut Tx,
    caller: &Caller,
    file: FileId,
    finished: &Finished,
) -> Result<(PlacedFile, bool), Refusal> {
    if let Some(there) = queries::visible(tx, file, caller.member).await? {
        return Ok((there, false));
    }
    let open = own_upload(tx, caller.member, file).await?;
    let name = tx.put_content(&open.name).await?;
    let added = FileAdded {
        file,
        name: name.into(),
        shape: finished.shape.clone(),
        charset: finished.charset.clone(),
        sha256: finished.sha256.clone(),
        key: open.secret,
        scanned: finished.scanned,
    };
    append(tx, open.room, caller.actor(), added).await?;
    forget_parts(tx, file).await?;
    tx.mark("DELETE FROM marks_uploads WHERE file = $1", params![file]).await?;
    let there = queries::visible(tx, file, caller.member).await?;
    Ok((there.ok_or(&refusal::NOT_FOUND)?, true))
}

/// Takes an upload back in which the scanner found something, and says so in the member's own stream (R50).
///
/// # Errors
/// What storage says.
pub async fn refuse_infected(
    tx: &mut Tx,
    caller: &Caller,
    open: &Upload,
    signature: &str,
) -> Result<(), Refusal> {
    if queries::upload(tx, open.file).await?.is_none() {
        return Ok(());
    }
    let fact: FileUseFact =
        FileRefused { file: open.file, room: open.room, signature: signature.to_owned() }.into();
    tx.append(Stream::Member(caller.member), caller.actor(), None, &fact).await?;
    forget_upload(tx, open).await
}

/// Lets a file go that waited for the scanner.
///
/// # Errors
/// What storage says.
pub async fn release(tx: &mut Tx, file: FileId, preview: bool) -> Result<(), Refusal> {
    match waiting(tx, file).await? {
        Some(there) => append(tx, there.room, Actor::System, FileReleased { file, preview }).await,
        None => Ok(()),
    }
}

/// Shuts a file for good in which the scanner found something.
///
/// # Errors
/// What storage says.
pub async fn shut_infected(tx: &mut Tx, file: FileId, signature: &str) -> Result<(), Refusal> {
    let signature = signature.to_owned();
    match waiting(tx, file).await? {
        Some(there) => append(tx, there.room, Actor::System, FileInfected { file, signature }).await,
        None => Ok(()),
    }
}

async fn waiting(tx: &mut Tx, file: FileId) -> Result<Option<PlacedFile>, Refusal> {
    Ok(queries::any(tx, file).await?.filter(|there| there.view.state == FileState::Waiting))
}

/// Notes in the caller's own stream that they open a file (R50): its bytes, or, where `false` comes back, pictures of it.
///
/// # Errors
/// 404, 423 `file.waiting`, `file.quarantined`, 403 `policy.download` (R16).
pub async fn open_file(
    tx: &mut Tx,
    caller: &Caller,
    file: FileId,
    how: How,
) -> Result<(PlacedFile, bool), Refusal> {
    let (there, terms) = queries::on_terms(tx, file, caller).await?.ok_or(&refusal::NOT_FOUND)?;
    there.view.state.may_open()?;
    let bytes = terms.gives_bytes(how)?;
    let fact: FileUseFact = FileOpened { file, room: there.room, how }.into();
    tx.append(Stream::Member(caller.member), caller.actor(), caller.device, &fact).await?;
    Ok((there, bytes))
}

/// What a message brings: the caller's own finished files of this room that no message brought yet.
///
/// # Errors
/// 422 `message.file_not_usable`.
pub async fn bring(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    files: &[FileId],
) -> Result<Vec<(PostedFile, FileView)>, Refusal> {
    let mut brought = Vec::with_capacity(files.len());
    for view in usable(tx, caller, room, files).await? {
        let name = tx.put_content(&view.name).await?;
        let posted =
            PostedFile { file: view.id, name: name.into(), shape: view.shape.clone(), state: view.state };
        brought.push((posted, view));
    }
    Ok(brought)
}

/// These files, when a message of the caller's could bring them to this room now.
///
/// # Errors
/// 422 `message.file_not_usable`.
pub(crate) async fn usable(
    tx: &mut Tx,
    caller: &Caller,
    room: RoomId,
    files: &[FileId],
) -> Result<Vec<FileView>, Refusal> {
    let free = |there: &PlacedFile| {
        there.room == room
            && there.by == caller.member
            && there.message.is_none()
            && there.view.state != FileState::Infected
    };
    let mut views: Vec<FileView> = Vec::with_capacity(files.len());
    for file in files {
        let there = queries::visible(tx, *file, caller.member).await?.filter(free);
        let there = there.filter(|_| !views.iter().any(|one| one.id == *file));
        views.push(there.ok_or(&FILE_NOT_USABLE)?.view);
    }
    Ok(views)
}

async fn append(tx: &mut Tx, room: RoomId, actor: Actor, fact: impl Into<FileFact>) -> Result<(), Refusal> {
    tx.append(Stream::Room(room), actor, None, &fact.into()).await?;
    Ok(())
}
