//! Decoding pictures within bounded memory, and writing them anew.
//!
//! It stays true that what comes out is upright and holds nothing of the file it came from but its pixels and what their
//! colours mean.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::error::{DecodingError, ImageFormatHint, LimitError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageReader, Limits};

use crate::PIXEL_LIMIT;

/// Most bytes that decoding may take: 50 megapixels of eight bits and four channels, and what a decoder needs beside them.
const DECODE_LIMIT: u64 = 256 << 20;
/// JPEG's quality, of 100: below it the edges of text in a photographed form blur.
const QUALITY: u8 = 80;
/// Longest colour profile that is kept.
const PROFILE_LIMIT: usize = 4096;

/// A picture as it is meant to be seen, no larger than was asked for.
pub struct Upright {
    /// Of eight bits; with transparency only where something shines through.
    pub picture: DynamicImage,
    /// What its colours mean; without one they are sRGB.
    pub profile: Option<Vec<u8>>,
    /// Size of the whole before it was made smaller.
    pub whole: (u32, u32),
}

impl Upright {
    /// Whether something shines through.
    pub fn is_png(&self) -> bool {
        self.picture.color().has_alpha()
    }
}

/// Decodes the first picture of a file and fits it into a square of this side.
pub fn upright(picture: &[u8], side: u32) -> Result<Upright, ImageError> {
    use heifer::FileTypeResult::{MayBe, Supported};
    let is_heif = matches!(heifer::check_file_type(picture), Supported | MayBe);
    let Decoded { whole, orientation, profile } =
        if is_heif { photograph(picture)? } else { plain(picture)? };
    let (width, height) = (whole.width(), whole.height());
    let fits = width <= side && height <= side;
    let small = if fits { whole } else { whole.thumbnail(side, side) };
    let shines = shines_through(&small);
    let mut small: DynamicImage = if shines { small.into_rgba8().into() } else { small.into_rgb8().into() };
    small.apply_orientation(orientation);
    let is_sideways = (small.width() > small.height()) != (width > height) && width != height;
    let whole = if is_sideways { (height, width) } else { (width, height) };
    Ok(Upright { picture: small, profile, whole })
}

struct Decoded {
    whole: DynamicImage,
    /// What is still to be done to see it as it is meant.
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

fn plain(picture: &[u8]) -> Result<Decoded, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(picture)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_LIMIT);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXEL_LIMIT {
        return Err(too_large());
    }
    let orientation = decoder.orientation()?;
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let profile = decoder.icc_profile()?.filter(|profile| is_for_rgb(profile));
    Ok(Decoded { whole: DynamicImage::from_decoder(decoder)?, orientation, profile })
}

/// HEIC, as telephones write it. Turned and in sRGB when it comes out of the decoder: of one thread, for its memory.
fn photograph(picture: &[u8]) -> Result<Decoded, ImageError> {
    let options = heifer::Options { max_threads: 1, max_pixels: PIXEL_LIMIT };
    let damaged = |error: heifer::Error| {
        ImageError::Decoding(DecodingError::new(ImageFormatHint::Name("HEIC".into()), error))
    };
    let whole = heifer::decode_srgb_rgba8(picture, &options).map_err(damaged)?;
    let pixels = image::RgbaImage::from_raw(whole.width, whole.height, whole.data).ok_or_else(too_large)?;
    Ok(Decoded { whole: pixels.into(), orientation: Orientation::NoTransforms, profile: None })
}

fn too_large() -> ImageError {
    ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError))
}

fn shines_through(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

/// Photographs of telephones are in Display P3; without the profile their colours would be pale. A profile of grey or CMYK
/// does not fit what was decoded to RGB (ICC.1:2022, 7.2.6).
fn is_for_rgb(profile: &[u8]) -> bool {
    profile.len() <= PROFILE_LIMIT && profile.get(16..20) == Some(b"RGB ")
}

/// A picture as a file.
pub fn encoded(picture: &DynamicImage, is_png: bool, profile: Option<&[u8]>) -> Result<Vec<u8>, ImageError> {
    let mut out = Vec::new();
    if is_png {
        encode(PngEncoder::new(&mut out), picture, profile)?;
    } else {
        encode(JpegEncoder::new_with_quality(&mut out, QUALITY), picture, profile)?;
    }
    Ok(out)
}

fn encode(
    mut encoder: impl ImageEncoder,
    picture: &DynamicImage,
    profile: Option<&[u8]>,
) -> Result<(), ImageError> {
    if let Some(profile) = profile {
        // A format that cannot hold a profile goes without.
        let _unsupported = encoder.set_icc_profile(profile.to_vec());
    }
    picture.write_with_encoder(encoder)
}
