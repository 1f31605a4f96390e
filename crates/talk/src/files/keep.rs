//! What the files' routes and jobs hold besides the database: the store of bytes, the keys, whoever renders and scans.
//!
//! It stays true that nobody writes a part while its upload is being finished or cancelled.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kairan_core::{FileId, Refusal, SecretId};
use kairan_storage::blobs::{Blobs, FileKey, SealingKey};
use kairan_storage::{Reader, Store};
use tokio::sync::{RwLock, Semaphore};

use super::preview::Renderer;
use super::receiving::Receiving;
use super::scan::Scanner;
use super::tickets::Tickets;
use super::view::Viewing;

/// Files looked into at once: each may hold a decoded picture (R44).
const AT_ONCE: usize = 2;

/// Bytes that went through, for `/metrics`.
#[derive(Debug, Default)]
pub struct FileCounts {
    /// Received in parts.
    pub bytes_in: AtomicU64,
    /// Served.
    pub bytes_out: AtomicU64,
    /// Waiting for the scanner, when it was last asked.
    pub waiting: AtomicU64,
}

/// Everything about files that is not in the database. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    /// Where bytes lie.
    pub blobs: Blobs,
    /// Wraps files' keys.
    pub sealing: SealingKey,
    /// Makes thumbnails.
    pub renderer: Arc<dyn Renderer>,
    /// Looks for viruses; none when that is switched off.
    pub scanner: Option<Arc<dyn Scanner>>,
    /// Links to bytes.
    pub tickets: Tickets,
    /// For `/metrics`.
    pub counts: Arc<FileCounts>,
    /// Turns to send a part.
    pub receiving: Receiving,
    /// Turns to have a page drawn.
    pub viewing: Viewing,
    /// Taken while a file is looked into.
    pub(super) looking: Arc<Semaphore>,
    busy: Arc<Mutex<HashMap<FileId, Weak<RwLock<()>>>>>,
}

impl Files {
    /// Puts it together.
    #[must_use]
    pub fn new(
        blobs: Blobs,
        sealing: SealingKey,
        renderer: Arc<dyn Renderer>,
        scanner: Option<Arc<dyn Scanner>>,
    ) -> Self {
        Self {
            blobs,
            tickets: Tickets::new(&sealing),
            sealing,
            renderer,
            scanner,
            counts: Arc::default(),
            receiving: Receiving::default(),
            viewing: Viewing::default(),
            looking: Arc::new(Semaphore::new(AT_ONCE)),
            busy: Arc::default(),
        }
    }

    /// A file's lock on this node: parts share it; whoever finishes, cancels or erases has it alone. Other nodes meet in
    /// the room's stream.
    pub(super) fn lock(&self, file: FileId) -> Arc<RwLock<()>> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = busy.get(&file).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::default();
        busy.insert(file, Arc::downgrade(&lock));
        lock
    }

    /// A file's key.
    ///
    /// # Errors
    /// A fault when it is gone or does not open.
    pub(super) async fn key(
        &self,
        store: &Store,
        file: FileId,
        secret: SecretId,
    ) -> Result<FileKey, Refusal> {
        let read = async move |reader: &mut Reader| reader.secret(secret).await;
        let wrapped = store.read::<_, kairan_storage::Error, _>(read).await?;
        let wrapped = wrapped.ok_or_else(|| Refusal::fault("the key of a file is gone"))?;
        Ok(self.sealing.unwrap(&wrapped, file)?)
    }

    /// Counts what went out.
    pub(super) fn count_out(&self, bytes: usize) {
        self.counts.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
