//! Argon2id (RFC 9106) with OWASP's parameters, two at a time, on threads where computing hurts nobody.
//!
//! It stays true that a password nobody has is verified as long as one somebody has (R7), and that a crowd at the door
//! waits in a short queue or is told to come back; it never takes all memory.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use kairan_core::{Refusal, Surroundings};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::password::normal;
use super::rules::SIGNIN_BUSY;

/// OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// At once: 2 × 19 MiB, one per core of the smallest machine.
const AT_ONCE: usize = 2;
/// Waiting at most; at about 25 ms each, the last one waits under two seconds.
const LINE: usize = 64;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Hasher {
    working: Arc<Semaphore>,
    line: Arc<Semaphore>,
    surroundings: Surroundings,
    /// A hash of a password nobody knows.
    dummy: Arc<str>,
    params: Params,
}

impl Hasher {
    /// With the product's parameters.
    ///
    /// # Panics
    /// Never: the parameters are constants within RFC 9106's bounds.
    #[must_use]
    pub fn new(surroundings: &Surroundings) -> Self {
        Self::with(
            surroundings,
            Params::new(MEMORY_KIB, PASSES, LANES, None).expect("constants within bounds"),
        )
    }

    /// With the least work there is, for worlds of tests where hundreds sign in.
    ///
    /// # Panics
    /// Never: the parameters are constants within RFC 9106's bounds.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn weak(surroundings: &Surroundings) -> Self {
        Self::with(surroundings, Params::new(8, 1, 1, None).expect("constants within bounds"))
    }

    fn with(surroundings: &Surroundings, params: Params) -> Self {
        let dummy =
            hash(&params, surroundings.bytes(), &surroundings.random_uuid().to_string()).unwrap_or_default();
        Self {
            working: Arc::new(Semaphore::new(AT_ONCE)),
            line: Arc::new(Semaphore::new(LINE)),
            surroundings: surroundings.clone(),
            dummy: dummy.into(),
            params,
        }
    }

    /// A password's hash in PHC form, as kept in `secrets`.
    ///
    /// # Errors
    /// 503 `signin.busy` when too many wait.
    pub async fn hash(&self, password: SecretString) -> Result<String, Refusal> {
        let (params, salt) = (self.params.clone(), self.surroundings.bytes());
        self.compute(move || hash(&params, salt, &normal(password.expose_secret())))
            .await?
            .map_err(|error| Refusal::fault(error.to_string()))
    }

    /// Whether the password has this hash. Without a hash it takes as long and the answer is no.
    ///
    /// # Errors
    /// 503 `signin.busy` when too many wait.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Refusal> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        let verified = self.compute(move || verify(&hash, &normal(password.expose_secret()))).await?;
        Ok(verified && known)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let _place =
            self.line.try_acquire().map_err(|_| Refusal::new(&SIGNIN_BUSY).fact("retry_after_ms", 2_000))?;
        let working = self.working.clone().acquire_owned().await.map_err(Refusal::fault)?;
        let done = tokio::task::spawn_blocking(move || {
            let _working = working;
            work()
        });
        done.await.map_err(Refusal::fault)
    }
}

fn hash(params: &Params, salt: [u8; 16], password: &str) -> Result<String, argon2::password_hash::Error> {
    let salt = SaltString::encode_b64(&salt)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon.hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string())
}

/// The parameters are read from the hash, so that old hashes open after the constants have grown.
fn verify(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;

    #[tokio::test]
    async fn a_hash_opens_for_its_password_alone() {
        let hasher = Hasher::new(&held::surroundings(1).0);
        let hash = hasher.hash("かんばんのある八百屋のとなりか\u{3099}".into()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(
            hasher
                .verify("かんばんのある八百屋のとなりが".into(), Some(hash.clone()))
                .await
                .expect("verified")
        );
        assert!(!hasher.verify("かんばんのある八百屋のとなりか".into(), Some(hash)).await.expect("verified"));
        assert!(!hasher.verify("なんでも".into(), None).await.expect("verified"));
    }
}
