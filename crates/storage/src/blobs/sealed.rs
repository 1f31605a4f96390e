//! The form of a sealed part: 16 random bytes of salt, then segments of 64 KiB in AES-256-GCM, each with its 16 bytes of tag.
//!
//! It stays true that a key seals one part once: the key is derived from the file's key, a fresh salt, and the part's place
//! (RFC 5869), so that a part put a second time never meets a nonce again, and a part in another's place does not open. In a
//! part the nonce counts the segments and marks the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
//! Vizár, 2015), so that segments cannot be cut off, left out or moved.

use std::ops::Range;

use kairan_core::ids::{FileId, Id as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use super::{FileKey, Layer};

/// Plain bytes in a part; the last has what remains.
pub const PART: u64 = 4 << 20;
/// Plain bytes in a segment; the last of a part has what remains.
pub const SEGMENT: u64 = 64 << 10;

/// Bytes of salt before the first segment.
pub(super) const SALT: usize = 16;
/// Bytes of tag after each segment.
const TAG: u64 = 16;
/// Bytes of a segment in the store.
const SEALED_SEGMENT: u64 = SEGMENT + TAG;

/// Where a part belongs. Part of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub file: FileId,
    pub layer: Layer,
    pub part: u32,
}

/// How many parts a blob of this many bytes has.
#[must_use]
pub fn parts_of(len: u64) -> u32 {
    u32::try_from(len.div_ceil(PART)).unwrap_or(u32::MAX)
}

/// How many bytes the part of a blob of `len` bytes has; 0 past its end.
#[must_use]
pub fn part_len(len: u64, part: u32) -> u64 {
    len.saturating_sub(u64::from(part) * PART).min(PART)
}

/// Bytes in the store of a part of `len` plain bytes. An empty part has one empty segment, so that it too is sealed.
pub(super) fn sealed_len(len: u64) -> u64 {
    SALT as u64 + len + TAG * segments_of(len)
}

/// Plain bytes of a part that has this many in the store; `None` when no part has.
pub(super) fn plain_len(sealed: u64) -> Option<u64> {
    let body = sealed.checked_sub(SALT as u64)?;
    let len = body.checked_sub(TAG * body.div_ceil(SEALED_SEGMENT))?;
    (len <= PART && sealed_len(len) == sealed).then_some(len)
}

fn segments_of(len: u64) -> u64 {
    len.div_ceil(SEGMENT).max(1)
}

/// Where the segments that hold these plain bytes of a part lie in its object.
pub(super) fn sealed_range(plain: &Range<u64>, len: u64) -> Range<u64> {
    let (first, last) = (plain.start / SEGMENT, plain.end.div_ceil(SEGMENT).max(1));
    let at = |segment: u64| SALT as u64 + segment * SEALED_SEGMENT;
    at(first)..at(last).min(sealed_len(len))
}

/// Opens and seals the segments of one part.
pub(super) struct PartKey(LessSafeKey);

impl PartKey {
    pub(super) fn derive(key: &FileKey, salt: &[u8; SALT], place: Place) -> Self {
        let secret = Salt::new(HKDF_SHA256, salt).extract(key.bytes());
        let (file, part) = (place.file.uuid(), place.part.to_be_bytes());
        // Every piece but the layer's name has a fixed length, so no two places are written the same.
        let info: [&[u8]; 4] = [b"kairan blob 1", file.as_bytes(), &part, place.layer.name().as_bytes()];
        let okm = secret.expand(&info, &AES_256_GCM).expect("a key is shorter than 255 hashes");
        Self(LessSafeKey::new(UnboundKey::from(okm)))
    }

    /// Opens whole segments in place, the first of which is number `first`; the plain bytes, or `None` when they are not
    /// what was sealed there. `segments` is how many the part has.
    pub(super) fn open(&self, sealed: &mut Vec<u8>, first: u64, segments: u64) -> Option<()> {
        let (mut read, mut written) = (0, 0);
        let mut segment = first;
        while read < sealed.len() {
            let end = (read + SEALED_SEGMENT as usize).min(sealed.len());
            let nonce = nonce(segment, segment + 1 == segments);
            let len = self.0.open_in_place(nonce, Aad::empty(), &mut sealed[read..end]).ok()?.len();
            sealed.copy_within(read..read + len, written);
            (read, written, segment) = (end, written + len, segment + 1);
        }
        sealed.truncate(written);
        Some(())
    }

    fn seal_segment(&self, segment: u64, last: bool, plain: &mut [u8]) -> Tag {
        self.0
            .seal_in_place_separate_tag(nonce(segment, last), Aad::empty(), plain)
            .expect("64 KiB are fewer than AES-GCM can seal")
    }
}

/// Seals a part: salt and segments, as they go into the store.
pub(super) fn seal(key: &FileKey, salt: [u8; SALT], place: Place, plain: &[u8]) -> Vec<u8> {
    let part_key = PartKey::derive(key, &salt, place);
    let len = plain.len() as u64;
    let mut sealed = Vec::with_capacity(usize::try_from(sealed_len(len)).unwrap_or(0));
    sealed.extend_from_slice(&salt);
    let segments = segments_of(len);
    for segment in 0..segments {
        let start = (segment * SEGMENT) as usize;
        let end = plain.len().min(start + SEGMENT as usize);
        let at = sealed.len();
        sealed.extend_from_slice(&plain[start..end]);
        let tag = part_key.seal_segment(segment, segment + 1 == segments, &mut sealed[at..]);
        sealed.extend_from_slice(tag.as_ref());
    }
    sealed
}

/// Opens segments read from a part's object: those from `first` on, of a part of `len` plain bytes.
pub(super) fn open(
    key: &FileKey,
    salt: &[u8; SALT],
    place: Place,
    mut sealed: Vec<u8>,
    first: u64,
    len: u64,
) -> Option<Vec<u8>> {
    PartKey::derive(key, salt, place).open(&mut sealed, first, segments_of(len))?;
    Some(sealed)
}

fn nonce(segment: u64, last: bool) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[3..11].copy_from_slice(&segment.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}
