//! A password from whoever sits at the terminal: asked twice without showing it, or one line of standard input when that
//! is a pipe. Never an argument, which every user of the machine could read.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Failed;
use crate::words::{Language, words};

/// Longest line that is read, bytes; a password has at most 256 characters.
const LONGEST: u64 = 4_096;

/// Asks.
pub fn ask(language: Language) -> Result<String, Failed> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return line(&mut stdin.lock());
    }
    let quiet = Quiet::start();
    let first = prompt(language.choose("合言葉(15文字以上): ", "Password (15 characters or more): "))?;
    let second = prompt(language.choose("もう一度: ", "Once more: "))?;
    drop(quiet);
    if first == second {
        Ok(first)
    } else {
        Err(Failed::usage(words!(
            "2つの合言葉が違います。もう一度実行してください。",
            "the two passwords differ. Run the command again."
        )))
    }
}

fn prompt(words: &str) -> Result<String, Failed> {
    eprint!("{words}");
    let answer = line(&mut io::stdin().lock());
    // The line end that was typed was not shown either.
    eprintln!();
    answer
}

fn line(input: &mut impl io::BufRead) -> Result<String, Failed> {
    let mut line = String::new();
    let read = input.by_ref().take(LONGEST).read_line(&mut line);
    let _flushed = io::stderr().flush();
    match read {
        Ok(0) => Err(Failed::usage(words!(
            "合言葉がありません。標準入力の1行目に書いてください。",
            "no password. Give it as the first line of standard input."
        ))),
        Ok(_) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => Err(Failed::usage(words!(
            "合言葉を読めません({error})。",
            "the password cannot be read ({error})."
        ))),
    }
}

/// Shows nothing of what is typed, until dropped.
struct Quiet(Option<Termios>);

impl Quiet {
    fn start() -> Self {
        let Ok(before) = tcgetattr(io::stdin()) else { return Self(None) };
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        match tcsetattr(io::stdin(), OptionalActions::Now, &quiet) {
            Ok(()) => Self(Some(before)),
            Err(_) => Self(None),
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _still_quiet = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password_and_its_spaces_count() {
        let read = |text: &str| line(&mut text.as_bytes()).map_err(|failed| failed.words.en);
        assert_eq!(read(" correct horse \nsecond line\n").as_deref(), Ok(" correct horse "));
        assert_eq!(read("windows\r\n").as_deref(), Ok("windows"));
        assert!(read("").is_err_and(|words| words.contains("standard input")));
    }
}
