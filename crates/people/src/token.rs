//! Bearer tokens: 256 random bits that open something, of which the store keeps only the hash (R2, R18).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::Surroundings;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A token in hand.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// A new one.
    #[must_use]
    pub fn new(surroundings: &Surroundings) -> Self {
        Self(URL_SAFE_NO_PAD.encode(surroundings.bytes::<32>()).into())
    }

    /// One that somebody presents.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.into())
    }

    /// SHA-256, as stored. Nothing slower is needed: 256 random bits cannot be guessed.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret()).into()
    }

    /// The token itself, for the one place it is handed over.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
