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

/// Some bytes of a source.
#[derive(Default)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn holds(&self, position: u64) -> bool {
        (self.start..self.start + self.bytes.len() as u64).contains(&position)
    }
}

/// A source with its size, two blocks of it at hand, and what went wrong with it. Two, because an archive is read by
/// turns in its list at the end and in the entries that the list names.
pub struct Probe<'a> {
    source: &'a mut dyn Source,
    size: u64,
    position: u64,
    /// The one read last is the first.
    blocks: [Block; 2],
    fault: Option<io::Error>,
}

impl<'a> Probe<'a> {
    pub fn new(source: &'a mut dyn Source, size: u64) -> Self {
        Self { source, size, position: 0, blocks: Default::default(), fault: None }
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

    /// Has the position in the first block.
    fn fill(&mut self) -> io::Result<()> {
        if self.blocks[0].holds(self.position) {
            return Ok(());
        }
        self.blocks.swap(0, 1);
        let [block, _] = &mut self.blocks;
        if block.holds(self.position) {
            return Ok(());
        }
        block.start = self.position - self.position % BLOCK;
        block.bytes.clear();
        self.source.seek(SeekFrom::Start(block.start))?;
        let wanted = BLOCK.min(self.size - block.start);
        (&mut *self.source).take(wanted).read_to_end(&mut block.bytes)?;
        Ok(())
    }
}

impl Read for Probe<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size {
            return Ok(0);
        }
        if let Err(error) = self.fill() {
            self.blocks[0].bytes.clear();
            let kind = error.kind();
            self.fault.get_or_insert(error);
            return Err(kind.into());
        }
        let [block, _] = &self.blocks;
        let within = usize::try_from(self.position - block.start).unwrap_or(usize::MAX);
        let at_hand = block.bytes.get(within..).unwrap_or_default();
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
