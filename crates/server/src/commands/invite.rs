//! `kairan invite`: a way back in for an owner who lost everything, from the machine itself. Printed, never sent.

use std::io::IsTerminal as _;

use kairan_core::Instant;
use kairan_core::time::{HOUR, MINUTE};
use kairan_people::invitations::http::{Qr, invite_from_command_line};

use super::{Context, Failed};
use crate::assemble;
use crate::cli::Exit;
use crate::words::words;

pub async fn run(context: &Context, who: &str) -> Result<Exit, Failed> {
    // Asked first, so that a mistyped folder does not become a new database.
    drop(context.current_database().await?);
    let store = context.store().await?;
    let people = assemble::people(&store, &context.config, None, None);
    let invitation = invite_from_command_line(&people, who).await?;
    let hours = hours_left(context.surroundings.now(), invitation.expires_at);
    context.say(&words!(
        "{who} さんの招待です。1回だけ、あと{hours}時間使えます。本人だけに渡してください。",
        "an invitation for {who}. It opens once, within {hours} hours. Give it to that person only."
    ));
    println!("{}", invitation.url);
    if std::io::stdout().is_terminal() {
        print!("\n{}", drawn(&invitation.qr));
    }
    Ok(Exit::Well)
}

/// To the nearest hour.
pub fn hours_left(now: Instant, until: Instant) -> i64 {
    (until.since(now) + HOUR / 2) / HOUR
}

/// To the nearest minute.
pub fn minutes_left(now: Instant, until: Instant) -> i64 {
    (until.since(now) + MINUTE / 2) / MINUTE
}

/// The code in half blocks, two rows of modules to a line, dark on light whatever the terminal's colours, with the quiet
/// zone of four modules that readers need (ISO/IEC 18004).
pub fn drawn(qr: &Qr) -> String {
    const QUIET: usize = 4;
    let side = qr.size + 2 * QUIET;
    let modules = qr.modules.as_bytes();
    let dark = |row: usize, column: usize| {
        let inside = |at: usize| (QUIET..QUIET + qr.size).contains(&at);
        inside(row) && inside(column) && modules.get((row - QUIET) * qr.size + column - QUIET) == Some(&b'1')
    };
    let mut text = String::new();
    for row in (0..side).step_by(2) {
        // Black on white, reset at the end of the line.
        text += "\x1b[30;107m";
        text.extend((0..side).map(|column| match (dark(row, column), dark(row + 1, column)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        }));
        text += "\x1b[0m\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_with_its_quiet_zone() {
        let text = drawn(&Qr { size: 2, modules: "1001".to_owned() });
        let lines: Vec<_> = text
            .lines()
            .map(|line| line.trim_start_matches("\x1b[30;107m").trim_end_matches("\x1b[0m"))
            .collect();
        assert_eq!(lines, ["          ", "          ", "    ▀▄    ", "          ", "          "]);
    }
}
