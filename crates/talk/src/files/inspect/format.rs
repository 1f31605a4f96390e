//! What there is, how it is called, and which names may stand on it (R43).

use kairan_core::Refusal;
use serde::{Deserialize, Serialize};

use super::TYPE_MISMATCH;

/// How a file is shown and filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// PDF.
    Pdf,
    /// Plain text, CSV.
    Text,
    /// ZIP, tar, 7z and the like.
    Archive,
    /// Office documents.
    Document,
    /// Everything else; SVG and HTML too, which could run.
    Other,
}

impl FileKind {
    const ALL: [Self; 8] = [
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Pdf,
        Self::Text,
        Self::Archive,
        Self::Document,
        Self::Other,
    ];

    /// As stored and sent.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Pdf => "pdf",
            Self::Text => "text",
            Self::Archive => "archive",
            Self::Document => "document",
            Self::Other => "other",
        }
    }
    /// From what is stored.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the name of a format")]
pub enum Format {
    Jpeg,
    Png,
    Gif,
    Webp,
    Bmp,
    Tiff,
    Heif,
    Avif,
    Icon,
    Psd,
    Mp4,
    QuickTime,
    M4a,
    Webm,
    Matroska,
    Avi,
    Asf,
    Mpeg,
    Mp3,
    Aac,
    Amr,
    Wav,
    Ogg,
    Flac,
    Midi,
    Pdf,
    PostScript,
    Zip,
    Docx,
    Xlsx,
    Pptx,
    OpenDocument,
    Epub,
    /// Compound file: Office up to 2003, Outlook messages, and newer Office documents with a password.
    Compound,
    Rtf,
    Gzip,
    Tar,
    SevenZip,
    Rar,
    Bzip2,
    Xz,
    Zstd,
    Lzh,
    WindowsProgram,
    UnixProgram,
    MacProgram,
    Svg,
    Html,
    Text,
    /// None of the above.
    Data,
}

use Format as F;

impl Format {
    /// How people call it; the same in both languages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            F::Jpeg => "JPEG",
            F::Png => "PNG",
            F::Gif => "GIF",
            F::Webp => "WebP",
            F::Bmp => "BMP",
            F::Tiff => "TIFF",
            F::Heif => "HEIC",
            F::Avif => "AVIF",
            F::Icon => "ICO",
            F::Psd => "PSD",
            F::Mp4 => "MP4",
            F::QuickTime => "QuickTime",
            F::M4a => "M4A",
            F::Webm => "WebM",
            F::Matroska => "Matroska",
            F::Avi => "AVI",
            F::Asf => "Windows Media",
            F::Mpeg => "MPEG",
            F::Mp3 => "MP3",
            F::Aac => "AAC",
            F::Amr => "AMR",
            F::Wav => "WAV",
            F::Ogg => "Ogg",
            F::Flac => "FLAC",
            F::Midi => "MIDI",
            F::Pdf => "PDF",
            F::PostScript => "PostScript",
            F::Zip => "ZIP",
            F::Docx => "Word (docx)",
            F::Xlsx => "Excel (xlsx)",
            F::Pptx => "PowerPoint (pptx)",
            F::OpenDocument => "OpenDocument",
            F::Epub => "EPUB",
            F::Compound => "Office 97-2003",
            F::Rtf => "RTF",
            F::Gzip => "gzip",
            F::Tar => "tar",
            F::SevenZip => "7z",
            F::Rar => "RAR",
            F::Bzip2 => "bzip2",
            F::Xz => "xz",
            F::Zstd => "Zstandard",
            F::Lzh => "LZH",
            F::WindowsProgram => "Windows (exe)",
            F::UnixProgram => "Unix (ELF)",
            F::MacProgram => "macOS (Mach-O)",
            F::Svg => "SVG",
            F::Html => "HTML",
            F::Text => "text",
            F::Data => "data",
        }
    }

    /// Whether the renderer has a decoder for it. AVIF is not here: there is no decoder for it in Rust alone that we would
    /// hand a stranger's file to.
    #[must_use]
    pub fn is_decodable(self) -> bool {
        matches!(self, F::Jpeg | F::Png | F::Gif | F::Webp | F::Bmp | F::Heif)
    }
}

/// What an extension says: which formats it may stand on, and what it then is.
#[derive(Debug)]
pub struct Said {
    extensions: &'static [&'static str],
    /// The formats it may stand on.
    pub formats: &'static [Format],
    /// The media type (IANA, or what browsers use where IANA has none).
    pub media: &'static str,
    /// How it is shown.
    pub kind: FileKind,
}

/// The media type of what we do not know.
pub const OCTETS: &str = "application/octet-stream";

const MOVIE: &[Format] = &[F::Mp4, F::QuickTime, F::M4a];
/// Markup is text too, where the name says that it is text.
const TEXT: &[Format] = &[F::Text, F::Html, F::Svg, F::Rtf];
/// A document with a password is a compound file around the encrypted one (MS-OFFCRYPTO 1.3).
const WORD: &[Format] = &[F::Docx, F::Compound];
const EXCEL: &[Format] = &[F::Xlsx, F::Compound];
const SLIDES: &[Format] = &[F::Pptx, F::Compound];
/// A .doc may be RTF: Word opens it, and many programs write it.
const OLD_WORD: &[Format] = &[F::Compound, F::Rtf];
const ZIPPED: &[Format] = &[F::Zip, F::Docx, F::Xlsx, F::Pptx, F::OpenDocument, F::Epub];

macro_rules! said {
    ($($extensions:expr => $formats:expr, $media:expr, $kind:ident;)+) => {
        &[$(Said { extensions: &$extensions, formats: $formats, media: $media, kind: FileKind::$kind }),+]
    };
}

static SAID: &[Said] = said! {
    ["jpg", "jpeg", "jpe", "jfif"] => &[F::Jpeg], "image/jpeg", Image;
    ["png", "apng"] => &[F::Png], "image/png", Image;
    ["gif"] => &[F::Gif], "image/gif", Image;
    ["webp"] => &[F::Webp], "image/webp", Image;
    ["bmp", "dib"] => &[F::Bmp], "image/bmp", Image;
    ["tif", "tiff"] => &[F::Tiff], "image/tiff", Image;
    ["heic", "heif", "hif"] => &[F::Heif], "image/heic", Image;
    ["avif"] => &[F::Avif], "image/avif", Image;
    ["ico", "cur"] => &[F::Icon], "image/x-icon", Other;
    ["psd"] => &[F::Psd], "image/vnd.adobe.photoshop", Other;
    ["dng", "nef", "arw", "cr2"] => &[F::Tiff], OCTETS, Other;
    ["mp4", "m4v", "3gp", "3g2"] => MOVIE, "video/mp4", Video;
    ["mov", "qt"] => MOVIE, "video/quicktime", Video;
    ["webm"] => &[F::Webm], "video/webm", Video;
    ["mkv"] => &[F::Matroska, F::Webm], "video/x-matroska", Video;
    ["avi"] => &[F::Avi], "video/x-msvideo", Video;
    ["wmv", "asf"] => &[F::Asf], "video/x-ms-wmv", Video;
    ["mpg", "mpeg"] => &[F::Mpeg], "video/mpeg", Video;
    ["ogv"] => &[F::Ogg], "video/ogg", Video;
    ["mp3"] => &[F::Mp3], "audio/mpeg", Audio;
    ["m4a", "m4b"] => MOVIE, "audio/mp4", Audio;
    ["aac"] => &[F::Aac], "audio/aac", Audio;
    ["amr"] => &[F::Amr], "audio/amr", Audio;
    ["wav", "wave"] => &[F::Wav], "audio/wav", Audio;
    ["ogg", "oga", "opus"] => &[F::Ogg], "audio/ogg", Audio;
    ["flac"] => &[F::Flac], "audio/flac", Audio;
    ["weba"] => &[F::Webm], "audio/webm", Audio;
    ["wma"] => &[F::Asf], "audio/x-ms-wma", Audio;
    ["mid", "midi"] => &[F::Midi], "audio/midi", Audio;
    ["pdf"] => &[F::Pdf], "application/pdf", Pdf;
    ["ai"] => &[F::Pdf, F::PostScript], "application/postscript", Other;
    ["ps", "eps"] => &[F::PostScript], "application/postscript", Other;
    ["docx", "docm", "dotx"] => WORD, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Document;
    ["xlsx", "xlsm", "xltx", "xlsb"] => EXCEL, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Document;
    ["pptx", "pptm", "ppsx", "potx"] => SLIDES, "application/vnd.openxmlformats-officedocument.presentationml.presentation", Document;
    ["doc", "dot"] => OLD_WORD, "application/msword", Document;
    ["xls", "xlt"] => &[F::Compound], "application/vnd.ms-excel", Document;
    ["ppt", "pps"] => &[F::Compound], "application/vnd.ms-powerpoint", Document;
    ["msg"] => &[F::Compound], "application/vnd.ms-outlook", Other;
    ["msi"] => &[F::Compound], OCTETS, Other;
    ["odt"] => &[F::OpenDocument], "application/vnd.oasis.opendocument.text", Document;
    ["ods"] => &[F::OpenDocument], "application/vnd.oasis.opendocument.spreadsheet", Document;
    ["odp"] => &[F::OpenDocument], "application/vnd.oasis.opendocument.presentation", Document;
    ["rtf"] => &[F::Rtf], "application/rtf", Document;
    ["epub"] => &[F::Epub], "application/epub+zip", Document;
    ["zip"] => ZIPPED, "application/zip", Archive;
    ["jar", "apk", "xpi", "pages", "numbers", "key", "kmz", "3mf"] => ZIPPED, OCTETS, Other;
    ["gz", "tgz"] => &[F::Gzip], "application/gzip", Archive;
    ["tar"] => &[F::Tar], "application/x-tar", Archive;
    ["7z"] => &[F::SevenZip], "application/x-7z-compressed", Archive;
    ["rar"] => &[F::Rar], "application/vnd.rar", Archive;
    ["bz2", "tbz2"] => &[F::Bzip2], "application/x-bzip2", Archive;
    ["xz", "txz"] => &[F::Xz], "application/x-xz", Archive;
    ["zst"] => &[F::Zstd], "application/zstd", Archive;
    ["lzh", "lha"] => &[F::Lzh], "application/x-lzh-compressed", Archive;
    ["exe", "dll", "scr", "com"] => &[F::WindowsProgram], OCTETS, Other;
    ["svg"] => &[F::Svg], "image/svg+xml", Other;
    ["html", "htm", "xhtml"] => &[F::Html, F::Text, F::Svg], "text/html", Other;
    ["csv"] => TEXT, "text/csv", Text;
    ["ics"] => TEXT, "text/calendar", Text;
    ["vcf"] => TEXT, "text/vcard", Text;
    ["txt", "text", "log", "md", "tsv", "json", "yaml", "yml", "toml", "ini", "conf", "sql", "py", "rs", "go", "java",
     "c", "h", "cpp", "cs", "rb", "sh", "ts", "tsx", "diff", "patch", "srt", "tex"] => TEXT, "text/plain", Text;
    ["xml", "js", "mjs", "css", "php", "bat", "cmd", "ps1", "vbs", "eml"] => TEXT, OCTETS, Other;
};

/// What the browser may show by itself: nothing in these can run.
static SHOWN: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/avif",
    "video/mp4",
    "video/webm",
    "video/quicktime",
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/wav",
    "audio/ogg",
    "audio/flac",
    "audio/webm",
    "application/pdf",
    "text/plain",
];

/// Whether a file of this true media type may be served inline (R42); everything else is a download of octets.
#[must_use]
pub fn may_show(media: &str) -> bool {
    SHOWN.contains(&media)
}

/// Holds what the name and the browser say against what was found. `None`: the name says nothing that we know.
///
/// The browser's word counts only for pictures, films, sound, PDF and ZIP: for the rest it repeats whatever program
/// registered the extension on that machine (a CSV is `application/vnd.ms-excel` where Excel is installed).
pub fn agree(
    found: Format,
    extension: &str,
    declared: Option<&str>,
) -> Result<Option<&'static Said>, Refusal> {
    let mismatch = |declared: &str| {
        Err(Refusal::new(&TYPE_MISMATCH).fact("declared", declared).fact("found", found.label()))
    };
    let said = SAID.iter().find(|said| said.extensions.contains(&extension));
    if said.is_some_and(|said| !said.formats.contains(&found)) {
        return mismatch(&format!(".{extension}"));
    }
    let media = declared.map(essence).unwrap_or_default();
    let is_strict = media == "application/pdf"
        || media == "application/zip"
        || ["image/", "video/", "audio/"].iter().any(|family| media.starts_with(family));
    let mut meant = SAID.iter().filter(|said| said.media == media).peekable();
    if is_strict && meant.peek().is_some() && !meant.any(|said| said.formats.contains(&found)) {
        return mismatch(&media);
    }
    Ok(said)
}

/// A media type without parameters, in lower case.
fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R43
    #[test]
    fn every_extension_is_said_once() {
        let all: Vec<_> = SAID.iter().flat_map(|said| said.extensions).collect();
        let once: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(once.len(), all.len());
    }

    /// R42
    #[test]
    fn nothing_that_can_run_is_shown() {
        for media in
            ["image/svg+xml", "text/html", "text/csv", OCTETS, "application/zip", "text/html; charset=utf-8"]
        {
            assert!(!may_show(media), "{media}");
        }
        assert!(may_show("image/jpeg") && may_show("application/pdf"));
    }

    /// R43
    #[test]
    fn the_browsers_word_is_compared() {
        assert!(agree(F::Jpeg, "jpg", Some("image/jpeg")).is_ok());
        assert!(agree(F::Jpeg, "jpg", Some("IMAGE/JPEG; q=1")).is_ok());
        assert!(agree(F::Text, "csv", Some("application/vnd.ms-excel")).is_ok(), "Excel is installed there");
        assert!(agree(F::Text, "ts", Some("video/mp2t")).is_ok(), "TypeScript");
        assert!(agree(F::M4a, "m4a", Some("video/mp4")).is_ok());
        let refusal = agree(F::Jpeg, "jpg", Some("image/png")).expect_err("not what the browser says");
        assert_eq!(refusal.facts["declared"], "image/png");
        let refusal = agree(F::Jpeg, "xyz", Some("application/pdf")).expect_err("not what the browser says");
        assert_eq!((refusal.status(), &refusal.facts["found"]), (415, &"JPEG".into()));
    }

    #[test]
    fn kinds_have_names() {
        for kind in FileKind::ALL {
            assert_eq!(FileKind::named(kind.name()), Some(kind));
        }
        assert_eq!(FileKind::named("film"), None);
    }
}
