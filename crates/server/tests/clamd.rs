//! R49: the real clamd, with one signature: the string that every scanner calls a virus and that is none (EICAR, 2003).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use kairan_server::clamd::{Address, Clamd, Patience};
use kairan_talk::files::scan::{Scanner as _, Verdict};

const PROGRAM: &str = "/usr/sbin/clamd";

/// Put together here, so that no scanner takes this source for the virus.
fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

/// A daemon of the test's own; ended when dropped.
struct Daemon {
    child: Child,
    folder: tempfile::TempDir,
}

impl Daemon {
    /// Starts one that takes files of up to one MiB, and waits until it answers.
    async fn start() -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "{PROGRAM} is not there; scripts/install-test-tools.sh installs it"
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir(at("signatures")).expect("made");
        // Name, any file type, any offset, the bytes.
        let signature = format!("Test.Eicar:0:*:{}\n", hex::encode(eicar()));
        std::fs::write(folder.path().join("signatures/local.ndb"), signature).expect("written");
        let settings = format!(
            "Foreground yes\nDatabaseDirectory {}\nLocalSocket {}\nTemporaryDirectory {}\nStreamMaxLength 1M\n\
             MaxThreads 2\nConcurrentDatabaseReload no\nSelfCheck 3600\n",
            at("signatures"),
            at("socket"),
            folder.path().display(),
        );
        std::fs::write(at("clamd.conf"), settings).expect("written");
        let child = Command::new(PROGRAM)
            .args(["--config-file", &at("clamd.conf")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let mut daemon = Self { child, folder };
        for _ in 0..600 {
            if daemon.clamd().version().await.is_ok() {
                return daemon;
            }
            assert!(daemon.child.try_wait().expect("a child").is_none(), "clamd did not start");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("clamd does not answer");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn clamd(&self) -> Clamd {
        Clamd::at(Address::Socket(self.socket()), Patience::default())
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        self.child.wait().expect("it ends");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A file as it comes out of the store: in pieces.
fn pieces(bytes: &[u8], length: usize) -> BoxStream<'static, std::io::Result<Bytes>> {
    let pieces: Vec<_> = bytes.chunks(length).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}

/// R49
#[tokio::test]
async fn the_real_scanner_finds_what_it_knows_and_is_missed_when_it_is_gone() {
    let mut daemon = Daemon::start().await;
    let clamd = daemon.clamd();
    assert!(clamd.version().await.expect("it answers").starts_with("ClamAV"));

    let verdict = clamd.scan(pieces(&eicar(), 7)).await;
    let Verdict::Infected(signature) = verdict else { panic!("{verdict:?}") };
    assert!(signature.contains("Test.Eicar"), "{signature}");
    assert_eq!(clamd.scan(pieces("会議は10時から".as_bytes(), 5)).await, Verdict::Clean);
    assert_eq!(clamd.scan(pieces(&vec![7; 900_000], 65_536)).await, Verdict::Clean);
    assert_eq!(clamd.scan(pieces(b"", 1)).await, Verdict::Clean, "an empty file");

    let verdict = clamd.scan(pieces(&vec![7; 8 << 20], 65_536)).await;
    let Verdict::Unavailable(why) = verdict else { panic!("{verdict:?}") };
    assert!(why.contains("size limit"), "{why}");

    let broken = stream::iter([Ok(Bytes::from_static(b"a")), Err(std::io::Error::other("the disk"))]).boxed();
    assert!(matches!(clamd.scan(broken).await, Verdict::Unavailable(_)), "half a file is not scanned");

    daemon.stop();
    let verdict = clamd.scan(pieces(b"clean", 5)).await;
    assert!(matches!(verdict, Verdict::Unavailable(_)), "{verdict:?}");
}

/// R49
#[tokio::test]
async fn a_scanner_that_does_not_answer_is_given_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("socket");
    let silent = tokio::net::UnixListener::bind(&path).expect("bound");
    let patience = Patience { step: Duration::from_millis(200), verdict: Duration::from_millis(200) };
    let clamd = Clamd::at(Address::Socket(path), patience);
    let verdict = clamd.scan(pieces(b"clean", 5)).await;
    assert!(matches!(verdict, Verdict::Unavailable(_)), "{verdict:?}");
    drop(silent);

    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
    let clamd = Clamd::at(Address::Loopback(closed), patience);
    assert!(matches!(clamd.scan(pieces(b"clean", 5)).await, Verdict::Unavailable(_)));
}
