//! Tables for spreadsheets: CSV (RFC 4180) as Excel opens it.
//!
//! It stays true that no cell is taken for a formula, whoever chose its text (R55), and that Japanese is read as such.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A table to download.
pub struct Sheet {
    /// The file's name; ASCII, without quotes.
    pub name: &'static str,
    /// The first row has the headings.
    pub rows: Vec<Vec<String>>,
}

/// A cell that no spreadsheet calculates: quoted, and with an apostrophe before what begins like a formula. The full-width
/// signs count too: Japanese editions of Excel read them as the half-width ones.
fn cell(text: &str) -> String {
    let formula = text
        .trim_start_matches(' ')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

impl Sheet {
    /// The file's text, with a byte order mark: without it Excel takes UTF-8 for Shift JIS.
    #[must_use]
    pub fn text(&self) -> String {
        let lines =
            self.rows.iter().map(|row| row.iter().map(|text| cell(text)).collect::<Vec<_>>().join(","));
        let body = lines.map(|line| line + "\r\n").collect::<String>();
        format!("\u{feff}{body}")
    }
}

impl IntoResponse for Sheet {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        let kind = "text/csv; charset=utf-8; header=present".to_owned();
        let headers = [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (headers, self.text()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R55
    #[test]
    fn no_cell_is_a_formula() {
        for bad in ["=1+1", "+81", "-1", "@SUM(A1)", "\t=1", "\0x", "＝1+1", "  =1", "\r=1"] {
            assert!(cell(bad).starts_with("\"'"), "{bad:?}");
        }
        for fine in ["乙川 二葉", "1+1", "a=b", "", "駅前店-2"] {
            assert_eq!(cell(fine), format!("\"{fine}\""));
        }
        assert_eq!(cell("a\"b,c\nd"), "\"a\"\"b,c\nd\"");
    }

    /// R55
    #[test]
    fn excel_opens_it_in_japanese() {
        let sheet = Sheet { name: "x.csv", rows: vec![vec!["氏名".into(), "端末".into()]] };
        assert_eq!(sheet.text().as_bytes(), "\u{feff}\"氏名\",\"端末\"\r\n".as_bytes());
    }
}
