//! What the bytes are, from their first kilobytes (R43).

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

use super::archive::{tar, zip};
use super::format::Format;
use super::isobmff;
use super::probe::{Probe, be};

/// How much of a text is read to know that it is one.
const TEXT_SAMPLE: usize = 64 * 1024;

/// Bytes at the beginning that only this format has.
static MAGIC: &[(&[u8], Format)] = &[
    (b"\xff\xd8\xff", Format::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"\0\0\x01\0", Format::Icon),
    (b"\0\0\x02\0", Format::Icon),
    (b"8BPS", Format::Psd),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Format::Asf),
    (b"\0\0\x01\xba", Format::Mpeg),
    (b"\0\0\x01\xb3", Format::Mpeg),
    (b"ID3", Format::Mp3),
    (b"#!AMR", Format::Amr),
    (b"OggS", Format::Ogg),
    (b"fLaC", Format::Flac),
    (b"MThd", Format::Midi),
    (b"%!PS", Format::PostScript),
    (b"\xc5\xd0\xd3\xc6", Format::PostScript),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format::Compound),
    (b"{\\rtf", Format::Rtf),
    (b"\x1f\x8b\x08", Format::Gzip),
    (b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
    (b"Rar!\x1a\x07", Format::Rar),
    (b"BZh", Format::Bzip2),
    (b"\xfd7zXZ\0", Format::Xz),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
    (b"\x7fELF", Format::UnixProgram),
    (b"\xcf\xfa\xed\xfe", Format::MacProgram),
    (b"\xce\xfa\xed\xfe", Format::MacProgram),
    (b"\xca\xfe\xba\xbe", Format::MacProgram),
];

/// The format, and the encoding when it is text.
pub fn sniff(probe: &mut Probe<'_>) -> (Format, Option<&'static str>) {
    let head = probe.at(0, 4096);
    if let Some(format) = binary(probe, &head) {
        return (format, None);
    }
    let sample = probe.at(0, TEXT_SAMPLE);
    let is_whole = sample.len() as u64 == probe.size();
    match text(&sample, is_whole) {
        Some((encoding, text)) => (markup(&text), Some(encoding.name())),
        // A text in an older encoding of another country: every byte may be a letter, but none is a control.
        None if !sample.iter().any(|byte| byte.is_ascii() && is_control(char::from(*byte))) => {
            (Format::Text, None)
        }
        None => (Format::Data, None),
    }
}

/// What no text has. ESC stands in the logs of terminals and begins ISO-2022-JP's sequences.
fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b')
}

fn binary(probe: &mut Probe<'_>, head: &[u8]) -> Option<Format> {
    let four = |at: usize| head.get(at..at + 4).unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(zip::variety(probe));
    }
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(*format);
    }
    match (four(0), four(8)) {
        (b"RIFF", b"WEBP") => return Some(Format::Webp),
        (b"RIFF" | b"RF64", b"WAVE") => return Some(Format::Wav),
        (b"RIFF", b"AVI ") => return Some(Format::Avi),
        (b"\x1a\x45\xdf\xa3", _) => return Some(matroska(head)),
        _ => {}
    }
    if let Some(format) = isobmff::variety(head) {
        return Some(format);
    }
    // The header may stand a little after the beginning (ISO 32000-1, annex H.3.4.1: readers take 1,024 bytes).
    if contains(&head[..head.len().min(1024)], b"%PDF-") {
        return Some(Format::Pdf);
    }
    if is_bitmap(head, probe.size()) {
        return Some(Format::Bmp);
    }
    if is_windows_program(probe, head) {
        return Some(Format::WindowsProgram);
    }
    if head.get(2..7).is_some_and(|method| method.starts_with(b"-lh") && method[4] == b'-') {
        return Some(Format::Lzh);
    }
    if tar::is_header(head) {
        return Some(Format::Tar);
    }
    audio_frame(head)
}

/// WebM is Matroska whose header names the document type `webm` (EBML element 0x4282).
fn matroska(head: &[u8]) -> Format {
    if contains(&head[..head.len().min(128)], b"\x42\x82\x84webm") { Format::Webm } else { Format::Matroska }
}

/// "BM" begins many a text; the size of the second header is one of five.
fn is_bitmap(head: &[u8], size: u64) -> bool {
    let known = |header: &[u8]| matches!(super::probe::le(header), 12 | 40 | 52 | 56 | 64 | 108 | 124);
    head.starts_with(b"BM") && size >= 26 && head.get(14..18).is_some_and(known)
}

/// "MZ" begins a text now and then; a program points from there to its newer header, or is full of what no text has.
fn is_windows_program(probe: &mut Probe<'_>, head: &[u8]) -> bool {
    if !head.starts_with(b"MZ") {
        return false;
    }
    let newer = head.get(60..64).map(super::probe::le).and_then(|at| probe.array::<2>(at));
    matches!(newer, Some([b'P' | b'N' | b'L', b'E' | b'X'])) || head.iter().take(512).any(|byte| *byte == 0)
}

/// MPEG layer III (ISO 11172-3, 2.4.1.3) or AAC in ADTS (ISO 13818-7, 6.2). Padding before the first frame is skipped.
fn audio_frame(head: &[u8]) -> Option<Format> {
    let start = head.iter().position(|byte| *byte != 0)?;
    let frame = head.get(start..start + 4)?;
    if frame[0] != 0xff {
        return None;
    }
    let is_layer_three = frame[1] & 0xe6 == 0xe2 && frame[1] & 0x18 != 0x08;
    let has_sound_rate = frame[2] & 0xf0 != 0xf0 && frame[2] & 0x0c != 0x0c;
    if is_layer_three && has_sound_rate {
        return Some(Format::Mp3);
    }
    (frame[1] & 0xf6 == 0xf0 && be(&frame[2..3]) & 0x3c <= 0x30).then_some(Format::Aac)
}

/// Text in UTF-8, UTF-16 with its mark, or Shift_JIS; anything with control characters is not text.
fn text(sample: &[u8], is_whole: bool) -> Option<(&'static Encoding, String)> {
    if let Some((encoding, mark)) = Encoding::for_bom(sample) {
        let rest = &sample[mark..];
        return decoded(encoding, rest, is_whole).map(|text| (encoding, text));
    }
    [UTF_8, SHIFT_JIS]
        .into_iter()
        .find_map(|encoding| decoded(encoding, sample, is_whole).map(|text| (encoding, text)))
}

fn decoded(encoding: &'static Encoding, bytes: &[u8], is_whole: bool) -> Option<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len())?);
    let (outcome, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, is_whole);
    let is_text = outcome == encoding_rs::DecoderResult::InputEmpty;
    (is_text && !text.chars().any(is_control)).then_some(text)
}

/// HTML and SVG by their first element, as a browser that guesses would (WHATWG MIME Sniffing, 7.1).
fn markup(text: &str) -> Format {
    let start: String = text.trim_start().chars().take(4096).collect::<String>().to_ascii_lowercase();
    if !start.starts_with('<') {
        return Format::Text;
    }
    if start.contains("<svg") {
        return if start.contains("<html") { Format::Html } else { Format::Svg };
    }
    const ELEMENTS: [&str; 18] = [
        "<!doctype html",
        "<html",
        "<head",
        "<script",
        "<iframe",
        "<h1",
        "<div",
        "<font",
        "<table",
        "<a ",
        "<style",
        "<title",
        "<b>",
        "<body",
        "<br",
        "<p>",
        "<img",
        "<!--",
    ];
    let is_html = ELEMENTS.iter().any(|element| start.starts_with(element)) || start.contains("<html");
    if is_html { Format::Html } else { Format::Text }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
