//! Tables are written only by `project.rs`, inside a journal append (invariant 2).
//!
//! The exceptions have names: storage itself, which keeps the journal, `contents` and `secrets`, and makes and fills the
//! search index (`search_…`), which is no truth; and tables named `marks_…`, which commands write through `Tx::mark` (it
//! refuses every other table).

use super::{Finding, name, product};
use crate::rust;
use crate::tree::Source;

/// The floor that keeps the journal and the four kinds of table beside it.
const STORAGE: &str = "crates/storage/src/";

pub fn check(tree: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in product(tree) {
        let room = name(&source.path);
        if source.path.starts_with(STORAGE) || room == "project.rs" || source.path.contains("/project/") {
            continue;
        }
        let views = rust::views(&source.text);
        let shipped = rust::without_tests(&views.code);
        for (at, statement) in writes(&views.strings) {
            // The opening quote is code: where it is blanked, the statement stands in a test.
            let line = rust::line(&views.strings, at);
            let is_shipped = shipped.lines().nth(line - 1).is_some_and(|l| !l.trim().is_empty())
                || inside_a_long_string(&shipped, &views.code, at);
            if is_shipped {
                let words = format!(
                    "writes a table ({statement}); only project.rs does, from an event, or storage for contents, \
                     secrets, marks and the search index"
                );
                findings.push(Finding::new(&source.path, line, words));
            }
        }
    }
    findings
}

/// In the middle of a literal of several lines there is no code on the line: look back to its opening.
fn inside_a_long_string(shipped: &str, code: &str, at: usize) -> bool {
    code[..at].rfind(|c: char| !c.is_whitespace()).is_some_and(|i| !shipped[i..=i].trim().is_empty())
}

/// Every statement in the strings that changes a table or its shape: offset and first words.
fn writes(strings: &str) -> Vec<(usize, String)> {
    let tokens = strings
        .split_ascii_whitespace()
        .map(|token| (token.as_ptr() as usize - strings.as_ptr() as usize, token))
        .collect::<Vec<_>>();
    let mut found = Vec::new();
    for (i, (at, token)) in tokens.iter().enumerate() {
        let next = tokens.get(i + 1).map_or("", |t| t.1);
        let after = tokens.get(i + 2).map_or("", |t| t.1);
        let is_write = match *token {
            "INSERT" => matches!(next, "INTO" | "OR"),
            "REPLACE" => next == "INTO",
            "DELETE" | "TRUNCATE" => matches!(next, "FROM" | "TABLE"),
            "UPDATE" => after == "SET",
            "CREATE" | "DROP" | "ALTER" => {
                matches!(next, "TABLE" | "INDEX" | "UNIQUE" | "VIEW" | "TRIGGER" | "VIRTUAL")
            }
            _ => false,
        };
        let table = if *token == "UPDATE" { next } else { after };
        if is_write && !table.starts_with("marks_") {
            found.push((*at, format!("{token} {next} {after}").trim_end().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::check;

    const COMMANDS: &str = "crates/talk/src/rooms/commands.rs";

    #[test]
    fn a_command_that_writes_a_table_is_found() {
        let found =
            found(check, &[(COMMANDS, "fn f() {\n  run(\"\n    INSERT INTO rooms VALUES (1)\");\n}")]);
        assert!(
            found[0].starts_with("crates/talk/src/rooms/commands.rs:3: writes a table (INSERT INTO rooms)")
        );
    }

    #[test]
    fn project_and_storage_may_write() {
        let sql = "fn f() { run(\"UPDATE rooms SET name = $1\") }";
        assert!(found(check, &[("crates/talk/src/rooms/project.rs", sql)]).is_empty());
        assert!(found(check, &[("crates/storage/src/marks.rs", sql)]).is_empty());
    }

    #[test]
    fn marks_are_written_by_commands() {
        let sql = "fn f() { tx.mark(\"INSERT INTO marks_read (room) VALUES ($1)\") }";
        assert!(found(check, &[(COMMANDS, sql)]).is_empty());
    }

    #[test]
    fn reading_words_and_tests_do_not_count() {
        let text = "// INSERT INTO rooms\nfn f() { run(\"SELECT 1 FROM rooms FOR UPDATE\") }\n\
                    #[cfg(test)]\nmod tests { fn g() { run(\"DELETE FROM rooms\") } }";
        assert!(found(check, &[(COMMANDS, text)]).is_empty());
    }
}
