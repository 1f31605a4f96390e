//! The first directory of a TIFF file (TIFF 6.0, section 2).

use super::exif;
use super::probe::{Probe, be, le};

/// One entry of a directory.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it is about.
    pub tag: u64,
    /// How many bytes its values take.
    pub length: u64,
    /// Where they lie.
    pub at: u64,
    /// The first value, for tags that are one number.
    pub value: u64,
}

/// How numbers are written: from the left or from the right.
pub type Number = fn(&[u8]) -> u64;

/// Entries of a directory; a directory has at most 65,535.
pub fn directory(probe: &mut Probe<'_>, at: u64, number: Number) -> Vec<Entry> {
    let Some(count) = probe.array::<2>(at) else { return Vec::new() };
    let count = usize::try_from(number(&count)).unwrap_or_default();
    let bytes = probe.at(at + 2, count * 12);
    let entries = bytes.chunks_exact(12).enumerate();
    entries
        .map(|(index, entry)| {
            let size = match number(&entry[2..4]) {
                3 | 8 => 2,
                4 | 9 | 11 | 13 => 4,
                5 | 10 | 12 => 8,
                _ => 1,
            };
            let length = number(&entry[4..8]) * size;
            let inline = at + 2 + index as u64 * 12 + 8;
            let place = if length <= 4 { inline } else { number(&entry[8..12]) };
            let value = if size == 2 { number(&entry[8..10]) } else { number(&entry[8..12]) };
            Entry { tag: number(&entry[..2]), length, at: place, value }
        })
        .collect()
}

/// How numbers are written, and the first directory.
pub fn first(probe: &mut Probe<'_>) -> Option<(Number, Vec<Entry>)> {
    let head = probe.array::<8>(0)?;
    let number: Number = if head.starts_with(b"II") { le } else { be };
    let at = number(&head[4..8]);
    Some((number, directory(probe, at, number)))
}

/// Width and height as shown.
pub fn shape(probe: &mut Probe<'_>) -> Option<(u32, u32)> {
    let (_, entries) = first(probe)?;
    let value =
        |tag| entries.iter().find(|entry| entry.tag == tag).and_then(|entry| u32::try_from(entry.value).ok());
    let (width, height) = (value(0x0100)?, value(0x0101)?);
    let turned = value(0x0112).and_then(|turn| u8::try_from(turn).ok()).is_some_and(exif::is_sideways);
    Some(if turned { (height, width) } else { (width, height) })
}
