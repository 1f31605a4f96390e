//! What every file passes before anybody receives it: looked into, cleaned, hashed, scanned, made small.
//!
//! It stays true that a refusal leaves nothing of the file (R48), that unscanned bytes are neither served nor drawn (R49),
//! and that a server killed anywhere in between leaves an upload that can be finished or sent again: nothing is a file
//! before its last step, one event. All of it happens outside the write lane; memory is a few parts, and a picture.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _};
use kairan_core::{FileId, Refusal};
use kairan_people::Caller;
use kairan_storage::blobs::{Blobs, FileKey, Layer, PART};
use kairan_storage::{Reader, Stream, Tx};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

use super::commands::{self, Finished};
use super::events::FileShape;
use super::inspect::{self, Cleaned, Found};
use super::preview::SOURCE_LIMIT;
use super::queries::{self, PlacedFile, Upload};
use super::scan::Verdict;
use super::{Files, jobs, rules};
use crate::Talk;
use crate::rooms::http::job;

/// Finishes an upload; `false` with the file there, when that was done before.
///
/// # Errors
/// 404; 409 `upload.incomplete`; 415 and 422 for what the file is, after which nothing of it is left.
pub async fn finish(talk: &Talk, caller: &Caller, file: FileId) -> Result<(PlacedFile, bool), Refusal> {
    let lock = talk.files.lock(file);
    let _alone = lock.write().await;
    let member = caller.member;
    let read = async move |reader: &mut Reader| {
        if let Some(there) = queries::visible(reader, file, member).await?.filter(|there| there.by == member)
        {
            return Ok(Err(there));
        }
        let open = commands::own_upload(reader, member, file).await?;
        Ok::<_, Refusal>(Ok((open, queries::received(reader, file).await?)))
    };
    let (open, received) = match talk.store.read(read).await? {
        Ok(under_way) => under_way,
        Err(there) => return Ok((there, false)),
    };
    let missing = rules::missing(open.size, &received);
    if !missing.is_empty() {
        return Err(Refusal::new(&rules::UPLOAD_INCOMPLETE).fact("missing", missing));
    }
    let _turn = talk.files.looking.acquire().await.map_err(Refusal::fault)?;
    match pass(talk, caller, &open).await {
        Ok(finished) => {
            job(talk, caller, open.room, async move |tx, caller| {
                commands::add_file(tx, caller, file, &finished).await
            })
            .await
        }
        // The file's own fault: it will not become better. Ours may: the upload stays, to be finished again.
        Err(refusal) if refusal.status() < 500 => {
            if refusal.code != &rules::FILE_INFECTED {
                let open = open.clone();
                job(talk, caller, open.room, async move |tx, _| commands::forget_upload(tx, &open).await)
                    .await?;
            }
            jobs::clear(talk, file).await;
            Err(refusal)
        }
        Err(refusal) => Err(refusal),
    }
}

/// Everything a file passes; its bytes are as they will be served when it returns.
async fn pass(talk: &Talk, caller: &Caller, open: &Upload) -> Result<Finished, Refusal> {
    let (files, file) = (&talk.files, open.file);
    let key = files.key(&talk.store, file, open.secret).await?;
    let (found, cleaned) = look(files, &key, open).await?;
    let before = length(open.size);
    let size = cleaned.size(before);
    match cleaned {
        Cleaned::Same => {}
        Cleaned::Patches(patches) => patch(&files.blobs, &key, file, &patches).await?,
        Cleaned::Pieces(_) => {
            stage(&files.blobs, &key, file, before, cleaned).await?;
            // From here until the event the parts are neither what was sent nor what will be served.
            let forget = async move |tx: &mut Tx| commands::forget_parts(tx, file).await;
            talk.store.write(Stream::Room(open.room), forget).await?;
            let staged = files.blobs.stream(&key, file, Layer::Large, size, 0..size);
            files.blobs.put_stream(&key, file, Layer::Content, staged).await?;
            files.blobs.erase_layer(file, Layer::Large).await?;
        }
    }
    let sha256 = sha256(files, &key, file, size).await?;
    let scanned = match scan(files, &key, file, size).await {
        Verdict::Clean => true,
        Verdict::Unavailable(why) => {
            tracing::warn!(%file, why, "the virus scanner could not be asked; the file waits");
            false
        }
        Verdict::Infected(signature) => {
            tracing::warn!(%file, signature, "the virus scanner found something; the file was refused");
            let open = open.clone();
            job(talk, caller, open.room, async move |tx, caller| {
                commands::refuse_infected(tx, caller, &open, &signature).await
            })
            .await?;
            return Err((&rules::FILE_INFECTED).into());
        }
    };
    let preview = scanned && found.renderable && draw(files, &key, file, size).await?;
    Ok(Finished {
        shape: FileShape {
            size: i64::try_from(size).map_err(Refusal::fault)?,
            media: found.media.to_owned(),
            kind: found.kind,
            extension: inspect::extension(&open.name),
            width: found.width.map(i64::from),
            height: found.height.map(i64::from),
            preview,
        },
        charset: found.charset.map(str::to_owned),
        sha256,
        scanned,
    })
}

fn length(size: i64) -> u64 {
    u64::try_from(size).unwrap_or(0)
}

/// What it is, and what others get instead of it.
async fn look(files: &Files, key: &FileKey, open: &Upload) -> Result<(Found, Cleaned), Refusal> {
    let size = length(open.size);
    let mut reader = files.blobs.reader(key, open.file, Layer::Content, size, Handle::current());
    let (name, media) = (open.name.clone(), open.media.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let found = inspect::inspect(&mut reader, size, &name, media.as_deref())?;
        let cleaned = inspect::clean(&mut reader, size, found.format)?;
        Ok((found, cleaned))
    });
    looked.await.map_err(Refusal::fault)?
}

/// Writes the cleaned file beside the one that was sent, where the large picture will lie later.
async fn stage(
    blobs: &Blobs,
    key: &FileKey,
    file: FileId,
    size: u64,
    cleaned: Cleaned,
) -> Result<(), Refusal> {
    let runtime = Handle::current();
    let mut source = blobs.reader(key, file, Layer::Content, size, runtime.clone());
    let (blobs, key) = (blobs.clone(), key.clone());
    let written = tokio::task::spawn_blocking(move || -> io::Result<()> {
        runtime.block_on(blobs.erase_layer(file, Layer::Large))?;
        let mut reader = cleaned.reader(&mut source, size);
        for part in 0.. {
            let mut bytes = Vec::new();
            reader.by_ref().take(PART).read_to_end(&mut bytes)?;
            if bytes.is_empty() {
                break;
            }
            runtime.block_on(blobs.put_part(&key, file, Layer::Large, part, bytes.into()))?;
        }
        Ok(())
    });
    written.await.map_err(Refusal::fault)?.map_err(Refusal::fault)
}

/// Overwrites bytes where they lie, part by part. Doing it again changes nothing, so being killed halfway harms nothing.
async fn patch(
    blobs: &Blobs,
    key: &FileKey,
    file: FileId,
    patches: &[(u64, Vec<u8>)],
) -> Result<(), Refusal> {
    let mut held: Option<(u32, BytesMut)> = None;
    for (start, bytes) in patches {
        let (mut at, mut rest) = (*start, bytes.as_slice());
        while !rest.is_empty() {
            let number = u32::try_from(at / PART).map_err(Refusal::fault)?;
            if held.as_ref().is_none_or(|(part, _)| *part != number) {
                if let Some((part, bytes)) = held.take() {
                    blobs.put_part(key, file, Layer::Content, part, bytes.freeze()).await?;
                }
                let part = blobs.part(key, file, Layer::Content, number).await?;
                held = Some((number, BytesMut::from(&part[..])));
            }
            let Some((_, part)) = held.as_mut() else { break };
            let offset = usize::try_from(at % PART).map_err(Refusal::fault)?;
            let count = rest.len().min(part.len().saturating_sub(offset));
            if count == 0 {
                return Err(Refusal::fault("a patch lies beyond the end of the file"));
            }
            part[offset..offset + count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            at += count as u64;
        }
    }
    if let Some((part, bytes)) = held {
        blobs.put_part(key, file, Layer::Content, part, bytes.freeze()).await?;
    }
    Ok(())
}

async fn sha256(files: &Files, key: &FileKey, file: FileId, size: u64) -> Result<String, Refusal> {
    let mut hasher = Sha256::new();
    let mut bytes = std::pin::pin!(files.blobs.stream(key, file, Layer::Content, size, 0..size));
    while let Some(bytes) = bytes.next().await {
        hasher.update(&bytes?);
    }
    Ok(hex::encode(hasher.finalize()))
}

/// What the scanner says. Without one there is nothing to wait for.
pub(super) async fn scan(files: &Files, key: &FileKey, file: FileId, size: u64) -> Verdict {
    let Some(scanner) = &files.scanner else { return Verdict::Clean };
    let bytes = files.blobs.stream(key, file, Layer::Content, size, 0..size);
    scanner.scan(bytes.map_err(io::Error::from).boxed()).await
}

/// Makes thumbnails and puts them beside the file; `false` when there are none.
pub(super) async fn draw(files: &Files, key: &FileKey, file: FileId, size: u64) -> Result<bool, Refusal> {
    if size > SOURCE_LIMIT {
        return Ok(false);
    }
    let mut picture = BytesMut::with_capacity(usize::try_from(size).map_err(Refusal::fault)?);
    let mut bytes = std::pin::pin!(files.blobs.stream(key, file, Layer::Content, size, 0..size));
    while let Some(bytes) = bytes.next().await {
        picture.extend_from_slice(&bytes?);
    }
    let Some(rendered) = files.renderer.render(picture.freeze()).await else { return Ok(false) };
    for (layer, picture) in [(Layer::Small, rendered.small), (Layer::Large, rendered.large)] {
        files.blobs.put(key, file, layer, Bytes::from(picture)).await?;
    }
    Ok(true)
}
