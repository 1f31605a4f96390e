//! WebP: the chunks of RFC 9649 that make the picture stay; EXIF, XMP and unknown ones go, and the header says so.

use super::super::exif;
use super::super::probe::Probe;
use super::super::riff::{self, Chunk};
use super::{Cleaned, Piece, Pieces};

const SEEN: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// Flags of VP8X (2.7.1).
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

pub fn clean(probe: &mut Probe<'_>) -> Option<Cleaned> {
    let chunks = riff::chunks(probe)?;
    let orientation = riff::orientation(probe, &chunks);
    let is_told_alone = orientation != 1;
    if chunks.iter().all(|chunk| SEEN.contains(&&chunk.kind))
        && chunks.last().is_some_and(|last| last.end == probe.size())
    {
        return Some(Cleaned::Same);
    }
    let mut body = Pieces::default();
    for chunk in chunks.iter().filter(|chunk| SEEN.contains(&&chunk.kind)) {
        keep(probe, chunk, is_told_alone, &mut body)?;
    }
    if is_told_alone && chunks.iter().any(|chunk| chunk.kind == *b"VP8X") {
        let tiff = exif::only_orientation(orientation);
        let length = u32::try_from(tiff.len()).expect("26 bytes");
        body.put([b"EXIF", &length.to_le_bytes()[..], &tiff].concat());
    }
    let length: u64 = 4 + body.0.iter().map(Piece::length).sum::<u64>();
    let mut pieces = Pieces::default();
    pieces.put([b"RIFF", &u32::try_from(length).ok()?.to_le_bytes()[..], b"WEBP"].concat());
    pieces.0.extend(body.0);
    pieces.end(probe.size())
}

/// A chunk as it is; VP8X with its flags set right.
fn keep(probe: &mut Probe<'_>, chunk: &Chunk, has_exif: bool, pieces: &mut Pieces) -> Option<()> {
    if chunk.kind != *b"VP8X" {
        pieces.keep(chunk.start..chunk.end);
        if chunk.end < chunk.body() + chunk.length + chunk.length % 2 {
            // Broken off: what is missing would make the next chunk part of this one.
            let missing = chunk.body() + chunk.length + chunk.length % 2 - chunk.end;
            return (missing == 1).then(|| pieces.put(vec![0]));
        }
        return Some(());
    }
    let flags = probe.array::<1>(chunk.body())?[0];
    pieces.keep(chunk.start..chunk.body());
    pieces.put(vec![(flags & !(HAS_EXIF | HAS_XMP)) | if has_exif { HAS_EXIF } else { 0 }]);
    pieces.keep(chunk.body() + 1..chunk.end);
    Some(())
}
