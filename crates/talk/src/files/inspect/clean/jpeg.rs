//! JPEG: what a decoder needs stays (tables, frames, scans, the colour profile, Adobe's colour transform), the orientation
//! is said anew, everything else goes: Exif with GPS and thumbnail, XMP, IPTC, comments, further pictures behind the first.

use super::super::exif;
use super::super::jpeg::{self, APP0, APP1, APP2, APP14, APP15, COMMENT, Segment};
use super::super::probe::Probe;
use super::{Cleaned, Pieces};

pub fn clean(probe: &mut Probe<'_>) -> Option<Cleaned> {
    let segments = jpeg::image(probe)?;
    let orientation = jpeg::orientation(probe, &segments);
    let mut pieces = Pieces::default();
    pieces.keep(0..2);
    let mut is_told = orientation == 1;
    for segment in &segments {
        // Exif stands behind JFIF, where there is one (DCF 2.0), and before everything else.
        if !is_told && segment.marker != APP0 {
            pieces.put(orientation_segment(orientation));
            is_told = true;
        }
        if is_needed(probe, segment) {
            pieces.keep(segment.start..segment.end);
        }
    }
    pieces.end(probe.size())
}

fn is_needed(probe: &mut Probe<'_>, segment: &Segment) -> bool {
    let at = jpeg::payload(probe, segment);
    let mut begins = |with: &[u8]| probe.at(at, with.len()) == with;
    match segment.marker {
        APP0 => begins(b"JFIF\0"),
        APP2 => begins(b"ICC_PROFILE\0"),
        APP14 => begins(b"Adobe"),
        APP1..=APP15 | COMMENT => false,
        _ => true,
    }
}

fn orientation_segment(orientation: u8) -> Vec<u8> {
    let tiff = exif::only_orientation(orientation);
    let length = u16::try_from(2 + 6 + tiff.len()).expect("26 bytes and a few fit");
    [&[0xff, APP1][..], &length.to_be_bytes(), b"Exif\0\0", &tiff].concat()
}
