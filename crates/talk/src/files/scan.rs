//! Asking a virus scanner (R49). The server owns the way to it.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// What the scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing found.
    Clean,
    /// Found; the signature's name.
    Infected(String),
    /// It could not be asked, or gave no answer; why, for the log. Such a file waits and is not served.
    Unavailable(String),
}

/// A virus scanner.
pub trait Scanner: Send + Sync + 'static {
    /// Shows it a file. It never fails: a scanner or a source that does is [`Verdict::Unavailable`].
    fn scan<'a>(&'a self, content: BoxStream<'a, io::Result<Bytes>>) -> BoxFuture<'a, Verdict>;
}
