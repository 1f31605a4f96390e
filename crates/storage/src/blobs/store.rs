//! The store: puts and gets parts, erases files, lists what is there.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use kairan_core::ids::FileId;
use kairan_core::{Instant, Surroundings};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use zeroize::Zeroizing;

use super::sealed::{self, PART, Place, SALT};
use super::{BlobError, FileKey, Layer, Result};

/// Where files' bytes lie. Clones share one store.
#[derive(Clone)]
pub struct Blobs {
    pub(super) store: Arc<dyn ObjectStore>,
    surroundings: Surroundings,
    reserve: Option<Arc<Reserve>>,
}

/// Bytes of a disk that are not for files.
struct Reserve {
    folder: PathBuf,
    bytes: u64,
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs({})", self.store)
    }
}

/// One object of the store, as [`Blobs::pieces`] tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The file it is of.
    pub file: FileId,
    /// Which of its layers.
    pub layer: Layer,
    /// Which part of it.
    pub part: u32,
    /// Its plain bytes, by its length; `None` when no part has that length.
    pub len: Option<u64>,
    /// When it was put, by the store's clock.
    pub at: Instant,
}

impl Piece {
    /// Its name in the store: `{file}/{layer}/{part}`.
    #[must_use]
    pub fn name(&self) -> String {
        path(Place { file: self.file, layer: self.layer, part: self.part }).to_string()
    }

    /// Whether a name is one of a piece; such a name leads nowhere but into the store.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        Path::parse(name).is_ok_and(|path| path.as_ref() == name && placed(&path).is_some())
    }
}

impl Blobs {
    /// A folder, made when it is not there, readable by this user only. What was put is on the disk when it is answered.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`] when the folder cannot be made.
    pub fn local(folder: &FilePath, surroundings: &Surroundings) -> Result<Self> {
        let mut maker = std::fs::DirBuilder::new();
        maker.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        maker.create(folder).map_err(BlobError::unavailable)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(BlobError::unavailable)?;
        Ok(Self::of(Arc::new(store.with_fsync(true).with_automatic_cleanup(true)), surroundings))
    }

    /// The same store, that leaves so many bytes free on the disk of this folder: the journal has to go on when files have
    /// filled everything else (R74).
    #[must_use]
    pub fn leaving(self, folder: &FilePath, bytes: u64) -> Self {
        Self { reserve: Some(Arc::new(Reserve { folder: folder.to_owned(), bytes })), ..self }
    }

    /// Whether there is room for one more part. Asked before each part is put; worth asking before an upload begins.
    ///
    /// # Errors
    /// [`BlobError::Full`] when there is not.
    pub fn has_room(&self) -> Result<()> {
        let Some(reserve) = &self.reserve else { return Ok(()) };
        let disk = rustix::fs::statvfs(&reserve.folder).map_err(BlobError::unavailable)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < reserve.bytes.saturating_add(PART) { Err(BlobError::Full) } else { Ok(()) }
    }

    /// Memory, for tests.
    #[must_use]
    pub fn memory(surroundings: &Surroundings) -> Self {
        Self::of(Arc::new(InMemory::new()), surroundings)
    }

    pub(super) fn of(store: Arc<dyn ObjectStore>, surroundings: &Surroundings) -> Self {
        Self { store, surroundings: surroundings.clone(), reserve: None }
    }

    /// Puts a part, in place of one that was there. Durable when it returns.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`]; [`BlobError::Misused`] for more than [`PART`] bytes.
    pub async fn put_part(
        &self,
        key: &FileKey,
        file: FileId,
        layer: Layer,
        part: u32,
        bytes: Bytes,
    ) -> Result<()> {
        if bytes.len() as u64 > PART {
            return Err(BlobError::Misused("a part holds 4 MiB"));
        }
        self.has_room()?;
        let place = Place { file, layer, part };
        let (key, salt) = (key.clone(), self.surroundings.bytes::<SALT>());
        // Milliseconds of arithmetic for a whole part: not on a thread that serves sockets.
        let sealed = tokio::task::spawn_blocking(move || sealed::seal(&key, salt, place, &bytes))
            .await
            .map_err(BlobError::unavailable)?;
        self.store.put(&path(place), sealed.into()).await.map_err(BlobError::unavailable)?;
        Ok(())
    }

    /// Puts a whole layer, in place of one that was there, from bytes as they come; how many there were. When the source
    /// fails, what was put until then stays: [`erase_layer`](Self::erase_layer) takes it away.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`], also when the source fails.
    pub async fn put_stream<S, E>(&self, key: &FileKey, file: FileId, layer: Layer, source: S) -> Result<u64>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut source = std::pin::pin!(source);
        let (mut waiting, mut part, mut len) = (BytesMut::new(), 0, 0);
        while let Some(bytes) = source.next().await {
            let mut bytes = bytes.map_err(BlobError::unavailable)?;
            len += bytes.len() as u64;
            while !bytes.is_empty() {
                let room = PART as usize - waiting.len();
                waiting.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
                if waiting.len() as u64 == PART {
                    self.put_part(key, file, layer, part, waiting.split().freeze()).await?;
                    part += 1;
                }
            }
        }
        if !waiting.is_empty() {
            self.put_part(key, file, layer, part, waiting.freeze()).await?;
            part += 1;
        }
        self.erase_from(file, layer, part).await?;
        Ok(len)
    }

    /// Puts a whole layer that is in memory.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn put(&self, key: &FileKey, file: FileId, layer: Layer, bytes: Bytes) -> Result<()> {
        let once = futures_util::stream::once(async { Ok::<_, BlobError>(bytes) });
        self.put_stream(key, file, layer, once).await.map(|_| ())
    }

    /// A whole part.
    ///
    /// # Errors
    /// Every [`BlobError`] of reading.
    pub async fn part(&self, key: &FileKey, file: FileId, layer: Layer, part: u32) -> Result<Bytes> {
        let place = Place { file, layer, part };
        let got = self.store.get(&path(place)).await.map_err(|error| failed(error, place))?;
        // Asked before it is read: what lies there may be anything.
        let len = sealed::plain_len(got.meta.size).ok_or_else(|| damaged(place))?;
        let sealed = got.bytes().await.map_err(|error| failed(error, place))?;
        let (salt, body) = sealed.split_first_chunk::<SALT>().ok_or_else(|| damaged(place))?;
        sealed::open(key, salt, place, body.to_vec(), 0, len).map(Bytes::from).ok_or_else(|| damaged(place))
    }

    /// Erases every layer of a file; one that is not there is as good.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`]; what was not erased then is erased by asking again.
    pub async fn erase(&self, file: FileId) -> Result<()> {
        self.erase_where(&Path::from(file.to_string()), |_| true).await
    }

    /// Erases one layer of a file; one that is not there is as good.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn erase_layer(&self, file: FileId, layer: Layer) -> Result<()> {
        self.erase_from(file, layer, 0).await
    }

    async fn erase_from(&self, file: FileId, layer: Layer, first: u32) -> Result<()> {
        let folder = Path::from_iter([file.to_string().as_str(), layer.name()]);
        self.erase_where(&folder, |path| placed(path).is_none_or(|place| place.part >= first)).await
    }

    async fn erase_where(&self, folder: &Path, which: impl Fn(&Path) -> bool + Send) -> Result<()> {
        let all = self.store.list(Some(folder)).map_ok(|object| object.location);
        // Collected first: whoever lists while it erases may skip. A thousand parts are 4 GiB.
        let paths: Vec<Path> = all
            .try_filter(|path| std::future::ready(which(path)))
            .try_collect()
            .await
            .map_err(BlobError::unavailable)?;
        let paths = futures_util::stream::iter(paths.into_iter().map(Ok)).boxed();
        let mut erased = self.store.delete_stream(paths);
        while let Some(one) = erased.next().await {
            match one {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(BlobError::unavailable(error)),
            }
        }
        Ok(())
    }

    /// Everything that is in the store, in no order, for whoever checks it against the files there should be. What is not
    /// a part of a file is left out.
    pub fn pieces(&self) -> impl Stream<Item = Result<Piece>> + Send + 'static {
        self.store.list(None).map_err(BlobError::unavailable).try_filter_map(|object| {
            std::future::ready(Ok(placed(&object.location).map(|place| Piece {
                file: place.file,
                layer: place.layer,
                part: place.part,
                len: sealed::plain_len(object.size),
                at: Instant(object.last_modified.timestamp_millis()),
            })))
        })
    }

    /// Whether the store can be written, read and erased: does all three with a file that belongs to nobody.
    ///
    /// # Errors
    /// What of it failed.
    pub async fn probe(&self) -> Result<()> {
        let (file, key) = (self.surroundings.id(), FileKey::generate(&self.surroundings));
        let said = Zeroizing::new(self.surroundings.bytes::<32>());
        let bytes = Bytes::copy_from_slice(&said[..]);
        self.put_part(&key, file, Layer::Content, 0, bytes).await?;
        let read = self.part(&key, file, Layer::Content, 0).await;
        self.erase(file).await?;
        if read?[..] == said[..] {
            Ok(())
        } else {
            Err(damaged(Place { file, layer: Layer::Content, part: 0 }))
        }
    }
}

/// The name of a part's object.
pub(super) fn path(place: Place) -> Path {
    let Place { file, layer, part } = place;
    Path::from_iter([file.to_string().as_str(), layer.name(), part.to_string().as_str()])
}

/// The part whose object has this name.
fn placed(path: &Path) -> Option<Place> {
    let mut names = path.parts();
    let (file, layer, part) = (names.next()?, names.next()?, names.next()?);
    let place = Place {
        file: file.as_ref().parse().ok()?,
        layer: Layer::named(layer.as_ref())?,
        part: part.as_ref().parse().ok()?,
    };
    // One spelling only: `007` is not a part.
    (self::path(place) == *path).then_some(place)
}

pub(super) fn failed(error: object_store::Error, place: Place) -> BlobError {
    let Place { file, layer, part } = place;
    match error {
        object_store::Error::NotFound { .. } => BlobError::Missing { file, layer, part },
        error => BlobError::unavailable(error),
    }
}

pub(super) fn damaged(place: Place) -> BlobError {
    let Place { file, layer, part } = place;
    BlobError::Damaged { file, layer, part }
}
