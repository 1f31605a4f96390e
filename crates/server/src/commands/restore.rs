//! `kairan restore`: a backup becomes a data folder again, and is proven to be the same before it counts (R73).
//!
//! It stays true that nothing is ever written over: the data folder must be empty, and what fails the proof is taken
//! away again.

use std::path::Path;

use kairan_storage::Database;
use kairan_storage::blobs::{Piece, SealingKey};
use kairan_storage::log::{PUBLIC_KEY_FILE, PublicKey, VerifyError, verify};

use super::backup::copy_private;
use super::manifest::{DATABASE, FILES, FORM, FileEntry, JournalState, MANIFEST, Manifest};
use super::{Context, Failed};
use crate::cli::Exit;
use crate::config;
use crate::words::words;

pub async fn run(context: &Context, from: &Path) -> Result<Exit, Failed> {
    let manifest = read_manifest(from)?;
    if !context.folder.is_empty()? {
        let data = context.folder.path().display();
        return Err(Failed::usage(words!(
            "{data} は空ではありません。空のフォルダーを --data で指してください。",
            "{data} is not empty. Name an empty folder with --data."
        )));
    }
    if manifest.engine == "sqlite" && context.config.database != config::Database::Sqlite {
        return Err(Failed::usage(words!(
            "この写しは SQLite のものです。--database sqlite で戻してください。",
            "this backup is of SQLite. Restore it with --database sqlite."
        )));
    }
    check_files(from, &manifest)?;
    context.folder.make()?;
    let proven = bring_back(context, from, &manifest).await;
    if proven.is_err() {
        // Whoever starts a server on a half-proven folder would trust it.
        for entry in &manifest.files {
            let _already_gone = std::fs::remove_file(context.folder.path().join(&entry.name));
        }
        let _already_gone = std::fs::remove_dir_all(context.folder.files());
    }
    proven
}

fn read_manifest(from: &Path) -> Result<Manifest, Failed> {
    let path = from.join(MANIFEST);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let path = path.display();
        Failed::usage(words!(
            "{path} が読めません({error})。完全な写しのフォルダーを指してください。",
            "{path} cannot be read ({error}). Name the folder of a complete backup."
        ))
    })?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| {
        Failed::wrong(words!("{MANIFEST} が壊れています: {error}", "{MANIFEST} is damaged: {error}"))
    })?;
    // A name with a path in it could write outside the data folder.
    let safe = |entry: &FileEntry| !entry.name.contains(['/', '\\']) && !entry.name.starts_with('.');
    let inside = |entry: &FileEntry| Piece::is_name(&entry.name);
    if manifest.form != FORM || !manifest.files.iter().all(safe) || !manifest.pieces.iter().all(inside) {
        return Err(Failed::wrong(words!(
            "{MANIFEST} の形がわかりません。この写しを取った版か、それより新しい版で戻してください。",
            "{MANIFEST} has a form this version does not know. Restore with the version that wrote it, or a newer one."
        )));
    }
    Ok(manifest)
}

fn check_files(from: &Path, manifest: &Manifest) -> Result<(), Failed> {
    let files = manifest.files.iter().map(|entry| (from.to_owned(), entry));
    let pieces = manifest.pieces.iter().map(|entry| (from.join(FILES), entry));
    for (folder, entry) in files.chain(pieces) {
        let found = FileEntry::of(&folder, &entry.name)
            .map_err(|error| Failed::file(&folder.join(&entry.name), &error))?;
        if found != *entry {
            let name = &entry.name;
            return Err(Failed::wrong(words!(
                "{name} が写しを取ったときと違います(大きさかSHA-256)。別の写しを使ってください。",
                "{name} is not what was backed up (size or SHA-256). Use another backup."
            )));
        }
    }
    Ok(())
}

async fn bring_back(context: &Context, from: &Path, manifest: &Manifest) -> Result<Exit, Failed> {
    let data = context.folder.path();
    for entry in &manifest.files {
        copy_private(&from.join(&entry.name), &data.join(&entry.name))?;
    }
    for entry in &manifest.pieces {
        copy_private(&from.join(FILES).join(&entry.name), &context.folder.files().join(&entry.name))?;
    }
    if manifest.blobs != "local" {
        context.say(&words!(
            "ファイルの中身はこの写しにはありません。写しを取ったときと同じ blobs と s3 の設定で、バケットを指してください。",
            "the bytes of files are not in this backup. Name their bucket with the same settings of blobs and s3 as when it was taken."
        ));
    }
    if manifest.engine != "sqlite" {
        context.say(&words!(
            "鍵とファイルを戻しました。データベースは pg_restore で戻し、kairan verify と kairan doctor で確かめてください。",
            "the keys and files are back. Restore the database with pg_restore, then run kairan verify and kairan doctor."
        ));
        return Ok(Exit::Well);
    }
    let database = Database::sqlite(&data.join(DATABASE))?;
    let journal: JournalState = database.summary().await?.into();
    if journal != manifest.journal {
        return Err(Failed::wrong(words!(
            "戻した記録が、写しを取ったときの記録と一致しません。別の写しを使ってください。",
            "the restored journal is not the one that was backed up. Use another backup."
        )));
    }
    prove(data, &database).await?;
    // The key that came along must be the one that opens the files that came along.
    SealingKey::look(data, &database)
        .await
        .map_err(|error| Failed::wrong(words!("封印鍵: {error}", "sealing key: {error}")))?;
    let (events, pieces) = (journal.events, manifest.pieces.len());
    context.say(&words!(
        "戻しました。記録{events}件とファイルの部分{pieces}個は写しを取ったときと同じで、改変もありません。",
        "restored: {events} events and {pieces} parts of files, the same as when they were backed up, and none of them altered."
    ));
    Ok(Exit::Well)
}

/// The whole check against the key that came with the backup. Before the first signed head there is no key yet.
async fn prove(data: &Path, database: &Database) -> Result<(), Failed> {
    let key_file = data.join(PUBLIC_KEY_FILE);
    if !key_file.is_file() {
        return Ok(());
    }
    let key = PublicKey::open(&key_file)
        .map_err(|error| Failed::wrong(words!("公開鍵: {error}", "public key: {error}")))?;
    match verify(database, &key, &[]).await {
        Ok(_) => Ok(()),
        Err(VerifyError::Fault(fault)) => {
            let (ja, en) = fault.words();
            Err(Failed::wrong(words!(
                "写しの記録が書き換えられています。最初の場所: {ja}",
                "the backed-up journal was tampered with. First bad place: {en}"
            )))
        }
        Err(VerifyError::Storage(error)) => Err(error.into()),
    }
}
