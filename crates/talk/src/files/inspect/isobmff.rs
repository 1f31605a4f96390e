//! Boxes of the ISO base media file format (ISO 14496-12), in which MP4, QuickTime, HEIC and AVIF are written.

use super::format::Format;
use super::probe::{Probe, be, be32};

/// Boxes looked at in one file: more are no film or picture that anybody made.
const BOX_LIMIT: usize = 20_000;

/// One box: its type and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Four characters.
    pub kind: [u8; 4],
    /// Where its size field begins.
    pub start: u64,
    /// Where what it holds begins.
    pub body: u64,
    /// Where it ends.
    pub end: u64,
}

/// The boxes between two places, in order; stops where they no longer fit.
pub fn boxes(probe: &mut Probe<'_>, start: u64, end: u64) -> Vec<Region> {
    let mut found = Vec::new();
    let mut at = start;
    while at + 8 <= end && found.len() < BOX_LIMIT {
        let Some(head) = probe.array::<8>(at) else { break };
        let (body, size) = match be(&head[..4]) {
            0 => (at + 8, end - at),
            1 => match probe.array::<8>(at + 8) {
                Some(large) => (at + 16, be(&large)),
                None => break,
            },
            small => (at + 8, small),
        };
        let box_end = match at.checked_add(size) {
            Some(box_end) if box_end >= body && box_end <= end => box_end,
            _ => break,
        };
        found.push(Region { kind: [head[4], head[5], head[6], head[7]], start: at, body, end: box_end });
        at = box_end;
    }
    found
}

/// The first box of this type.
pub fn child(probe: &mut Probe<'_>, start: u64, end: u64, kind: &[u8; 4]) -> Option<Region> {
    boxes(probe, start, end).into_iter().find(|region| region.kind == *kind)
}

/// Which of the family it is, by the brands of its first box. Films of before 2001 have no brands and begin with their
/// movie or their data.
pub fn variety(head: &[u8]) -> Option<Format> {
    let size = usize::try_from(be(head.get(..4)?)).ok()?;
    match head.get(4..8)? {
        b"ftyp" => {}
        b"moov" | b"mdat" | b"wide" | b"pnot" | b"free" | b"skip" if size == 1 || size >= 8 => {
            return Some(Format::QuickTime);
        }
        _ => return None,
    }
    let end = size.min(head.len());
    let major = head.get(8..12)?;
    let compatible: Vec<&[u8]> = head.get(16..end).unwrap_or_default().chunks_exact(4).collect();
    let has =
        |brands: &[&[u8]]| brands.contains(&major) || compatible.iter().any(|brand| brands.contains(brand));
    if matches!(major, b"avif" | b"avis") || (matches!(major, b"mif1" | b"msf1") && has(&[b"avif", b"avis"]))
    {
        return Some(Format::Avif);
    }
    if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        return Some(Format::Heif);
    }
    Some(match major {
        b"qt  " => Format::QuickTime,
        b"M4A " | b"M4B " | b"M4P " => Format::M4a,
        _ => Format::Mp4,
    })
}

/// Sizes of a HEIF picture (ISO 23008-12): the primary item as shown, and the most pixels of any item.
pub struct ItemSizes {
    pub shown: Option<(u32, u32)>,
    pub most: u64,
}

/// Reads them from `meta`.
pub fn item_sizes(probe: &mut Probe<'_>) -> ItemSizes {
    let size = probe.size();
    let mut sizes = ItemSizes { shown: None, most: 0 };
    let Some(meta) = child(probe, 0, size, b"meta") else { return sizes };
    let Some(properties) = child(probe, meta.body + 4, meta.end, b"iprp") else { return sizes };
    let Some(container) = child(probe, properties.body, properties.end, b"ipco") else { return sizes };
    let known = boxes(probe, container.body, container.end);
    let mut extents = Vec::with_capacity(known.len());
    for property in &known {
        let extent = match &property.kind {
            b"ispe" => probe.array::<12>(property.body).map(|ispe| (be32(&ispe[4..8]), be32(&ispe[8..12]))),
            _ => None,
        };
        if let Some((width, height)) = extent {
            sizes.most = sizes.most.max(u64::from(width) * u64::from(height));
        }
        extents.push(extent);
    }
    let Some(primary) = primary_item(probe, &meta) else { return sizes };
    let Some(associations) = child(probe, properties.body, properties.end, b"ipma") else { return sizes };
    for index in properties_of(probe, &associations, primary) {
        let Some(place) = index.checked_sub(1) else { continue };
        if let Some(Some(extent)) = extents.get(place) {
            sizes.shown = Some(*extent);
        }
        let turned = known.get(place).filter(|property| property.kind == *b"irot");
        let quarter_turns =
            turned.and_then(|turned| probe.array::<1>(turned.body)).map_or(0, |turn| turn[0] & 3);
        if quarter_turns % 2 == 1 {
            sizes.shown = sizes.shown.map(|(width, height)| (height, width));
        }
    }
    sizes
}

fn primary_item(probe: &mut Probe<'_>, meta: &Region) -> Option<u64> {
    let pitm = child(probe, meta.body + 4, meta.end, b"pitm")?;
    let wide = probe.array::<1>(pitm.body)?[0] > 0;
    Some(be(&probe.at(pitm.body + 4, if wide { 4 } else { 2 })))
}

/// The places (from 1) of an item's properties, in order: transformations apply in that order.
fn properties_of(probe: &mut Probe<'_>, ipma: &Region, item: u64) -> Vec<usize> {
    let length = usize::try_from(ipma.end - ipma.body).unwrap_or(usize::MAX).min(1 << 20);
    let bytes = probe.at(ipma.body, length);
    read_properties(&bytes, item).unwrap_or_default()
}

fn read_properties(bytes: &[u8], item: u64) -> Option<Vec<usize>> {
    let (version, flags) = (*bytes.first()?, *bytes.get(3)?);
    let id_length = if version == 0 { 2 } else { 4 };
    let index_length = if flags & 1 == 1 { 2 } else { 1 };
    let mut at = 8;
    while at < bytes.len() {
        let id = be(bytes.get(at..at + id_length)?);
        let count = usize::from(*bytes.get(at + id_length)?);
        let start = at + id_length + 1;
        let indexes = bytes.get(start..start + count * index_length)?;
        if id == item {
            // The highest bit says "essential".
            let mask = if index_length == 2 { 0x7fff } else { 0x7f };
            return indexes
                .chunks(index_length)
                .map(|index| usize::try_from(be(index) & mask).ok())
                .collect();
        }
        at = start + count * index_length;
    }
    None
}
