//! Certificates from an authority (ACME, RFC 8555), proven by TLS-ALPN-01 (RFC 8737) on the very port people use, so
//! that no second port and no web root is needed. Nothing here runs, and nothing connects outward, unless
//! `tls.acme.domains` is set (R76).

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use futures_util::StreamExt as _;
use rustls::crypto::ring;
use rustls::server::ResolvesServerCert;
use rustls::{ClientConfig, ServerConfig};
use rustls_acme::AcmeConfig;
use rustls_acme::caches::DirCache;

use super::certificate;
use super::tls::TlsError;
use crate::config::Acme;

/// Starts obtaining and renewing. Gives the certificate for people and the configuration for the authority's question.
pub fn start(settings: &Acme) -> Result<(Arc<dyn ResolvesServerCert>, Arc<ServerConfig>), TlsError> {
    let cannot = |cause| TlsError::Cache { path: settings.cache.clone(), cause };
    // The account's and the certificates' private keys lie here.
    DirBuilder::new().recursive(true).mode(0o700).create(&settings.cache).map_err(cannot)?;
    let mut config = AcmeConfig::new(&settings.domains)
        .contact(settings.contact.iter().map(|address| format!("mailto:{address}")))
        .directory(&settings.directory)
        .cache(DirCache::new(settings.cache.clone()));
    if let Some(authority) = &settings.authority {
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(certificate::authorities(authority)?)
            .with_no_client_auth();
        config = config.client_tls_config(Arc::new(client));
    }
    let mut state = config.state();
    let resolver = state.resolver();
    let challenge = state.challenge_rustls_config();
    tokio::spawn(async move {
        while let Some(event) = state.next().await {
            match event {
                Ok(event) => tracing::info!(event = ?event, "certificate"),
                Err(error) => tracing::warn!(error = %error, "no certificate yet; it is tried again"),
            }
        }
    });
    Ok((resolver, challenge))
}
