//! The organisation's log key: the Ed25519 pair that signs tree heads.
//!
//! It stays true that the private key is readable by the server's user alone, is never replaced once it is there, and
//! shows itself in no debug print.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use kairan_core::Surroundings;
use sha2::{Digest, Sha256};

use super::tree::Hash;
use crate::private::{self, Unread, place};

/// The private key's file in the data directory (PKCS#8 PEM, mode 0600).
pub const KEY_FILE: &str = "log-key.pem";
/// The public key's file beside it (SPKI PEM): what an auditor is given.
pub const PUBLIC_KEY_FILE: &str = "log-key.pub.pem";

/// Names a key: the SHA-256 of its 32 public bytes, written in lowercase hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub Hash);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why there is no key to work with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file does not hold such a key.
    #[error("{path} is not an Ed25519 key in PEM form: {reason}. Restore the file from a backup.", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Others can read the private key.
    #[error("{path} can be read by others (mode {mode:o}): whoever has it can forge the journal. Run: chmod 600 {path}", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The two files are not of one pair, or the private one is gone: signing with another key would split the log.
    #[error("{path} does not hold the key that {PUBLIC_KEY_FILE} beside it belongs to. Restore both from one backup.", path = path.display())]
    NotOurs {
        /// The private key's file.
        path: PathBuf,
    },
}

/// The public half: checks heads.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

impl PublicKey {
    fn of(key: VerifyingKey) -> Self {
        Self { id: KeyId(Sha256::digest(key.as_bytes()).into()), key }
    }

    /// Reads a PEM file.
    ///
    /// # Errors
    /// [`KeyError`] when there is no such file or it holds something else.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let pem = std::fs::read_to_string(path).map_err(at(path))?;
        let key = VerifyingKey::from_public_key_pem(&pem).map_err(unreadable(path))?;
        Ok(Self::of(key))
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether this key signed these bytes. Strict: a signature has one form only.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    /// The PEM form (SPKI, RFC 8410).
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.key.to_public_key_pem(LineEnding::LF).expect("32 bytes always encode")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}

/// The private half: signs heads.
pub struct LogKey {
    key: SigningKey,
    public: PublicKey,
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({}, secret not shown)", self.public.id)
    }
}

impl LogKey {
    fn of(key: SigningKey) -> Self {
        Self { public: PublicKey::of(key.verifying_key()), key }
    }

    /// A new key.
    #[must_use]
    pub fn generate(surroundings: &Surroundings) -> Self {
        Self::of(SigningKey::from_bytes(&surroundings.bytes()))
    }

    /// Opens the key of a data directory, or makes one when there is none yet, and sees to it that the public key
    /// lies beside it. Killed halfway it leaves either no key or a whole one.
    ///
    /// # Errors
    /// [`KeyError`]; an existing file is never overwritten.
    pub fn open_or_create(directory: &Path, surroundings: &Surroundings) -> Result<Self, KeyError> {
        let (path, public) = (directory.join(KEY_FILE), directory.join(PUBLIC_KEY_FILE));
        // A public key that was handed out is a promise: it is completed when damaged, never exchanged.
        let promised = PublicKey::open(&public).ok();
        let key = match Self::open(&path) {
            Err(KeyError::File { cause, .. })
                if cause.kind() == ErrorKind::NotFound && promised.is_none() =>
            {
                place(&path, Self::generate(surroundings).to_pem().as_bytes()).map_err(at(&path))?;
                // Another process may have been quicker; then its key counts.
                Self::open(&path)?
            }
            Err(KeyError::File { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                return Err(KeyError::NotOurs { path });
            }
            opened => opened?,
        };
        match promised {
            Some(promised) if promised != key.public => return Err(KeyError::NotOurs { path }),
            Some(_) => {}
            None => std::fs::write(&public, key.public.to_pem()).map_err(at(&public))?,
        }
        Ok(key)
    }

    /// Opens a private key file.
    ///
    /// # Errors
    /// [`KeyError`] when it is missing, readable by others, or not a key.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let pem = private::read(path).map_err(|unread| match unread {
            Unread::File(cause) => at(path)(cause),
            Unread::Exposed(mode) => KeyError::Exposed { path: path.to_owned(), mode },
        })?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(unreadable(path))?;
        Ok(Self::of(key))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The PEM form (PKCS#8 version 1, RFC 5958): without the public key inside, which OpenSSL 3 would refuse to read.
    fn to_pem(&self) -> impl std::ops::Deref<Target = String> + use<> {
        let secret = KeypairBytes { secret_key: self.key.to_bytes(), public_key: None };
        secret.to_pkcs8_pem(LineEnding::LF).expect("32 bytes always encode")
    }

    /// Signs these bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> KeyError {
    |cause| KeyError::File { path: path.to_owned(), cause }
}

fn unreadable<E: fmt::Display>(path: &Path) -> impl FnOnce(E) -> KeyError {
    |reason| KeyError::Unreadable { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;

    #[test]
    fn the_key_made_at_the_first_start_is_found_at_the_second() {
        let directory = tempfile::tempdir().unwrap();
        let first = LogKey::open_or_create(directory.path(), &held::surroundings(1).0).unwrap();
        let second = LogKey::open_or_create(directory.path(), &held::surroundings(2).0).unwrap();
        assert_eq!(first.public(), second.public());
        assert_eq!(PublicKey::open(&directory.path().join(PUBLIC_KEY_FILE)).unwrap(), *first.public());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "no temporary file is left");
    }

    #[test]
    fn a_lost_public_key_file_is_written_again() {
        let directory = tempfile::tempdir().unwrap();
        let key = LogKey::open_or_create(directory.path(), &held::surroundings(1).0).unwrap();
        let public = directory.path().join(PUBLIC_KEY_FILE);
        std::fs::write(&public, "something else").unwrap();
        LogKey::open_or_create(directory.path(), &held::surroundings(1).0).unwrap();
        assert_eq!(PublicKey::open(&public).unwrap(), *key.public());
    }

    #[test]
    fn a_lost_or_exchanged_private_key_is_not_replaced_by_a_new_one() {
        let directory = tempfile::tempdir().unwrap();
        LogKey::open_or_create(directory.path(), &held::surroundings(1).0).unwrap();
        let (path, public) = (directory.path().join(KEY_FILE), directory.path().join(PUBLIC_KEY_FILE));
        let promised = std::fs::read(&public).unwrap();
        std::fs::remove_file(&path).unwrap();
        let refused = LogKey::open_or_create(directory.path(), &held::surroundings(2).0).unwrap_err();
        assert!(matches!(refused, KeyError::NotOurs { .. }) && !path.exists(), "{refused}");
        place(&path, LogKey::generate(&held::surroundings(3).0).to_pem().as_bytes()).unwrap();
        let refused = LogKey::open_or_create(directory.path(), &held::surroundings(2).0).unwrap_err();
        assert!(matches!(refused, KeyError::NotOurs { .. }), "{refused}");
        assert_eq!(std::fs::read(&public).unwrap(), promised);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        LogKey::open_or_create(directory.path(), &held::surroundings(1).0).unwrap();
        let path = directory.path().join(KEY_FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = LogKey::open_or_create(directory.path(), &held::surroundings(1).0).unwrap_err();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_damaged_key_file_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(KEY_FILE);
        place(&path, b"-----BEGIN PRIVATE KEY-----\n").unwrap();
        let refused = LogKey::open_or_create(directory.path(), &held::surroundings(1).0).unwrap_err();
        assert!(matches!(refused, KeyError::Unreadable { .. }), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), b"-----BEGIN PRIVATE KEY-----\n");
    }

    #[test]
    fn no_debug_print_shows_the_secret() {
        let (surroundings, _) = held::surroundings(1);
        let secret: [u8; 32] = held::surroundings(1).0.bytes();
        let shown = format!("{:?}", LogKey::generate(&surroundings));
        assert!(!shown.contains(&hex::encode(secret)) && !shown.contains(&format!("{secret:?}")));
    }
}
