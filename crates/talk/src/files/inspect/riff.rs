//! The chunks of a RIFF file, of which WebP is one (RFC 9649, 2.3).

use super::exif;
use super::probe::{Probe, le};

/// One chunk: its type and where it lies, padding included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Four characters.
    pub kind: [u8; 4],
    /// Where its type begins.
    pub start: u64,
    /// Length of its data.
    pub length: u64,
    /// Where the next one begins.
    pub end: u64,
}

impl Chunk {
    /// Where its data begins.
    pub fn body(&self) -> u64 {
        self.start + 8
    }
}

/// Chunks of one picture: every frame of an animation is one.
const CHUNK_LIMIT: usize = 100_000;

/// All chunks; stops where they no longer fit. `None`: too many.
pub fn chunks(probe: &mut Probe<'_>) -> Option<Vec<Chunk>> {
    let mut found = Vec::new();
    let mut at = 12;
    let end = probe.array::<4>(4).map_or(0, |size| le(&size) + 8).min(probe.size());
    while let Some(head) = probe.array::<8>(at) {
        let length = le(&head[4..8]);
        let next = at + 8 + length + length % 2;
        if at >= end || found.len() > CHUNK_LIMIT {
            break;
        }
        let kind = [head[0], head[1], head[2], head[3]];
        found.push(Chunk { kind, start: at, length, end: next.min(probe.size()) });
        at = next;
    }
    (found.len() <= CHUNK_LIMIT).then_some(found)
}

/// Width and height as shown: the larger of what the canvas and the picture in it say.
pub fn shape(probe: &mut Probe<'_>) -> Option<(u32, u32)> {
    let chunks = chunks(probe)?;
    let sizes = chunks.iter().filter_map(|chunk| size(&chunk.kind, &probe.at(chunk.body(), 10)));
    let (width, height) = sizes.max_by_key(|(width, height)| width * height)?;
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    Some(if exif::is_sideways(orientation(probe, &chunks)) { (height, width) } else { (width, height) })
}

fn size(kind: &[u8; 4], data: &[u8]) -> Option<(u64, u64)> {
    match kind {
        // 24 bits each, less one (2.7.1).
        b"VP8X" => Some((le(data.get(4..7)?) + 1, le(data.get(7..10)?) + 1)),
        // A signature byte, then 14 bits each, less one (3.4).
        b"VP8L" => {
            let bits = le(data.get(1..5)?);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        // Frame tag, start code, then 14 bits each (RFC 6386, 9.1).
        b"VP8 " => Some((le(data.get(6..8)?) & 0x3fff, le(data.get(8..10)?) & 0x3fff)),
        _ => None,
    }
}

/// The orientation of its EXIF chunk.
pub fn orientation(probe: &mut Probe<'_>, chunks: &[Chunk]) -> u8 {
    let Some(chunk) = chunks.iter().find(|chunk| chunk.kind == *b"EXIF") else { return 1 };
    let bytes = probe.at(chunk.body(), usize::try_from(chunk.length).unwrap_or_default().min(64 * 1024));
    exif::orientation(bytes.strip_prefix(b"Exif\0\0").unwrap_or(&bytes))
}
