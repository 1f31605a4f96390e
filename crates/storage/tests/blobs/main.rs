//! What is promised of files' bytes, on every kind of store.

mod suite;

use kairan_core::surroundings::held;
use kairan_storage::blobs::Blobs;

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
