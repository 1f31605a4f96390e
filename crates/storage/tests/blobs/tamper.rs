//! Whoever can write the store, but has no key: everything such a one can do is noticed.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use kairan_core::ids::FileId;
use kairan_core::surroundings::held;
use kairan_storage::blobs::{BlobError, Blobs, FileKey, Layer, PART, SEGMENT};

use crate::suite::{bytes, one, put, range};

/// Bytes of a sealed segment, and of the salt before the first.
const SEALED: usize = SEGMENT as usize + 16;
const SALT: usize = 16;

/// Two parts and a bit: long enough to swap segments and parts.
const LEN: u64 = 2 * PART + 5 * SEGMENT + 100;

struct Folder {
    folder: tempfile::TempDir,
    blobs: Blobs,
    one: (FileId, FileKey),
}

impl Folder {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::local(folder.path(), &held::surroundings(9).0).expect("a folder");
        let one = one(1);
        put(&blobs, &one, &bytes(LEN)).await;
        Self { folder, blobs, one }
    }

    fn part(&self, part: u32) -> PathBuf {
        self.folder.path().join(format!("{}/content/{part}", self.one.0))
    }

    fn change(&self, part: u32, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.part(part);
        let mut object = std::fs::read(&path).expect("it is there");
        change(&mut object);
        std::fs::write(&path, object).expect("written");
    }

    /// Damaged, whichever way it is read.
    async fn is_noticed(&self, part: u32, what: &str) {
        let is_damaged = |error: BlobError| match error {
            BlobError::Damaged { part: told, .. } => assert_eq!(told, part, "{what}"),
            other => panic!("{what}: {other:?}"),
        };
        let (file, key) = &self.one;
        is_damaged(self.blobs.part(key, *file, Layer::Content, part).await.expect_err(what));
        is_damaged(range(&self.blobs, &self.one, LEN, 0..LEN).await.expect_err(what));
    }
}

#[tokio::test]
async fn a_changed_bit_is_noticed_wherever_it_is() {
    for at in [0, SALT - 1, SALT, SALT + 1_000, SALT + SEALED - 1, SALT + 3 * SEALED + 7, usize::MAX] {
        let world = Folder::new().await;
        world.change(1, |object| {
            let at = at.min(object.len() - 1);
            object[at] ^= 1;
        });
        world.is_noticed(1, &format!("bit at {at}")).await;
    }
}

#[tokio::test]
async fn a_changed_segment_spoils_no_other_range() {
    let world = Folder::new().await;
    world.change(1, |object| object[SALT + 60 * SEALED] ^= 1);
    let plain = bytes(LEN);
    let before = PART as usize..PART as usize + 1_000;
    let read = range(&world.blobs, &world.one, LEN, before.start as u64..before.end as u64).await.unwrap();
    assert_eq!(read, plain[before]);
    let read = range(&world.blobs, &world.one, LEN, PART + 60 * SEGMENT..PART + 61 * SEGMENT).await;
    assert!(matches!(read, Err(BlobError::Damaged { .. })));
}

#[tokio::test]
async fn what_is_cut_or_added_is_noticed() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 7] = [
        ("the last byte", |object| object.truncate(object.len() - 1)),
        ("the last segment", |object| object.truncate(object.len() - SEALED)),
        ("all but one segment", |object| object.truncate(SALT + SEALED)),
        ("everything but the salt", |object| object.truncate(SALT)),
        ("everything", Vec::clear),
        ("a byte more", |object| object.push(0)),
        ("a segment twice", |object| object.extend_from_within(SALT..SALT + SEALED)),
    ];
    for (what, change) in changes {
        let world = Folder::new().await;
        world.change(1, change);
        world.is_noticed(1, what).await;
    }
}

#[tokio::test]
async fn segments_out_of_order_are_noticed() {
    let world = Folder::new().await;
    world.change(0, |object| {
        let (first, second) = object[SALT..].split_at_mut(SEALED);
        first.swap_with_slice(&mut second[..SEALED]);
    });
    world.is_noticed(0, "segments swapped").await;
    let world = Folder::new().await;
    world.change(0, |object| {
        // The last segment in the place of one before it.
        let last = object.split_off(object.len() - SEALED);
        object.truncate(object.len() - SEALED);
        object.extend_from_slice(&last);
        object.extend_from_slice(&last);
    });
    world.is_noticed(0, "the end before the end").await;
}

#[tokio::test]
async fn a_part_in_another_place_is_noticed() {
    let world = Folder::new().await;
    let (first, second) = (world.part(0), world.part(1));
    let aside = world.folder.path().join("aside");
    std::fs::rename(&first, &aside).unwrap();
    std::fs::rename(&second, &first).unwrap();
    std::fs::rename(&aside, &second).unwrap();
    world.is_noticed(0, "parts swapped").await;
}

#[tokio::test]
async fn a_layer_or_a_file_in_anothers_place_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path(), &held::surroundings(9).0).unwrap();
    let ((file, key), (other, _)) = (one(1), one(2));
    // Even under the same key.
    for (file, layer) in [(file, Layer::Small), (file, Layer::Large), (other, Layer::Small)] {
        blobs.put(&key, file, layer, Bytes::from_static(b"a picture")).await.unwrap();
    }
    let path = |file: FileId, layer: &str| folder.path().join(format!("{file}/{layer}/0"));
    let move_over = |from: &Path, to: &Path| std::fs::copy(from, to).map(|_| ());
    move_over(&path(file, "small"), &path(file, "large")).unwrap();
    assert!(matches!(blobs.part(&key, file, Layer::Large, 0).await, Err(BlobError::Damaged { .. })));
    move_over(&path(other, "small"), &path(file, "small")).unwrap();
    assert!(matches!(blobs.part(&key, file, Layer::Small, 0).await, Err(BlobError::Damaged { .. })));
}

#[tokio::test]
async fn a_whole_part_that_is_gone_is_missing() {
    let world = Folder::new().await;
    std::fs::remove_file(world.part(2)).unwrap();
    let read = range(&world.blobs, &world.one, LEN, 0..LEN).await;
    assert!(matches!(read, Err(BlobError::Missing { part: 2, .. })), "{read:?}");
    // A blob said to be shorter does not open either: its last part would end elsewhere.
    assert!(range(&world.blobs, &world.one, PART + 5, 0..PART + 5).await.is_err());
}

#[tokio::test]
async fn nothing_of_a_file_lies_in_the_folder_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path(), &held::surroundings(9).0).unwrap();
    let (file, key) = one(1);
    let said = "見積書 2026-12".repeat(1_000);
    blobs.put(&key, file, Layer::Content, said.into()).await.unwrap();
    let object = std::fs::read(folder.path().join(format!("{file}/content/0"))).unwrap();
    let needle = "見積".as_bytes();
    assert!(!object.windows(needle.len()).any(|window| window == needle));
    // The same bytes put again are other bytes in the store: no key seals two parts.
    blobs.put(&key, file, Layer::Content, "見積書 2026-12".repeat(1_000).into()).await.unwrap();
    let again = std::fs::read(folder.path().join(format!("{file}/content/0"))).unwrap();
    assert_eq!(object.len(), again.len());
    assert!(object.iter().zip(&again).filter(|(a, b)| a == b).count() < object.len() / 100);
}
