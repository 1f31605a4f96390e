//! How fast files are sealed into a folder and opened again:
//! `cargo bench -p kairan-storage --bench blobs [mebibytes]`, 256 unless told.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use kairan_core::surroundings::held;
use kairan_storage::blobs::{Blobs, FileKey, Layer, PART, parts_of};

#[tokio::main]
async fn main() {
    // Cargo passes `--bench` and whatever else stands on the line.
    let mebibytes: u64 = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(256);
    let len = mebibytes << 20;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (surroundings, _clock) = held::surroundings(1);
    for (place, blobs) in [
        ("in memory", Blobs::memory(&surroundings)),
        ("in a folder", Blobs::local(folder.path(), &surroundings).expect("a folder")),
    ] {
        let (file, key) = (surroundings.id(), FileKey::generate(&surroundings));
        let part = Bytes::from(vec![7; PART as usize]);
        let writing = async {
            for number in 0..parts_of(len) {
                blobs.put_part(&key, file, Layer::Content, number, part.clone()).await.expect("put");
            }
        };
        report(place, "written, each part durable", len, timed(writing).await);
        let reading = async {
            let got = blobs.stream(&key, file, Layer::Content, len, 0..len);
            let read = got.try_fold(0, async |sum, bytes| Ok(sum + bytes.len() as u64)).await.expect("read");
            assert_eq!(read, len);
        };
        report(place, "read in order", len, timed(reading).await);
        let jumping = async {
            for number in 0..1_000 {
                let at = (number * 7_919 * 65_537) % (len - 4_096);
                let got = blobs.stream(&key, file, Layer::Content, len, at..at + 4_096);
                got.try_for_each(async |_| Ok(())).await.expect("read");
            }
        };
        let each = timed(jumping).await / 1_000;
        println!("{place:>12}: 4 KiB anywhere in {each:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

fn report(place: &str, what: &str, len: u64, took: Duration) {
    let rate = len as f64 / 1e6 / took.as_secs_f64();
    println!("{place:>12}: {what}: {:.2} s, {rate:.0} MB/s", took.as_secs_f64());
}
