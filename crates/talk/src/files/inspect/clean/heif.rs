//! HEIC and AVIF (ISO 23008-12): the items that hold Exif and XMP are blanked. The orientation is not in them but in `irot`.

use std::ops::Range;

use super::super::isobmff::{self, Region};
use super::super::probe::{Probe, be};
use super::{Cleaned, Patches, films};

/// Longest list of items that is read.
const LIST_LIMIT: u64 = 4 << 20;

pub fn clean(probe: &mut Probe<'_>) -> Option<Cleaned> {
    let mut patches = Patches::default();
    let size = probe.size();
    if let Some(meta) = isobmff::child(probe, 0, size, b"meta") {
        let told = telling_items(probe, &meta);
        let locations = locations(probe, &meta).unwrap_or_default();
        for (_, range) in locations.iter().filter(|(item, _)| told.contains(item)) {
            if range.start < size {
                patches.blank(range.start..range.end.min(size), 0);
            }
        }
    }
    // Picture sequences are films; some cameras put a `uuid` box with XMP at the top.
    films::blank_boxes(probe, &mut patches);
    patches.end(size)
}

/// The items that tell about the picture: Exif, and documents such as XMP.
fn telling_items(probe: &mut Probe<'_>, meta: &Region) -> Vec<u64> {
    let Some(list) = isobmff::child(probe, meta.body + 4, meta.end, b"iinf") else { return Vec::new() };
    let wide = probe.array::<1>(list.body).is_some_and(|version| version[0] > 0);
    let entries = isobmff::boxes(probe, list.body + if wide { 8 } else { 6 }, list.end);
    let items = entries.iter().filter(|entry| entry.kind == *b"infe").filter_map(|entry| {
        let head = probe.at(entry.body, 14);
        let wide = usize::from(*head.first()? > 2) * 2;
        let kind = head.get(8 + wide..12 + wide)?;
        matches!(kind, b"Exif" | b"mime" | b"uri ").then(|| be(&head[4..6 + wide]))
    });
    items.collect()
}

/// Where each item's bytes lie (`iloc`, ISO 14496-12, 8.11.3): in the file, or in the `idat` box.
fn locations(probe: &mut Probe<'_>, meta: &Region) -> Option<Vec<(u64, Range<u64>)>> {
    let iloc = isobmff::child(probe, meta.body + 4, meta.end, b"iloc")?;
    let data = isobmff::child(probe, meta.body + 4, meta.end, b"idat").map_or(0, |idat| idat.body);
    let bytes = probe.at(iloc.body, usize::try_from((iloc.end - iloc.body).min(LIST_LIMIT)).ok()?);
    let mut list = List { bytes: &bytes, at: 0 };
    let version = list.number(4)? >> 24;
    let sizes = list.number(2)?;
    let length_of = |shift: u32| usize::try_from(sizes >> shift & 0xf).unwrap_or_default();
    let (offset_size, length_size, base_size) = (length_of(12), length_of(8), length_of(4));
    let index_size = if version == 0 { 0 } else { length_of(0) };
    let id_size = if version == 2 { 4 } else { 2 };
    let mut found = Vec::new();
    for _ in 0..list.number(id_size)? {
        let item = list.number(id_size)?;
        let in_box = version > 0 && list.number(2)? & 0xf == 1;
        list.number(2)?;
        let base = list.number(base_size)?.checked_add(if in_box { data } else { 0 })?;
        for _ in 0..list.number(2)? {
            list.number(index_size)?;
            let start = base.checked_add(list.number(offset_size)?)?;
            let length = list.number(length_size)?;
            // Length 0: to the end of the file.
            let end = if length == 0 { u64::MAX } else { start.saturating_add(length) };
            found.push((item, start..end));
        }
    }
    Some(found)
}

struct List<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl List<'_> {
    /// The next number of so many bytes; none is 0.
    fn number(&mut self, length: usize) -> Option<u64> {
        let number = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(be(number))
    }
}
