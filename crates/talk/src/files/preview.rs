//! Small pictures of pictures (R44): made once by the server, so that a room of photographs opens quickly on a phone.
//!
//! It stays true that a picture that cannot be made small is no error for anybody: it has no preview.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
pub use kairan_draw::{LARGE, Rendered, SMALL, SOURCE_LIMIT, render};
use tokio::sync::Semaphore;

/// Makes pictures small. [`InProcess`] in tests; the server has one that does it in a process of its own.
pub trait Renderer: Send + Sync + 'static {
    /// The small pictures, or `None`: there is no preview, whatever the reason.
    fn render(&self, picture: Bytes) -> BoxFuture<'_, Option<Rendered>>;
}

/// Makes them here, one at a time.
#[derive(Clone)]
pub struct InProcess {
    turns: Arc<Semaphore>,
}

impl Default for InProcess {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(1)) }
    }
}

impl Renderer for InProcess {
    fn render(&self, picture: Bytes) -> BoxFuture<'_, Option<Rendered>> {
        Box::pin(async move {
            let _turn = self.turns.acquire().await.ok()?;
            tokio::task::spawn_blocking(move || render(&picture).ok()).await.ok()?
        })
    }
}
