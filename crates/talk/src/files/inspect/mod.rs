//! Looking into a file before anybody else receives it: its name, what it truly is, how large its picture is, what an
//! archive holds, and what it says about the place and the camera.
//!
//! It stays true that the memory used is bounded whatever the file says of itself, that nothing is decoded or unpacked
//! here, and that the browser's word about a file is compared and never believed.

mod archive;
pub mod clean;
mod exif;
mod format;
mod isobmff;
mod jpeg;
mod name;
mod picture;
mod png;
mod probe;
mod riff;
mod sniff;
mod tiff;

pub use archive::{ENTRY_LIMIT, RATIO_FLOOR, RATIO_LIMIT, SIZE_LIMIT};
pub use clean::{Cleaned, Piece, clean};
pub use format::{FileKind, Format, may_show};
pub use name::{NAME_LIMIT, extension, file_name};
pub use probe::Source;

use kairan_core::Refusal;

use probe::Probe;

kairan_core::codes! {
    NAME_EMPTY = 422 "file.name_empty", "ファイルの名前がありません。名前を付けてから送ってください。", "The file has no name. Give it one and send it again.";
    NAME_TOO_LONG = 422 "file.name_too_long", "ファイルの名前が長すぎます（{length}バイト、{limit}バイトまで）。短くして送ってください。", "The file's name is too long ({length} bytes; {limit} are allowed). Shorten it and send it again.";
    NAME_CHARACTERS = 422 "file.name_characters", "ファイルの名前に、見えない文字や向きを変える文字が入っています。名前を付け直して送ってください。", "The file's name contains invisible or direction-changing characters. Rename it and send it again.";
    NAME_PATH = 422 "file.name_path", "ファイルの名前に / や \\ が入っているか、「.」「..」です。名前を付け直して送ってください。", "The file's name contains / or \\, or is \".\" or \"..\". Rename it and send it again.";
    TYPE_MISMATCH = 415 "file.type_mismatch", "{declared} とされていますが、中身は {found} です。正しい名前にして送ってください。", "This is declared as {declared}, but it is {found} inside. Give it its true name and send it again.";
    FILE_UNREADABLE = 422 "file.unreadable", "ファイルの中身が壊れていて読み取れません（{found}）。元のファイルを開けるか確かめて、もう一度送ってください。", "The file is damaged and cannot be read ({found}). Check that it opens, and send it again.";
    PICTURE_TOO_LARGE = 422 "file.picture_too_large", "画像が大きすぎます（{megapixels}メガピクセル、{limit}まで）。小さくして送ってください。", "The picture is too large ({megapixels} megapixels; {limit} are allowed). Make it smaller and send it again.";
    ARCHIVE_TOO_LARGE = 422 "archive.too_large", "展開すると{limit:size}を超えます。分けて送ってください。", "Unpacked, this archive exceeds {limit:size}. Send it in parts.";
    ARCHIVE_TOO_MANY_ENTRIES = 422 "archive.too_many_entries", "中のファイルが多すぎます（{limit}件まで）。分けて送ってください。", "The archive holds too many entries ({limit} are allowed). Send it in parts.";
    ARCHIVE_RATIO = 422 "archive.ratio", "展開すると元の{limit}倍を超えて膨らむため、受け取れません。圧縮せずに送ってください。", "Unpacked, this archive grows more than {limit} times, so it is not accepted. Send its contents uncompressed.";
    ARCHIVE_NAMES = 422 "archive.names", "展開先の外に書き込む名前のファイルが入っているため、受け取れません。作り直して送ってください。", "The archive holds a name that would be written outside its own folder, so it is not accepted. Make it anew and send it again.";
    ARCHIVE_UNREADABLE = 422 "archive.unreadable", "圧縮ファイルが壊れていて読み取れません。開けるか確かめて、もう一度送ってください。", "The archive is damaged and cannot be read. Check that it opens, and send it again.";
}

/// Most pixels of a picture (R44): what is let in can be drawn.
pub const PIXEL_LIMIT: u64 = kairan_draw::PIXEL_LIMIT;

/// What a file truly is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How it is shown and filtered.
    pub kind: FileKind,
    /// The true media type; `application/octet-stream` when the extension is none that we know.
    pub media: &'static str,
    /// What the bytes are, whatever the name says; [`clean`] asks for it.
    pub format: Format,
    /// The encoding of a text (WHATWG name), for `Content-Type`.
    pub charset: Option<&'static str>,
    /// Picture's width in pixels, as it is shown (orientation applied).
    pub width: Option<u32>,
    /// Picture's height in pixels, as it is shown.
    pub height: Option<u32>,
    /// Whether [`preview`](super::preview) can make small pictures of it.
    pub renderable: bool,
}

/// Looks into a file of `size` bytes that is called `name` (already taken by [`file_name`]) and that the browser
/// declares to be `declared`. Blocking; for an archive it inflates up to [`archive::SIZE_LIMIT`] bytes into nothing.
///
/// # Errors
/// 415 `file.type_mismatch`; 422 `file.unreadable`, `file.picture_too_large`, `archive.*`; a fault when the source itself
/// cannot be read.
pub fn inspect(
    source: &mut dyn Source,
    size: u64,
    name: &str,
    declared: Option<&str>,
) -> Result<Found, Refusal> {
    let mut probe = Probe::new(source, size);
    let outcome = look(&mut probe, name, declared);
    probe.end(outcome)
}

fn look(probe: &mut Probe<'_>, name: &str, declared: Option<&str>) -> Result<Found, Refusal> {
    let (format, charset) = sniff::sniff(probe);
    let said = format::agree(format, &extension(name), declared)?;
    if let Err(refusal) = archive::check(probe, format) {
        // Data of a program of its own may happen to begin like an archive; only what claims to be one must be one.
        let claims = said.is_some_and(|said| said.formats.contains(&format));
        if claims || refusal.code != &ARCHIVE_UNREADABLE {
            return Err(refusal);
        }
    }
    let shape = picture::shape(probe, format)?;
    let (kind, media) = said.map_or((FileKind::Other, format::OCTETS), |said| (said.kind, said.media));
    Ok(Found {
        kind,
        media,
        format,
        charset: charset.filter(|_| kind == FileKind::Text),
        width: shape.map(|shape| shape.0),
        height: shape.map(|shape| shape.1),
        renderable: kind == FileKind::Image && format.is_decodable(),
    })
}
