//! What is to be drawn, and how order and drawing go between two processes.

use image::DynamicImage;
use serde::{Deserialize, Serialize};

use crate::mark::{self, Mark};
use crate::pdf::Document;
use crate::picture::{Upright, encoded, upright};
use crate::text::Paper;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A picture; of several the first.
    Picture,
    /// A document of pages.
    Pdf,
    /// Plain text.
    Text,
}

/// What is to be drawn of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What it is.
    pub kind: Kind,
    /// Which page, the first being 1; 0 only counts them.
    pub page: u32,
    /// The longer side, pixels. Pictures are never made larger; text has a size of its own.
    pub side: u32,
    /// The encoding of a text.
    pub charset: Option<String>,
    /// What is written across.
    pub mark: Option<Mark>,
}

/// A page, drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// How many there are.
    pub pages: u32,
    /// PNG or JPEG; empty when pages were only counted.
    pub picture: Vec<u8>,
}

/// Why there is nothing to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undrawable {
    /// It cannot be read.
    Damaged,
    /// It opens with a password only.
    Locked,
    /// It has no such page.
    NoSuchPage,
    /// It is too much for the memory or the time that drawing may take.
    TooLarge,
}

/// Largest side that is drawn, pixels.
const SIDE_LIMIT: u32 = 4096;

/// Draws it.
///
/// # Errors
/// Why it cannot be drawn.
pub fn draw(source: Vec<u8>, order: &Order) -> Result<Drawn, Undrawable> {
    let side = order.side.clamp(1, SIDE_LIMIT);
    match order.kind {
        Kind::Picture => {
            if order.page > 1 {
                return Err(Undrawable::NoSuchPage);
            }
            if order.page == 0 {
                return Ok(Drawn { pages: 1, picture: Vec::new() });
            }
            let Upright { picture, profile, .. } = upright(&source, side).map_err(|_| Undrawable::Damaged)?;
            drop(source);
            finished(picture, profile.as_deref(), 1, order)
        }
        Kind::Pdf => {
            let document = Document::read(source)?;
            counted(document.pages(), order, || document.page(order.page, side))
        }
        Kind::Text => {
            let paper = Paper::read(&source, order.charset.as_deref())?;
            counted(paper.pages(), order, || paper.page(order.page))
        }
    }
}

fn counted(
    pages: u32,
    order: &Order,
    page: impl FnOnce() -> Result<DynamicImage, Undrawable>,
) -> Result<Drawn, Undrawable> {
    if order.page == 0 {
        return Ok(Drawn { pages, picture: Vec::new() });
    }
    finished(page()?, None, pages, order)
}

fn finished(
    mut picture: DynamicImage,
    profile: Option<&[u8]>,
    pages: u32,
    order: &Order,
) -> Result<Drawn, Undrawable> {
    if let Some(mark) = &order.mark {
        mark::write(&mut picture, mark);
    }
    let is_png = picture.color().has_alpha();
    let picture = encoded(&picture, is_png, profile).map_err(|_| Undrawable::Damaged)?;
    Ok(Drawn { pages, picture })
}

/// First bytes of an order and of its answer; the last is the version.
const HEAD: &[u8; 4] = b"KDR\x01";

fn headed(said: &impl Serialize, rest: &[u8]) -> Vec<u8> {
    let said = serde_json::to_vec(said).unwrap_or_default();
    let length = u32::try_from(said.len()).unwrap_or(u32::MAX);
    [&HEAD[..], &length.to_be_bytes(), &said, rest].concat()
}

/// What stands before the rest, and the rest.
fn split<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<(T, &'a [u8])> {
    let (length, rest) = bytes.strip_prefix(HEAD)?.split_first_chunk()?;
    let (said, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((serde_json::from_slice(said).ok()?, rest))
}

impl Order {
    /// As it goes ahead of the source.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        headed(self, &[])
    }

    /// Order and source again.
    #[must_use]
    pub fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        split(bytes)
    }
}

impl Drawn {
    /// The answer as it goes from the drawing process to the server.
    #[must_use]
    pub fn answer(outcome: &Result<Self, Undrawable>) -> Vec<u8> {
        match outcome {
            Ok(drawn) => headed(&Ok::<_, Undrawable>(drawn.pages), &drawn.picture),
            Err(why) => headed(&Err::<u32, _>(why), &[]),
        }
    }

    /// The answer again. `None`: the process broke off, or somebody made it write something else.
    #[must_use]
    pub fn from_answer(bytes: &[u8]) -> Option<Result<Self, Undrawable>> {
        let (said, picture): (Result<u32, Undrawable>, _) = split(bytes)?;
        let is_picture = picture.is_empty()
            || picture.starts_with(b"\x89PNG\r\n\x1a\n")
            || picture.starts_with(b"\xff\xd8\xff");
        is_picture.then(|| said.map(|pages| Self { pages, picture: picture.to_vec() }))
    }

    /// The picture's media type.
    #[must_use]
    pub fn media(&self) -> &'static str {
        if self.picture.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" }
    }
}
