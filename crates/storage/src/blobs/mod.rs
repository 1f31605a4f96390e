//! Where files' bytes lie: encrypted, each file under a key of its own, on a disk or in an S3 bucket.
//!
//! It stays true that nothing leaves this module towards the store in the clear, that what comes back is exactly what was
//! put there or an error, and that a file whose key is erased is erased wherever its bytes were copied (R68).
//!
//! A file has **layers** (its content, pictures of it in small and large); a layer is cut into **parts** of 4 MiB, each an
//! object of its own named `{file}/{layer}/{part}`; an object is sealed in **segments** of 64 KiB, so that a range is read
//! without reading what is before it. docs/decisions/0006 says why.

mod error;
mod keys;
mod known;
mod read;
mod s3;
mod sealed;
mod store;

pub use error::{BlobError, Result};
pub use keys::{FileKey, SEALING_KEY_FILE, SealingKey, SealingKeyError};
pub use read::BlobReader;
pub use s3::S3;
pub use sealed::{PART, SEGMENT, part_len, parts_of};
pub use store::{Blobs, Piece};

/// What of a file a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The file itself.
    Content,
    /// A picture of it for lists.
    Small,
    /// A picture of it for the screen.
    Large,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 3] = [Self::Content, Self::Small, Self::Large];

    /// Its name in the store and in the keys of its parts; never changed once files exist.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Small => "small",
            Self::Large => "large",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.name() == name)
    }
}
