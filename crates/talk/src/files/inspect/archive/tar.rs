//! tar (POSIX.1-2017 pax, and GNU's extensions), also as what gzip unpacks to.
//!
//! It stays true that the archive is read once from front to end, so that it need not be seekable, and that of the long
//! names only so much is held as a name can have.

use std::io::{ErrorKind, Read};

use super::{Count, Fault, leads_outside, links_outside};

/// A header, and the unit of everything.
pub const BLOCK: usize = 512;
/// Longest extended header that is read: names of 4 KiB and the attributes beside them.
const EXTENDED_LIMIT: u64 = 1 << 20;

/// Whether these bytes begin with a header: its checksum is right.
pub fn is_header(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..BLOCK) else { return false };
    let Some(said) = octal(&header[148..156]) else { return false };
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    let own: u64 = header[148..156].iter().map(|byte| u64::from(*byte)).sum();
    header[0] != 0 && said == sum - own + 8 * u64::from(b' ')
}

/// Counts everything in it.
pub fn walk(mut from: impl Read, count: &mut Count) -> Result<(), Fault> {
    let mut named = Named::default();
    while let Some(header) = block(&mut from)? {
        if header.iter().all(|byte| *byte == 0) {
            // The end; what follows is padding and still unpacks.
            return super::drain(from, count);
        }
        if !is_header(&header) {
            return Err(Fault::Unreadable);
        }
        count.bytes(BLOCK as u64)?;
        let size = number(&header[124..136]).ok_or(Fault::Unreadable)?;
        match header[156] {
            b'L' => named.name = Some(held(&mut from, size, count)?),
            b'K' => named.target = Some(held(&mut from, size, count)?),
            b'x' => {
                let attributes = held(&mut from, size, count)?;
                named.read(&attributes);
            }
            b'g' => drop(held(&mut from, size, count)?),
            kind => {
                count.entry()?;
                let Named { name, target, size: wide } = std::mem::take(&mut named);
                let name = name.unwrap_or_else(|| own_name(&header));
                if leads_outside(&name) {
                    return Err(Fault::Names);
                }
                if matches!(kind, b'1' | b'2') {
                    let target = target.unwrap_or_else(|| text(&header[157..257]));
                    // A hard link's target counts from the archive's root, a symbolic one's from where it lies.
                    let from_where: &[u8] = if kind == b'1' { b"" } else { &name };
                    if links_outside(from_where, &target) {
                        return Err(Fault::Names);
                    }
                }
                let holds = !matches!(kind, b'1'..=b'6');
                skip(&mut from, if holds { wide.unwrap_or(size) } else { 0 }, count)?;
            }
        }
    }
    Ok(())
}

/// What extended headers say of the entry that follows them.
#[derive(Default)]
struct Named {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Named {
    /// `length key=value\n`, again and again.
    fn read(&mut self, attributes: &[u8]) {
        let mut rest = attributes;
        while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
            let length =
                std::str::from_utf8(&rest[..space]).ok().and_then(|digits| digits.parse::<usize>().ok());
            let Some(record) = length.and_then(|length| rest.get(space + 1..length)) else { return };
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            if let Some(path) = record.strip_prefix(b"path=") {
                self.name = Some(path.to_vec());
            } else if let Some(target) = record.strip_prefix(b"linkpath=") {
                self.target = Some(target.to_vec());
            } else if let Some(size) = record.strip_prefix(b"size=") {
                self.size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
            }
            rest = length.and_then(|length| rest.get(length..)).unwrap_or_default();
        }
    }
}

fn own_name(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(&header[..100]);
    let prefix = text(&header[345..500]);
    let has_prefix = header[257..].starts_with(b"ustar\0") && !prefix.is_empty();
    if has_prefix { [prefix, name].join(&b'/') } else { name }
}

/// Up to the first zero.
fn text(field: &[u8]) -> Vec<u8> {
    field.iter().copied().take_while(|byte| *byte != 0).collect()
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// Octal, or GNU's base 256 where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    match field.first()? {
        0x80 => Some(super::super::probe::be(&field[4..])),
        0x81.. => None,
        _ => octal(field),
    }
}

/// The next block; `None` at the end.
fn block(from: &mut impl Read) -> Result<Option<[u8; BLOCK]>, Fault> {
    let mut block = [0; BLOCK];
    let mut filled = 0;
    while filled < BLOCK {
        match from.read(&mut block[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(Fault::Unreadable),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Fault::Unreadable),
        }
    }
    Ok(Some(block))
}

fn padded(size: u64) -> u64 {
    size.saturating_add(BLOCK as u64 - 1) / BLOCK as u64 * BLOCK as u64
}

fn held(from: &mut impl Read, size: u64, count: &mut Count) -> Result<Vec<u8>, Fault> {
    if size > EXTENDED_LIMIT {
        return Err(Fault::Names);
    }
    let mut bytes = Vec::new();
    from.by_ref().take(padded(size)).read_to_end(&mut bytes).map_err(|_| Fault::Unreadable)?;
    count.bytes(bytes.len() as u64)?;
    bytes.truncate(usize::try_from(size).unwrap_or_default());
    Ok(bytes)
}

/// An entry that ends before its size is an archive that broke off.
fn skip(from: &mut impl Read, size: u64, count: &mut Count) -> Result<(), Fault> {
    let mut rest = from.by_ref().take(padded(size));
    super::drain(&mut rest, count)?;
    // The last block need not be filled up.
    if rest.limit() >= BLOCK as u64 { Err(Fault::Unreadable) } else { Ok(()) }
}
