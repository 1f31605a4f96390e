//! R44: how large a picture is, from its header; and what is made of it.

use image::{GenericImageView, ImageFormat};
use kairan_talk::files::inspect::Format;
use kairan_talk::files::preview::{self, LARGE, Rendered, SMALL};

use crate::samples::{
    PLACE, cleaned, contains, drawing, gif, heic, heic_photograph, jpeg, look, photograph, picture, png,
    png_bomb, png_of, profile, refused, webp,
};

/// R44
#[test]
fn the_header_tells_the_size_as_it_is_shown() {
    let plain_png = picture(&photograph(40, 30), ImageFormat::Png);
    for (bytes, name, size) in [
        (jpeg(40, 30, 1), "a.jpg", (40, 30)),
        (jpeg(40, 30, 6), "b.jpg", (30, 40)),
        (plain_png.clone(), "a.png", (40, 30)),
        (png(&plain_png, 8), "b.png", (30, 40)),
        (webp(40, 30, 1), "a.webp", (40, 30)),
        (webp(40, 30, 5), "b.webp", (30, 40)),
        (gif(), "a.gif", (8, 6)),
        (picture(&photograph(40, 30), ImageFormat::Bmp), "a.bmp", (40, 30)),
        (heic(b"heic", 4032, 3024), "a.heic", (3024, 4032)),
    ] {
        let found = look(&bytes, name, None).expect(name);
        assert_eq!((found.width, found.height), (Some(size.0), Some(size.1)), "{name}");
        assert!(found.renderable, "{name}");
    }
}

/// R44
#[test]
fn sixty_megapixels_are_refused_from_the_header() {
    let bomb = png_bomb(10_000, 6_000);
    assert!(bomb.len() < 200_000, "{} bytes", bomb.len());
    let refusal = look(&bomb, "a.png", None).expect_err("60 megapixels");
    assert_eq!((refusal.status(), refusal.code.name), (422, "file.picture_too_large"));
    assert_eq!((&refusal.facts["megapixels"], &refusal.facts["limit"]), (&60.into(), &50.into()));
    assert!(look(&png_bomb(10_000, 5_000), "a.png", None).is_ok());

    assert_eq!(refused(&heic(b"heic", 10_000, 6_000), "a.heic"), "file.picture_too_large");
    let mut bitmap = picture(&photograph(4, 4), ImageFormat::Bmp);
    bitmap[18..26].copy_from_slice(&[0, 0, 1, 0, 0, 0, 1, 0]);
    assert_eq!(refused(&bitmap, "a.bmp"), "file.picture_too_large");
    let mut gif = gif();
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(refused(&gif, "a.gif"), "file.picture_too_large");
    let mut jpeg = jpeg(8, 6, 1);
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(refused(&jpeg, "a.jpg"), "file.picture_too_large");
}

/// R44
#[test]
fn a_picture_nobody_could_show_is_said_to_be_damaged() {
    for (bytes, name) in [
        (&b"\xff\xd8\xff\xe0\0\x04ab\xff\xd9"[..], "a.jpg"),
        (b"\x89PNG\r\n\x1a\n", "a.png"),
        (&png_bomb(0, 0), "b.png"),
        (b"RIFF\x04\0\0\0WEBP", "a.webp"),
    ] {
        assert_eq!(refused(bytes, name), "file.unreadable", "{name}");
    }
}

/// R44, R45
#[test]
fn small_pictures_are_upright_and_tell_nothing() {
    let rendered = preview::render(&jpeg(2400, 1800, 6)).expect("a photograph");
    assert_eq!((rendered.width, rendered.height, rendered.is_png), (1800, 2400, false));
    for (bytes, size) in [(&rendered.small, (300, 400)), (&rendered.large, (1200, 1600))] {
        assert_eq!(image::load_from_memory(bytes).expect("a picture").dimensions(), size);
        for tells in [PLACE.as_bytes(), b"Exif", b"xmpmeta", b"Kamera1", b"MPF"] {
            assert!(!contains(bytes, tells));
        }
        assert!(contains(bytes, &profile()), "its colours are those of its profile");
    }
    assert_eq!(Rendered::from_bytes(&rendered.to_bytes()).as_ref(), Some(&rendered));
    assert_eq!(Rendered::from_bytes(&rendered.to_bytes()[..12]), None);
    assert_eq!(Rendered::from_bytes(b"KRP\x01running 0 tests"), None);
}

/// R44
#[test]
fn what_shines_through_stays_so_and_nothing_is_made_larger() {
    let rendered = preview::render(&picture(&drawing(90, 50), ImageFormat::Png)).expect("a drawing");
    assert_eq!((rendered.is_png, rendered.media()), (true, "image/png"));
    let small = image::load_from_memory(&rendered.small).expect("a picture");
    assert_eq!((small.dimensions(), small.get_pixel(0, 0).0[3]), ((90, 50), 0));

    let opaque = preview::render(&picture(&photograph(90, 50), ImageFormat::Png)).expect("a picture");
    assert_eq!((opaque.is_png, opaque.media()), (false, "image/jpeg"));
    for bytes in [gif(), webp(500, 20, 1), picture(&photograph(500, 20), ImageFormat::Bmp)] {
        let rendered = preview::render(&bytes).expect("a picture");
        let small = image::load_from_memory(&rendered.small).expect("a picture");
        let large = image::load_from_memory(&rendered.large).expect("a picture");
        assert!(small.width() <= SMALL && large.width() <= LARGE && large.width() == rendered.width);
    }
}

/// R44, R45: what a phone sends that its own browser could not read is seen by everyone, and tells nothing.
#[test]
fn a_heic_loses_its_place_and_has_a_preview() {
    let bytes = heic_photograph(1700, 900);
    let found = look(&bytes, "IMG_0001.HEIC", None).expect("a picture");
    assert_eq!((found.width, found.height), (Some(1700), Some(900)));
    assert!(contains(&bytes, PLACE.as_bytes()), "the sample tells");
    let (_, clean) = cleaned(&bytes, Format::Heif);
    assert!(!contains(&clean, PLACE.as_bytes()));
    let rendered = preview::render(&clean).expect("a photograph");
    assert_eq!((rendered.width, rendered.height, rendered.is_png), (1700, 900, false));
    let large = image::load_from_memory(&rendered.large).expect("a picture").to_rgb8();
    assert_eq!(large.dimensions(), (1600, 847));
    // Colours are nearly those that were sent: the mean over a picture that has all of them.
    let mean = |picture: &image::RgbImage| {
        let sum = picture.pixels().fold([0u64; 3], |sum, p| [0, 1, 2].map(|at| sum[at] + u64::from(p.0[at])));
        sum.map(|sum| sum / u64::from(picture.width() * picture.height()))
    };
    for (sent, seen) in mean(&photograph(1700, 900).to_rgb8()).into_iter().zip(mean(&large)) {
        assert!(sent.abs_diff(seen) <= 6, "{sent} became {seen}");
    }
    let half = &clean[..clean.len() / 2];
    assert!(preview::render(half).is_err(), "one that broke off has no preview");
}

/// R44
#[test]
fn decoding_is_bounded() {
    assert!(preview::render(&png_bomb(10_000, 6_000)).is_err(), "more pixels than allowed");
    assert!(preview::render(&png_of(7_000, 7_000, 16, 6)).is_err(), "49 megapixels of eight bytes each");
    assert!(preview::render(&heic(b"heic", 40, 30)).is_err(), "no pixels inside");
    assert!(preview::render(b"no picture").is_err());
}
