//! ClamAV's daemon over its socket (clamd(8), INSTREAM): the file goes there in pieces, nothing is written to a disk.
//!
//! It stays true that whatever goes wrong on the way is [`Verdict::Unavailable`] within bounded time: a file that nobody
//! could scan waits, and is never taken for clean (R49).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use kairan_talk::files::scan::{Scanner, Verdict};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Socket(PathBuf),
    /// This machine's own network: what is sent there is not encrypted.
    Loopback(SocketAddr),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Loopback(address) => write!(f, "{address}"),
        }
    }
}

/// How long each step may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until it takes the connection, and each piece.
    pub step: Duration,
    /// Until it has the verdict once it has everything; clamd's own limit for one file is two minutes.
    pub verdict: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { step: Duration::from_secs(30), verdict: Duration::from_secs(150) }
    }
}

/// Longest piece; the length goes before it in four bytes.
const PIECE: usize = 256 * 1024;
/// Longest answer that is read.
const ANSWER: u64 = 4096;

/// The daemon.
#[derive(Debug, Clone)]
pub struct Clamd {
    address: Address,
    patience: Patience,
}

/// A connection of either kind.
trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

impl Clamd {
    /// The daemon that listens there; nothing is asked of it yet.
    #[must_use]
    pub fn at(address: Address, patience: Patience) -> Self {
        Self { address, patience }
    }

    /// Whether it answers, and as which version.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn version(&self) -> io::Result<String> {
        let mut line = self.connect().await?;
        self.step(line.write_all(b"zVERSION\0")).await?;
        self.answer(&mut line, self.patience.step).await
    }

    async fn connect(&self) -> io::Result<Box<dyn Line>> {
        match &self.address {
            Address::Socket(path) => Ok(Box::new(self.step(UnixStream::connect(path)).await?)),
            Address::Loopback(address) => Ok(Box::new(self.step(TcpStream::connect(address)).await?)),
        }
    }

    async fn step<T>(&self, doing: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        timeout(self.patience.step, doing).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    async fn answer(&self, line: &mut Box<dyn Line>, patience: Duration) -> io::Result<String> {
        let mut answer = Vec::new();
        let reading = async { line.take(ANSWER).read_to_end(&mut answer).await };
        let read = timeout(patience, reading).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        // A whole answer ends with a zero; whatever befell the line after that takes nothing from it.
        if !answer.ends_with(&[0]) {
            read?;
        }
        let text = String::from_utf8_lossy(&answer);
        Ok(text.trim_matches(['\0', '\n', ' ']).to_owned())
    }

    async fn ask(&self, mut content: BoxStream<'_, io::Result<Bytes>>) -> io::Result<String> {
        let mut line = self.connect().await?;
        self.step(line.write_all(b"zINSTREAM\0")).await?;
        while let Some(bytes) = content.next().await {
            let bytes = bytes?;
            if let Err(error) = self.send(&mut line, &bytes).await {
                return self.last_words(&mut line, error).await;
            }
        }
        if let Err(error) = self.step(line.write_all(&0_u32.to_be_bytes())).await {
            return self.last_words(&mut line, error).await;
        }
        match self.answer(&mut line, self.patience.verdict).await {
            Err(error) if error.kind() != io::ErrorKind::TimedOut => self.last_words(&mut line, error).await,
            said => said,
        }
    }

    /// Where the file is longer than it takes, it says so and hangs up before everything is sent. What it said can still be
    /// read; but the first to read is told of the hanging up (unix(7), ECONNRESET).
    async fn last_words(&self, line: &mut Box<dyn Line>, error: io::Error) -> io::Result<String> {
        for _ in 0..2 {
            let said = self.answer(line, self.patience.step).await.unwrap_or_default();
            if !said.is_empty() {
                return Ok(said);
            }
        }
        Err(error)
    }

    async fn send(&self, line: &mut Box<dyn Line>, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            let length = u32::try_from(piece.len()).map_err(io::Error::other)?;
            self.step(line.write_all(&length.to_be_bytes())).await?;
            self.step(line.write_all(piece)).await?;
        }
        Ok(())
    }
}

impl Scanner for Clamd {
    fn scan<'a>(&'a self, content: BoxStream<'a, io::Result<Bytes>>) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            match self.ask(content).await {
                Ok(said) => verdict(&said),
                Err(error) => Verdict::Unavailable(format!("{}: {error}", self.address)),
            }
        })
    }
}

/// `stream: OK`, `stream: <signature> FOUND`; everything else is an error in its words.
fn verdict(said: &str) -> Verdict {
    let about = said.strip_prefix("stream: ").unwrap_or_default();
    match about.strip_suffix(" FOUND") {
        Some(signature) => Verdict::Infected(signature.to_owned()),
        None if about == "OK" => Verdict::Clean,
        None if said.is_empty() => Verdict::Unavailable("clamd hung up without an answer".to_owned()),
        None => Verdict::Unavailable(said.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R49
    #[test]
    fn only_ok_is_clean() {
        assert_eq!(verdict("stream: OK"), Verdict::Clean);
        assert_eq!(verdict("stream: Eicar-Test FOUND"), Verdict::Infected("Eicar-Test".into()));
        for other in ["", "OK", "stream: OKAY", "INSTREAM size limit exceeded. ERROR", "stream: x ERROR"] {
            assert!(matches!(verdict(other), Verdict::Unavailable(_)), "{other}");
        }
    }
}
