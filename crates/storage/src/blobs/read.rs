//! Reading ranges: only the segments that are needed, a little ahead of the reader, never a whole file in memory.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use kairan_core::ids::FileId;
use object_store::{GetOptions, ObjectStoreExt as _};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use super::sealed::{self, PART, Place, SALT, SEGMENT};
use super::store::{damaged, failed, path};
use super::{BlobError, Blobs, FileKey, Layer, Result};

/// What is asked of the store at once: large enough for a bucket's latency, small enough for many slow readers.
const WINDOW: u64 = 8 * SEGMENT;
/// Windows under way for one reader: one is being sent, the next is fetched.
const AHEAD: usize = 2;

/// A window of one part: its plain bytes `range`, of a part of `len`. Windows of a part share its salt.
struct Window {
    place: Place,
    range: Range<u64>,
    len: u64,
    salt: Arc<OnceCell<[u8; SALT]>>,
}

impl Blobs {
    /// The plain bytes `range` of a blob that has `len` bytes, in order. Holds about a megabyte.
    ///
    /// The stream ends after its first error: [`BlobError::Misused`] for a range outside of the blob, and every error of
    /// reading.
    pub fn stream(
        &self,
        key: &FileKey,
        file: FileId,
        layer: Layer,
        len: u64,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        let (blobs, key) = (self.clone(), key.clone());
        let outside = range.start > range.end || range.end > len;
        let refused = outside.then(|| Err(BlobError::Misused("the range is not of the blob")));
        let range = if outside { 0..0 } else { range };
        let windows = stream::iter(windows(file, layer, len, range)).map(move |window| {
            let (blobs, key) = (blobs.clone(), key.clone());
            async move { blobs.window(&key, window).await }
        });
        stream::iter(refused).chain(windows.buffered(AHEAD)).scan(false, |failed, got| {
            let item = (!*failed).then_some(got);
            *failed = matches!(item, Some(Err(_)));
            std::future::ready(item)
        })
    }

    /// The same as a blocking `Read + Seek`, for what inspects files: only for threads that may block
    /// (`spawn_blocking`), with the runtime's handle.
    #[must_use]
    pub fn reader(&self, key: &FileKey, file: FileId, layer: Layer, len: u64, runtime: Handle) -> BlobReader {
        let salts = (u32::MAX, Arc::default());
        let (blobs, key) = (self.clone(), key.clone());
        BlobReader { blobs, key, file, layer, len, runtime, at: 0, held: (0, Bytes::new()), salts }
    }

    async fn window(&self, key: &FileKey, window: Window) -> Result<Bytes> {
        let Window { place, range, len, salt } = window;
        let whole = sealed::sealed_len(len);
        let stored = sealed::sealed_range(&range, len);
        let body = if range.start < SEGMENT {
            // The salt lies before the first segment: one question for both.
            let all = self.piece(place, 0..stored.end, whole).await?;
            let (first, body) = all.split_first_chunk::<SALT>().ok_or_else(|| damaged(place))?;
            // Another window of this part may have asked before; it is the same salt.
            let _ = salt.set(*first);
            body.to_vec()
        } else {
            self.piece(place, stored, whole).await?.into()
        };
        let salt = salt
            .get_or_try_init(async || {
                let bytes = self.piece(place, 0..SALT as u64, whole).await?;
                bytes.first_chunk::<SALT>().copied().ok_or_else(|| damaged(place))
            })
            .await?;
        let first = range.start / SEGMENT;
        let opened = sealed::open(key, salt, place, body, first, len).ok_or_else(|| damaged(place))?;
        let start = (range.start - first * SEGMENT) as usize;
        let wanted = start..start + (range.end - range.start) as usize;
        if opened.len() < wanted.end {
            return Err(damaged(place));
        }
        Ok(Bytes::from(opened).slice(wanted))
    }

    /// Bytes of a part's object, which must be `whole` bytes long.
    async fn piece(&self, place: Place, range: Range<u64>, whole: u64) -> Result<Bytes> {
        let path = path(place);
        let options = GetOptions::new().with_range(Some(range.clone()));
        match self.store.get_opts(&path, options).await {
            Ok(got) if got.meta.size != whole => Err(damaged(place)),
            Ok(got) => got.bytes().await.map_err(|error| failed(error, place)),
            Err(error) => {
                // A range past the end of an object that was cut is refused in a way of each store's own.
                let cut = self.store.head(&path).await.is_ok_and(|meta| meta.size != whole);
                Err(if cut { damaged(place) } else { failed(error, place) })
            }
        }
    }
}

/// The windows that make up a range, in order.
fn windows(file: FileId, layer: Layer, len: u64, range: Range<u64>) -> impl Iterator<Item = Window> + Send {
    let mut at = range.start;
    let mut salts: (u32, Arc<OnceCell<[u8; SALT]>>) = (u32::MAX, Arc::default());
    std::iter::from_fn(move || {
        if at >= range.end {
            return None;
        }
        let window = window_at(file, layer, len, at..range.end, &mut salts);
        at += window.range.end - window.range.start;
        Some(window)
    })
}

/// The window with which a range begins: to the end of its eight segments, of its part, or of the range.
fn window_at(
    file: FileId,
    layer: Layer,
    len: u64,
    range: Range<u64>,
    salts: &mut (u32, Arc<OnceCell<[u8; SALT]>>),
) -> Window {
    let part = u32::try_from(range.start / PART).unwrap_or(u32::MAX);
    if salts.0 != part {
        *salts = (part, Arc::default());
    }
    let offset = u64::from(part) * PART;
    let part_len = sealed::part_len(len, part);
    let start = range.start - offset;
    let end = ((start / WINDOW + 1) * WINDOW).min(part_len).min(range.end - offset);
    Window { place: Place { file, layer, part }, range: start..end, len: part_len, salt: salts.1.clone() }
}

/// A blob as a blocking reader. Holds one window of 512 KiB.
pub struct BlobReader {
    blobs: Blobs,
    key: FileKey,
    file: FileId,
    layer: Layer,
    len: u64,
    runtime: Handle,
    at: u64,
    /// Where the bytes in hand begin, and they.
    held: (u64, Bytes),
    salts: (u32, Arc<OnceCell<[u8; SALT]>>),
}

impl BlobReader {
    fn in_hand(&self) -> Option<&[u8]> {
        let (start, bytes) = &self.held;
        let skip = usize::try_from(self.at.checked_sub(*start)?).ok()?;
        bytes.get(skip..).filter(|rest| !rest.is_empty())
    }

    fn fetch(&mut self) -> Result<()> {
        // The whole window around the place: whoever reads here reads on, or a little before.
        let start = self.at / WINDOW * WINDOW;
        let window = window_at(self.file, self.layer, self.len, start..self.len, &mut self.salts);
        let bytes = self.runtime.block_on(self.blobs.window(&self.key, window))?;
        self.held = (start, bytes);
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.len {
            return Ok(0);
        }
        if self.in_hand().is_none() {
            self.fetch()?;
        }
        let rest = self.in_hand().unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at =
            at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "before the start of the file"))?;
        Ok(self.at)
    }
}
