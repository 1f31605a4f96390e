//! PNG: the chunks that a decoder needs stay, those that change colours and frames too; the others tell (eXIf, tEXt, zTXt,
//! iTXt, tIME, and private ones such as C2PA's) and go. An orientation is said anew.

use super::super::exif;
use super::super::png::{self, Chunk};
use super::super::probe::Probe;
use super::{Cleaned, PIECE_LIMIT, Pieces};

/// Chunks that a decoder may ignore and that change what one sees.
const SEEN: [&[u8; 4]; 16] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"hIST",
    b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
];

pub fn clean(probe: &mut Probe<'_>) -> Option<Cleaned> {
    let orientation = png::orientation(probe);
    let mut pieces = Pieces::default();
    pieces.keep(0..8);
    png::chunks(probe, |_, Chunk { kind, start, end }| {
        let is_critical = kind[0].is_ascii_uppercase();
        if is_critical || SEEN.contains(&&kind) {
            pieces.keep(start..end);
        }
        if kind == *b"IHDR" && orientation != 1 {
            pieces.put(orientation_chunk(orientation));
        }
        pieces.0.len() <= PIECE_LIMIT
    })?;
    pieces.end(probe.size())
}

fn orientation_chunk(orientation: u8) -> Vec<u8> {
    let tiff = exif::only_orientation(orientation);
    let length = u32::try_from(tiff.len()).expect("26 bytes");
    let mut checked = flate2::Crc::new();
    checked.update(b"eXIf");
    checked.update(&tiff);
    [&length.to_be_bytes()[..], b"eXIf", &tiff, &checked.sum().to_be_bytes()].concat()
}
