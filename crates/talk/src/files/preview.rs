//! Having files drawn: small pictures of pictures (R44), made once so that a room of photographs opens quickly on a phone,
//! and pages for whoever may only look (R16).
//!
//! It stays true that a picture that cannot be made small is no error for anybody: it has no preview.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
pub use kairan_draw::{Drawn, LARGE, Order, Rendered, SMALL, SOURCE_LIMIT, Undrawable, draw, render};
use tokio::sync::Semaphore;

/// A file's bytes, piece by piece.
pub type Source = BoxStream<'static, io::Result<Bytes>>;

/// Draws files. [`InProcess`] in tests; the server has one that does it in a process of its own.
pub trait Renderer: Send + Sync + 'static {
    /// The small pictures, or `None`: there is no preview, whatever the reason.
    fn render(&self, picture: Bytes) -> BoxFuture<'_, Option<Rendered>>;
    /// A page of a file of at most [`SOURCE_LIMIT`], or why there is none. The caller sees to it that only a few are drawn at
    /// once. An error: the file could not be read, or nothing could be started.
    fn draw(&self, order: Order, source: Source) -> BoxFuture<'_, io::Result<Result<Drawn, Undrawable>>>;
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

    fn draw(&self, order: Order, source: Source) -> BoxFuture<'_, io::Result<Result<Drawn, Undrawable>>> {
        Box::pin(async move {
            let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
            let whole: Vec<Bytes> = source.try_collect().await?;
            tokio::task::spawn_blocking(move || draw(whole.concat(), &order)).await.map_err(io::Error::other)
        })
    }
}
