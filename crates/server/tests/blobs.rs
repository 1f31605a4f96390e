//! People's files in the binary's hands: backed up, restored, looked after; in the data folder and in a bucket.

#[path = "../../storage/tests/blobs/bucket.rs"]
mod bucket;
mod support;

use kairan_core::ids::FileId;
use kairan_core::surroundings::held;
use kairan_storage::blobs::{Blobs, FileKey, Layer, PART, SEALING_KEY_FILE, SealingKey};
use support::{World, damage};

const SAID: &str = "棚卸し表 2026-12";

/// A file of two parts in a data folder; its id, and its key as `secrets` would hold it.
async fn put(world: &World) -> (FileId, Vec<u8>) {
    let (surroundings, _) = held::surroundings(5);
    let sealing = SealingKey::open(&world.data().join(SEALING_KEY_FILE)).expect("made at the first start");
    let blobs = Blobs::local(&world.data().join("files"), &surroundings).expect("a folder");
    let (file, key) = (surroundings.id(), FileKey::generate(&surroundings));
    let mut bytes = SAID.as_bytes().to_vec();
    bytes.resize(PART as usize + 10, 7);
    blobs.put(&key, file, Layer::Content, bytes.into()).await.expect("put");
    (file, sealing.wrap(&key, file))
}

/// What a data folder still knows of that file.
async fn said(data: &std::path::Path, (file, wrapped): &(FileId, Vec<u8>)) -> Vec<u8> {
    let sealing = SealingKey::open(&data.join(SEALING_KEY_FILE)).expect("it came along");
    let key = sealing.unwrap(wrapped, *file).expect("the same sealing key");
    let blobs = Blobs::local(&data.join("files"), &held::surroundings(5).0).expect("a folder");
    let last = blobs.part(&key, *file, Layer::Content, 1).await.expect("the second part");
    assert_eq!(last.len(), 10);
    blobs.part(&key, *file, Layer::Content, 0).await.expect("whole")[..SAID.len()].to_vec()
}

/// R73: files and what opens them come along, or the restore says which did not.
#[tokio::test]
async fn files_and_their_key_are_in_the_backup_and_proven_on_the_way_back() {
    let world = World::new();
    drop(world.serve(&[]));
    let file = put(&world).await;
    let server = world.serve(&[]);
    let backup = world.path("backup").display().to_string();
    let taken = world.run(&["backup", "--to", &backup]);
    assert_eq!((taken.code, taken.out.contains("2 parts of files")), (0, true), "{taken:?}");
    drop(server);
    let piece = world.path(&format!("backup/files/{}/content/1", file.0));
    assert!(!piece.with_file_name("2").exists() && piece.exists());

    let other = world.path("other").display().to_string();
    let restored = world.run(&["restore", "--from", &backup, "--data", &other]);
    assert_eq!((restored.code, restored.out.contains("2 parts of files")), (0, true), "{restored:?}");
    assert_eq!(said(&world.path("other"), &file).await, SAID.as_bytes());
    drop(world.serve(&["--data", &other]));
    let looked = world.run(&["doctor", "--data", &other]);
    assert!(looked.out.contains("ok    sealing key: opens the files of this data."), "{looked:?}");

    damage(&piece);
    let third = world.path("third").display().to_string();
    let refused = world.run(&["restore", "--from", &backup, "--data", &third]);
    let named = refused.err.contains(&format!("{}/content/1 is not what was backed up", file.0));
    assert_eq!((refused.code, named), (1, true), "{refused:?}");
    assert!(!world.path("third").exists());
}

/// A piece's name in a manifest leads nowhere but into the folder of files.
#[test]
fn a_manifest_cannot_write_elsewhere_through_a_piece() {
    let world = World::new();
    drop(world.serve(&[]));
    let backup = world.path("backup").display().to_string();
    assert_eq!(world.run(&["backup", "--to", &backup]).code, 0);
    let manifest = world.path("backup/manifest.json");
    let mut parsed: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&manifest).expect("read")).expect("JSON");
    for name in ["../escaped", "0192f0c1-2b3a-7c4d-8e5f-6a7b8c9d0e1f/content/../../../x", "a/content/0"] {
        parsed["pieces"] = serde_json::json!([{"name": name, "size": 0, "sha256": ""}]);
        std::fs::write(&manifest, parsed.to_string()).expect("written");
        let data = world.path("new").display().to_string();
        let refused = world.run(&["restore", "--from", &backup, "--data", &data]);
        assert_eq!(
            (refused.code, refused.err.contains("a form this version does not know")),
            (1, true),
            "{name}: {refused:?}"
        );
    }
}

/// R68, the other way round: a lost key is never replaced by one that no file knows.
#[test]
fn a_lost_or_exchanged_sealing_key_stops_the_start_and_is_told_by_doctor() {
    let (world, stranger) = (World::new(), World::new());
    for world in [&world, &stranger] {
        drop(world.serve(&[]));
    }
    let healthy = world.run(&["doctor"]);
    for line in ["ok    sealing key: opens the files", "ok    files: can be written, read and erased."] {
        assert!(healthy.out.contains(line), "{line}\n{}", healthy.out);
    }
    let key = world.data().join(SEALING_KEY_FILE);
    std::fs::remove_file(&key).expect("it was made");
    let is_refused = |words: &str| {
        let doctor = world.run(&["doctor"]);
        assert_eq!((doctor.code, doctor.out.contains("fail  sealing key:")), (1, true), "{doctor:?}");
        let start = world.run(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!((start.code, start.err.contains(words)), (1, true), "{start:?}");
    };
    is_refused("sealing.key is gone, and only it opens this database's files");
    assert!(!key.exists());
    std::fs::copy(stranger.data().join(SEALING_KEY_FILE), &key).expect("copied");
    is_refused("is not the key this database's files were sealed with");
}

/// R74: doctor says it as well.
#[test]
fn a_disk_below_the_reserve_is_told() {
    let world = World::new();
    drop(world.serve(&[]));
    let mut command = world.command(&["doctor"]);
    let ran =
        command.env("KAIRAN_LIMITS_DISK_RESERVE_BYTES", (1_u64 << 50).to_string()).output().expect("runs");
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(out.contains("fail  files: none is taken, because less than limits.disk_reserve_bytes"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_used_looked_after_and_not_copied() {
    let world = World::new();
    let settings = bucket::start(&world.path("s3")).await;
    let endpoint = settings.endpoint.clone().expect("on loopback");
    let configuration = |secret: &str| {
        let (bucket, prefix, region, key_id) =
            (&settings.bucket, &settings.prefix, &settings.region, &settings.key_id);
        format!(
            "blobs = \"s3://{bucket}/{prefix}\"\n[s3]\nendpoint = \"{endpoint}\"\nregion = \"{region}\"\nkey_id = \"{key_id}\"\nsecret = \"{secret}\"\n"
        )
    };
    let file = world.path("kairan.toml");
    std::fs::write(&file, configuration(&settings.secret)).expect("written");
    let wrong = configuration("guessed-wrong");
    tokio::task::spawn_blocking(move || {
        drop(world.serve(&[]));
        let looked = world.run(&["doctor"]);
        assert!(looked.out.contains("ok    files: can be written, read and erased."), "{looked:?}");
        assert!(!world.data().join("files").exists(), "nothing of files lies here");
        let backup = world.path("backup").display().to_string();
        let taken = world.run(&["backup", "--to", &backup]);
        let told = taken.out.contains("lie in the S3 bucket kairan-files and were not copied");
        assert_eq!((taken.code, told), (0, true), "{taken:?}");
        let data = world.path("new").display().to_string();
        let restored = world.run(&["restore", "--from", &backup, "--data", &data]);
        let told = restored.out.contains("the bytes of files are not in this backup");
        assert_eq!((restored.code, told), (0, true), "{restored:?}");

        std::fs::write(&file, wrong).expect("written");
        let refused = world.run(&["doctor"]);
        let told = refused.out.contains("fail  files: their store cannot be used");
        assert_eq!((refused.code, told), (1, true), "{refused:?}");
        assert!(!refused.out.contains("guessed-wrong") && !refused.err.contains("guessed-wrong"));
    })
    .await
    .expect("no panic");
}
