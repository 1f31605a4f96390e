//! Files as cameras and programs write them, byte by byte where that matters.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use kairan_core::Refusal;
use kairan_talk::files::inspect::{self, Cleaned, Format, Found};
use zip::write::SimpleFileOptions;

/// What stands in every place where a file may tell where it was made. Nowhere in a cleaned one.
pub const PLACE: &str = "+35.6586+139.7454/";

pub fn look(bytes: &[u8], name: &str, declared: Option<&str>) -> Result<Found, Refusal> {
    inspect::inspect(&mut Cursor::new(bytes), bytes.len() as u64, name, declared)
}

/// The stable name of the refusal.
pub fn refused(bytes: &[u8], name: &str) -> &'static str {
    look(bytes, name, None).expect_err(name).code.name
}

pub fn cleaned(bytes: &[u8], format: Format) -> (Cleaned, Vec<u8>) {
    let cleaned =
        inspect::clean(&mut Cursor::new(bytes), bytes.len() as u64, format).expect("it can be cleaned");
    let mut out = Vec::new();
    let mut source = Cursor::new(bytes);
    std::io::Read::read_to_end(&mut cleaned.reader(&mut source, bytes.len() as u64), &mut out).expect("read");
    assert_eq!(out.len() as u64, cleaned.size(bytes.len() as u64), "it says how long it is");
    (cleaned, out)
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Something to see: no two pixels are alike.
pub fn photograph(width: u32, height: u32) -> DynamicImage {
    let pixel = |x: u32, y: u32| Rgb([(x * 7 % 256) as u8, (y * 5 % 256) as u8, ((x + y) % 256) as u8]);
    RgbImage::from_fn(width, height, pixel).into()
}

/// With corners that shine through.
pub fn drawing(width: u32, height: u32) -> DynamicImage {
    RgbaImage::from_fn(width, height, |x, y| Rgba([200, 30, 30, if x < 2 || y < 2 { 0 } else { 255 }])).into()
}

pub fn picture(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).expect("encoded");
    out.into_inner()
}

/// A photograph as iPhones write it: HEIC in tiles, with Exif.
pub fn heic_photograph(width: u32, height: u32) -> Vec<u8> {
    let pixels = photograph(width, height).to_rgba8();
    let data = pixels.as_raw().iter().map(|sample| u16::from(*sample)).collect();
    let image = heifer::Image { width, height, bit_depth: 8, has_alpha: false, data };
    let metadata = heifer::Metadata { exif: Some(exif(1)), ..heifer::Metadata::default() };
    heifer::encode_with_metadata(&image, &metadata, &heifer::EncodeOptions::default()).expect("encoded")
}

/// Exif as a telephone writes it: maker, orientation, GPS.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(3_u16.to_le_bytes());
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    };
    entry(0x010f, 2, 8, 100);
    entry(0x0112, 3, 1, u32::from(orientation));
    entry(0x8825, 4, 1, 110);
    tiff.resize(100, 0);
    tiff.extend(b"Kamera1\0\0\0");
    // The GPS directory: its version, and the latitude as text.
    tiff.extend(2_u16.to_le_bytes());
    tiff.extend([0, 0, 1, 0, 4, 0, 0, 0, 2, 3, 0, 0]);
    tiff.extend([2, 0, 2, 0, u8::try_from(PLACE.len()).expect("short"), 0, 0, 0, 140, 0, 0, 0]);
    tiff.extend([0; 4]);
    assert_eq!(tiff.len(), 140);
    tiff.extend(PLACE.as_bytes());
    tiff
}

pub fn xmp() -> Vec<u8> {
    format!("<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>{PLACE}</exif:GPSLatitude></x:xmpmeta>")
        .into_bytes()
}

fn segment(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    let length = u16::try_from(payload.len() + 2).expect("fits");
    [&[0xff, marker][..], &length.to_be_bytes(), &payload].concat()
}

/// A JPEG as a telephone writes it: everything that tells, a colour profile, and a second picture behind the first.
pub fn jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let plain = picture(&photograph(width, height), ImageFormat::Jpeg);
    let told = [
        segment(0xe1, &[b"Exif\0\0", &exif(orientation)]),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", &xmp()]),
        segment(0xe2, &[b"ICC_PROFILE\0\x01\x01", &profile()]),
        segment(0xe2, &[b"MPF\0", PLACE.as_bytes()]),
        segment(0xed, &[b"Photoshop 3.0\0", PLACE.as_bytes()]),
        segment(0xfe, &[PLACE.as_bytes()]),
    ]
    .concat();
    let second = [&plain[..2], &segment(0xe1, &[b"Exif\0\0", &exif(1)]), &plain[2..]].concat();
    [&plain[..2], &told, &plain[2..], &second].concat()
}

/// The beginning of a colour profile; long enough for its colour space.
pub fn profile() -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[12..20].copy_from_slice(b"mntrRGB ");
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    [&u32::try_from(data.len()).expect("fits").to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()]
        .concat()
}

/// A PNG with everything that tells.
pub fn png(plain: &[u8], orientation: u8) -> Vec<u8> {
    let told = [
        chunk(b"eXIf", &exif(orientation)),
        chunk(b"tEXt", format!("Comment\0{PLACE}").as_bytes()),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", &xmp()[..]].concat()),
        chunk(b"zTXt", b"Author\0\0x"),
        chunk(b"tIME", &[7, 234, 11, 21, 12, 0, 0]),
        chunk(b"gAMA", &45_455_u32.to_be_bytes()),
    ]
    .concat();
    // The signature has 8 bytes, IHDR 25.
    [&plain[..33], &told, &plain[33..], PLACE.as_bytes()].concat()
}

/// A PNG of which nothing is wrong but its size: two-colour, so that it is small on the disk.
pub fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    png_of(width, height, 1, 0)
}

/// A PNG of zeros, of this depth and colour type.
pub fn png_of(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let channels = match colour {
        2 => 3,
        6 => 4,
        _ => 1,
    };
    let line = (width as usize * usize::from(depth) * channels).div_ceil(8) + 1;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let lines = vec![0; line];
    for _ in 0..height {
        packed.write_all(&lines).expect("packed");
    }
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &header),
        &chunk(b"IDAT", &packed.finish().expect("packed")),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

/// A WebP with EXIF and XMP beside the picture.
pub fn webp(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let plain = picture(&photograph(width, height), ImageFormat::WebP);
    let part = |kind: &[u8; 4], data: &[u8]| {
        let pad: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
        [&kind[..], &u32::try_from(data.len()).expect("fits").to_le_bytes(), data, pad].concat()
    };
    let small = |number: u32| number.to_le_bytes()[..3].to_vec();
    let canvas = [vec![0x0c, 0, 0, 0], small(width - 1), small(height - 1)].concat();
    let body = [
        part(b"VP8X", &canvas),
        plain[12..].to_vec(),
        part(b"EXIF", &exif(orientation)),
        part(b"XMP ", &xmp()),
    ]
    .concat();
    let length = u32::try_from(body.len() + 4).expect("fits");
    [&b"RIFF"[..], &length.to_le_bytes(), b"WEBP", &body].concat()
}

/// A GIF with a comment, XMP, and a loop.
pub fn gif() -> Vec<u8> {
    let plain = picture(&drawing(8, 6), ImageFormat::Gif);
    let table = if plain[10] & 0x80 == 0 { 0 } else { 3 << ((plain[10] & 7) + 1) };
    let place = u8::try_from(PLACE.len()).expect("short");
    let told = [
        &b"\x21\xfe"[..],
        &[place],
        PLACE.as_bytes(),
        b"\0\x21\xff\x0bXMP DataXMP",
        &[place],
        PLACE.as_bytes(),
        b"\0\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0",
    ]
    .concat();
    [&plain[..13 + table], &told, &plain[13 + table..], PLACE.as_bytes()].concat()
}

pub fn part(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&u32::try_from(body.len() + 8).expect("fits").to_be_bytes()[..], kind, &body].concat()
}

/// A HEIC of 4032 by 3024 that is shown turned, with Exif in the file's data and XMP in `idat`.
pub fn heic(brand: &[u8; 4], width: u32, height: u32) -> Vec<u8> {
    let exif = [&[0, 0, 0, 0][..], &exif(6)].concat();
    let xmp = xmp();
    let file_type = part(b"ftyp", &[brand, &[0; 4], b"mif1", brand]);
    let entry =
        |id: u8, kind: &[u8; 4], rest: &[u8]| part(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, rest]);
    let extent = |id: u8, method: u8, at: u32, length: usize| {
        let length = u32::try_from(length).expect("fits");
        [&[0, id, 0, method, 0, 0, 0, 1][..], &at.to_be_bytes(), &length.to_be_bytes()].concat()
    };
    let meta = |exif_at: u32| {
        part(
            b"meta",
            &[
                &[0; 4],
                &part(b"hdlr", &[&[0; 8], b"pict", &[0; 13]]),
                &part(b"pitm", &[&[0, 0, 0, 0, 0, 1]]),
                &part(
                    b"iinf",
                    &[
                        &[0, 0, 0, 0, 0, 3],
                        &entry(1, b"hvc1", b"\0"),
                        &entry(2, b"Exif", b"\0"),
                        &entry(3, b"mime", b"\0application/rdf+xml\0"),
                    ],
                ),
                &part(
                    b"iprp",
                    &[
                        &part(
                            b"ipco",
                            &[
                                &part(b"ispe", &[&[0; 4], &320_u32.to_be_bytes(), &240_u32.to_be_bytes()]),
                                &part(b"ispe", &[&[0; 4], &width.to_be_bytes(), &height.to_be_bytes()]),
                                &part(b"irot", &[&[3]]),
                            ],
                        ),
                        &part(b"ipma", &[&[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 0x82, 0x83]]),
                    ],
                ),
                &part(b"idat", &[&xmp]),
                &part(
                    b"iloc",
                    &[
                        &[1, 0, 0, 0, 0x44, 0, 0, 3],
                        &extent(1, 0, exif_at, 0)[..8],
                        &(exif_at + u32::try_from(exif.len()).expect("fits")).to_be_bytes(),
                        &6_u32.to_be_bytes(),
                        &extent(2, 0, exif_at, exif.len()),
                        &extent(3, 1, 0, xmp.len()),
                    ],
                ),
            ],
        )
    };
    let before = file_type.len() + meta(0).len() + 8;
    let meta = meta(u32::try_from(before).expect("fits"));
    [file_type, meta, part(b"mdat", &[&exif, b"pixels"])].concat()
}

/// A film as telephones write it: the place in three ways, XMP, and a maker that may stay.
pub fn film(brand: &[u8; 4]) -> Vec<u8> {
    let text = |place: &str| part(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], place.as_bytes()]);
    let key = |name: &str| part(b"mdta", &[name.as_bytes()]);
    let item = |index: u8, value: &str| part(&[0, 0, 0, index], &[&text(value)]);
    let uuid = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    let meta = part(
        b"meta",
        &[
            &part(b"hdlr", &[&[0; 8], b"mdta", &[0; 13]]),
            &part(
                b"keys",
                &[
                    &[0, 0, 0, 0, 0, 0, 0, 2],
                    &key("com.apple.quicktime.location.ISO6709"),
                    &key("com.apple.quicktime.make"),
                ],
            ),
            &part(b"ilst", &[&item(1, PLACE), &item(2, "Kamera1")]),
        ],
    );
    let user = part(
        b"udta",
        &[
            &part(b"\xa9xyz", &[&[0, 18, 0x15, 0xc7], PLACE.as_bytes()]),
            &part(b"loci", &[&[0; 6], PLACE.as_bytes()]),
            &part(b"XMP_", &[&xmp()]),
        ],
    );
    [
        part(b"ftyp", &[brand, &[0; 4], b"isom", b"mp42"]),
        part(b"moov", &[&part(b"mvhd", &[&[0; 100]]), &part(b"trak", &[&user]), &meta, &user]),
        part(b"uuid", &[uuid, &xmp()]),
        part(b"mdat", &[b"frames"]),
    ]
    .concat()
}

pub fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).expect("named");
        writer.write_all(bytes).expect("packed");
    }
    writer.finish().expect("whole").into_inner()
}

/// Its type comes first and is not packed (ODF 1.3, part 2, 3.3).
pub fn opendocument() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("mimetype", stored).expect("named");
    writer.write_all(b"application/vnd.oasis.opendocument.text").expect("stored");
    writer.start_file("content.xml", SimpleFileOptions::default()).expect("named");
    writer.write_all(b"<a/>").expect("packed");
    writer.finish().expect("whole").into_inner()
}

pub fn docx() -> Vec<u8> {
    zipped(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")])
}

/// A tar whose names are written as they are given.
pub fn tarred(entries: &[(&str, u8, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, target, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(tar::EntryType::new(*kind));
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).expect("appended");
    }
    builder.into_inner().expect("whole")
}

pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
    writer.write_all(bytes).expect("packed");
    writer.finish().expect("whole")
}

pub fn compound() -> Vec<u8> {
    [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &[0; 504]].concat()
}

pub fn program() -> Vec<u8> {
    let mut program = b"MZ\x90\0".to_vec();
    program.resize(128, 0);
    program[60] = 64;
    program[64..68].copy_from_slice(b"PE\0\0");
    program
}
