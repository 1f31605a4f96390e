//! The real binary in a fresh folder, with nothing of the test's own environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder with room for data and backups.
pub struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// An empty one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// A command on this world's data, its words English.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kairan"));
        command.env_clear().env("LANG", "C.UTF-8").current_dir(self.folder.path()).args(arguments);
        if !arguments.contains(&"--data") {
            command.arg("--data").arg(self.data());
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).stdin(Stdio::null()).output().expect("the binary runs"))
    }

    /// Runs a command with something on its standard input.
    #[allow(dead_code, reason = "not every test program types")]
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("typed");
        Ran::of(&child.wait_with_output().expect("it ends"))
    }

    /// Starts the server on a free port and waits until it listens.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut command = self.command(&[&listen, arguments].concat());
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let log = BufReader::new(child.stderr.take().expect("piped"));
        let mut server = Server { child, address: String::new(), log, said: String::new() };
        while server.address.is_empty() {
            let start = server.said.len();
            let read = server.log.read_line(&mut server.said).expect("UTF-8");
            assert!(read > 0, "the server did not start: {}", server.said);
            let line: serde_json::Value = serde_json::from_str(&server.said[start..]).unwrap_or_default();
            if line["message"] == "listening" {
                server.address = line["address"].as_str().expect("an address").to_owned();
            }
        }
        server
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    log: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Server {
    /// One plain request; the whole answer.
    #[allow(dead_code, reason = "not every test program asks")]
    pub fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    /// Asks it to stop as systemd does; its exit code and everything it logged.
    #[allow(dead_code, reason = "not every test program stops in order")]
    pub fn stop(mut self) -> (i32, String) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it runs");
        let mut said = std::mem::take(&mut self.said);
        self.log.read_to_string(&mut said).expect("UTF-8");
        (self.child.wait().expect("it ends").code().expect("by itself"), said)
    }

    /// Kills it as a power cut does.
    #[allow(dead_code, reason = "not every test program kills")]
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended, in the good case.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Flips one bit in the middle of a file.
#[allow(dead_code, reason = "not every test program damages")]
pub fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).expect("written");
}

/// A fresh PostgreSQL database of its own; dropped at the end.
#[allow(dead_code, reason = "not every test program needs one")]
pub struct Postgres {
    /// Its address.
    pub url: String,
    server: String,
    name: String,
}

#[allow(dead_code, reason = "not every test program needs one")]
impl Postgres {
    /// On the server that `KAIRAN_TEST_POSTGRES` names; without one the test fails, for a skipped engine is a silent hole.
    pub fn fresh() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "where the test's PostgreSQL is, only the environment knows"
        )]
        let server =
            std::env::var("KAIRAN_TEST_POSTGRES").expect("KAIRAN_TEST_POSTGRES names a PostgreSQL server");
        let name = format!("kairan_cli_{}", std::process::id());
        Self::tell(&server, &format!("CREATE DATABASE {name}"));
        let (base, _) = server.rsplit_once('/').expect("postgres://…/database");
        Self { url: format!("{base}/{name}"), server, name }
    }

    fn tell(server: &str, sql: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(server, tokio_postgres::NoTls).await.expect("it answers");
            let talking = tokio::spawn(connection);
            client.batch_execute(sql).await.expect("allowed");
            drop(client);
            talking.await.expect("no panic").expect("an orderly end");
        });
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        Self::tell(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
