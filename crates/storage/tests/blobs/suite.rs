//! The suite that every store passes.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use kairan_core::ids::FileId;
use kairan_core::surroundings::held;
use kairan_storage::blobs::{BlobError, Blobs, FileKey, Layer, PART, SEGMENT, parts_of};

/// Bytes that repeat nowhere near, so that a moved segment shows.
pub fn bytes(len: u64) -> Bytes {
    (0..len).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

pub fn one(seed: u64) -> (FileId, FileKey) {
    let (surroundings, _) = held::surroundings(seed);
    (surroundings.id(), FileKey::generate(&surroundings))
}

pub async fn range(
    blobs: &Blobs,
    (file, key): &(FileId, FileKey),
    len: u64,
    range: Range<u64>,
) -> Result<Vec<u8>, BlobError> {
    let parts: Vec<Bytes> = blobs.stream(key, *file, Layer::Content, len, range).try_collect().await?;
    Ok(parts.concat())
}

/// In chunks that fit neither segments nor parts.
pub async fn put(blobs: &Blobs, (file, key): &(FileId, FileKey), plain: &Bytes) {
    let chunks: Vec<_> =
        plain.chunks(100_003).map(|chunk| Ok::<_, BlobError>(plain.slice_ref(chunk))).collect();
    let source = futures_util::stream::iter(chunks);
    let len = blobs.put_stream(key, *file, Layer::Content, source).await.unwrap();
    assert_eq!(len, plain.len() as u64);
}

pub async fn run(blobs: &Blobs) {
    blobs.probe().await.unwrap();
    what_was_put_comes_back(blobs).await;
    a_part_put_again_is_the_new_one(blobs).await;
    layers_are_apart(blobs).await;
    a_reader_reads_and_seeks(blobs).await;
    what_is_not_there_is_missing(blobs).await;
    everything_there_is_listed(blobs).await;
    assert_eq!(blobs.pieces().count().await, 0, "every scenario erased what it made");
}

/// Ranges that begin and end at, before and after the borders of segments, windows and parts.
fn ranges(len: u64) -> impl Iterator<Item = Range<u64>> {
    let window = 8 * SEGMENT;
    [
        0..len,
        0..1,
        len.saturating_sub(1)..len,
        len..len,
        1..SEGMENT,
        SEGMENT - 1..SEGMENT + 1,
        SEGMENT..2 * SEGMENT,
        window - 1..window + 1,
        PART - 1..PART,
        PART - 1..PART + 1,
        PART..PART + SEGMENT,
        SEGMENT + 7..2 * PART + 9,
    ]
    .into_iter()
    .filter(move |range| range.start <= range.end && range.end <= len)
}

async fn what_was_put_comes_back(blobs: &Blobs) {
    for len in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, PART - 1, PART, PART + 1, 2 * PART + 3 * SEGMENT + 7]
    {
        let (plain, one) = (bytes(len), one(len));
        put(blobs, &one, &plain).await;
        for edges in ranges(len) {
            let got = range(blobs, &one, len, edges.clone()).await.unwrap();
            assert!(got == plain[edges.start as usize..edges.end as usize], "{len}: {edges:?}");
        }
        for part in 0..parts_of(len) {
            let start = (u64::from(part) * PART) as usize;
            let end = plain.len().min(start + PART as usize);
            assert!(blobs.part(&one.1, one.0, Layer::Content, part).await.unwrap() == plain[start..end]);
        }
        blobs.erase(one.0).await.unwrap();
    }
}

async fn a_part_put_again_is_the_new_one(blobs: &Blobs) {
    let (file, key) = one(1);
    for text in ["first", "second, and longer"] {
        let bytes = Bytes::from_static(text.as_bytes());
        blobs.put_part(&key, file, Layer::Content, 0, bytes.clone()).await.unwrap();
        assert_eq!(blobs.part(&key, file, Layer::Content, 0).await.unwrap(), bytes);
    }
    // A shorter layer in place of a longer one leaves nothing of it.
    put(blobs, &(file, key.clone()), &bytes(PART + 1)).await;
    put(blobs, &(file, key.clone()), &bytes(5)).await;
    assert_eq!(blobs.pieces().count().await, 1);
    blobs.erase(file).await.unwrap();
}

async fn layers_are_apart(blobs: &Blobs) {
    let (file, key) = one(2);
    for layer in Layer::ALL {
        blobs.put(&key, file, layer, Bytes::from_static(layer.name().as_bytes())).await.unwrap();
    }
    blobs.erase_layer(file, Layer::Small).await.unwrap();
    assert!(matches!(blobs.part(&key, file, Layer::Small, 0).await, Err(BlobError::Missing { .. })));
    for layer in [Layer::Content, Layer::Large] {
        assert_eq!(blobs.part(&key, file, layer, 0).await.unwrap(), layer.name().as_bytes());
    }
    blobs.erase(file).await.unwrap();
    blobs.erase(file).await.expect("erasing what is not there is as good");
}

async fn a_reader_reads_and_seeks(blobs: &Blobs) {
    let len = PART + 2 * SEGMENT + 9;
    let (plain, (file, key)) = (bytes(len), one(3));
    put(blobs, &(file, key.clone()), &plain).await;
    let mut reader = blobs.reader(&key, file, Layer::Content, len, tokio::runtime::Handle::current());
    let read = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        let mut tail = [0; 9];
        reader.seek(SeekFrom::End(-9)).unwrap();
        reader.read_exact(&mut tail).unwrap();
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0, "the end is the end");
        let mut across = [0; 20];
        reader.seek(SeekFrom::Start(PART - 10)).unwrap();
        reader.read_exact(&mut across).unwrap();
        assert!(reader.seek(SeekFrom::End(-i64::MAX)).is_err());
        (all, tail, across)
    });
    let (all, tail, across) = read.await.unwrap();
    assert!(all == plain);
    assert_eq!(tail, plain[plain.len() - 9..]);
    let at = PART as usize;
    assert_eq!(across, plain[at - 10..at + 10]);
    blobs.erase(file).await.unwrap();
}

async fn what_is_not_there_is_missing(blobs: &Blobs) {
    let one = one(4);
    assert!(matches!(range(blobs, &one, 10, 0..10).await, Err(BlobError::Missing { .. })));
    assert!(matches!(range(blobs, &one, 10, 0..11).await, Err(BlobError::Misused(_))));
    let too_much = blobs.put_part(&one.1, one.0, Layer::Content, 0, bytes(PART + 1)).await;
    assert!(matches!(too_much, Err(BlobError::Misused(_))));
}

async fn everything_there_is_listed(blobs: &Blobs) {
    let one = one(5);
    put(blobs, &one, &bytes(PART + 5)).await;
    let mut pieces: Vec<_> = blobs.pieces().try_collect().await.unwrap();
    pieces.sort_by_key(|piece| piece.part);
    let listed: Vec<_> =
        pieces.iter().map(|piece| (piece.file, piece.layer, piece.part, piece.len)).collect();
    let content = Layer::Content;
    assert_eq!(listed, [(one.0, content, 0, Some(PART)), (one.0, content, 1, Some(5))]);
    blobs.erase(one.0).await.unwrap();
}
