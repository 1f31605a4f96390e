//! Whatever the bytes are, looking into them ends, without a panic.

use std::io::Cursor;

use image::ImageFormat;
use kairan_talk::files::inspect::{self, Cleaned, Format};
use kairan_talk::files::preview::{self, Rendered};
use proptest::prelude::*;

use crate::samples::{
    docx, drawing, exif, film, gif, gzipped, heic, jpeg, photograph, picture, png, tarred, webp, zipped,
};

const NAMES: [&str; 14] = [
    "a.jpg", "a.png", "a.gif", "a.webp", "a.bmp", "a.tif", "a.heic", "a.mp4", "a.zip", "a.docx", "a.gz",
    "a.tar", "a.txt", "a.xyz",
];

const FORMATS: [Format; 8] = [
    Format::Jpeg,
    Format::Png,
    Format::Gif,
    Format::Webp,
    Format::Tiff,
    Format::Heif,
    Format::Avif,
    Format::Mp4,
];

fn samples() -> Vec<Vec<u8>> {
    vec![
        jpeg(40, 30, 6),
        png(&picture(&drawing(8, 6), ImageFormat::Png), 3),
        gif(),
        webp(40, 30, 6),
        picture(&photograph(8, 6), ImageFormat::Bmp),
        exif(6),
        heic(b"heic", 4032, 3024),
        film(b"mp42"),
        film(b"qt  "),
        zipped(&[("a.txt", b"a"), ("b/c.txt", b"bbbbbbbbbbbb")]),
        docx(),
        gzipped(&tarred(&[("a", b'0', "", b"a")])),
        tarred(&[("a", b'0', "", b"a"), ("b", b'2', "a", b"")]),
    ]
}

/// Every door; what comes out only has to come out. What is cleaned can be read and is as long as it says.
fn everything(bytes: &[u8], is_rendered: bool) {
    let size = bytes.len() as u64;
    for name in NAMES {
        let _any = inspect::inspect(&mut Cursor::new(bytes), size, name, Some("image/png"));
    }
    for format in FORMATS {
        let Ok(cleaned) = inspect::clean(&mut Cursor::new(bytes), size, format) else { continue };
        let mut out = Vec::new();
        let mut source = Cursor::new(bytes);
        std::io::Read::read_to_end(&mut cleaned.reader(&mut source, size), &mut out).expect("read");
        assert_eq!(out.len() as u64, cleaned.size(size), "{format:?}");
        assert!(cleaned != Cleaned::Same || out == bytes, "{format:?}");
    }
    if is_rendered {
        let _any = preview::render(bytes);
    }
    let _any = Rendered::from_bytes(bytes);
}

/// R43, R44, R45, R46
#[test]
fn real_files_cut_anywhere_do_no_harm() {
    for sample in samples() {
        for length in 0..sample.len().min(700) {
            everything(&sample[..length], length % 50 == 0);
        }
        everything(&sample, true);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// R43, R44, R45, R46
    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        everything(&bytes, true);
    }

    /// R43, R44, R45, R46
    #[test]
    fn real_files_with_random_wounds_do_no_harm(
        which in 0..13_usize,
        wounds in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = samples().swap_remove(which);
        for (place, byte) in wounds {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        everything(&bytes, false);
    }

    /// R47
    #[test]
    fn random_names_do_no_harm(raw in "\\PC{0,300}|.{0,40}") {
        if let Ok(name) = inspect::file_name(&raw) {
            prop_assert_eq!(inspect::file_name(&name).ok(), Some(name.clone()));
            prop_assert!(!name.contains(['/', '\\']) && name.len() <= inspect::NAME_LIMIT);
            let _any = inspect::extension(&name);
        }
    }
}
