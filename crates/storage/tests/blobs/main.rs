//! What is promised of files' bytes, on every kind of store.

mod bucket;
mod keys;
mod properties;
mod suite;
mod tamper;

use bytes::Bytes;
use kairan_core::surroundings::held;
use kairan_storage::blobs::{BlobError, Blobs, Layer, S3, SEGMENT};

#[tokio::test(flavor = "multi_thread")]
async fn in_memory() {
    suite::run(&Blobs::memory(&held::surroundings(1).0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(&folder.path().join("files"), &held::surroundings(1).0).unwrap();
    suite::run(&blobs).await;
    let left = std::fs::read_dir(folder.path().join("files")).unwrap().count();
    assert_eq!(left, 0, "an erased file leaves no folder behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let settings = bucket::start(folder.path()).await;
    suite::run(&Blobs::s3(&settings, &held::surroundings(1).0).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_says_no_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = bucket::start(folder.path()).await;
    let wrong = S3 { secret: "guessed".to_owned().into(), ..settings.clone() };
    let blobs = Blobs::s3(&wrong, &held::surroundings(1).0).unwrap();
    let told = blobs.probe().await.unwrap_err();
    assert!(matches!(told, BlobError::Unavailable(_)), "{told}");
    assert!(!told.to_string().contains("guessed"), "{told}");
    assert!(!format!("{wrong:?}{blobs:?}").contains("guessed"));
}

/// R74: what is left of the disk belongs to the journal.
#[tokio::test]
async fn files_leave_the_reserve_of_the_disk_alone() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path(), &held::surroundings(1).0).unwrap();
    let (file, key) = suite::one(1);
    let put = async |blobs: &Blobs| blobs.put(&key, file, Layer::Content, Bytes::from_static(b"one")).await;
    put(&blobs).await.unwrap();
    let full = blobs.clone().leaving(folder.path(), u64::MAX);
    assert!(matches!(put(&full).await, Err(BlobError::Full)));
    let refusal = kairan_core::Refusal::from(full.has_room().unwrap_err());
    assert_eq!((refusal.code.status, refusal.code.name), (507, "storage.full"));
    assert_eq!(full.part(&key, file, Layer::Content, 0).await.unwrap(), "one", "reading goes on");
    full.erase(file).await.expect("erasing goes on");
    put(&blobs.leaving(folder.path(), 1)).await.unwrap();
}

/// A bucket refuses a range past the end in its own way; what was cut there is noticed all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_in_a_bucket_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = bucket::start(folder.path()).await;
    let blobs = Blobs::s3(&settings, &held::surroundings(1).0).unwrap();
    let (one, len) = (suite::one(1), 40 * SEGMENT);
    suite::put(&blobs, &one, &suite::bytes(len)).await;
    let object = folder.path().join(format!("{}/{}/{}/content/0", settings.bucket, settings.prefix, one.0));
    let whole = std::fs::read(&object).unwrap();
    for keep in [0, 16, 100, 16 + 10 * (SEGMENT as usize + 16), whole.len() - 1] {
        std::fs::write(&object, &whole[..keep]).unwrap();
        for range in [0..10, 20 * SEGMENT..21 * SEGMENT, len - 1..len, 0..len] {
            let read = suite::range(&blobs, &one, len, range.clone()).await;
            assert!(matches!(read, Err(BlobError::Damaged { .. })), "{keep}, {range:?}: {read:?}");
        }
    }
}
