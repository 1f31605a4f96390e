//! What the compiler cannot check about Kairan, checked by reading its sources.
//!
//! It stays true that this needs neither network nor build: it reads files, and asks only cargo what the lock
//! file says, so that it is quick enough to run before every commit.

mod deny;
mod rust;
mod tidy;
mod tree;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy   the invariants of ARCHITECTURE.md that show in the sources: floors, purity, who writes tables,
         clock and randomness, cited requirements, translated words, lock files, crowded files
  deny   licences, banned crates and sources of every dependency, against deny.toml, without the network
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (command, rest) = (arguments.next(), arguments.next());
    let outcome = match (command.as_deref(), rest) {
        (Some("tidy"), None) => tidy::run(&root()),
        (Some("deny"), None) => deny::run(&root()),
        (Some("help" | "--help" | "-h"), None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("cargo xtask: {trouble}");
            ExitCode::FAILURE
        }
    }
}

/// The directory of the workspace: the one above this crate.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies inside the workspace").to_path_buf()
}
