//! Certificate and key from PEM files: read, checked to belong together, and asked when they end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kairan_core::Instant;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Why a certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file is missing, unreadable or not PEM.
    #[error("{path}: cannot be read as PEM: {reason}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// The file holds no certificate.
    #[error("{0}: holds no certificate")]
    Empty(PathBuf),
    /// The key is of a kind nobody signs with, or belongs to another certificate.
    #[error("{path}: {reason}")]
    Key {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads a chain and its key.
///
/// # Errors
/// [`CertificateError`] naming the file.
pub fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    let chain = chain(certificate)?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| CertificateError::Unreadable { path: key.to_owned(), reason: error.to_string() })?;
    // Checks that the key is the certificate's.
    let certified = CertifiedKey::from_der(chain, key_der, &ring::default_provider())
        .map_err(|error| CertificateError::Key { path: key.to_owned(), reason: error.to_string() })?;
    Ok(Arc::new(certified))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let unreadable = |error: rustls::pki_types::pem::Error| CertificateError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if chain.is_empty() { Err(CertificateError::Empty(path.to_owned())) } else { Ok(chain) }
}

/// Trust anchors from a PEM file.
///
/// # Errors
/// [`CertificateError`] naming the file.
pub fn authorities(path: &Path) -> Result<rustls::RootCertStore, CertificateError> {
    let mut store = rustls::RootCertStore::empty();
    for certificate in chain(path)? {
        store.add(certificate).map_err(|error| CertificateError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    }
    Ok(store)
}

/// From when until when the first certificate of a file is valid.
///
/// # Errors
/// [`CertificateError`] naming the file.
pub fn validity(path: &Path) -> Result<(Instant, Instant), CertificateError> {
    let chain = chain(path)?;
    let unreadable = |error: String| CertificateError::Unreadable { path: path.to_owned(), reason: error };
    let (_, leaf) = X509Certificate::from_der(&chain[0]).map_err(|error| unreadable(error.to_string()))?;
    let instant = |time: x509_parser::time::ASN1Time| Instant(time.timestamp().saturating_mul(1_000));
    Ok((instant(leaf.validity().not_before), instant(leaf.validity().not_after)))
}
