//! R45: what others receive tells nothing of the place and the camera, and looks the same to the last bit.

use image::ImageFormat;
use kairan_talk::files::inspect::{Cleaned, Format};

use crate::samples::{
    PLACE, cleaned, contains, drawing, exif, film, gif, heic, jpeg, look, photograph, picture, png, profile,
    webp,
};

/// Everything that was written into the samples to tell.
const TELLING: [&[u8]; 4] = [PLACE.as_bytes(), b"Kamera1", b"xmpmeta", b"GPSLatitude"];

fn silent(bytes: &[u8], what: &str) {
    for tells in TELLING {
        assert!(!contains(bytes, tells), "{what} still tells {}", String::from_utf8_lossy(tells));
    }
}

fn pixels(bytes: &[u8]) -> Vec<u8> {
    image::load_from_memory(bytes).expect("a picture").into_bytes()
}

/// R45
#[test]
fn pictures_are_written_again_without_what_tells() {
    let plain = picture(&photograph(40, 30), ImageFormat::Png);
    for (bytes, format, name) in [
        (jpeg(40, 30, 6), Format::Jpeg, "a.jpg"),
        (png(&plain, 6), Format::Png, "a.png"),
        (webp(40, 30, 6), Format::Webp, "a.webp"),
        (gif(), Format::Gif, "a.gif"),
    ] {
        assert!(contains(&bytes, PLACE.as_bytes()), "{name}: the sample tells");
        let (how, clean) = cleaned(&bytes, format);
        assert!(matches!(how, Cleaned::Pieces(_)), "{name}");
        silent(&clean, name);
        assert_eq!(pixels(&clean), pixels(&bytes), "{name}");
        let (before, after) = (look(&bytes, name, None).expect(name), look(&clean, name, None).expect(name));
        assert_eq!(before, after, "{name} is shown the same way round");
        assert_eq!(cleaned(&clean, format).1, clean, "{name}: once is enough");
    }
}

/// R45
#[test]
fn colours_and_loops_stay() {
    let (_, clean) = cleaned(&jpeg(40, 30, 1), Format::Jpeg);
    assert!(contains(&clean, &profile()) && contains(&clean, b"JFIF") && !contains(&clean, b"Exif"));
    let (_, clean) = cleaned(&png(&picture(&drawing(4, 4), ImageFormat::Png), 1), Format::Png);
    assert!(contains(&clean, b"gAMA") && !contains(&clean, b"eXIf") && !contains(&clean, b"tIME"));
    let (_, clean) = cleaned(&gif(), Format::Gif);
    assert!(contains(&clean, b"NETSCAPE2.0") && clean.ends_with(b";"));
}

/// R45
#[test]
fn what_tells_nothing_stays_as_it_is() {
    for (bytes, format) in [
        (picture(&photograph(8, 6), ImageFormat::Jpeg), Format::Jpeg),
        (picture(&photograph(8, 6), ImageFormat::Png), Format::Png),
        (picture(&photograph(8, 6), ImageFormat::WebP), Format::Webp),
        (picture(&drawing(8, 6), ImageFormat::Gif), Format::Gif),
        (b"%PDF-1.7".to_vec(), Format::Pdf),
        (b"text".to_vec(), Format::Text),
    ] {
        let (how, clean) = cleaned(&bytes, format);
        assert_eq!((how, clean), (Cleaned::Same, bytes), "{format:?}");
    }
}

/// R45
#[test]
fn films_and_heic_are_blanked_where_it_lies() {
    for (bytes, format, name) in [
        (heic(b"heic", 4032, 3024), Format::Heif, "a.heic"),
        (heic(b"avif", 4032, 3024), Format::Avif, "a.avif"),
        (film(b"mp42"), Format::Mp4, "a.mp4"),
        (film(b"qt  "), Format::QuickTime, "a.mov"),
    ] {
        assert!(contains(&bytes, PLACE.as_bytes()), "{name}: the sample tells");
        let (how, clean) = cleaned(&bytes, format);
        assert!(matches!(how, Cleaned::Patches(_)), "{name}");
        assert_eq!(clean.len(), bytes.len(), "{name}: nothing moves");
        for tells in [PLACE.as_bytes(), b"xmpmeta", b"GPSLatitude"] {
            assert!(!contains(&clean, tells), "{name} still tells {}", String::from_utf8_lossy(tells));
        }
        let stays: &[u8] =
            if format == Format::Heif || format == Format::Avif { b"pixels" } else { b"frames" };
        assert!(contains(&clean, stays), "{name}");
        assert_eq!(look(&bytes, name, None).expect(name), look(&clean, name, None).expect(name));
    }
    let (_, clean) = cleaned(&film(b"qt  "), Format::QuickTime);
    assert!(contains(&clean, b"Kamera1"), "what the film was made with may stay; where it was made may not");
}

/// R45
#[test]
fn a_tiff_loses_its_place() {
    let (how, clean) = cleaned(&exif(1), Format::Tiff);
    assert!(matches!(how, Cleaned::Patches(_)));
    assert!(!contains(&clean, PLACE.as_bytes()) && clean.len() == exif(1).len());
}

/// R45
#[test]
fn a_photograph_that_broke_off_is_cleaned_as_far_as_it_goes() {
    let bytes = jpeg(400, 300, 6);
    let end = bytes.windows(2).position(|two| two == [0xff, 0xda]).expect("a scan") + 300;
    let (_, clean) = cleaned(&bytes[..end], Format::Jpeg);
    silent(&clean, "half a photograph");
    assert!(clean.ends_with(&bytes[end - 200..end]));
}
