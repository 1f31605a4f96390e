//! Pages of PDF documents.
//!
//! It stays true that nothing in a document runs: `hayro` draws what a page says and knows no scripts, links or forms'
//! actions.

use std::sync::Arc;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::font::{FontData, FontQuery};
use hayro::hayro_interpret::hayro_cmap::CidFamily;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{DynamicImage, RgbImage};

use crate::order::Undrawable;

/// A document that was read.
pub struct Document(Pdf);

impl Document {
    pub fn read(source: Vec<u8>) -> Result<Self, Undrawable> {
        match Pdf::new(source) {
            Ok(pdf) if !pdf.pages().is_empty() => Ok(Self(pdf)),
            Ok(_) | Err(LoadPdfError::Invalid) => Err(Undrawable::Damaged),
            Err(LoadPdfError::Decryption(_)) => Err(Undrawable::Locked),
        }
    }

    pub fn pages(&self) -> u32 {
        u32::try_from(self.0.pages().len()).unwrap_or(u32::MAX)
    }

    /// A page, the first being 1, whose longer side has so many pixels.
    pub fn page(&self, number: u32, side: u32) -> Result<DynamicImage, Undrawable> {
        let index = number.checked_sub(1).and_then(|number| usize::try_from(number).ok());
        let page = index.and_then(|index| self.0.pages().get(index)).ok_or(Undrawable::NoSuchPage)?;
        let (width, height) = page.render_dimensions();
        let longer = width.max(height);
        if !(longer.is_finite() && longer >= 1.0) {
            return Err(Undrawable::Damaged);
        }
        let scale = side as f32 / longer;
        // A page like a thread still has a pixel across.
        let across = |length: f32| scale.max(1.0 / length.max(f32::MIN_POSITIVE));
        let pixmap = PixmapSettings { x_scale: across(width), y_scale: across(height), bg_color: WHITE };
        let settings = InterpreterSettings { font_resolver: Arc::new(font), ..Default::default() };
        let drawn = render(page, &RenderCache::new(), &settings, &RenderSettings::default(), &pixmap);
        let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
        // White lies beneath it all, so nothing shines through and the colours are what they are.
        let colours = drawn.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
        RgbImage::from_raw(width, height, colours).map(Into::into).ok_or(Undrawable::Damaged)
    }
}

/// A font that a document names and does not bring. Japanese ones, as many documents of ministries and offices leave
/// out, are drawn with ours.
fn font(query: &FontQuery) -> Option<(FontData, u32)> {
    match query {
        FontQuery::Standard(standard) => Some(standard.get_font_data()),
        FontQuery::Fallback(asked) => {
            let family = asked.character_collection.as_ref().map(|collection| &collection.family);
            let names = [&asked.post_script_name, &asked.font_name, &asked.font_family];
            let is_japanese = family == Some(&CidFamily::AdobeJapan1)
                || names.into_iter().flatten().any(|name| is_japanese_font(name));
            if is_japanese {
                Some((crate::font::data(), 0))
            } else {
                Some(asked.pick_standard_font().get_font_data())
            }
        }
    }
}

/// By how the fonts are called that come with Windows, macOS and Acrobat.
fn is_japanese_font(name: &str) -> bool {
    const PARTS: [&str; 8] =
        ["gothic", "mincho", "meiryo", "hiragino", "hirakaku", "kozmin", "kozgo", "heisei"];
    let name = name.to_ascii_lowercase();
    // "CenturyGothic" and its like have Latin letters alone.
    !["century", "franklin", "letter", "copperplate"].iter().any(|other| name.contains(other))
        && PARTS.iter().any(|part| name.contains(part))
}
