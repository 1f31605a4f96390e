//! The keys of files: one for each file, and the sealing key outside the database that wraps them all.
//!
//! It stays true that a file's key is nowhere in the clear but in memory, that the sealing key is readable by the server's
//! user alone and is never replaced once it is there, and that neither shows itself in a debug print.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kairan_core::Surroundings;
use kairan_core::ids::{FileId, Id as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::{BlobError, Result};
use crate::private::{self, Unread};

/// The sealing key's file in the data folder (64 hexadecimal digits, mode 0600).
pub const SEALING_KEY_FILE: &str = "sealing.key";

/// The form of a wrapped key, its first byte: whoever changes how keys are wrapped or parts are sealed takes the next.
const FORM: u8 = 1;
/// Bytes of the synthetic salt of a wrapped key.
const SALT: usize = 16;
/// Bytes of a wrapped key: form, salt, key, tag.
const WRAPPED: usize = 1 + SALT + 32 + 16;

/// The key of one file. Whoever erases it has erased the file.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(Zeroizing<[u8; 32]>);

impl FileKey {
    /// A new one.
    #[must_use]
    pub fn generate(surroundings: &Surroundings) -> Self {
        Self(Zeroizing::new(surroundings.bytes()))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(secret not shown)")
    }
}

/// Why there is no sealing key to work with.
#[derive(Debug, thiserror::Error)]
pub enum SealingKeyError {
    /// The file cannot be read or written.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file does not hold such a key.
    #[error("{path} does not hold 64 hexadecimal digits. Restore the file from a backup.", path = .0.display())]
    Unreadable(PathBuf),
    /// Others can read it.
    #[error("{path} can be read by others (mode {mode:o}): whoever has it can open every file. Run: chmod 600 {path}", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is gone, although files were sealed with it: a new one could open none of them.
    #[error("{path} is gone, and only it opens this database's files. Restore it from a backup (with several servers: copy it from another one).", path = .0.display())]
    Lost(PathBuf),
    /// It is another one than this database's files were sealed with.
    #[error("{path} is not the key this database's files were sealed with. Restore both from one backup (with several servers: copy it from the first one).", path = .0.display())]
    NotOurs(PathBuf),
    /// The database could not be asked.
    #[error(transparent)]
    Storage(#[from] crate::Error),
}

/// The organisation's master key: wraps files' keys, and derives keys for what must be secret but need not be kept.
#[derive(Clone)]
pub struct SealingKey(Arc<Zeroizing<[u8; 32]>>);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(secret not shown)")
    }
}

impl SealingKey {
    /// A new one.
    #[must_use]
    pub fn generate(surroundings: &Surroundings) -> Self {
        Self(Arc::new(Zeroizing::new(surroundings.bytes())))
    }

    /// Opens the key of a data folder, or makes one when there is none yet. Killed halfway it leaves either no key or a
    /// whole one.
    ///
    /// # Errors
    /// [`SealingKeyError`]; an existing file is never overwritten.
    pub fn open_or_create(directory: &Path, surroundings: &Surroundings) -> Result<Self, SealingKeyError> {
        let path = directory.join(SEALING_KEY_FILE);
        match Self::open(&path) {
            Err(SealingKeyError::File { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                let text = Zeroizing::new(hex::encode(&Self::generate(surroundings).0[..]) + "\n");
                private::place(&path, text.as_bytes())
                    .map_err(|cause| SealingKeyError::File { path: path.clone(), cause })?;
                // Another process may have been quicker; then its key counts.
                Self::open(&path)
            }
            opened => opened,
        }
    }

    /// Opens a sealing key's file.
    ///
    /// # Errors
    /// [`SealingKeyError`] when it is missing, readable by others, or not a key.
    pub fn open(path: &Path) -> Result<Self, SealingKeyError> {
        let text = private::read(path).map_err(|cause| match cause {
            Unread::File(cause) => SealingKeyError::File { path: path.to_owned(), cause },
            Unread::Exposed(mode) => SealingKeyError::Exposed { path: path.to_owned(), mode },
        })?;
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim_end(), &mut key[..])
            .map_err(|_| SealingKeyError::Unreadable(path.to_owned()))?;
        Ok(Self(Arc::new(key)))
    }

    /// A key for one use: HKDF-SHA256 (RFC 5869) with the label and the context as its info. The same label and context
    /// give the same key as long as the sealing key lives; other labels give keys that tell nothing of each other.
    #[must_use]
    pub fn derive(&self, label: &str, context: &[u8]) -> [u8; 32] {
        let length = u64::try_from(label.len()).unwrap_or(u64::MAX).to_be_bytes();
        *self.expand(&[b"kairan derive 1", &length, label.as_bytes(), context])
    }

    /// Wraps a file's key, for `secrets`. The same key of the same file is wrapped the same.
    #[must_use]
    pub fn wrap(&self, key: &FileKey, file: FileId) -> Vec<u8> {
        // The salt follows from what is wrapped (the idea of RFC 5297), so that no nonce ever comes back with another key in
        // it, whatever the random source does.
        let salt = self.expand(&[b"kairan wrap salt 1", file.uuid().as_bytes(), key.bytes()]);
        let mut wrapped = Vec::with_capacity(WRAPPED);
        wrapped.push(FORM);
        wrapped.extend_from_slice(&salt[..SALT]);
        wrapped.extend_from_slice(key.bytes());
        let tag = self
            .wrapping_key(&salt[..SALT], file)
            .seal_in_place_separate_tag(only_once(), Aad::empty(), &mut wrapped[1 + SALT..])
            .expect("32 bytes are fewer than AES-GCM can seal");
        wrapped.extend_from_slice(tag.as_ref());
        wrapped
    }

    /// The key of a file, from what [`wrap`](Self::wrap) made of it.
    ///
    /// # Errors
    /// [`BlobError::KeyRefused`] when it was not this sealing key that wrapped it, for this file.
    pub fn unwrap(&self, wrapped: &[u8], file: FileId) -> Result<FileKey> {
        let refused = || BlobError::KeyRefused(file);
        if wrapped.len() != WRAPPED || wrapped[0] != FORM {
            return Err(refused());
        }
        let (salt, sealed) = wrapped[1..].split_at(SALT);
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let plain = self
            .wrapping_key(salt, file)
            .open_in_place(only_once(), Aad::empty(), &mut sealed)
            .map_err(|_| refused())?;
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(plain);
        Ok(FileKey(key))
    }

    fn expand(&self, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let prk = Salt::new(HKDF_SHA256, &[]).extract(&self.0[..]);
        let okm = prk.expand(info, HKDF_SHA256).expect("a key is shorter than 255 hashes");
        okm.fill(&mut key[..]).expect("as many bytes as were asked for");
        key
    }

    fn wrapping_key(&self, salt: &[u8], file: FileId) -> LessSafeKey {
        let file = file.uuid();
        let info: [&[u8]; 2] = [b"kairan wrap 1", file.as_bytes()];
        let prk = Salt::new(HKDF_SHA256, salt).extract(&self.0[..]);
        let okm = prk.expand(&info, &AES_256_GCM).expect("a key is shorter than 255 hashes");
        LessSafeKey::new(UnboundKey::from(okm))
    }
}

/// The nonce under a key that seals one thing only.
fn only_once() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}
