//! ZIP (PKWARE APPNOTE 6.3), Office documents among it.
//!
//! It stays true that the list of entries is read as a stream, so that a list of millions costs no memory, and that every
//! entry is inflated from where its own header stands, so that entries that overlap are counted as often as they unpack.

use std::io::{Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use super::super::format::Format;
use super::super::probe::{Probe, le};
use super::{Count, Fault, drain, leads_outside, links_outside};

const END_SIZE: usize = 22;
const ENTRY_SIZE: u64 = 46;
const LOCAL_SIZE: u64 = 30;
const STORED: u64 = 0;
const DEFLATED: u64 = 8;
/// Longest target of a link that is read; longer ones no system follows.
const LINK_LIMIT: u64 = 4096;

/// Where the list of entries lies, and how far everything is moved by what stands in front of the archive.
struct Directory {
    start: u64,
    end: u64,
    moved: u64,
}

/// One line of the list.
struct Entry {
    name: Vec<u8>,
    is_encrypted: bool,
    is_link: bool,
    method: u64,
    packed: u64,
    unpacked: u64,
    local: u64,
    end: u64,
}

/// Which of the formats built on ZIP it is, by the names in it.
pub fn variety(probe: &mut Probe<'_>) -> Format {
    let first = probe.at(LOCAL_SIZE, 64);
    if first.starts_with(b"mimetypeapplication/vnd.oasis.opendocument.") {
        return Format::OpenDocument;
    }
    if first.starts_with(b"mimetypeapplication/epub+zip") {
        return Format::Epub;
    }
    let mut has_types = false;
    let mut found = None;
    let mut seen = 0;
    // What cannot be walked is a ZIP all the same; the check says what is wrong with it.
    let _walked = each_entry(probe, |_, entry| {
        seen += 1;
        has_types |= entry.name == b"[Content_Types].xml";
        for (folder, format) in
            [(&b"word/"[..], Format::Docx), (b"xl/", Format::Xlsx), (b"ppt/", Format::Pptx)]
        {
            if found.is_none() && entry.name.starts_with(folder) {
                found = Some(format);
            }
        }
        if seen < super::ENTRY_LIMIT && !(has_types && found.is_some()) {
            Ok(())
        } else {
            Err(Fault::TooMany)
        }
    });
    found.filter(|_| has_types).unwrap_or(Format::Zip)
}

/// Counts everything in it.
pub fn walk(probe: &mut Probe<'_>, count: &mut Count) -> Result<(), Fault> {
    each_entry(probe, |probe, entry| {
        count.entry()?;
        if leads_outside(&entry.name) {
            return Err(Fault::Names);
        }
        contents(probe, &entry, count)
    })
}

fn contents(probe: &mut Probe<'_>, entry: &Entry, count: &mut Count) -> Result<(), Fault> {
    let local = probe.array::<{ LOCAL_SIZE as usize }>(entry.local).ok_or(Fault::Unreadable)?;
    if !local.starts_with(b"PK\x03\x04") {
        return Err(Fault::Unreadable);
    }
    let (name_length, extra_length) = (le(&local[26..28]), le(&local[28..30]));
    // Programs that read the archive from its start see this name and not the list's.
    let own_name = probe.at(entry.local + LOCAL_SIZE, usize::try_from(name_length).unwrap_or_default());
    if leads_outside(&own_name) {
        return Err(Fault::Names);
    }
    let start = entry.local + LOCAL_SIZE + name_length + extra_length;
    if start + entry.packed > probe.size() {
        return Err(Fault::Unreadable);
    }
    if entry.is_encrypted || !matches!(entry.method, STORED | DEFLATED) {
        return count.bytes(entry.unpacked.max(entry.packed));
    }
    probe.seek(SeekFrom::Start(start)).map_err(|_| Fault::Unreadable)?;
    let packed = probe.take(entry.packed);
    let mut unpacked: Box<dyn Read + '_> =
        if entry.method == STORED { Box::new(packed) } else { Box::new(DeflateDecoder::new(packed)) };
    if entry.is_link {
        let mut target = Vec::new();
        unpacked.by_ref().take(LINK_LIMIT).read_to_end(&mut target).map_err(|_| Fault::Unreadable)?;
        if links_outside(&entry.name, &target) {
            return Err(Fault::Names);
        }
        count.bytes(target.len() as u64)?;
    }
    drain(unpacked, count)
}

fn each_entry(
    probe: &mut Probe<'_>,
    mut each: impl FnMut(&mut Probe<'_>, Entry) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let directory = directory(probe).ok_or(Fault::Unreadable)?;
    let mut at = directory.start;
    while at + ENTRY_SIZE <= directory.end {
        let entry = entry(probe, at, directory.moved).ok_or(Fault::Unreadable)?;
        at = entry.end;
        each(probe, entry)?;
    }
    Ok(())
}

fn directory(probe: &mut Probe<'_>) -> Option<Directory> {
    let size = probe.size();
    // The record ends the file but for a comment of at most 65,535 bytes.
    let tail_start = size.saturating_sub(END_SIZE as u64 + 0xffff);
    let tail = probe.at(tail_start, END_SIZE + 0xffff);
    let fits = |at: &usize| {
        tail[*at..].starts_with(b"PK\x05\x06")
            && tail.get(at + 20..at + 22).is_some_and(|length| at + END_SIZE + le_usize(length) <= tail.len())
    };
    let place = (0..tail.len().saturating_sub(END_SIZE - 1)).rev().find(fits)?;
    let record = &tail[place..place + END_SIZE];
    let record_at = tail_start + place as u64;
    let (mut length, mut offset) = (le(&record[12..16]), le(&record[16..20]));
    let mut end = record_at;
    let is_wide = offset == 0xffff_ffff || length == 0xffff_ffff || le(&record[10..12]) == 0xffff;
    if is_wide && let Some(wide) = wide_directory(probe, record_at) {
        (end, length, offset) = wide;
    }
    let start = end.checked_sub(length)?;
    Some(Directory { start, end, moved: start.checked_sub(offset)? })
}

/// ZIP64 (4.3.14): where its record lies, the list's length and its offset.
fn wide_directory(probe: &mut Probe<'_>, record_at: u64) -> Option<(u64, u64, u64)> {
    let locator = probe.array::<20>(record_at.checked_sub(20)?)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return None;
    }
    let said = le(&locator[8..16]);
    // Moved by what stands in front; the record without extensible data has 56 bytes and ends where the locator begins.
    for at in [said, record_at.checked_sub(20 + 56)?] {
        if let Some(record) = probe.array::<56>(at)
            && record.starts_with(b"PK\x06\x06")
        {
            return Some((at, le(&record[40..48]), le(&record[48..56])));
        }
    }
    None
}

fn entry(probe: &mut Probe<'_>, at: u64, moved: u64) -> Option<Entry> {
    let head = probe.array::<{ ENTRY_SIZE as usize }>(at)?;
    if !head.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name_length, extra_length, comment_length) =
        (le(&head[28..30]), le(&head[30..32]), le(&head[32..34]));
    let name = probe.at(at + ENTRY_SIZE, usize::try_from(name_length).ok()?);
    let extra = probe.at(at + ENTRY_SIZE + name_length, usize::try_from(extra_length).ok()?);
    let (mut unpacked, mut packed, mut local) = (le(&head[24..28]), le(&head[20..24]), le(&head[42..46]));
    // ZIP64: the fields that are full are in the extra field, in this order (4.5.3).
    let mut wide = wide_fields(&extra).chunks_exact(8).map(le);
    for field in [&mut unpacked, &mut packed, &mut local] {
        if *field == 0xffff_ffff {
            *field = wide.next()?;
        }
    }
    let made_on_unix = head[5] == 3;
    Some(Entry {
        name,
        is_encrypted: head[8] & 1 == 1,
        is_link: made_on_unix && le(&head[40..42]) & 0o170_000 == 0o120_000,
        method: le(&head[10..12]),
        packed,
        unpacked,
        local: local.checked_add(moved)?,
        end: at + ENTRY_SIZE + name_length + extra_length + comment_length,
    })
}

fn wide_fields(extra: &[u8]) -> &[u8] {
    let mut rest = extra;
    while let (Some(head), Some(body)) = (rest.get(..4), rest.get(4..)) {
        let length = le_usize(&head[2..]).min(body.len());
        if le(&head[..2]) == 1 {
            return &body[..length];
        }
        rest = &body[length..];
    }
    &[]
}

fn le_usize(bytes: &[u8]) -> usize {
    usize::try_from(le(bytes)).unwrap_or(usize::MAX)
}
