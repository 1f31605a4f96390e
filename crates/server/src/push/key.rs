//! The key pair that push services know this server by (VAPID, RFC 8292).
//!
//! It stays true that an existing key is never replaced: browsers subscribed under it take nothing from another.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::Surroundings;
use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;

use crate::folder::{Folder, FolderError};

/// The key's file in the data folder (64 hexadecimal digits, mode 0600).
pub const PUSH_KEY_FILE: &str = "push.key";

/// Why there is no key to work with.
#[derive(Debug, thiserror::Error)]
pub enum PushKeyError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file does not hold such a key.
    #[error("{path} does not hold a key. Restore the file from a backup, or remove it: then browsers must subscribe again.", path = .0.display())]
    Unreadable(PathBuf),
    /// Others can read it.
    #[error("{path} can be read by others: whoever has it can send notifications in this server's name. Run: chmod 600 {path}", path = .0.display())]
    Exposed(PathBuf),
}

/// The key pair.
#[derive(Clone)]
pub struct PushKey(SecretKey);

impl fmt::Debug for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushKey(secret not shown)")
    }
}

impl PushKey {
    /// A new one.
    #[must_use]
    pub fn generate(surroundings: &Surroundings) -> Self {
        Self(new_secret(surroundings))
    }

    /// Opens the key of a data folder, or makes one when there is none yet.
    ///
    /// # Errors
    /// [`PushKeyError`]; an existing file is never overwritten.
    pub fn open_or_create(folder: &Folder, surroundings: &Surroundings) -> Result<Self, PushKeyError> {
        let path = folder.path().join(PUSH_KEY_FILE);
        if !path.exists() {
            let key = Self::generate(surroundings);
            folder.write_private(PUSH_KEY_FILE, &(hex::encode(key.0.to_bytes()) + "\n"))?;
            return Ok(key);
        }
        let mode = std::fs::metadata(&path).map_or(0, |metadata| metadata.permissions().mode());
        if mode & 0o077 != 0 {
            return Err(PushKeyError::Exposed(path));
        }
        let bytes = folder.read(PUSH_KEY_FILE).and_then(|text| hex::decode(text.trim()).ok());
        let key = bytes.and_then(|bytes| SecretKey::from_slice(&bytes).ok());
        key.map(Self).ok_or(PushKeyError::Unreadable(path))
    }

    /// The public key as browsers want it for subscribing: an uncompressed point, base64url (RFC 8292 §3.2).
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key().to_encoded_point(false).as_bytes())
    }

    pub(super) fn signing(&self) -> SigningKey {
        SigningKey::from(&self.0)
    }
}

/// A secret key from the given randomness. The odds that 32 bytes are none are 2⁻³².
pub(super) fn new_secret(surroundings: &Surroundings) -> SecretKey {
    loop {
        if let Ok(secret) = SecretKey::from_slice(&surroundings.bytes::<32>()) {
            return secret;
        }
    }
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (surroundings, _) = held::surroundings(1);
        let open = || PushKey::open_or_create(&Folder::at(folder.path()), &surroundings);
        let first = open().expect("made").public();
        assert_eq!(open().expect("opened").public(), first);
        let path = folder.path().join(PUSH_KEY_FILE);
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("mine");
        assert!(matches!(open(), Err(PushKeyError::Exposed(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mine");
        std::fs::write(&path, "nothing").expect("written");
        assert!(matches!(open(), Err(PushKeyError::Unreadable(_))));
    }
}
