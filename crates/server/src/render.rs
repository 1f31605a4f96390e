//! Decoding strangers' files in a process of its own: `kairan render-picture` reads a picture on standard input, limits
//! itself, and writes small ones on standard output; `kairan draw-page` reads an order and a file, and writes one page.
//!
//! It stays true that whatever a file does to its decoder (a crash, an endless loop, all the memory) is no picture of that
//! file and nothing else (R44), and that the server holds no more of it than is on its way.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use kairan_talk::files::preview::{self, Drawn, Order, Rendered, Renderer, SOURCE_LIMIT, Source, Undrawable};
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use crate::cli::Exit;

/// Address space of the process that decodes, bytes: the file, its pixels, and the program itself.
const MEMORY: u64 = 512 << 20;
/// Processor time it may use, seconds.
const PROCESSOR: u64 = 20;
/// How long the server waits for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pictures decoded at the same time.
const AT_ONCE: usize = 2;
/// Most bytes that are read of its answer: two pictures of at most 1,600 by 1,600, uncompressed.
const ANSWER: u64 = 32 << 20;
/// What an order takes ahead of its file, bytes: a name, a number and a time.
const ORDER: u64 = 64 << 10;
/// The hidden command that makes a picture small.
pub const COMMAND: &str = "render-picture";
/// The hidden command that draws a page.
pub const DRAW: &str = "draw-page";

/// Makes a picture small. Nothing runs before the limits stand; no file can be opened or written after it was read.
#[must_use]
pub fn run_in_this_process() -> Exit {
    told(given(SOURCE_LIMIT).and_then(|picture| {
        let rendered = preview::render(&picture).map_err(io::Error::other)?;
        io::stdout().write_all(&rendered.to_bytes())
    }))
}

/// Draws a page, in the same way.
#[must_use]
pub fn draw_in_this_process() -> Exit {
    told(given(ORDER + SOURCE_LIMIT).and_then(|mut given| {
        let (order, rest) = Order::split(&given).ok_or(io::ErrorKind::InvalidData)?;
        // The order is taken off in place: a file of this size is held once.
        let source = given.split_off(given.len() - rest.len());
        drop(given);
        io::stdout().write_all(&Drawn::answer(&preview::draw(source, &order)))
    }))
}

fn given(most: u64) -> io::Result<Vec<u8>> {
    limit()?;
    let mut given = Vec::new();
    io::stdin().take(most).read_to_end(&mut given)?;
    Ok(given)
}

fn told(outcome: io::Result<()>) -> Exit {
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

/// Has files drawn in a process for each.
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

    /// What the program answers to all of this.
    async fn ask(&self, command: &str, given: Source) -> Result<Vec<u8>, Failed> {
        let mut child = Command::new(&self.program)
            .arg(command)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failed::Here)?;
        let outcome = match tokio::time::timeout(self.patience, converse(&mut child, given)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failed::There(io::ErrorKind::TimedOut.into())),
        };
        // Does nothing where it has ended; where it has not, it is killed and reaped before its turn is over.
        child.kill().await.map_err(Failed::Here)?;
        outcome
    }
}

/// Whose fault it is.
enum Failed {
    /// The file could not be read, or nothing be started.
    Here(io::Error),
    /// The file was too much for the process.
    There(io::Error),
}

async fn converse(child: &mut Child, mut given: Source) -> Result<Vec<u8>, Failed> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failed::Here(io::ErrorKind::BrokenPipe.into()));
    };
    let mut answer = Vec::new();
    let giving = async {
        while let Some(piece) = given.next().await {
            // It may give up before it has read everything; what it answers decides.
            if input.write_all(&piece.map_err(Failed::Here)?).await.is_err() {
                break;
            }
        }
        drop(input);
        Ok(())
    };
    let taking =
        async { output.take(ANSWER).read_to_end(&mut answer).await.map_err(Failed::There).map(drop) };
    tokio::try_join!(giving, taking)?;
    let status = child.wait().await.map_err(Failed::There)?;
    if status.success() { Ok(answer) } else { Err(Failed::There(io::Error::other(status.to_string()))) }
}

impl Renderer for OwnProcess {
    fn render(&self, picture: Bytes) -> BoxFuture<'_, Option<Rendered>> {
        Box::pin(async move {
            if picture.len() as u64 > SOURCE_LIMIT {
                return None;
            }
            let bytes = picture.len();
            let _turn = self.turns.acquire().await.ok()?;
            let outcome = self.ask(COMMAND, stream::iter([Ok(picture)]).boxed()).await;
            let rendered = match outcome {
                Ok(answer) => Rendered::from_bytes(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into()),
                Err(Failed::Here(error) | Failed::There(error)) => Err(error),
            };
            rendered.map_err(|error| tracing::info!(%error, bytes, "a picture has no preview")).ok()
        })
    }

    fn draw(&self, order: Order, source: Source) -> BoxFuture<'_, io::Result<Result<Drawn, Undrawable>>> {
        let head = stream::iter([Ok(Bytes::from(order.to_bytes()))]);
        Box::pin(async move {
            let error = match self.ask(DRAW, head.chain(source).boxed()).await {
                Ok(answer) => match Drawn::from_answer(&answer) {
                    Some(drawn) => return Ok(drawn),
                    None => io::ErrorKind::InvalidData.into(),
                },
                Err(Failed::Here(error)) => return Err(error),
                Err(Failed::There(error)) => error,
            };
            tracing::info!(%error, "a page could not be drawn");
            Ok(Err(Undrawable::TooLarge))
        })
    }
}
