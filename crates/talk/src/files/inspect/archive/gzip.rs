//! gzip (RFC 1952): one stream, or a tar inside it.

use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::bufread::MultiGzDecoder;

use super::super::probe::Probe;
use super::{Count, Fault, drain, tar};

/// Counts what it unpacks to.
pub fn walk(probe: &mut Probe<'_>, count: &mut Count) -> Result<(), Fault> {
    probe.seek(SeekFrom::Start(0)).map_err(|_| Fault::Unreadable)?;
    let mut unpacked = MultiGzDecoder::new(BufReader::new(probe));
    let mut head = Vec::new();
    unpacked.by_ref().take(tar::BLOCK as u64).read_to_end(&mut head).map_err(|_| Fault::Unreadable)?;
    let is_tar = tar::is_header(&head);
    let whole = Cursor::new(head).chain(unpacked);
    if is_tar {
        return tar::walk(whole, count);
    }
    count.entry()?;
    drain(whole, count)
}
