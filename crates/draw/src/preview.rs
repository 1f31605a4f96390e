//! Small pictures of pictures (R44): made once, so that a room of photographs opens quickly on a phone.

use image::{DynamicImage, ImageError};

use crate::picture::{Upright, encoded, upright};

/// The small picture fits a square of this side, in pixels …
pub const SMALL: u32 = 400;
/// … and the large one a square of this.
pub const LARGE: u32 = 1600;

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

/// Decodes a picture within bounded memory and makes it small, turned as it is meant to be seen.
///
/// # Errors
/// What the decoder says: damaged, larger than allowed, or of a format that there is no decoder for.
pub fn render(picture: &[u8]) -> Result<Rendered, ImageError> {
    let large = upright(picture, LARGE)?;
    let is_png = large.is_png();
    let Upright { picture: large, profile, whole: (width, height) } = large;
    let small = fitted(&large, SMALL);
    Ok(Rendered {
        width,
        height,
        is_png,
        small: encoded(&small, is_png, profile.as_deref())?,
        large: encoded(&large, is_png, profile.as_deref())?,
    })
}

/// Never made larger.
fn fitted(picture: &DynamicImage, side: u32) -> DynamicImage {
    if picture.width() <= side && picture.height() <= side {
        picture.clone()
    } else {
        picture.thumbnail(side, side)
    }
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
