//! How large a picture is, from its header alone (R44).

use kairan_core::Refusal;

use super::format::Format;
use super::probe::{Probe, le};
use super::{FILE_UNREADABLE, PICTURE_TOO_LARGE, PIXEL_LIMIT, isobmff, jpeg, png, riff, tiff};

/// Width and height as shown (orientation applied); `None` for what is no picture or does not tell.
///
/// # Errors
/// 422 `file.picture_too_large`; 422 `file.unreadable` for a picture that nobody could show.
pub fn shape(probe: &mut Probe<'_>, format: Format) -> Result<Option<(u32, u32)>, Refusal> {
    let shape = match format {
        Format::Jpeg => jpeg::shape(probe),
        Format::Png => png::shape(probe),
        Format::Gif => probe.array::<4>(6).map(|size| (short(&size[..2]), short(&size[2..]))),
        Format::Webp => riff::shape(probe),
        Format::Bmp => bitmap(probe),
        Format::Tiff => return bounded(tiff::shape(probe)),
        Format::Heif | Format::Avif => {
            let sizes = isobmff::item_sizes(probe);
            if sizes.most > PIXEL_LIMIT {
                return Err(too_large(sizes.most));
            }
            return bounded(sizes.shown);
        }
        _ => return Ok(None),
    };
    match bounded(shape)? {
        Some((width, height)) if width > 0 && height > 0 => Ok(Some((width, height))),
        _ => Err(Refusal::new(&FILE_UNREADABLE).fact("found", format.label())),
    }
}

fn bounded(shape: Option<(u32, u32)>) -> Result<Option<(u32, u32)>, Refusal> {
    let pixels = shape.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
    if pixels > PIXEL_LIMIT { Err(too_large(pixels)) } else { Ok(shape) }
}

fn too_large(pixels: u64) -> Refusal {
    Refusal::new(&PICTURE_TOO_LARGE)
        .fact("megapixels", pixels.div_ceil(1_000_000))
        .fact("limit", PIXEL_LIMIT / 1_000_000)
}

fn short(bytes: &[u8]) -> u32 {
    u32::try_from(le(bytes)).unwrap_or(u32::MAX)
}

/// Height is negative when the first line is the upper one.
fn bitmap(probe: &mut Probe<'_>) -> Option<(u32, u32)> {
    let head = probe.array::<12>(14)?;
    if le(&head[..4]) == 12 {
        return Some((short(&head[4..6]), short(&head[6..8])));
    }
    let height = i32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    Some((short(&head[4..8]), height.unsigned_abs()))
}
