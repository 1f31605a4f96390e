//! What is promised of files' bytes, on every kind of store.

mod bucket;
mod suite;

use kairan_core::surroundings::held;
use kairan_storage::blobs::{BlobError, Blobs, S3};

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
