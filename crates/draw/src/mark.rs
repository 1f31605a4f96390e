//! The watermark (R17): who looks and when, across the whole picture, so that a photograph of a screen tells whose it was.
//!
//! It stays true that it can be read on light and on dark: letters are dark with a light edge, so one of the two stands
//! out everywhere.

use image::{DynamicImage, Rgb, Rgba};
use serde::{Deserialize, Serialize};

use crate::font::Pen;

/// What is written, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Display name and staff number; the time.
    pub lines: Vec<String>,
}

/// Longest line that is written, in characters: names are at most 60, so more was not made by us.
const LINE_LIMIT: usize = 120;
/// Most lines.
const LINES_LIMIT: usize = 3;
/// How steeply it rises to the right: as sine and cosine of 24 degrees.
const RISE: (f32, f32) = (0.406_74, 0.913_55);
/// The shorter side holds so many ems of it, within these sizes in pixels.
const EMS: f32 = 30.0;
const SIZES: (f32, f32) = (11.0, 40.0);
/// How much of the picture letters and their edges hide, of 1.
const LETTERS: f32 = 0.2;
const EDGES: f32 = 0.26;
/// The greys of the two.
const DARK: f32 = 24.0;
const LIGHT: f32 = 255.0;

/// Writes it over a picture.
pub fn write(picture: &mut DynamicImage, mark: &Mark) {
    let shorter = picture.width().min(picture.height()) as f32;
    let Some(tile) = Tile::of(mark, (shorter / EMS).clamp(SIZES.0, SIZES.1)) else { return };
    match picture {
        DynamicImage::ImageRgba8(picture) => {
            for (y, row) in picture.rows_mut().enumerate() {
                for (pixel, cover) in row.zip(tile.line(y)) {
                    if let Some((letter, edge)) = cover {
                        *pixel = over(over(*pixel, LIGHT, edge * EDGES), DARK, letter * LETTERS);
                    }
                }
            }
        }
        other => {
            let mut plain = std::mem::take(other).into_rgb8();
            for (y, row) in plain.rows_mut().enumerate() {
                for (pixel, cover) in row.zip(tile.line(y)) {
                    if let Some((letter, edge)) = cover {
                        let mixed = |share: u8| {
                            let light = mix(f32::from(share), LIGHT, edge * EDGES);
                            mix(light, DARK, letter * LETTERS) as u8
                        };
                        *pixel = Rgb(pixel.0.map(mixed));
                    }
                }
            }
            *other = plain.into();
        }
    }
}

fn mix(under: f32, over: f32, share: f32) -> f32 {
    under + (over - under) * share
}

/// One grey over a colour that may shine through (Porter and Duff's "over").
fn over(under: Rgba<u8>, grey: f32, share: f32) -> Rgba<u8> {
    let [r, g, b, a] = under.0;
    let below = f32::from(a) / 255.0 * (1.0 - share);
    let whole = below + share;
    if whole <= f32::EPSILON {
        return under;
    }
    let mixed = |colour: u8| ((f32::from(colour) * below + grey * share) / whole).round() as u8;
    Rgba([mixed(r), mixed(g), mixed(b), (whole * 255.0).round() as u8])
}

/// What is repeated, lying flat.
struct Tile {
    width: usize,
    height: usize,
    /// Of each pixel, how much letters cover and how much their edges, of 255.
    cover: Vec<[u8; 2]>,
}

impl Tile {
    fn of(mark: &Mark, em: f32) -> Option<Self> {
        let mut pen = Pen::new(em);
        let lines: Vec<String> =
            mark.lines.iter().take(LINES_LIMIT).map(|line| line.chars().take(LINE_LIMIT).collect()).collect();
        let longest = lines.iter().map(|line| pen.length(line)).fold(0.0, f32::max);
        if longest < 1.0 {
            return None;
        }
        let width = (longest + em * 4.0).ceil() as usize;
        let step = em * 1.35;
        let height = (step * lines.len() as f32 + em * 3.2).ceil() as usize;
        let mut letters = vec![0; width * height];
        for (number, line) in lines.iter().enumerate() {
            let (mut x, base) = (em * 2.0, em * 1.6 + step * (number as f32 + 0.5));
            for character in line.chars() {
                let glyph = pen.glyph(character);
                stamp(
                    &mut letters,
                    width,
                    (x.round() as i32 + glyph.left, base.round() as i32 + glyph.top),
                    glyph,
                );
                x += glyph.advance;
            }
        }
        let reach = (em / 16.0).round().max(1.0) as usize;
        let grown = grown(&letters, width, reach);
        let cover =
            letters.iter().zip(grown).map(|(letter, edge)| [*letter, edge.saturating_sub(*letter)]).collect();
        Some(Self { width, height, cover })
    }

    /// How much letters and edges cover of each pixel of a line of the picture, of 1; nothing where they cover nothing.
    fn line(&self, y: usize) -> impl Iterator<Item = Option<(f32, f32)>> + '_ {
        let (sine, cosine) = RISE;
        let (width, height) = (self.width as f32, self.height as f32);
        let (y, half) = (y as f32, width / 2.0);
        let mut v = y * cosine;
        let mut u = -y * sine;
        // Every other row begins half a tile later, so that no column of the picture stays free.
        u += (v / height).floor() * half;
        v = v.rem_euclid(height);
        u = u.rem_euclid(width);
        // A step along the line goes up and along in the tile; whatever leaves it comes in again on the other side.
        std::iter::repeat_with(move || {
            let here = self.at(u, v);
            u += cosine;
            v += sine;
            if v >= height {
                v -= height;
                u += half;
            }
            while u >= width {
                u -= width;
            }
            here
        })
    }

    /// Between the four nearest pixels of the tile.
    fn at(&self, u: f32, v: f32) -> Option<(f32, f32)> {
        let (left, top) = ((u as usize).min(self.width - 1), (v as usize).min(self.height - 1));
        let right = if left + 1 == self.width { 0 } else { left + 1 };
        let down = if top + 1 == self.height { 0 } else { top + 1 };
        let at = |x: usize, y: usize| self.cover[y * self.width + x];
        let four = [at(left, top), at(right, top), at(left, down), at(right, down)];
        if four == [[0, 0]; 4] {
            return None;
        }
        let (dx, dy) = (u - left as f32, v - top as f32);
        let between = |which: usize| {
            let [a, b, c, d] = four.map(|cover| f32::from(cover[which]));
            mix(mix(a, b, dx), mix(c, d, dx), dy) / 255.0
        };
        Some((between(0), between(1)))
    }
}

/// Puts a glyph onto a sheet of cover, where there is room for it.
pub fn stamp(sheet: &mut [u8], width: usize, (left, top): (i32, i32), glyph: &crate::font::Glyph) {
    for (row, line) in glyph.cover.chunks(glyph.width.max(1)).enumerate() {
        for (column, cover) in line.iter().enumerate() {
            let place =
                usize::try_from(left + column as i32).ok().zip(usize::try_from(top + row as i32).ok());
            let Some((x, y)) = place.filter(|(x, _)| *x < width) else { continue };
            if let Some(pixel) = sheet.get_mut(y * width + x) {
                *pixel = (*pixel).max(*cover);
            }
        }
    }
}

/// The most that is covered within `reach` pixels: first along the lines, then down the columns.
fn grown(letters: &[u8], width: usize, reach: usize) -> Vec<u8> {
    let height = letters.len() / width;
    let most = |from: &[u8], at: &dyn Fn(usize) -> usize, here: usize, end: usize| {
        (here.saturating_sub(reach)..(here + reach + 1).min(end)).map(|n| from[at(n)]).max().unwrap_or(0)
    };
    let mut along = vec![0; letters.len()];
    for (place, pixel) in along.iter_mut().enumerate() {
        let (x, y) = (place % width, place / width);
        *pixel = most(letters, &|n| y * width + n, x, width);
    }
    let mut both = vec![0; letters.len()];
    for (place, pixel) in both.iter_mut().enumerate() {
        let (x, y) = (place % width, place / width);
        *pixel = most(&along, &|n| n * width + x, y, height);
    }
    both
}
