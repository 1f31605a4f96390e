//! Bytes → rows of text: encoding, columns, lines. Pure.

use kairan_core::Refusal;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::rules::{
    IMPORT_COLUMN_MISSING, IMPORT_COLUMN_TWICE, IMPORT_COLUMN_UNKNOWN, IMPORT_EMPTY, IMPORT_ENCODING,
    IMPORT_MANY, IMPORT_UNREADABLE, ROWS_LIMIT,
};

/// How the file was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Encoding {
    /// With or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// As Windows extends it (Windows-31J): what Excel in Japan writes as "CSV".
    #[serde(rename = "shift_jis")]
    ShiftJis,
}

/// A column that the import knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// 姓.
    FamilyName,
    /// 名.
    GivenName,
    /// せい.
    FamilyKana,
    /// めい.
    GivenKana,
    /// 社員番号.
    StaffNumber,
    /// ログインID.
    Login,
    /// 部署.
    Departments,
    /// 役職.
    Positions,
    /// 区分.
    Kind,
    /// 役割.
    Role,
    /// 会社.
    Company,
    /// メール.
    Email,
    /// 表示名.
    DisplayName,
}

impl Column {
    /// Every column, in the order of the template.
    pub const ALL: [Self; 13] = [
        Self::FamilyName,
        Self::GivenName,
        Self::FamilyKana,
        Self::GivenKana,
        Self::StaffNumber,
        Self::Login,
        Self::Departments,
        Self::Positions,
        Self::Kind,
        Self::Role,
        Self::Company,
        Self::Email,
        Self::DisplayName,
    ];

    /// Its heading, Japanese.
    #[must_use]
    pub fn ja(self) -> &'static str {
        self.headings()[0]
    }

    /// Its name in faults: the field of a new member.
    #[must_use]
    pub fn field(self) -> &'static str {
        self.headings()[1]
    }

    /// Whether a file without it cannot be imported.
    #[must_use]
    pub fn needed(self) -> bool {
        matches!(self, Self::FamilyName | Self::GivenName | Self::FamilyKana | Self::GivenKana)
    }

    /// Japanese, the field's name, other usual headings.
    fn headings(self) -> &'static [&'static str] {
        match self {
            Self::FamilyName => &["姓", "family_name", "family name", "氏", "苗字", "名字", "last name"],
            Self::GivenName => &["名", "given_name", "given name", "名前", "first name"],
            Self::FamilyKana => &["せい", "family_kana", "family kana", "セイ", "姓かな", "姓カナ"],
            Self::GivenKana => &["めい", "given_kana", "given kana", "メイ", "名かな", "名カナ"],
            Self::StaffNumber => &["社員番号", "staff_number", "staff number", "職員番号"],
            Self::Login => &["ログインID", "login", "login id"],
            Self::Departments => &["部署", "departments", "department", "所属"],
            Self::Positions => &["役職", "positions", "position"],
            Self::Kind => &["区分", "kind"],
            Self::Role => &["役割", "role"],
            Self::Company => &["会社", "company", "会社名"],
            Self::Email => &["メール", "email", "e-mail", "メールアドレス"],
            Self::DisplayName => &["表示名", "display_name", "display name"],
        }
    }

    fn of(heading: &str) -> Option<Self> {
        let plain = plain(heading);
        Self::ALL.into_iter().find(|column| column.headings().iter().any(|known| self::plain(known) == plain))
    }
}

/// How words in a file are compared: width, case and surrounding space do not count; kana does, 名 and めい differ anyway.
pub(super) fn plain(text: &str) -> String {
    text.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// A file, read.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// How it was written.
    pub encoding: Encoding,
    /// Its columns, in its order.
    pub columns: Vec<Column>,
    /// Its rows that are not blank.
    pub rows: Vec<Row>,
}

/// One line of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it begins, counted from 1, the heading included: what Excel shows.
    pub line: u64,
    /// Its cells in the order of the columns, trimmed.
    pub cells: Vec<String>,
}

/// Reads a file.
///
/// # Errors
/// `import.encoding`, `import.unreadable`, `import.empty`, `import.too_many`, `import.column_unknown`,
/// `import.column_missing`, `import.column_twice`.
pub fn read(bytes: &[u8]) -> Result<Sheet, Refusal> {
    let (encoding, text) = decode(bytes)?;
    // The reader counts a line at its line feed, so that after "\r\n" a record would seem to begin on the line before.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let heading = text.lines().next().unwrap_or_default();
    // "Unicode text" and some tools part cells by tabs.
    let delimiter = if heading.contains('\t') && !heading.contains(',') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let first = records.next().ok_or_else(|| Refusal::new(&IMPORT_EMPTY))?;
    let first = first
        .map_err(|error| Refusal { cause: Some(Box::new(error)), ..Refusal::new(&IMPORT_UNREADABLE) })?;
    let columns = columns(&first)?;
    let mut rows = Vec::new();
    for record in records {
        let record = record
            .map_err(|error| Refusal { cause: Some(Box::new(error)), ..Refusal::new(&IMPORT_UNREADABLE) })?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == ROWS_LIMIT {
            return Err(Refusal::new(&IMPORT_MANY).fact("limit", ROWS_LIMIT));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let cells =
            (0..columns.len()).map(|at| record.get(at).unwrap_or_default().trim().to_owned()).collect();
        rows.push(Row { line, cells });
    }
    if rows.is_empty() { Err(Refusal::new(&IMPORT_EMPTY)) } else { Ok(Sheet { encoding, columns, rows }) }
}

fn columns(heading: &csv::StringRecord) -> Result<Vec<Column>, Refusal> {
    let mut columns = Vec::new();
    // Excel leaves empty headings at the end of wide sheets.
    let named = heading.iter().rev().skip_while(|cell| cell.trim().is_empty()).count();
    for cell in heading.iter().take(named) {
        let column = Column::of(cell)
            .ok_or_else(|| Refusal::new(&IMPORT_COLUMN_UNKNOWN).fact("column", cell.trim()))?;
        if columns.contains(&column) {
            return Err(Refusal::new(&IMPORT_COLUMN_TWICE).fact("column", column.ja()));
        }
        columns.push(column);
    }
    match Column::ALL.into_iter().find(|column| column.needed() && !columns.contains(column)) {
        Some(missing) => Err(Refusal::new(&IMPORT_COLUMN_MISSING).fact("column", missing.ja())),
        None => Ok(columns),
    }
}

/// UTF-8 when it is UTF-8; otherwise Shift_JIS. Japanese text in the one is practically never valid in the other.
fn decode(bytes: &[u8]) -> Result<(Encoding, String), Refusal> {
    let bare = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bare) {
        return if text.contains('\0') {
            Err(Refusal::new(&IMPORT_ENCODING))
        } else {
            Ok((Encoding::Utf8, text.to_owned()))
        };
    }
    match encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) if !text.contains('\0') => Ok((Encoding::ShiftJis, text.into_owned())),
        _ => Err(Refusal::new(&IMPORT_ENCODING)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "姓,名,セイ,メイ,部署,社員番号\r\n乙川,二葉,オツカワ,フタバ,本部／総務課,０４１７\r\n,,,,,\r\n\"己本\n改\",三郎,おのもと,さぶろう\r\n";

    #[test]
    fn excel_files_are_read_whatever_their_encoding() {
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(FILE);
        let bom = [b"\xef\xbb\xbf", FILE.as_bytes()].concat();
        for (bytes, encoding) in
            [(FILE.as_bytes(), Encoding::Utf8), (&bom, Encoding::Utf8), (&sjis, Encoding::ShiftJis)]
        {
            let sheet = read(bytes).expect("readable");
            assert_eq!(sheet.encoding, encoding);
            assert_eq!(sheet.columns[2], Column::FamilyKana);
            assert_eq!(
                sheet.rows.iter().map(|row| row.line).collect::<Vec<_>>(),
                [2, 4],
                "blank lines are passed over"
            );
            assert_eq!(sheet.rows[0].cells[4], "本部／総務課");
            assert_eq!(sheet.rows[1].cells[5], "", "a short line ends in empty cells");
        }
        assert_eq!(read(FILE.replace(',', "\t").as_bytes()).expect("tabs").rows.len(), 2);
    }

    #[test]
    fn files_that_cannot_be_read_say_why() {
        let code = |bytes: &[u8]| read(bytes).expect_err("refused").code.name;
        assert_eq!(code(b""), "import.empty");
        assert_eq!(code("姓,名,せい,めい\n".as_bytes()), "import.empty");
        assert_eq!(code("姓,名,せい,めい,電話\na".as_bytes()), "import.column_unknown");
        assert_eq!(code("姓,名,せい\na".as_bytes()), "import.column_missing");
        assert_eq!(code("姓,名,せい,めい,氏\na".as_bytes()), "import.column_twice");
        assert_eq!(code(b"\xff\xfe\x00"), "import.encoding");
        assert_eq!(code(b"PK\x03\x04\x00\x00\xff\xff"), "import.encoding");
        let many = format!("姓,名,せい,めい\n{}", "a,b,あ,い\n".repeat(ROWS_LIMIT + 1));
        assert_eq!(code(many.as_bytes()), "import.too_many");
    }
}
