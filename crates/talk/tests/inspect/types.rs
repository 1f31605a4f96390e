//! R43: the name, the browser and the bytes must say the same.

use image::ImageFormat;
use kairan_talk::files::inspect::{FileKind, may_show};

use crate::samples::{
    compound, docx, drawing, film, gif, gzipped, heic, jpeg, look, opendocument, photograph, picture,
    program, refused, tarred, webp, zipped,
};

/// R43
#[test]
fn what_is_what_it_says_is_taken() {
    let webm = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x04";
    let mp3 = [&b"\xff\xfb\x90\x64"[..], &[0; 400]].concat();
    let rar = b"Rar!\x1a\x07\x01\0rest";
    let encrypted_docx = compound();
    let odt = opendocument();
    for (bytes, name, kind, media) in [
        (jpeg(8, 6, 1), "a.JPG", FileKind::Image, "image/jpeg"),
        (picture(&drawing(8, 6), ImageFormat::Png), "a.png", FileKind::Image, "image/png"),
        (gif(), "a.gif", FileKind::Image, "image/gif"),
        (webp(8, 6, 1), "a.webp", FileKind::Image, "image/webp"),
        (picture(&photograph(8, 6), ImageFormat::Bmp), "a.bmp", FileKind::Image, "image/bmp"),
        (heic(b"heic", 4032, 3024), "IMG_0001.HEIC", FileKind::Image, "image/heic"),
        (heic(b"avif", 4032, 3024), "a.avif", FileKind::Image, "image/avif"),
        (film(b"mp42"), "a.mp4", FileKind::Video, "video/mp4"),
        (film(b"qt  "), "a.mov", FileKind::Video, "video/quicktime"),
        (film(b"M4A "), "a.m4a", FileKind::Audio, "audio/mp4"),
        (webm.to_vec(), "a.webm", FileKind::Video, "video/webm"),
        (mp3, "a.mp3", FileKind::Audio, "audio/mpeg"),
        (b"ID3\x04rest".to_vec(), "b.mp3", FileKind::Audio, "audio/mpeg"),
        (b"RIFF\x04\0\0\0WAVEfmt ".to_vec(), "a.wav", FileKind::Audio, "audio/wav"),
        (b"OggS\0\x02".to_vec(), "a.ogg", FileKind::Audio, "audio/ogg"),
        (b"%PDF-1.7\n".to_vec(), "a.pdf", FileKind::Pdf, "application/pdf"),
        (zipped(&[("a.txt", b"a")]), "a.zip", FileKind::Archive, "application/zip"),
        (docx(), "a.docx", FileKind::Document, DOCX),
        (encrypted_docx, "with-password.docx", FileKind::Document, DOCX),
        (odt, "a.odt", FileKind::Document, "application/vnd.oasis.opendocument.text"),
        (compound(), "a.doc", FileKind::Document, "application/msword"),
        (gzipped(b"a"), "a.gz", FileKind::Archive, "application/gzip"),
        (tarred(&[("a", b'0', "", b"a")]), "a.tar", FileKind::Archive, "application/x-tar"),
        (b"7z\xbc\xaf\x27\x1crest".to_vec(), "a.7z", FileKind::Archive, "application/x-7z-compressed"),
        (rar.to_vec(), "a.rar", FileKind::Archive, "application/vnd.rar"),
        ("会議は10時".into(), "a.txt", FileKind::Text, "text/plain"),
        (b"BM is how this text begins, and MZ too".to_vec(), "b.txt", FileKind::Text, "text/plain"),
        (b"".to_vec(), "empty.txt", FileKind::Text, "text/plain"),
        (b"<!doctype html><script>1</script>".to_vec(), "source.txt", FileKind::Text, "text/plain"),
        ("品名,数\n米,3\n".into(), "a.csv", FileKind::Text, "text/csv"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "a.svg", FileKind::Other, "image/svg+xml"),
        (b"<html></html>".to_vec(), "a.html", FileKind::Other, "text/html"),
        (program(), "a.exe", FileKind::Other, "application/octet-stream"),
        (b"\0\x01\x02".to_vec(), "a.xyz", FileKind::Other, "application/octet-stream"),
        (b"\0\x01\x02".to_vec(), "README", FileKind::Other, "application/octet-stream"),
    ] {
        let found = look(&bytes, name, None).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        assert_eq!((found.kind, found.media), (kind, media), "{name}");
        assert_eq!(found.charset.is_some(), kind == FileKind::Text, "{name}");
    }
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// R43
#[test]
fn what_is_something_else_is_refused_and_named() {
    let photo = jpeg(8, 6, 1);
    for (bytes, name, declared, found) in [
        (photo.clone(), "a.pdf", ".pdf", "JPEG"),
        (program(), "a.jpg", ".jpg", "Windows (exe)"),
        (b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), "a.png", ".png", "HTML"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>".to_vec(), "a.png", ".png", "SVG"),
        (photo.clone(), "a.txt", ".txt", "JPEG"),
        (b"%PDF-1.7".to_vec(), "a.docx", ".docx", "PDF"),
        (docx(), "a.xlsx", ".xlsx", "Word (docx)"),
        (zipped(&[("a", b"a")]), "a.docx", ".docx", "ZIP"),
        (film(b"mp42"), "a.mp3", ".mp3", "MP4"),
        (b"\0\x01\x02\x03".to_vec(), "a.png", ".png", "data"),
        (b"".to_vec(), "a.jpg", ".jpg", "text"),
        (program(), "a.pdf.txt", ".txt", "Windows (exe)"),
        (photo.clone(), "a.svg", ".svg", "JPEG"),
    ] {
        let refusal = look(&bytes, name, None).expect_err(name);
        assert_eq!((refusal.status(), refusal.code.name), (415, "file.type_mismatch"), "{name}");
        assert_eq!((&refusal.facts["declared"], &refusal.facts["found"]), (&declared.into(), &found.into()));
        assert!(refusal.words().0.contains(found) && refusal.words().1.contains(declared), "{name}");
    }
    let refusal = look(&photo, "a.jpg", Some("application/pdf")).expect_err("the browser says PDF");
    assert_eq!(refusal.facts["declared"], "application/pdf");
    assert!(look(&photo, "a.jpg", Some("image/jpeg")).is_ok());
    assert!(
        look(&photo, "a.jpg", Some("text/html")).is_ok(),
        "it is compared where it says something strict"
    );
}

/// R42
#[test]
fn what_could_run_is_never_shown() {
    for (bytes, name) in [
        (&b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"[..], "a.svg"),
        (b"<html><script>1</script></html>", "a.html"),
        (b"alert(1)", "a.js"),
        (b"<?xml version='1.0'?><a/>", "a.xml"),
    ] {
        let found = look(bytes, name, None).expect(name);
        assert!(!may_show(found.media) && found.kind == FileKind::Other, "{name}");
    }
}

/// R43
#[test]
fn text_says_in_what_it_is_written() {
    let shift_jis = encoding_rs::SHIFT_JIS.encode("品名,数量\n表示灯,3\n").0.into_owned();
    let utf_16 = b"\xff\xfeA\0\n\0";
    for (bytes, charset) in [
        ("会議".as_bytes(), "UTF-8"),
        (&shift_jis, "Shift_JIS"),
        (utf_16, "UTF-16LE"),
        (b"\xef\xbb\xbfa", "UTF-8"),
    ] {
        assert_eq!(look(bytes, "a.csv", None).expect(charset).charset, Some(charset));
    }
    // A character cut at the end of what is read of a long text does not make it something else.
    let long = "あ".repeat(60_000);
    assert_eq!(look(long.as_bytes(), "a.txt", None).expect("text").charset, Some("UTF-8"));
    assert_eq!(refused(b"text\0with a zero", "a.txt"), "file.type_mismatch");
}
