//! Decoding strangers' pictures in a process of its own: `kairan render-picture` reads one on standard input, limits
//! itself, and writes the small ones on standard output.
//!
//! It stays true that whatever a picture does to its decoder (a crash, an endless loop, all the memory) is no preview for
//! that picture and nothing else (R44).

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use kairan_talk::files::preview::{self, Rendered, Renderer, SOURCE_LIMIT};
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use crate::cli::Exit;

/// Address space of the process that decodes, bytes: the picture, its pixels, and the program itself.
const MEMORY: u64 = 512 << 20;
/// Processor time it may use, seconds.
const PROCESSOR: u64 = 20;
/// How long the server waits for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pictures decoded at the same time.
const AT_ONCE: usize = 2;
/// Most bytes that are read of its answer: two pictures of at most 1,600 by 1,600, uncompressed.
const ANSWER: u64 = 32 << 20;
/// The hidden command.
pub const COMMAND: &str = "render-picture";

/// What the process does. Nothing runs before the limits stand; no file can be opened or written after the picture was
/// read.
#[must_use]
pub fn run_in_this_process() -> Exit {
    let mut picture = Vec::new();
    let outcome = limit()
        .and_then(|()| io::stdin().take(SOURCE_LIMIT).read_to_end(&mut picture))
        .and_then(|_| preview::render(&picture).map_err(io::Error::other))
        .and_then(|rendered| io::stdout().write_all(&rendered.to_bytes()));
    match outcome {
        Ok(()) => Exit::Well,
        Err(error) => {
            eprintln!("kairan: {error}");
            Exit::Wrong
        }
    }
}

fn limit() -> io::Result<()> {
    let limits = [
        (Resource::As, MEMORY),
        (Resource::Cpu, PROCESSOR),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        // Standard input, output and error; nothing else can be opened.
        (Resource::Nofile, 3),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Has pictures made small in a process for each.
#[derive(Debug)]
pub struct OwnProcess {
    program: PathBuf,
    patience: Duration,
    turns: Semaphore,
}

impl OwnProcess {
    /// This program, as it runs now: after an upgrade on the disk too.
    #[must_use]
    pub fn of_this_program() -> Self {
        let program = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe().unwrap_or_else(|_| PathBuf::from("kairan"))
        };
        Self::of(program, PATIENCE)
    }

    /// Another program that takes the command.
    #[must_use]
    pub fn of(program: PathBuf, patience: Duration) -> Self {
        Self { program, patience, turns: Semaphore::new(AT_ONCE) }
    }

    async fn ask(&self, picture: &[u8]) -> io::Result<Rendered> {
        let mut child = Command::new(&self.program)
            .arg(COMMAND)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let outcome = match tokio::time::timeout(self.patience, converse(&mut child, picture)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        // Does nothing where it has ended; where it has not, it is killed and reaped before its turn is over.
        child.kill().await?;
        outcome
    }
}

async fn converse(child: &mut Child, picture: &[u8]) -> io::Result<Rendered> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let mut answer = Vec::new();
    let giving = async {
        // It may give up before it has read everything; what it answers decides.
        let _given = input.write_all(picture).await;
        drop(input);
    };
    let taking = async { output.take(ANSWER).read_to_end(&mut answer).await };
    let ((), taken) = tokio::join!(giving, taking);
    taken?;
    let status = child.wait().await?;
    if !status.success() {
        return Err(io::Error::other(status.to_string()));
    }
    Rendered::from_bytes(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

impl Renderer for OwnProcess {
    fn render(&self, picture: Bytes) -> BoxFuture<'_, Option<Rendered>> {
        Box::pin(async move {
            if picture.len() as u64 > SOURCE_LIMIT {
                return None;
            }
            let _turn = self.turns.acquire().await.ok()?;
            match self.ask(&picture).await {
                Ok(rendered) => Some(rendered),
                Err(error) => {
                    tracing::info!(%error, bytes = picture.len(), "a picture has no preview");
                    None
                }
            }
        })
    }
}
