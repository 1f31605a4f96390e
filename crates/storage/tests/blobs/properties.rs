//! Any size, any range.

use bytes::Bytes;
use kairan_core::surroundings::held;
use kairan_storage::blobs::{Blobs, Layer, PART, SEGMENT, part_len, parts_of};
use proptest::prelude::*;

use crate::suite::{bytes, one, put, range};

/// Sizes near what matters, up to two parts and a half.
fn size() -> impl Strategy<Value = u64> {
    let near = |border: u64| {
        (0..5 * PART / 2 / border, 0..9_u64).prop_map(move |(n, by)| (n * border + by).saturating_sub(4))
    };
    prop_oneof![0..5 * PART / 2, near(SEGMENT), near(PART)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_range_of_any_blob_is_the_plain_bytes((len, a, b) in size().prop_flat_map(|len| (Just(len), 0..=len, 0..=len))) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (wanted, plain, one) = (a.min(b)..a.max(b), bytes(len), one(len));
        let blobs = Blobs::memory(&held::surroundings(1).0);
        let got = runtime.block_on(async {
            put(&blobs, &one, &plain).await;
            range(&blobs, &one, len, wanted.clone()).await
        });
        prop_assert!(got.expect("it was put") == plain[wanted.start as usize..wanted.end as usize]);
    }

    #[test]
    fn parts_make_up_the_whole(len in size()) {
        let parts: Vec<u64> = (0..parts_of(len)).map(|part| part_len(len, part)).collect();
        prop_assert_eq!(parts.iter().sum::<u64>(), len);
        prop_assert!(parts.iter().all(|part| (1..=PART).contains(part)));
        prop_assert_eq!(part_len(len, parts_of(len)), 0);
    }
}

/// The stream is read by whoever is slow as well: one poll at a time, dropped halfway.
#[tokio::test]
async fn a_reader_that_leaves_halfway_leaves_nothing_behind() {
    use futures_util::StreamExt as _;
    let (blobs, one) = (Blobs::memory(&held::surroundings(1).0), one(1));
    put(&blobs, &one, &bytes(PART)).await;
    let mut stream = Box::pin(blobs.stream(&one.1, one.0, Layer::Content, PART, 10..PART));
    let first: Bytes = stream.next().await.unwrap().unwrap();
    assert!(first.len() as u64 <= 8 * SEGMENT, "a window, not the file");
    drop(stream);
    blobs.erase(one.0).await.unwrap();
}
