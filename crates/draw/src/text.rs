//! Plain text as pages of paper: A4 at 150 dots to the inch, in columns as a terminal has them, so that tables made with
//! spaces stay tables.

use encoding_rs::Encoding;
use image::{DynamicImage, GrayImage, Luma};
use unicode_normalization::UnicodeNormalization as _;

use crate::font::{Pen, is_silent, reach};
use crate::mark::stamp;
use crate::order::Undrawable;

/// A4 in pixels.
const PAGE: (u32, u32) = (1240, 1754);
const MARGIN: u32 = 90;
/// Pixels to the em, and from one line to the next.
const EM: f32 = 24.0;
const STEP: u32 = 38;
/// Half an em: what a letter or digit takes; a kanji takes two.
const CELL: f32 = EM / 2.0;
/// Cells in a line, and lines on a page.
const COLUMNS: usize = ((PAGE.0 - 2 * MARGIN) as f32 / CELL) as usize;
const LINES: usize = ((PAGE.1 - 2 * MARGIN) / STEP) as usize;
/// A tab goes to the next multiple of so many cells.
const TAB: usize = 8;
/// Longest text that is laid out, bytes: some 5,000 pages.
const LIMIT: usize = 8 << 20;

/// A text, laid out.
pub struct Paper {
    lines: Vec<Vec<(usize, char)>>,
}

impl Paper {
    pub fn read(source: &[u8], charset: Option<&str>) -> Result<Self, Undrawable> {
        if source.len() > LIMIT {
            return Err(Undrawable::TooLarge);
        }
        let named = charset.and_then(|name| Encoding::for_label(name.as_bytes()));
        let (text, _, _) = named.unwrap_or(encoding_rs::UTF_8).decode(source);
        let mut lines = Vec::new();
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for line in text.strip_suffix('\n').unwrap_or(&text).split(['\n', '\u{c}']) {
            lay_out(line, &mut lines);
        }
        Ok(Self { lines })
    }

    pub fn pages(&self) -> u32 {
        u32::try_from(self.lines.len().div_ceil(LINES)).unwrap_or(u32::MAX)
    }

    /// A page, the first being 1.
    pub fn page(&self, number: u32) -> Result<DynamicImage, Undrawable> {
        let index = number.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let lines =
            index.and_then(|index| self.lines.chunks(LINES).nth(index)).ok_or(Undrawable::NoSuchPage)?;
        let (width, height) = PAGE;
        let mut sheet = vec![0; width as usize * height as usize];
        let mut pen = Pen::new(EM);
        let (above, below) = reach();
        let base = MARGIN as f32 + (STEP as f32 + EM * (above - below)) / 2.0;
        for (row, line) in lines.iter().enumerate() {
            let y = base + row as f32 * STEP as f32;
            for (cell, character) in line {
                let glyph = pen.glyph(*character);
                let x = MARGIN as f32 + *cell as f32 * CELL;
                let place = (x.round() as i32 + glyph.left, y.round() as i32 + glyph.top);
                stamp(&mut sheet, width as usize, place, glyph);
            }
        }
        foot(&mut sheet, number, self.pages());
        for pixel in &mut sheet {
            *pixel = u8::MAX - *pixel;
        }
        let page = GrayImage::from_raw(width, height, sheet)
            .unwrap_or_else(|| GrayImage::from_pixel(width, height, Luma([u8::MAX])));
        Ok(DynamicImage::from(page).into_rgb8().into())
    }
}

/// The page's number, in the middle of the lower margin.
fn foot(sheet: &mut [u8], number: u32, of: u32) {
    let words = format!("{number} / {of}");
    let mut pen = Pen::new(EM * 0.75);
    let mut x = (PAGE.0 as f32 - pen.length(&words)) / 2.0;
    for character in words.chars() {
        let glyph = pen.glyph(character);
        let y = (PAGE.1 - MARGIN / 2) as i32;
        stamp(sheet, PAGE.0 as usize, (x.round() as i32 + glyph.left, y + glyph.top), glyph);
        x += glyph.advance;
    }
}

/// Cuts a line where the paper ends.
fn lay_out(line: &str, lines: &mut Vec<Vec<(usize, char)>>) {
    let mut here = Vec::new();
    let mut cell = 0;
    for character in line.nfc() {
        if character == '\t' {
            cell = (cell / TAB + 1) * TAB;
            continue;
        }
        if is_silent(character) {
            continue;
        }
        let width = if is_narrow(character) { 1 } else { 2 };
        if cell + width > COLUMNS {
            lines.push(std::mem::take(&mut here));
            cell = 0;
        }
        here.push((cell, character));
        cell += width;
    }
    lines.push(here);
}

/// Whether it takes one cell: what this font, like Japanese terminals, draws half as wide.
fn is_narrow(character: char) -> bool {
    let mut pen = Pen::new(EM);
    matches!(character, ' '..='~' | '｡'..='ﾟ') || pen.glyph(character).advance <= CELL + 0.5
}
