//! The one font in the binary: BIZ UDGothic (SIL Open Font License 1.1; `font/make.py` says how it got here), with every
//! character of JIS X 0208 and what Japanese names need beside them.
//!
//! It stays true that a character it lacks is drawn as 〓, the mark that printers set for a sort they have not.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Arc, LazyLock};

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use flate2::read::ZlibDecoder;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, MetadataProvider as _};

static PACKED: &[u8] = include_bytes!("../font/biz-udgothic.ttf.z");
/// Largest font that is unpacked, bytes: a bound for the reader, known to hold.
const LIMIT: u64 = 8 << 20;
/// Stands for what the font lacks (JIS X 0208, 02-14).
const LACKING: char = '〓';

static DATA: LazyLock<Arc<Vec<u8>>> = LazyLock::new(|| {
    let mut data = Vec::new();
    // What is embedded was packed by us; were it damaged, the font would be empty and nothing be drawn with it.
    let _unpacked = ZlibDecoder::new(PACKED).take(LIMIT).read_to_end(&mut data);
    Arc::new(data)
});

/// The font's file, unpacked once.
pub fn data() -> Arc<Vec<u8>> {
    DATA.clone()
}

/// Whether the font has this character.
#[must_use]
pub fn covers(character: char) -> bool {
    FontRef::new(&DATA).is_ok_and(|font| font.charmap().map(character).is_some())
}

/// One character, drawn.
#[derive(Debug, Clone, Default)]
pub struct Glyph {
    /// How far the next one stands from this one, pixels.
    pub advance: f32,
    /// Left edge, from where it stands.
    pub left: i32,
    /// Upper edge, from the base line; negative is above.
    pub top: i32,
    pub width: usize,
    /// How much of each pixel it covers, of 255.
    pub cover: Vec<u8>,
}

/// Draws characters at one size, each once.
pub struct Pen {
    em: f32,
    known: HashMap<char, Glyph>,
}

impl Pen {
    /// Pixels to the em.
    pub fn new(em: f32) -> Self {
        Self { em, known: HashMap::new() }
    }

    pub fn glyph(&mut self, character: char) -> &Glyph {
        let em = self.em;
        self.known.entry(character).or_insert_with(|| drawn(character, em).unwrap_or_default())
    }

    /// How long a line is, pixels.
    pub fn length(&mut self, line: &str) -> f32 {
        line.chars().map(|character| self.glyph(character).advance).sum()
    }
}

fn drawn(character: char, em: f32) -> Option<Glyph> {
    if is_silent(character) {
        return None;
    }
    let font = FontRef::new(&DATA).ok()?;
    let charmap = font.charmap();
    let id = charmap.map(character).or_else(|| charmap.map(LACKING))?;
    let advance = font.glyph_metrics(Size::new(em), LocationRef::default()).advance_width(id)?;
    let mut lines = Lines::default();
    let settings = DrawSettings::unhinted(Size::new(em), LocationRef::default());
    font.outline_glyphs().get(id)?.draw(settings, &mut lines).ok()?;
    let Some((low, high)) = lines.bounds() else { return Some(Glyph { advance, ..Glyph::default() }) };
    // The font's y grows upwards, the picture's downwards.
    let (left, top) = (low.x.floor(), -high.y.ceil());
    let width = to_pixels(high.x.ceil() - left);
    let height = to_pixels(-low.y.floor() - top);
    let mut raster = Rasterizer::new(width, height);
    let place = |at: Point| point(at.x - left, -at.y - top);
    for stroke in &lines.strokes {
        match *stroke {
            Stroke::Line(a, b) => raster.draw_line(place(a), place(b)),
            Stroke::Quad(a, b, c) => raster.draw_quad(place(a), place(b), place(c)),
            Stroke::Cubic(a, b, c, d) => raster.draw_cubic(place(a), place(b), place(c), place(d)),
        }
    }
    let mut cover = vec![0; width * height];
    raster.for_each_pixel(|at, share| {
        if let Some(pixel) = cover.get_mut(at) {
            *pixel = to_byte(share);
        }
    });
    Some(Glyph { advance, left: left as i32, top: top as i32, width, cover })
}

/// Controls, joiners and variation selectors take no room and show nothing.
pub fn is_silent(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
}

/// A glyph's side; none is larger than a few ems.
fn to_pixels(length: f32) -> usize {
    length.clamp(1.0, 4096.0) as usize
}

fn to_byte(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// How far the font reaches above and below the base line, in ems.
pub fn reach() -> (f32, f32) {
    let told = FontRef::new(&DATA).ok().and_then(|font| {
        let per_em = f32::from(font.head().ok()?.units_per_em());
        let hhea = font.hhea().ok()?;
        Some((f32::from(hhea.ascender().to_i16()) / per_em, -f32::from(hhea.descender().to_i16()) / per_em))
    });
    told.unwrap_or((0.88, 0.12))
}

enum Stroke {
    Line(Point, Point),
    Quad(Point, Point, Point),
    Cubic(Point, Point, Point, Point),
}

/// An outline, closed, before it is known how large it is.
#[derive(Default)]
struct Lines {
    strokes: Vec<Stroke>,
    points: Vec<Point>,
    start: Point,
    at: Point,
}

impl Lines {
    fn bounds(&self) -> Option<(Point, Point)> {
        let (first, rest) = self.points.split_first()?;
        Some(rest.iter().fold((*first, *first), |(low, high), p| {
            (point(low.x.min(p.x), low.y.min(p.y)), point(high.x.max(p.x), high.y.max(p.y)))
        }))
    }

    fn to(&mut self, stroke: Stroke, end: Point) {
        self.strokes.push(stroke);
        self.points.push(end);
        self.at = end;
    }
}

impl OutlinePen for Lines {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = point(x, y);
        self.at = self.start;
        self.points.push(self.start);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let end = point(x, y);
        self.to(Stroke::Line(self.at, end), end);
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        let (middle, end) = (point(cx0, cy0), point(x, y));
        self.points.push(middle);
        self.to(Stroke::Quad(self.at, middle, end), end);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (one, two, end) = (point(cx0, cy0), point(cx1, cy1), point(x, y));
        self.points.extend([one, two]);
        self.to(Stroke::Cubic(self.at, one, two, end), end);
    }

    fn close(&mut self) {
        let (at, start) = (self.at, self.start);
        self.to(Stroke::Line(at, start), start);
    }
}
