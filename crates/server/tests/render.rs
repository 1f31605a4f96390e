//! R44, R16: decoding a stranger's file happens in a process that may die, and the server goes on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use kairan_draw::{Kind, Mark};
use kairan_server::render::{COMMAND, DRAW, OwnProcess};
use kairan_talk::files::preview::{Order, Rendered, Renderer as _, SOURCE_LIMIT, Source, Undrawable};

const LONG: Duration = Duration::from_secs(60);

fn kairan() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kairan"))
}

/// A PNG of one colour: this wide and high, of this depth (bits) and colour type.
fn png(width: u32, height: u32, depth: u8, colour: u8) -> Bytes {
    use std::io::Write as _;
    let channels = if colour == 6 { 4 } else { 1 };
    let line = vec![0; (width as usize * usize::from(depth) * channels).div_ceil(8) + 1];
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..height {
        packed.write_all(&line).expect("packed");
    }
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        let length = u32::try_from(data.len()).expect("fits");
        [&length.to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    let data = packed.finish().expect("packed");
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &data), &chunk(b"IEND", b"")]
        .concat()
        .into()
}

/// A program that does this and writes its process id into `pid`.
fn program(folder: &Path, does: &str) -> PathBuf {
    let path = folder.join("program");
    let pid = folder.join("pid");
    std::fs::write(&path, format!("#!/bin/sh\necho $$ > {}\n{does}\n", pid.display())).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("made runnable");
    path
}

fn is_alive(folder: &Path) -> bool {
    let pid = std::fs::read_to_string(folder.join("pid")).expect("it ran");
    Path::new("/proc").join(pid.trim()).exists()
}

/// R44
#[tokio::test]
async fn a_picture_is_made_small_in_a_process_of_its_own() {
    let renderer = OwnProcess::of(kairan(), LONG);
    let rendered = renderer.render(png(3000, 2000, 8, 0)).await.expect("a preview");
    assert_eq!((rendered.width, rendered.height, rendered.is_png), (3000, 2000, false));
    assert!(rendered.small.len() < rendered.large.len());
}

/// R44
#[tokio::test]
async fn a_bomb_has_no_preview_and_the_next_picture_has_one() {
    let renderer = OwnProcess::of(kairan(), LONG);
    for (bomb, what) in [
        (png(10_000, 6_000, 1, 0), "60 megapixels"),
        (png(7_000, 7_000, 16, 6), "49 megapixels of eight bytes each"),
        (Bytes::from_static(b"\x89PNG\r\n\x1a\nnothing"), "damaged"),
        (Bytes::from(vec![0; usize::try_from(SOURCE_LIMIT).expect("fits") + 1]), "longer than is read"),
    ] {
        assert_eq!(renderer.render(bomb).await, None, "{what}");
    }
    assert!(renderer.render(png(30, 20, 8, 0)).await.is_some());
}

/// R44
#[tokio::test]
async fn what_takes_too_long_is_killed_and_reaped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sleeper = program(folder.path(), "exec sleep 600");
    let renderer = OwnProcess::of(sleeper, Duration::from_secs(2));
    assert_eq!(renderer.render(png(30, 20, 8, 0)).await, None);
    assert!(!is_alive(folder.path()), "nothing of it is left");
    // The real one, and no time for it.
    let renderer = OwnProcess::of(kairan(), Duration::from_millis(1));
    assert_eq!(renderer.render(png(7_000, 7_000, 8, 0)).await, None);
}

/// R44
#[tokio::test]
async fn what_crashes_or_talks_nonsense_is_no_preview() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for does in ["kill -9 $$", "exit 1", "echo nonsense", "cat /dev/zero", "exec cat"] {
        let renderer = OwnProcess::of(program(folder.path(), does), Duration::from_secs(5));
        assert_eq!(renderer.render(png(30, 20, 8, 0)).await, None, "{does}");
        assert!(!is_alive(folder.path()), "{does}");
    }
    let renderer = OwnProcess::of(folder.path().join("no-such-program"), LONG);
    assert_eq!(renderer.render(png(30, 20, 8, 0)).await, None);
}

/// R44: who waits no longer (a request that was broken off) leaves no process behind.
#[tokio::test]
async fn giving_up_kills_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let renderer = OwnProcess::of(program(folder.path(), "exec sleep 600"), LONG);
    let given_up = tokio::time::timeout(Duration::from_secs(2), renderer.render(png(30, 20, 8, 0))).await;
    assert!(given_up.is_err());
    let mut rest = 100;
    while is_alive(folder.path()) && rest > 0 {
        // The runtime reaps it in its own time.
        tokio::time::sleep(Duration::from_millis(50)).await;
        rest -= 1;
    }
    assert!(!is_alive(folder.path()));
}

/// R44: the limits are the process's own, whoever starts it.
#[test]
fn the_process_cannot_take_more_than_its_share() {
    let picture = png(7_000, 7_000, 8, 6);
    let run = |limit: &str| {
        let command = format!("ulimit -v {limit}; exec {} {COMMAND}", kairan().display());
        let mut child = Command::new("/bin/sh")
            .args(["-c", &command])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut input = child.stdin.take().expect("piped");
        let bytes = picture.clone();
        let giving = std::thread::spawn(move || std::io::Write::write_all(&mut input, &bytes));
        let output = child.wait_with_output().expect("it ends");
        // A process that gave up has not read everything.
        let _given = giving.join().expect("no panic");
        output
    };
    let well = run("unlimited");
    assert!(well.status.success());
    assert!(Rendered::from_bytes(&well.stdout).is_some(), "49 megapixels of four bytes fit into its share");
    let starved = run("150000");
    assert!(!starved.status.success(), "without memory it ends, and says nothing");
    assert!(starved.stdout.is_empty());
}

fn page(kind: Kind, page: u32) -> Order {
    let mark = Some(Mark { lines: vec!["髙橋 花子　A-1024".to_owned(), "2026-12-07 09:05".to_owned()] });
    Order { kind, page, side: 2000, charset: None, mark }
}

fn source(bytes: impl Into<Bytes>) -> Source {
    stream::iter([Ok(bytes.into())]).boxed()
}

/// A document whose one page draws its first form; each form draws the next one ten times.
fn nested_forms(depth: usize) -> Vec<u8> {
    let mut made = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n".to_vec();
    let draws = "/X Do\n".repeat(10);
    let length = draws.len();
    made.extend(b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Resources<</XObject<</X 5 0 R>>>>/Contents 4 0 R>>\nendobj\n");
    made.extend(format!("4 0 obj\n<</Length {length}>>\nstream\n{draws}\nendstream\nendobj\n").bytes());
    for form in 5..5 + depth {
        let (next, inner) = (form + 1, if form + 1 == 5 + depth { "0 0 9 9 re f\n" } else { &draws });
        made.extend(
            format!("{form} 0 obj\n<</Type/XObject/Subtype/Form/BBox[0 0 300 300]/Resources<</XObject<</X {next} 0 R>>>>/Length {}>>\nstream\n{inner}\nendstream\nendobj\n", inner.len())
                .bytes(),
        );
    }
    made.extend(b"trailer\n<</Root 1 0 R>>\n%%EOF");
    made
}

/// A document whose page is one picture of this side, packed: nothing of it is large but what it unpacks to.
fn inflated(side: usize) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let line = vec![0x55; side * 3];
    for _ in 0..side {
        packed.write_all(&line).expect("packed");
    }
    let packed = packed.finish().expect("packed");
    let mut made = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Resources<</XObject<</X 5 0 R>>>>/Contents 4 0 R>>\nendobj\n4 0 obj\n<</Length 27>>\nstream\n300 0 0 300 0 0 cm /X Do    \nendstream\nendobj\n".to_vec();
    made.extend(
        format!("5 0 obj\n<</Type/XObject/Subtype/Image/Width {side}/Height {side}/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode/Length {}>>\nstream\n", packed.len())
            .bytes(),
    );
    made.extend(packed);
    made.extend(b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF");
    made
}

/// R16, R17
#[tokio::test]
async fn a_page_is_drawn_in_a_process_of_its_own() {
    let renderer = OwnProcess::of(kairan(), LONG);
    let regulation = Bytes::from_static(include_bytes!("../../draw/tests/samples/regulation.pdf"));
    let pieces: Vec<_> = regulation.chunks(10_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let drawn = renderer.draw(page(Kind::Pdf, 2), stream::iter(pieces).boxed()).await;
    let drawn = drawn.expect("started").expect("drawn");
    assert_eq!((drawn.pages, drawn.media()), (2, "image/jpeg"));
    assert!(drawn.picture.len() > 20_000);
    let beyond = renderer.draw(page(Kind::Pdf, 3), source(regulation)).await.expect("started");
    assert_eq!(beyond, Err(Undrawable::NoSuchPage));
    let text = renderer.draw(page(Kind::Text, 1), source("回覧")).await.expect("started");
    assert_eq!(text.expect("drawn").pages, 1);
    let small = renderer.draw(page(Kind::Pdf, 1), source(nested_forms(2))).await.expect("started");
    assert!(small.is_ok(), "the sample itself is a document");
    let fits = renderer.draw(page(Kind::Pdf, 1), source(inflated(1_000))).await.expect("started");
    assert!(fits.is_ok(), "so is this one");
}

/// R16, R44: too much time or too much memory is one page that is not drawn, and nothing is left of it.
#[tokio::test]
async fn a_document_that_asks_too_much_is_cut_off() {
    let endless = OwnProcess::of(kairan(), Duration::from_secs(3));
    let cut = endless.draw(page(Kind::Pdf, 1), source(nested_forms(12))).await.expect("started");
    assert_eq!(cut, Err(Undrawable::TooLarge), "a billion and more rectangles");
    let renderer = OwnProcess::of(kairan(), LONG);
    let cut = renderer.draw(page(Kind::Pdf, 1), source(inflated(16_000))).await.expect("started");
    assert!(matches!(cut, Err(Undrawable::TooLarge)), "768 MB of pixels");
    let again = renderer.draw(page(Kind::Pdf, 1), source(nested_forms(1))).await.expect("started");
    assert!(again.is_ok());
}

/// R16: half a file is no file; what cannot be read is the server's fault and not the file's.
#[tokio::test]
async fn a_file_that_breaks_off_is_not_drawn() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let renderer = OwnProcess::of(kairan(), LONG);
    let torn = stream::iter([Ok(Bytes::from_static("回覧".as_bytes())), Err(std::io::Error::other("torn"))]);
    assert!(renderer.draw(page(Kind::Text, 1), torn.boxed()).await.is_err());
    let missing = OwnProcess::of(folder.path().join("no-such-program"), LONG);
    assert!(missing.draw(page(Kind::Text, 1), source("回覧")).await.is_err());
    for does in ["kill -9 $$", "exit 1", "echo nonsense", "exec cat"] {
        let renderer = OwnProcess::of(program(folder.path(), does), Duration::from_secs(5));
        let drawn = renderer.draw(page(Kind::Text, 1), source("回覧")).await.expect("started");
        assert_eq!(drawn, Err(Undrawable::TooLarge), "{does}");
        assert!(!is_alive(folder.path()), "{does}");
    }
    let sleeper = OwnProcess::of(program(folder.path(), "exec sleep 600"), Duration::from_secs(1));
    let drawn = sleeper.draw(page(Kind::Text, 1), source("回覧")).await.expect("started");
    assert_eq!(drawn, Err(Undrawable::TooLarge));
    assert!(!is_alive(folder.path()));
}

/// R44: its limits are its own, whoever starts it.
#[test]
fn the_process_that_draws_limits_itself() {
    let order = [page(Kind::Text, 1).to_bytes(), "回覧".as_bytes().to_vec()].concat();
    for (limit, works) in [("unlimited", true), ("60000", false)] {
        let command = format!("ulimit -v {limit}; exec {} {DRAW}", kairan().display());
        let mut child = Command::new("/bin/sh")
            .args(["-c", &command])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut input = child.stdin.take().expect("piped");
        let _given = std::io::Write::write_all(&mut input, &order);
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.success(), works, "{limit}");
    }
}
