//! Small pictures of pictures (R44): made once by the server, so that a room of photographs opens quickly on a phone.
//!
//! It stays true that a picture that cannot be made small is no error for anybody: it has no preview.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::error::{DecodingError, ImageFormatHint, LimitError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageReader, Limits};
use tokio::sync::Semaphore;

use super::inspect::PIXEL_LIMIT;

/// The small picture fits a square of this side, in pixels …
pub const SMALL: u32 = 400;
/// … and the large one a square of this.
pub const LARGE: u32 = 1600;
/// Largest file that is given to a renderer, bytes.
pub const SOURCE_LIMIT: u64 = 64 << 20;
/// Most bytes that decoding may take: 50 megapixels of eight bits and four channels, and what a decoder needs beside them.
const DECODE_LIMIT: u64 = 256 << 20;
/// JPEG's quality, of 100: below it the edges of text in a photographed form blur.
const QUALITY: u8 = 80;
/// Longest colour profile that is kept.
const PROFILE_LIMIT: usize = 4096;

/// A picture made small, twice, without anything that tells about its maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Width of the whole picture as it is shown.
    pub width: u32,
    /// Height of the whole picture as it is shown.
    pub height: u32,
    /// Whether the two are PNG; otherwise JPEG. PNG where something shines through.
    pub is_png: bool,
    /// Fits [`SMALL`].
    pub small: Vec<u8>,
    /// Fits [`LARGE`].
    pub large: Vec<u8>,
}

/// Makes pictures small. [`InProcess`] in tests; the server has one that does it in a process of its own.
pub trait Renderer: Send + Sync + 'static {
    /// The small pictures, or `None`: there is no preview, whatever the reason.
    fn render(&self, picture: Bytes) -> BoxFuture<'_, Option<Rendered>>;
}

/// Makes them here, one at a time.
#[derive(Clone)]
pub struct InProcess {
    turns: Arc<Semaphore>,
}

impl Default for InProcess {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(1)) }
    }
}

impl Renderer for InProcess {
    fn render(&self, picture: Bytes) -> BoxFuture<'_, Option<Rendered>> {
        Box::pin(async move {
            let _turn = self.turns.acquire().await.ok()?;
            tokio::task::spawn_blocking(move || render(&picture).ok()).await.ok()?
        })
    }
}

/// Decodes a picture within bounded memory and makes it small, turned as it is meant to be seen.
///
/// # Errors
/// What the decoder says: damaged, larger than allowed, or of a format that there is no decoder for.
pub fn render(picture: &[u8]) -> Result<Rendered, ImageError> {
    use heifer::FileTypeResult::{MayBe, Supported};
    let is_heif = matches!(heifer::check_file_type(picture), Supported | MayBe);
    let Decoded { whole, orientation, profile } =
        if is_heif { photograph(picture)? } else { plain(picture)? };
    let (width, height) = (whole.width(), whole.height());
    let mut large = fitted(&whole, LARGE);
    drop(whole);
    let is_png = shines_through(&large);
    large = if is_png { large.into_rgba8().into() } else { large.into_rgb8().into() };
    large.apply_orientation(orientation);
    let small = fitted(&large, SMALL);
    let is_sideways = (large.width() > large.height()) != (width > height) && width != height;
    let (width, height) = if is_sideways { (height, width) } else { (width, height) };
    Ok(Rendered {
        width,
        height,
        is_png,
        small: encoded(&small, is_png, profile.as_deref())?,
        large: encoded(&large, is_png, profile.as_deref())?,
    })
}

struct Decoded {
    whole: DynamicImage,
    /// What is still to be done to see it as it is meant.
    orientation: Orientation,
    /// What its colours mean; without one they are sRGB.
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
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError)));
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
    let pixels = image::RgbaImage::from_raw(whole.width, whole.height, whole.data)
        .ok_or_else(|| ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError)))?;
    Ok(Decoded { whole: pixels.into(), orientation: Orientation::NoTransforms, profile: None })
}

/// Never made larger.
fn fitted(picture: &DynamicImage, side: u32) -> DynamicImage {
    if picture.width() <= side && picture.height() <= side {
        picture.clone()
    } else {
        picture.thumbnail(side, side)
    }
}

fn shines_through(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

/// Photographs of telephones are in Display P3; without the profile their colours would be pale. A profile of grey or CMYK
/// does not fit what was decoded to RGB (ICC.1:2022, 7.2.6).
fn is_for_rgb(profile: &[u8]) -> bool {
    profile.len() <= PROFILE_LIMIT && profile.get(16..20) == Some(b"RGB ")
}

fn encoded(picture: &DynamicImage, is_png: bool, profile: Option<&[u8]>) -> Result<Vec<u8>, ImageError> {
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

/// First bytes of [`Rendered::to_bytes`]; the last is the version.
const HEAD: &[u8; 4] = b"KRP\x01";

impl Rendered {
    /// The media type of the two.
    #[must_use]
    pub fn media(&self) -> &'static str {
        if self.is_png { "image/png" } else { "image/jpeg" }
    }

    /// As it goes from the renderer's process to the server.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let small = u32::try_from(self.small.len()).unwrap_or(u32::MAX);
        [
            &HEAD[..],
            &[u8::from(self.is_png)],
            &self.width.to_be_bytes(),
            &self.height.to_be_bytes(),
            &small.to_be_bytes(),
            &self.small,
            &self.large,
        ]
        .concat()
    }

    /// Back again. `None`: the process broke off, or somebody made it write something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(HEAD)?;
        let (numbers, pictures) = rest.split_at_checked(13)?;
        let number = |at: usize| numbers.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let is_png = numbers[0] == 1;
        let (small, large) = pictures.split_at_checked(usize::try_from(number(9)?).ok()?)?;
        let magic: &[u8] = if is_png { b"\x89PNG\r\n\x1a\n" } else { b"\xff\xd8\xff" };
        let are_pictures = small.starts_with(magic) && large.starts_with(magic);
        are_pictures.then(|| Self {
            width: number(1).unwrap_or_default(),
            height: number(5).unwrap_or_default(),
            is_png,
            small: small.to_vec(),
            large: large.to_vec(),
        })
    }
}
