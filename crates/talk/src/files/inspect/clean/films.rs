//! MP4 and QuickTime: the place where the film was made, and XMP, blanked where they lie: other boxes point at places
//! counted from the file's beginning, so nothing may move.

use super::super::isobmff::{self, Region};
use super::super::probe::{Probe, be};
use super::{Cleaned, Patches};

/// Adobe's XMP in a `uuid` box (XMP specification, part 3, 1.1.2).
const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
/// How deep boxes are entered: moov, trak, udta, meta, ilst.
const DEPTH: usize = 6;
/// Longest list of keys that is read.
const KEYS_LIMIT: u64 = 1 << 20;

pub fn clean(probe: &mut Probe<'_>) -> Option<Cleaned> {
    let mut patches = Patches::default();
    blank_boxes(probe, &mut patches);
    let size = probe.size();
    patches.end(size)
}

/// Blanks every box that tells a place or holds XMP.
pub fn blank_boxes(probe: &mut Probe<'_>, patches: &mut Patches) {
    let size = probe.size();
    enter(probe, 0, size, DEPTH, patches);
}

fn enter(probe: &mut Probe<'_>, start: u64, end: u64, depth: usize, patches: &mut Patches) {
    let children = isobmff::boxes(probe, start, end);
    let keys = children.iter().find(|child| child.kind == *b"keys").copied();
    let places = keys.map(|keys| place_keys(probe, &keys)).unwrap_or_default();
    for child in &children {
        match &child.kind {
            b"\xa9xyz" | b"loci" | b"XMP_" | b"GPS0" => free(child, patches),
            b"uuid" if probe.array::<16>(child.body) == Some(XMP) => free(child, patches),
            b"ilst" if !places.is_empty() => blank_values(probe, child, &places, patches),
            b"moov" | b"trak" | b"udta" | b"ilst" if depth > 0 => {
                enter(probe, child.body, child.end, depth - 1, patches);
            }
            b"meta" if depth > 0 => {
                // A full box in MP4, a plain one in QuickTime: there the first box, `hdlr`, begins at once.
                let is_plain = probe.array::<8>(child.body).is_some_and(|head| head[4..] == *b"hdlr");
                enter(probe, child.body + if is_plain { 0 } else { 4 }, child.end, depth - 1, patches);
            }
            _ => {}
        }
    }
}

/// A box that players pass over, with nothing in it.
fn free(region: &Region, patches: &mut Patches) {
    patches.put(region.start + 4, b"free".to_vec());
    patches.blank(region.body..region.end, 0);
}

/// The places (from 1) of the keys that name a place, such as `com.apple.quicktime.location.ISO6709`.
fn place_keys(probe: &mut Probe<'_>, keys: &Region) -> Vec<u64> {
    let length = usize::try_from((keys.end - keys.body).min(KEYS_LIMIT)).unwrap_or_default();
    let bytes = probe.at(keys.body, length);
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut found = Vec::new();
    let mut index = 1;
    while let Some(size) = rest.get(..4).map(be).and_then(|size| usize::try_from(size).ok()) {
        let Some(name) = rest.get(8..size) else { break };
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if ["location", "gps", "geo", "latitude", "longitude"].iter().any(|word| name.contains(word)) {
            found.push(index);
        }
        rest = &rest[size..];
        index += 1;
    }
    found
}

/// The values of these keys, as spaces: the type says text and its length stays.
fn blank_values(probe: &mut Probe<'_>, list: &Region, keys: &[u64], patches: &mut Patches) {
    for item in isobmff::boxes(probe, list.body, list.end) {
        if !keys.contains(&be(&item.kind)) {
            continue;
        }
        for value in isobmff::boxes(probe, item.body, item.end).iter().filter(|value| value.kind == *b"data")
        {
            // Type and locale come first, four bytes each.
            patches.blank((value.body + 8).min(value.end)..value.end, b' ');
        }
    }
}
