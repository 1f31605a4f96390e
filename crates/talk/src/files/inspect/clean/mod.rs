//! Taking out of pictures and films where they were made, with what, and by whom (R45).
//!
//! It stays true that what one sees does not change by a bit: nothing is decoded, parts are left out or blanked. JPEG, PNG,
//! WebP and GIF are written again without the parts that only tell about them; in HEIC, AVIF, TIFF and films, whose parts
//! point at one another, the bytes are blanked where they lie. PDF and Office documents keep what they say of themselves:
//! that is the author's document. What else stays is named in `docs/decisions/0007`.

mod films;
mod gif;
mod heif;
mod jpeg;
mod png;
mod tiff;
mod webp;

use std::io::{self, Cursor, Read, SeekFrom};
use std::ops::Range;

use kairan_core::Refusal;

use super::FILE_UNREADABLE;
use super::format::Format;
use super::probe::{Probe, Source};

/// Pieces and patches of one file, and bytes put in or blanked: more is no picture that a camera made.
const PIECE_LIMIT: usize = 100_000;
const BYTE_LIMIT: u64 = 32 << 20;

/// What others receive instead of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cleaned {
    /// The same bytes: nothing was found, or nothing is looked for in this format.
    Same,
    /// These pieces, one after another; the length changes.
    Pieces(Vec<Piece>),
    /// The same bytes except for these, each at its place; the length stays.
    Patches(Vec<(u64, Vec<u8>)>),
}

/// A part of a cleaned file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of the source.
    Keep(Range<u64>),
    /// New bytes.
    Put(Vec<u8>),
}

impl Cleaned {
    /// How long the cleaned file is, when the source has `size` bytes.
    #[must_use]
    pub fn size(&self, size: u64) -> u64 {
        match self {
            Self::Same | Self::Patches(_) => size,
            Self::Pieces(pieces) => pieces.iter().map(Piece::length).sum(),
        }
    }

    /// Reads the cleaned file out of its source, from the beginning; the memory used does not depend on the size.
    #[must_use]
    pub fn reader<'a>(&self, source: &'a mut dyn Source, size: u64) -> CleanReader<'a> {
        let pieces = match self {
            Self::Same => vec![Piece::Keep(0..size)],
            Self::Pieces(pieces) => pieces.clone(),
            Self::Patches(patches) => patched(patches, size),
        };
        CleanReader { source, pieces: pieces.into_iter(), now: Box::new(io::empty()), keep: None }
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Keep(range) => range.end - range.start,
            Self::Put(bytes) => bytes.len() as u64,
        }
    }
}

fn patched(patches: &[(u64, Vec<u8>)], size: u64) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(patches.len() * 2 + 1);
    let mut at = 0;
    for (start, bytes) in patches {
        pieces.push(Piece::Keep(at..*start));
        pieces.push(Piece::Put(bytes.clone()));
        at = start + bytes.len() as u64;
    }
    pieces.push(Piece::Keep(at..size));
    pieces
}

/// See [`Cleaned::reader`].
pub struct CleanReader<'a> {
    source: &'a mut dyn Source,
    pieces: std::vec::IntoIter<Piece>,
    now: Box<dyn Read + Send>,
    keep: Option<u64>,
}

impl Read for CleanReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match &mut self.keep {
                Some(rest) => {
                    let read = (&mut *self.source).take(*rest).read(out)?;
                    *rest -= read as u64;
                    if read == 0 && *rest > 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    read
                }
                None => self.now.read(out)?,
            };
            if read > 0 {
                return Ok(read);
            }
            match self.pieces.next() {
                None => return Ok(0),
                Some(Piece::Put(bytes)) => {
                    self.keep = None;
                    self.now = Box::new(io::Cursor::new(bytes));
                }
                Some(Piece::Keep(range)) => {
                    self.source.seek(SeekFrom::Start(range.start))?;
                    self.keep = Some(range.end - range.start);
                }
            }
        }
    }
}

/// What others receive of a file of `size` bytes that [`inspect`](super::inspect()) found to be of this format. Blocking.
///
/// # Errors
/// 422 `file.unreadable` when it is so broken that what it tells about its maker cannot be told from the picture; a fault
/// when the source itself cannot be read.
pub fn clean(source: &mut dyn Source, size: u64, format: Format) -> Result<Cleaned, Refusal> {
    let mut probe = Probe::new(source, size);
    let outcome = match format {
        Format::Jpeg => jpeg::clean(&mut probe),
        Format::Png => png::clean(&mut probe),
        Format::Webp => webp::clean(&mut probe),
        Format::Gif => gif::clean(&mut probe),
        Format::Tiff => tiff::clean(&mut probe),
        Format::Heif | Format::Avif => heif::clean(&mut probe),
        Format::Mp4 | Format::QuickTime | Format::M4a => films::clean(&mut probe),
        _ => Some(Cleaned::Same),
    };
    let outcome = outcome.ok_or_else(|| Refusal::new(&FILE_UNREADABLE).fact("found", format.label()));
    probe.end(outcome)
}

/// Collects pieces; neighbours become one.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn keep(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Piece::Keep(last)) if last.end == range.start => last.end = range.end,
            _ => self.0.push(Piece::Keep(range)),
        }
    }

    fn put(&mut self, bytes: Vec<u8>) {
        self.0.push(Piece::Put(bytes));
    }

    /// `None`: too many. What a file that broke off does not have is not kept.
    fn end(mut self, size: u64) -> Option<Cleaned> {
        if self.0.len() > PIECE_LIMIT {
            return None;
        }
        for piece in &mut self.0 {
            if let Piece::Keep(range) = piece {
                *range = range.start.min(size)..range.end.min(size);
            }
        }
        Some(if self.0 == [Piece::Keep(0..size)] { Cleaned::Same } else { Cleaned::Pieces(self.0) })
    }
}

/// Collects patches, in any order, each within the file.
#[derive(Default)]
struct Patches {
    patches: Vec<(u64, Vec<u8>)>,
    bytes: u64,
}

impl Patches {
    /// Overwrites a range with one byte.
    fn blank(&mut self, range: Range<u64>, with: u8) {
        let length = range.end.saturating_sub(range.start);
        self.bytes = self.bytes.saturating_add(length);
        if self.bytes <= BYTE_LIMIT {
            self.put(range.start, vec![with; usize::try_from(length).unwrap_or_default()]);
        }
    }

    fn put(&mut self, at: u64, bytes: Vec<u8>) {
        if !bytes.is_empty() && self.patches.len() <= PIECE_LIMIT {
            self.patches.push((at, bytes));
        }
    }

    /// `None`: too many. Where two meet, both are blanked as far as they reach.
    fn end(mut self, size: u64) -> Option<Cleaned> {
        if self.patches.len() > PIECE_LIMIT || self.bytes > BYTE_LIMIT {
            return None;
        }
        self.patches.sort_by_key(|(at, _)| *at);
        let mut apart: Vec<(u64, Vec<u8>)> = Vec::with_capacity(self.patches.len());
        for (mut at, mut bytes) in self.patches {
            let reached = apart.last().map_or(0, |(at, bytes)| at + bytes.len() as u64);
            let covered = usize::try_from(reached.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
            bytes.drain(..covered);
            at = at.max(reached);
            bytes.truncate(usize::try_from(size.saturating_sub(at)).unwrap_or(usize::MAX));
            if !bytes.is_empty() {
                apart.push((at, bytes));
            }
        }
        Some(if apart.is_empty() { Cleaned::Same } else { Cleaned::Patches(apart) })
    }
}

/// The cleaned bytes, whole; for pictures that are held anyway.
///
/// # Errors
/// What the source says.
pub fn bytes(source: &[u8], cleaned: &Cleaned) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    cleaned.reader(&mut Cursor::new(source), source.len() as u64).read_to_end(&mut out)?;
    Ok(out)
}
