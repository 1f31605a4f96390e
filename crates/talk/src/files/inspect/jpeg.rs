//! The segments of a JPEG file (ITU-T T.81, annex B).

use super::exif;
use super::probe::{Probe, be, be32};

/// One marker with its segment, or a run of entropy-coded data (`marker` 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The second byte of the marker.
    pub marker: u8,
    /// Where the marker begins.
    pub start: u64,
    /// Where the segment ends.
    pub end: u64,
}

/// Segments of one file: more are none that a camera or a program wrote.
const SEGMENT_LIMIT: usize = 100_000;

pub const APP0: u8 = 0xe0;
pub const APP1: u8 = 0xe1;
pub const APP2: u8 = 0xe2;
pub const APP14: u8 = 0xee;
pub const APP15: u8 = 0xef;
pub const COMMENT: u8 = 0xfe;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// The segments up to the first scan. `None`: this is no JPEG.
pub fn header(probe: &mut Probe<'_>) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut at = 2;
    loop {
        let segment = next(probe, at)?;
        segments.push(segment);
        if segment.marker == SCAN {
            return Some(segments);
        }
        if segment.marker == END || segments.len() > SEGMENT_LIMIT {
            return None;
        }
        at = segment.end;
    }
}

/// All segments to the end of the image; what lies behind it (other pictures, films, anything) is not part of it.
/// A file that breaks off ends with its data.
pub fn image(probe: &mut Probe<'_>) -> Option<Vec<Segment>> {
    let mut segments = header(probe)?;
    while segments.len() <= SEGMENT_LIMIT {
        let last = *segments.last()?;
        match last.marker {
            END => return Some(segments),
            SCAN => {
                let end = end_of_data(probe, last.end);
                segments.push(Segment { marker: 0, start: last.end, end });
            }
            _ => match next(probe, last.end) {
                Some(segment) => segments.push(segment),
                None => {
                    // Broken off, or garbage that every decoder takes for the end.
                    return Some(segments);
                }
            },
        }
    }
    None
}

fn next(probe: &mut Probe<'_>, at: u64) -> Option<Segment> {
    let mut marker_at = at;
    // Any number of fill bytes may stand before a marker (B.1.1.2).
    let marker = loop {
        match probe.array::<2>(marker_at)? {
            [0xff, 0xff] if marker_at - at < 1024 => marker_at += 1,
            [0xff, marker] if marker > 0 => break marker,
            _ => return None,
        }
    };
    let end = match marker {
        0x01 | 0xd0..=END => marker_at + 2,
        _ => marker_at + 2 + be(&probe.array::<2>(marker_at + 2)?).max(2),
    };
    (end <= probe.size()).then_some(Segment { marker, start: at, end })
}

/// Where a scan's data ends: at a marker that is neither a stuffed zero nor a restart.
fn end_of_data(probe: &mut Probe<'_>, start: u64) -> u64 {
    let mut at = start;
    let mut after_ff = false;
    loop {
        let bytes = probe.at(at, 64 * 1024);
        if bytes.is_empty() {
            return probe.size();
        }
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                0xff => after_ff = true,
                0x00 | 0xd0..=0xd7 => after_ff = false,
                _ if after_ff => return at + index as u64 - 1,
                _ => {}
            }
        }
        at += bytes.len() as u64;
    }
}

/// Width and height as shown. `None`: no frame header, so nobody can show it. Where several are written the largest
/// counts: a decoder may take any.
pub fn shape(probe: &mut Probe<'_>) -> Option<(u32, u32)> {
    let segments = header(probe)?;
    let mut largest: Option<(u32, u32)> = None;
    for segment in segments.iter().filter(|segment| is_frame(segment.marker)) {
        // Precision, then lines, then samples per line (B.2.2).
        let at = payload(probe, segment);
        let frame = probe.array::<5>(at)?;
        let size = (be32(&frame[3..5]), be32(&frame[1..3]));
        let pixels = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
        if largest.is_none_or(|largest| pixels(size) > pixels(largest)) {
            largest = Some(size);
        }
    }
    let (width, height) = largest?;
    let turned = exif::is_sideways(orientation(probe, &segments));
    Some(if turned { (height, width) } else { (width, height) })
}

/// Where a segment's payload begins: behind fill bytes, marker and length.
pub fn payload(probe: &mut Probe<'_>, segment: &Segment) -> u64 {
    let mut at = segment.start;
    while probe.array::<2>(at).is_some_and(|two| two == [0xff, 0xff]) && at < segment.end {
        at += 1;
    }
    at + 4
}

fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// The Exif orientation of the first Exif segment, as decoders read it.
pub fn orientation(probe: &mut Probe<'_>, segments: &[Segment]) -> u8 {
    for segment in segments.iter().filter(|segment| segment.marker == APP1) {
        let at = payload(probe, segment);
        let bytes = probe.at(at, usize::try_from(segment.end.saturating_sub(at)).unwrap_or_default());
        if let Some(tiff) = bytes.strip_prefix(b"Exif\0\0") {
            return exif::orientation(tiff);
        }
    }
    1
}
