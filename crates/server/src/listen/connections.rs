//! One task per connection: handshake, then HTTP/1.1 or HTTP/2 until either side is done.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use super::Encryption;
use crate::metrics::Metrics;

/// A handshake takes two round trips; ten seconds is a very bad line.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// From the first byte of a request to the end of its headers; also how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(30);
/// How long answers under way may take once the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// After the system refuses a connection (no file handles left), a breath before the next.
const BREATH: Duration = Duration::from_millis(100);
/// Largest request head, bytes.
const HEAD: u32 = 16 * 1024;

/// Tells everything that runs to stop, once.
#[derive(Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Says so.
    pub fn now(&self) {
        self.0.send_replace(true);
    }
    /// Whether somebody has said so.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        *self.0.borrow()
    }
    /// Waits until somebody says so.
    pub async fn asked(&self) {
        let mut told = self.0.subscribe();
        // An error would mean that the sender is gone, and it is in self.
        let _told = told.wait_for(|stop| *stop).await;
    }
}

/// Where connections come in.
pub struct Door {
    /// The socket.
    pub listener: TcpListener,
    /// How connections are encrypted; `None`: not here.
    pub encryption: Option<Encryption>,
    /// What answers.
    pub app: Router,
    /// Most connections at once; beyond it new ones wait in the system's queue.
    pub connections: usize,
    /// Counts them.
    pub metrics: Metrics,
}

impl Door {
    /// Serves until told to stop, then lets answers under way finish.
    pub async fn serve(self, stop: Stop) {
        let places = Arc::new(Semaphore::new(self.connections));
        let http = Arc::new(protocols());
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                () = stop.asked() => break,
                accepted = self.accept(&places) => accepted,
            };
            let Some((tcp, peer, place)) = accepted else { continue };
            let connection = Connection {
                peer,
                encryption: self.encryption.clone(),
                app: self.app.clone(),
                http: http.clone(),
                watcher: graceful.watcher(),
            };
            self.metrics.connections.inc();
            let place = Place { _permit: place, metrics: self.metrics.clone() };
            tokio::spawn(connection.serve(Counted { stream: tcp, _place: place }));
        }
        drop(self.listener);
        if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!("some answers took too long and were cut off");
        }
    }

    async fn accept(&self, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let place = places.clone().acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((tcp, peer)) => {
                // A frame is small and wants to leave at once; a failure only costs time.
                let _delay = tcp.set_nodelay(true);
                Some((tcp, peer, place))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
                None
            }
        }
    }
}

fn protocols() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_headers(64);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(HEAD)
        .keep_alive_interval(Some(HEADERS))
        .keep_alive_timeout(HANDSHAKE);
    http
}

struct Connection {
    peer: SocketAddr,
    encryption: Option<Encryption>,
    app: Router,
    http: Arc<auto::Builder<TokioExecutor>>,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, tcp: Counted) {
        match self.encryption.clone() {
            None => self.http(tcp).await,
            Some(encryption) => match tokio::time::timeout(HANDSHAKE, encryption.accept(tcp)).await {
                Ok(Ok(Some(tls))) => self.http(tls).await,
                Ok(Ok(None)) => tracing::info!("answered the certificate authority's question"),
                Ok(Err(error)) => tracing::debug!(%error, "handshake failed"),
                Err(_) => tracing::debug!("handshake took too long"),
            },
        }
    }

    async fn http<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: T) {
        let Self { peer, app, http, watcher, .. } = self;
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            app.clone().oneshot(request)
        });
        let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        // Clients go away in the middle of things all day; that is no news.
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }
}

/// One of the counted connections; given back when the stream is dropped, also by a gateway socket that took it over.
struct Place {
    _permit: OwnedSemaphorePermit,
    metrics: Metrics,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}

/// A stream that holds its place for as long as it lives.
pub(super) struct Counted {
    stream: TcpStream,
    _place: Place,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
