//! GIF (GIF89a): frames, their timing and the number of loops stay; comments, XMP and other applications' blocks go.

use super::super::probe::Probe;
use super::{Cleaned, Pieces};

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
const CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;
/// Blocks of one file.
const BLOCK_LIMIT: usize = 1_000_000;

pub fn clean(probe: &mut Probe<'_>) -> Option<Cleaned> {
    let screen = probe.array::<13>(0)?;
    let mut at = 13 + colour_table(screen[10]);
    let mut pieces = Pieces::default();
    pieces.keep(0..at.min(probe.size()));
    for _ in 0..BLOCK_LIMIT {
        let Some([kind]) = probe.array::<1>(at) else { return pieces.end(probe.size()) };
        let (end, is_seen) = match kind {
            IMAGE => {
                let Some(descriptor) = probe.array::<10>(at) else { return pieces.end(probe.size()) };
                (data_end(probe, at + 10 + colour_table(descriptor[9]) + 1), true)
            }
            EXTENSION => {
                let label = probe.array::<1>(at + 1).map_or(0, |label| label[0]);
                let loops = [b"NETSCAPE2.0", b"ANIMEXTS1.0"].iter().any(|name| probe.at(at + 3, 11) == *name);
                (data_end(probe, at + 2), label == CONTROL || (label == APPLICATION && loops))
            }
            TRAILER => (at + 1, true),
            _ => return None,
        };
        if is_seen {
            pieces.keep(at..end);
        }
        if kind == TRAILER || pieces.0.len() > super::PIECE_LIMIT {
            return pieces.end(probe.size());
        }
        at = end;
    }
    None
}

/// Length of a colour table, from the byte that says whether there is one.
fn colour_table(packed: u8) -> u64 {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

/// Behind the sub-blocks that begin here and end with an empty one.
fn data_end(probe: &mut Probe<'_>, mut at: u64) -> u64 {
    loop {
        match probe.array::<1>(at) {
            None => return probe.size(),
            Some([0]) => return at + 1,
            Some([length]) => at += 1 + u64::from(length),
        }
    }
}
