//! Keys: wrapped, derived, recognised; and erased with the file they open.

use bytes::Bytes;
use kairan_core::SecretId;
use kairan_core::ids::FileId;
use kairan_core::surroundings::held;
use kairan_storage::blobs::{
    BlobError, Blobs, FileKey, Layer, SEALING_KEY_FILE, SealingKey, SealingKeyError,
};
use kairan_storage::testing::{Schema, TestStore, both_engines};
use kairan_storage::{Error, Stream};

use crate::suite::one;

const SCHEMA: Schema = Schema { migrations: &[], projections: Vec::new };

fn sealing(seed: u64) -> SealingKey {
    SealingKey::generate(&held::surroundings(seed).0)
}

#[test]
fn a_wrapped_key_opens_for_its_file_under_its_sealing_key_only() {
    let ((file, key), (other, _)) = (one(1), one(2));
    let wrapped = sealing(3).wrap(&key, file);
    assert_eq!(sealing(3).unwrap(&wrapped, file).unwrap(), key);
    assert!(matches!(sealing(4).unwrap(&wrapped, file), Err(BlobError::KeyRefused(_))));
    assert!(sealing(3).unwrap(&wrapped, other).is_err());
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert!(sealing(3).unwrap(&changed, file).is_err(), "byte {at}");
        assert!(sealing(3).unwrap(&wrapped[..at], file).is_err(), "cut at {at}");
    }
    assert_ne!(sealing(3).wrap(&one(2).1, file)[1..17], wrapped[1..17], "another key, another nonce");
}

#[test]
fn derived_keys_differ_by_label_and_by_context() {
    let key = sealing(1);
    let all = [
        key.derive("lease", b""),
        key.derive("lease", b"a"),
        key.derive("leas", b"ea"),
        key.derive("ticket", b"a"),
        sealing(2).derive("lease", b"a"),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all[at + 1..].iter().all(|other| other != one));
    }
    assert_eq!(key.derive("lease", b"a"), all[1], "the same for as long as the sealing key lives");
}

#[test]
fn no_debug_print_shows_a_key() {
    let shown = format!("{:?}{:?}", sealing(1), one(1).1);
    assert_eq!(shown, "SealingKey(secret not shown)FileKey(secret not shown)");
}

/// R68: a file whose wrapped key is erased from `secrets` is erased, even where its bytes still lie.
#[tokio::test(flavor = "multi_thread")]
async fn erasing_the_wrapped_key_erases_the_file() {
    both_engines(SCHEMA, async |world: TestStore| {
        let surroundings = world.store.surroundings().clone();
        let (blobs, sealing) = (Blobs::memory(&surroundings), SealingKey::generate(&surroundings));
        let (file, key): (FileId, _) = (surroundings.id(), FileKey::generate(&surroundings));
        let wrapped = sealing.wrap(&key, file);
        let secret: SecretId = world
            .store
            .write::<_, Error, _>(Stream::Organisation, async move |tx| {
                tx.put_secret("file_key", &wrapped).await
            })
            .await
            .unwrap();
        blobs.put(&key, file, Layer::Content, Bytes::from_static(b"a contract")).await.unwrap();
        drop(key);

        let wrapped = async || {
            world.store.read::<_, Error, _>(async move |reader| reader.secret(secret).await).await.unwrap()
        };
        let key = sealing.unwrap(&wrapped().await.expect("it is there"), file).unwrap();
        assert_eq!(blobs.part(&key, file, Layer::Content, 0).await.unwrap(), "a contract");

        world
            .store
            .write::<_, Error, _>(Stream::Organisation, async move |tx| tx.erase_secret(secret).await)
            .await
            .unwrap();
        assert_eq!(wrapped().await, None, "no key is left to open it with");
        // What a thief of the store and of the sealing key has left to try: another file's key, or a new one.
        let other = FileKey::generate(&surroundings);
        assert!(matches!(blobs.part(&other, file, Layer::Content, 0).await, Err(BlobError::Damaged { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sealing_key_is_made_once_and_belongs_to_its_database() {
    both_engines(SCHEMA, async |world: TestStore| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SEALING_KEY_FILE);
        let open = async || SealingKey::of(folder.path(), &world.store).await;
        let look = async || SealingKey::look(folder.path(), world.store.database()).await;
        assert!(look().await.unwrap().is_none() && !path.exists(), "looking makes none");
        let wrapped = open().await.unwrap().wrap(&one(1).1, one(1).0);
        assert_eq!(open().await.unwrap().unwrap(&wrapped, one(1).0).unwrap(), one(1).1, "the same key");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(open().await, Err(SealingKeyError::Lost(_))), "{}", world.engine);
        assert!(matches!(look().await, Err(SealingKeyError::Lost(_))));
        assert!(!path.exists(), "no new key in place of the lost one");
        SealingKey::open_or_create(folder.path(), &held::surroundings(77).0).unwrap();
        assert!(matches!(open().await, Err(SealingKeyError::NotOurs(_))));
        assert!(matches!(look().await, Err(SealingKeyError::NotOurs(_))));
        std::fs::write(&path, &kept[..63]).unwrap();
        assert!(matches!(open().await, Err(SealingKeyError::Unreadable(_))));
        std::fs::write(&path, &kept).unwrap();
        open().await.unwrap();
        assert!(look().await.unwrap().is_some());
    })
    .await;
}

#[cfg(unix)]
#[test]
fn a_sealing_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    SealingKey::open_or_create(folder.path(), &held::surroundings(1).0).unwrap();
    let path = folder.path().join(SEALING_KEY_FILE);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = SealingKey::open(&path).unwrap_err().to_string();
    assert!(told.contains("chmod 600"), "{told}");
}
