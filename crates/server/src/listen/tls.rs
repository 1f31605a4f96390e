//! How connections are encrypted: not at all, with a certificate from files that is read again when it changes, or with
//! one that an authority issues.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::acme;
use super::certificate::{self, CertificateError};
use crate::config::Tls;

/// How often the files are looked at. Renewed certificates usually overlap by weeks; a minute is soon.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Why TLS cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate or key file.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The folder for obtained certificates.
    #[error("{path}: {cause}")]
    Cache {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The TLS library.
    #[error(transparent)]
    Library(#[from] rustls::Error),
}

/// How connections are encrypted.
#[derive(Clone)]
pub struct Encryption {
    /// For people.
    serve: Arc<ServerConfig>,
    /// For the authority's question (RFC 8737), with ACME.
    challenge: Option<Arc<ServerConfig>>,
    /// Asks for the files to be read again.
    reload: Arc<Notify>,
}

impl Encryption {
    /// Starts as configured; reading again and renewing go on in tasks of their own.
    ///
    /// # Errors
    /// [`TlsError`] naming the file or folder.
    pub fn start(tls: &Tls) -> Result<Self, TlsError> {
        let reload = Arc::new(Notify::new());
        match tls {
            Tls::Files { certificate, key } => {
                let files = Arc::new(Files::open(certificate.clone(), key.clone())?);
                let serve = server_config(files.clone())?;
                tokio::spawn(files.watch(reload.clone()));
                Ok(Self { serve, challenge: None, reload })
            }
            Tls::Acme(settings) => {
                let (resolver, challenge) = acme::start(settings)?;
                Ok(Self { serve: server_config(resolver)?, challenge: Some(challenge), reload })
            }
        }
    }

    /// Reads certificate files again now (SIGHUP).
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// Shakes hands. `None` when it was only the authority's question, which is answered by the handshake itself.
    pub(super) async fn accept<T>(&self, tcp: T) -> std::io::Result<Option<TlsStream<T>>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), tcp).await?;
        if let Some(challenge) = &self.challenge
            && rustls_acme::is_tls_alpn_challenge(&start.client_hello())
        {
            start.into_stream(challenge.clone()).await?;
            return Ok(None);
        }
        start.into_stream(self.serve.clone()).await.map(Some)
    }
}

fn server_config(resolver: Arc<dyn ResolvesServerCert>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate and key in files.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Files {
    fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let current = RwLock::new(certificate::read(&certificate, &key)?);
        Ok(Self { certificate, key, current })
    }

    /// Reads the files again when they changed or somebody asks. What cannot be read leaves the old certificate in use.
    async fn watch(self: Arc<Self>, asked: Arc<Notify>) {
        let mut seen = self.changed_at();
        loop {
            let must = tokio::select! {
                () = asked.notified() => true,
                () = tokio::time::sleep(LOOK_AGAIN) => false,
            };
            let now = self.changed_at();
            if !must && now == seen {
                continue;
            }
            match certificate::read(&self.certificate, &self.key) {
                Ok(fresh) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
                    seen = now;
                    tracing::info!("the certificate was read again");
                }
                // Tried again at the next look: the two files may be half replaced.
                Err(error) => tracing::warn!(%error, "the new certificate cannot be used; the old one stays"),
            }
        }
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key]
            .map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}
