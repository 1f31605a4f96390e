//! The chunks of a PNG file (W3C PNG, third edition, 5).

use super::exif;
use super::probe::{Probe, be, be32};

/// One chunk: its type and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Four letters; a small first one says that a decoder may ignore it.
    pub kind: [u8; 4],
    /// Where its length begins.
    pub start: u64,
    /// Where its checksum ends.
    pub end: u64,
}

impl Chunk {
    /// Where its data begins.
    pub fn body(&self) -> u64 {
        self.start + 8
    }
}

/// Calls `each` for every chunk until the picture's end, the end of the file, or `false`. `None`: chunks do not fit.
pub fn chunks(probe: &mut Probe<'_>, mut each: impl FnMut(&mut Probe<'_>, Chunk) -> bool) -> Option<()> {
    let mut at = 8;
    while at < probe.size() {
        let head = probe.array::<8>(at)?;
        let chunk =
            Chunk { kind: [head[4], head[5], head[6], head[7]], start: at, end: at + be(&head[..4]) + 12 };
        // A download that broke off still shows its upper part; a chunk that is not one shows nothing.
        if !chunk.kind.iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        let end = chunk.end.min(probe.size());
        if !each(probe, Chunk { end, ..chunk }) || chunk.kind == *b"IEND" {
            return Some(());
        }
        at = chunk.end;
    }
    Some(())
}

/// Width and height as shown.
pub fn shape(probe: &mut Probe<'_>) -> Option<(u32, u32)> {
    let header = probe.array::<16>(8).filter(|header| header[4..8] == *b"IHDR")?;
    let (width, height) = (be32(&header[8..12]), be32(&header[12..16]));
    Some(if exif::is_sideways(orientation(probe)) { (height, width) } else { (width, height) })
}

/// The orientation of its eXIf chunk.
pub fn orientation(probe: &mut Probe<'_>) -> u8 {
    let mut orientation = 1;
    // What does not fit is found by whoever needs all chunks.
    let _whole = chunks(probe, |probe, chunk| {
        if chunk.kind == *b"eXIf" {
            let length = usize::try_from(chunk.end - chunk.body()).unwrap_or_default().min(64 * 1024);
            orientation = exif::orientation(&probe.at(chunk.body(), length));
        }
        chunk.kind != *b"eXIf"
    });
    orientation
}
