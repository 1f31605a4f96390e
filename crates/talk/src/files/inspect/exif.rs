//! The one thing of Exif that changes how a picture looks: its orientation (Exif 2.32, 4.6.4, tag 0x0112).

use super::probe::{be, le};

const ORIENTATION: u64 = 0x0112;

/// 1 to 8; 1 (upright) when it says nothing or nonsense. `tiff` begins with the byte order.
pub fn orientation(tiff: &[u8]) -> u8 {
    read(tiff).filter(|orientation| (1..=8).contains(orientation)).unwrap_or(1)
}

fn read(tiff: &[u8]) -> Option<u8> {
    let number: fn(&[u8]) -> u64 = match tiff.get(..4)? {
        b"II*\0" => le,
        b"MM\0*" => be,
        _ => return None,
    };
    let directory = usize::try_from(number(tiff.get(4..8)?)).ok()?;
    let count = usize::try_from(number(tiff.get(directory..directory.checked_add(2)?)?)).ok()?;
    let entries = tiff.get(directory + 2..)?;
    let entry = entries.chunks_exact(12).take(count).find(|entry| number(&entry[..2]) == ORIENTATION)?;
    u8::try_from(number(&entry[8..10])).ok()
}

/// Exif that says how to turn the picture and nothing else.
pub fn only_orientation(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    tiff[19] = orientation;
    tiff
}

/// Whether this orientation exchanges width and height.
pub fn is_sideways(orientation: u8) -> bool {
    orientation >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for turn in 1..=8 {
            assert_eq!(orientation(&only_orientation(turn)), turn);
        }
        assert_eq!(orientation(&only_orientation(9)), 1);
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff"), 1);
        assert_eq!(orientation(b""), 1);
    }
}
