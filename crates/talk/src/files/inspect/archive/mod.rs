//! What an archive would become when somebody unpacks it (R46): how much, how many, and where.
//!
//! It stays true that nothing is written and little is held: contents are inflated into nothing, counted, and given up at
//! the limit. What an archive declares of itself is never believed where it can be counted. Archives inside archives are
//! not entered, and 7z, RAR, LZH, bzip2, xz and Zstandard are not looked into (`docs/decisions/0007`).

mod gzip;
pub mod tar;
pub mod zip;

use std::io::{self, Read, Seek as _, SeekFrom};

use encoding_rs::SHIFT_JIS;
use kairan_core::Refusal;

use super::format::Format;
use super::probe::Probe;
use super::{ARCHIVE_NAMES, ARCHIVE_RATIO, ARCHIVE_TOO_LARGE, ARCHIVE_TOO_MANY_ENTRIES, ARCHIVE_UNREADABLE};

/// Most bytes that an archive may unpack to (R46).
pub const SIZE_LIMIT: u64 = 1 << 30;
/// Most entries of an archive (R46).
pub const ENTRY_LIMIT: u64 = 10_000;
/// How many times its own size an archive may unpack to (R46) …
pub const RATIO_LIMIT: u64 = 100;
/// … once it unpacks to more than this many bytes: a page of blanks compresses well and harms nobody.
pub const RATIO_FLOOR: u64 = 10 * 1024 * 1024;

/// Looks into what is an archive of a kind that we can read; everything else passes.
///
/// # Errors
/// 422 `archive.…`.
pub fn check(probe: &mut Probe<'_>, format: Format) -> Result<(), Refusal> {
    let mut count = Count::of(probe.size());
    let outcome = match format {
        Format::Zip | Format::Docx | Format::Xlsx | Format::Pptx | Format::OpenDocument | Format::Epub => {
            zip::walk(probe, &mut count)
        }
        Format::Gzip => gzip::walk(probe, &mut count),
        Format::Tar => {
            let _start = probe.seek(SeekFrom::Start(0));
            tar::walk(probe, &mut count)
        }
        _ => return Ok(()),
    };
    outcome.map_err(Fault::refusal)
}

/// What is wrong with an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    TooLarge,
    TooMany,
    Ratio,
    Names,
    Unreadable,
}

impl Fault {
    fn refusal(self) -> Refusal {
        match self {
            Self::TooLarge => Refusal::new(&ARCHIVE_TOO_LARGE).fact("limit", SIZE_LIMIT),
            Self::TooMany => Refusal::new(&ARCHIVE_TOO_MANY_ENTRIES).fact("limit", ENTRY_LIMIT),
            Self::Ratio => Refusal::new(&ARCHIVE_RATIO).fact("limit", RATIO_LIMIT),
            Self::Names => (&ARCHIVE_NAMES).into(),
            Self::Unreadable => (&ARCHIVE_UNREADABLE).into(),
        }
    }
}

/// What was counted so far, against the limits.
#[derive(Debug)]
pub struct Count {
    packed: u64,
    unpacked: u64,
    entries: u64,
}

impl Count {
    fn of(packed: u64) -> Self {
        Self { packed, unpacked: 0, entries: 0 }
    }

    fn entry(&mut self) -> Result<(), Fault> {
        self.entries += 1;
        if self.entries > ENTRY_LIMIT { Err(Fault::TooMany) } else { Ok(()) }
    }

    fn bytes(&mut self, unpacked: u64) -> Result<(), Fault> {
        self.unpacked = self.unpacked.saturating_add(unpacked);
        if self.unpacked > RATIO_FLOOR && self.unpacked / RATIO_LIMIT > self.packed {
            return Err(Fault::Ratio);
        }
        if self.unpacked > SIZE_LIMIT { Err(Fault::TooLarge) } else { Ok(()) }
    }
}

/// Reads to the end into nothing.
fn drain(mut from: impl Read, count: &mut Count) -> Result<(), Fault> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => count.bytes(read as u64)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Fault::Unreadable),
        }
    }
}

/// Whether unpacking an entry of this name would write outside the folder it is unpacked into, on any system: an absolute
/// path, a drive, a step upwards, an end of string in the middle. Names that are not UTF-8 are Japanese Windows'.
fn leads_outside(name: &[u8]) -> bool {
    let name = match std::str::from_utf8(name) {
        Ok(name) => std::borrow::Cow::Borrowed(name),
        Err(_) => SHIFT_JIS.decode_without_bom_handling(name).0,
    };
    let has_drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    let steps_up = |part: &str| part.trim_end_matches([' ', '.']).is_empty() && part.starts_with("..");
    has_drive || name.contains('\0') || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(steps_up)
}

/// Whether a link that lies at `name` points outside the archive's own folder.
fn links_outside(name: &[u8], target: &[u8]) -> bool {
    let (name, target) = (String::from_utf8_lossy(name), String::from_utf8_lossy(target));
    if target.starts_with(['/', '\\']) || target.contains('\0') || target.as_bytes().get(1) == Some(&b':') {
        return true;
    }
    let above =
        name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").count().saturating_sub(1);
    let mut depth = i64::try_from(above).unwrap_or(0);
    for part in target.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R46
    #[test]
    fn names_that_lead_outside_are_known() {
        for name in [
            &b"../a"[..],
            b"a/../../b",
            b"/etc/passwd",
            b"\\\\server\\share",
            b"C:\\a",
            b"c:a",
            b"a\\..\\..\\b",
            b"a/.. /b",
            b"a\0b",
            b"..",
        ] {
            assert!(leads_outside(name), "{}", String::from_utf8_lossy(name));
        }
        let shift_jis = SHIFT_JIS.encode("表示/予定表.txt").0.into_owned();
        assert!(shift_jis.contains(&b'\\'), "the second byte of 表 is a backslash");
        for name in [&b"a/b.txt"[..], b"a..b", b"...", b"./a", "見積/一.pdf".as_bytes(), &shift_jis] {
            assert_eq!(leads_outside(name), name == b"...", "{}", String::from_utf8_lossy(name));
        }
    }

    /// R46
    #[test]
    fn links_may_stay_inside() {
        assert!(!links_outside(b"lib/a.so", b"a.so.1"));
        assert!(!links_outside(b"lib/x/a", b"../b"));
        for (name, target) in [("a", "/etc"), ("a", "../b"), ("lib/a", "../../etc"), ("a", "b/../../c")] {
            assert!(links_outside(name.as_bytes(), target.as_bytes()), "{name} {target}");
        }
    }
}
