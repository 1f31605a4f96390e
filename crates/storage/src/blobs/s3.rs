//! The store in a bucket of Amazon S3, or of anything that speaks its language (MinIO, Ceph, Garage).
//!
//! It stays true that nothing is asked of the network but that bucket: no metadata service for credentials, no proxy from
//! the environment (R76).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kairan_core::Surroundings;
use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use zeroize::Zeroizing;

use super::{BlobError, Blobs, Result};

/// A bucket that does not take the connection in this time is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// A part of 4 MiB over a line of half a megabit a second.
const REQUEST: Duration = Duration::from_secs(60);
/// How long a request is tried again before whoever waits is told.
const RETRY: Duration = Duration::from_secs(20);

/// A bucket, and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub struct S3 {
    /// The bucket; it must be there already.
    pub bucket: String,
    /// What stands before our names in it, without slashes at its ends; may be empty.
    pub prefix: String,
    /// Where it is, when not at Amazon: `https://s3.example.jp`.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// The public half of the credentials.
    pub key_id: String,
    /// Their secret half.
    pub secret: Zeroizing<String>,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({}/{}, secret not shown)", self.bucket, self.prefix)
    }
}

impl Blobs {
    /// A bucket. Asks nothing of it yet.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`] when the settings make no sense.
    pub fn s3(settings: &S3, surroundings: &Surroundings) -> Result<Self> {
        // The client takes the process's choice of cryptography; somebody may have made the same one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.key_id)
            .with_secret_access_key(settings.secret.as_str())
            .with_client_options(
                ClientOptions::new()
                    .with_connect_timeout(CONNECT)
                    .with_timeout(REQUEST)
                    .with_allow_http(true),
            )
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: 4,
                retry_timeout: RETRY,
            });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.build().map_err(BlobError::unavailable)?;
        Ok(Self::of(Arc::new(PrefixStore::new(store, settings.prefix.as_str())), surroundings))
    }
}
