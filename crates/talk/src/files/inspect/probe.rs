//! Reading here and there in a file that is never held whole.
//!
//! It stays true that a source that fails is told apart from a file that ends too early: the first is our fault.

use std::io::{self, Read, Seek, SeekFrom};

use kairan_core::Refusal;

/// What can be looked into: a file, or a decrypting reader over one.
pub trait Source: Read + Seek {}
impl<T: Read + Seek + ?Sized> Source for T {}

/// Bytes read at once.
const BLOCK: u64 = 64 * 1024;

/// A source with its size, one block of it at hand, and what went wrong with it.
pub struct Probe<'a> {
    source: &'a mut dyn Source,
    size: u64,
    position: u64,
    block: Vec<u8>,
    block_start: u64,
    fault: Option<io::Error>,
}

impl<'a> Probe<'a> {
    pub fn new(source: &'a mut dyn Source, size: u64) -> Self {
        Self { source, size, position: 0, block: Vec::new(), block_start: 0, fault: None }
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Up to `length` bytes from `offset`; fewer where the file ends.
    pub fn at(&mut self, offset: u64, length: usize) -> Vec<u8> {
        self.position = offset;
        let mut bytes =
            vec![0; length.min(usize::try_from(self.size.saturating_sub(offset)).unwrap_or(length))];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.read(&mut bytes[filled..]) {
                Ok(0) | Err(_) => break,
                Ok(read) => filled += read,
            }
        }
        bytes.truncate(filled);
        bytes
    }

    /// Exactly `N` bytes from `offset`.
    pub fn array<const N: usize>(&mut self, offset: u64) -> Option<[u8; N]> {
        self.at(offset, N).try_into().ok()
    }

    /// The outcome, unless the source itself failed meanwhile.
    pub fn end<T>(self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        match self.fault {
            Some(fault) => Err(Refusal::fault(fault)),
            None => outcome,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.block_start = self.position - self.position % BLOCK;
        self.block.clear();
        self.source.seek(SeekFrom::Start(self.block_start))?;
        let wanted = BLOCK.min(self.size - self.block_start);
        (&mut *self.source).take(wanted).read_to_end(&mut self.block)?;
        Ok(())
    }
}

impl Read for Probe<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size {
            return Ok(0);
        }
        let held = self.block_start..self.block_start + self.block.len() as u64;
        if !held.contains(&self.position)
            && let Err(error) = self.fill()
        {
            self.block.clear();
            let kind = error.kind();
            self.fault.get_or_insert(error);
            return Err(kind.into());
        }
        let within = usize::try_from(self.position - self.block_start).unwrap_or(usize::MAX);
        let at_hand = self.block.get(within..).unwrap_or_default();
        let length = at_hand.len().min(out.len());
        out[..length].copy_from_slice(&at_hand[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for Probe<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// Big-endian numbers of up to eight bytes.
pub fn be(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Little-endian numbers of up to eight bytes.
pub fn le(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A big-endian number of up to four bytes.
pub fn be32(bytes: &[u8]) -> u32 {
    u32::try_from(be(bytes)).unwrap_or(u32::MAX)
}
