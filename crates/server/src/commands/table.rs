//! Lists on the terminal: columns for people, CSV for spreadsheets, JSON for programs.
//!
//! It stays true that what somebody else chose as a name moves nothing on the terminal and is no formula in a spreadsheet.

use kairan_http::sheet::Sheet;
use kairan_people::console::{Cell, Table};
use serde_json::{Map, Value};

use crate::cli::Format;
use crate::words::Language;

/// The list as text, each line ended.
pub fn printed(table: &Table, format: Format, language: Language) -> String {
    if format.json {
        return json(table) + "\n";
    }
    let japanese = language == Language::Japanese;
    let headings = table.columns.iter().map(|column| language.choose(column.ja, column.en).to_owned());
    let rows = table.rows.iter().map(|row| row.iter().map(|cell| cell.text(japanese)).collect());
    let rows: Vec<Vec<String>> = std::iter::once(headings.collect()).chain(rows).collect();
    if format.csv { Sheet { name: "list.csv", rows }.text() } else { aligned(&rows) }
}

/// An array of objects by the columns' keys.
fn json(table: &Table) -> String {
    let value = |cell: &Cell| match cell {
        Cell::None => Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Word(name, _) => (*name).into(),
        Cell::At(at) => at.ms().into(),
    };
    let object = |row: &Vec<Cell>| -> Value {
        let keys = table.columns.iter().map(|column| column.key.to_owned());
        Value::Object(keys.zip(row.iter().map(value)).collect::<Map<_, _>>())
    };
    serde_json::to_string_pretty(&table.rows.iter().map(object).collect::<Vec<_>>()).unwrap_or_default()
}

/// Columns under each other, two spaces between them.
fn aligned(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|at| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, wide) in row.iter().zip(&widths) {
            line += cell;
            line += &" ".repeat(wide - width(cell) + 2);
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

/// Without what a terminal would obey: a browser calls itself what it likes.
fn harmless(cell: &str) -> String {
    if cell.is_empty() {
        return "-".to_owned();
    }
    let plain = cell.chars().map(|c| if c.is_control() || is_invisible(c) { '?' } else { c });
    plain.collect()
}

/// Directional marks and other characters without a width of their own.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Columns of the terminal: two for what East Asian Width (UAX #11) calls wide or full-width, in the blocks that names of
/// people and devices are written in.
fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(c,
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{33ff}' | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}' | '\u{a000}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}')
    };
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use kairan_core::Instant;
    use kairan_people::console::Column;

    use super::*;

    const COLUMNS: &[Column] = &[
        Column { key: "name", ja: "氏名", en: "NAME" },
        Column { key: "state", ja: "状態", en: "STATE" },
        Column { key: "at", ja: "とき", en: "WHEN" },
    ];

    fn table() -> Table {
        let row =
            |name: &str, at| vec![Cell::Text(name.into()), Cell::Word("locked", "ロック中"), Cell::from(at)];
        Table {
            columns: COLUMNS, rows: vec![row("己本 一葉", None), row("=A\u{1b}[2J", Some(Instant(0)))]
        }
    }

    const PEOPLE: Format = Format { csv: false, json: false };

    #[test]
    fn columns_stand_under_each_other() {
        assert_eq!(
            printed(&table(), PEOPLE, Language::Japanese),
            "氏名       状態      とき\n己本 一葉  ロック中  -\n=A?[2J     ロック中  1970-01-01 00:00:00\n"
        );
        assert!(printed(&table(), PEOPLE, Language::English).starts_with("NAME       STATE   WHEN\n"));
    }

    /// R55
    #[test]
    fn spreadsheets_and_programs_are_given_their_own_form() {
        let csv = printed(&table(), Format { csv: true, json: false }, Language::English);
        assert!(csv.starts_with("\u{feff}\"NAME\",\"STATE\",\"WHEN\"\r\n") && csv.contains("\"'=A"), "{csv}");
        let json = printed(&table(), Format { csv: false, json: true }, Language::Japanese);
        let rows: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(rows[0], serde_json::json!({"name": "己本 一葉", "state": "locked", "at": null}));
        assert_eq!(rows[1]["at"], 0);
    }
}
