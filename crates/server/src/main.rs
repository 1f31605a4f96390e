//! `kairan`: see `kairan --help`.

use std::process::ExitCode;

use clap::Parser as _;
use kairan_server::cli::{Cli, Command, Exit};
use kairan_server::environment::Environment;
use kairan_server::{commands, render, surroundings};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Without a runtime: its threads would take of the memory that a picture may have.
    match cli.command {
        Command::RenderPicture => return render::run_in_this_process().into(),
        Command::DrawPage => return render::draw_in_this_process().into(),
        _ => {}
    }
    let environment = Environment::of_process();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("kairan: {error}");
            return Exit::Wrong.into();
        }
    };
    runtime.block_on(commands::run(cli, &environment, surroundings::of_the_machine())).into()
}
