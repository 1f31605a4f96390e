//! What happens to files by itself: what nobody finished or sent is erased, what waits is scanned, what is left over goes.
//!
//! It stays true that every job may be run again, and by several nodes: what it does is asked again inside the lane.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use futures_util::TryStreamExt as _;
use kairan_core::time::DAY;
use kairan_core::{Actor, FileId, Refusal, RoomId};
use kairan_storage::{Reader, Stream, Tx};

use super::finish::{draw, scan};
use super::inspect::FileKind;
use super::rules::KEPT_UNPOSTED;
use super::scan::Verdict;
use super::{commands, queries};
use crate::Talk;

/// Files scanned in one round.
const SCANNED: i64 = 100;
/// How long bytes may lie in the store that belong to nothing: longer than any request lasts, ms.
const STRAY: i64 = DAY;

/// One round of everything but the search for strays. The server runs it every minute.
pub async fn round(talk: &Talk) {
    for (what, done) in [
        ("abandoned files could not be erased", erase_abandoned(talk).await),
        ("what is left of erased files could not be erased", clear_remains(talk).await),
        ("waiting files could not be scanned", scan_waiting(talk).await),
    ] {
        if let Err(refusal) = done {
            let cause = refusal.cause.as_ref().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(code = refusal.code.name, cause, what);
        }
    }
}

/// Erases uploads nobody finished and finished files nobody sent for seven days.
///
/// # Errors
/// What storage says.
pub async fn erase_abandoned(talk: &Talk) -> Result<(), Refusal> {
    let before = talk.store.surroundings().now().plus_ms(-KEPT_UNPOSTED);
    let read = async move |reader: &mut Reader| {
        let uploads = queries::abandoned_uploads(reader, before).await?;
        Ok::<_, Refusal>((uploads, queries::unposted(reader, before).await?))
    };
    let (uploads, unposted) = talk.store.read(read).await?;
    for (file, room) in uploads {
        erase_in(talk, file, room, async move |tx: &mut Tx| {
            match queries::upload(tx, file).await?.filter(|open| open.at < before) {
                Some(open) => commands::forget_upload(tx, &open).await,
                None => Ok(()),
            }
        })
        .await?;
    }
    for (file, room) in unposted {
        erase_in(talk, file, room, async move |tx: &mut Tx| {
            match queries::any(tx, file).await?.filter(|there| there.message.is_none()) {
                Some(there) => commands::erase_file(tx, Actor::System, &there).await,
                None => Ok(()),
            }
        })
        .await?;
    }
    Ok(())
}

async fn erase_in<F>(talk: &Talk, file: FileId, room: RoomId, erase: F) -> Result<(), Refusal>
where
    F: AsyncFn(&mut Tx) -> Result<(), Refusal> + Send + Sync + 'static,
{
    let lock = talk.files.lock(file);
    let _alone = lock.write().await;
    talk.store.write(Stream::Room(room), erase).await?;
    clear_if_gone(talk, file).await;
    Ok(())
}

/// Erases the bytes of a file that is gone from the database, and its note. What fails is done by the next round.
pub(super) async fn clear(talk: &Talk, file: FileId) {
    let cleared = async {
        talk.files.blobs.erase(file).await?;
        let forget = async move |tx: &mut Tx| commands::forget_remains(tx, file).await;
        talk.store.write::<(), Refusal, _>(Stream::Organisation, forget).await
    };
    if let Err(refusal) = cleared.await {
        tracing::warn!(code = refusal.code.name, %file, "the bytes of an erased file are still there");
    }
}

/// The same, unless it is there after all.
pub(super) async fn clear_if_gone(talk: &Talk, file: FileId) {
    let read = async move |reader: &mut Reader| is_there(reader, file).await;
    if matches!(talk.store.read::<_, kairan_storage::Error, _>(read).await, Ok(false)) {
        clear(talk, file).await;
    }
}

async fn is_there(reader: &mut Reader, file: FileId) -> kairan_storage::Result<bool> {
    Ok(queries::upload(reader, file).await?.is_some() || queries::any(reader, file).await?.is_some())
}

/// Erases what a round before could not.
///
/// # Errors
/// What storage says.
pub async fn clear_remains(talk: &Talk) -> Result<(), Refusal> {
    let remains = talk.store.read::<_, kairan_storage::Error, _>(queries::remains).await?;
    for file in remains {
        clear(talk, file).await;
    }
    Ok(())
}

/// Scans what waits: lets go what is clean, shuts what is not (R49). With scanning switched off nothing waits any more.
///
/// # Errors
/// What storage says.
pub async fn scan_waiting(talk: &Talk) -> Result<(), Refusal> {
    let read = async |reader: &mut Reader| {
        Ok::<_, kairan_storage::Error>((
            queries::waiting(reader, SCANNED).await?,
            queries::waiting_count(reader).await?,
        ))
    };
    let (waiting, count) = talk.store.read(read).await?;
    talk.files.counts.waiting.store(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    for file in waiting {
        if !scan_one(talk, file).await? {
            break; // the scanner is away; the others would only hear the same
        }
        talk.files.counts.waiting.fetch_sub(1, Ordering::Relaxed);
    }
    Ok(())
}

/// `false` when the scanner could not be asked.
async fn scan_one(talk: &Talk, file: FileId) -> Result<bool, Refusal> {
    let lock = talk.files.lock(file);
    let _alone = lock.write().await;
    let read = async move |reader: &mut Reader| queries::any(reader, file).await;
    let Some(there) = talk.store.read::<_, kairan_storage::Error, _>(read).await? else { return Ok(true) };
    let _turn = talk.files.looking.acquire().await.map_err(Refusal::fault)?;
    let key = talk.files.key(&talk.store, file, there.secret).await?;
    let size = u64::try_from(there.view.shape.size).map_err(Refusal::fault)?;
    match scan(&talk.files, &key, file, size).await {
        Verdict::Unavailable(why) => {
            tracing::warn!(%file, why, "the virus scanner could not be asked; files wait");
            return Ok(false);
        }
        Verdict::Infected(signature) => {
            tracing::warn!(%file, signature, "the virus scanner found something; the file is shut");
            let shut = async move |tx: &mut Tx| commands::shut_infected(tx, file, &signature).await;
            talk.store.write(Stream::Room(there.room), shut).await?;
        }
        Verdict::Clean => {
            let is_picture = there.view.shape.kind == FileKind::Image;
            let preview = is_picture && draw(&talk.files, &key, file, size).await?;
            let release = async move |tx: &mut Tx| commands::release(tx, file, preview).await;
            talk.store.write(Stream::Room(there.room), release).await?;
        }
    }
    Ok(true)
}

/// Erases bytes that belong to no file and no upload: what a crash between the store and the database left. It lists the
/// whole store; the server runs it once a day. How many files it erased.
///
/// # Errors
/// What the store or the database says.
pub async fn erase_strays(talk: &Talk) -> Result<usize, Refusal> {
    let before = talk.store.surroundings().now().plus_ms(-STRAY);
    let mut found = BTreeSet::new();
    let mut pieces = std::pin::pin!(talk.files.blobs.pieces());
    while let Some(piece) = pieces.try_next().await? {
        if piece.at < before {
            found.insert(piece.file);
        }
    }
    let mut erased = 0;
    for file in found {
        let lock = talk.files.lock(file);
        let _alone = lock.write().await;
        let read = async move |reader: &mut Reader| is_there(reader, file).await;
        if !talk.store.read::<_, kairan_storage::Error, _>(read).await? {
            talk.files.blobs.erase(file).await?;
            erased += 1;
        }
    }
    Ok(erased)
}
