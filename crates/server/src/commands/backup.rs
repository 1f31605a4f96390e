//! `kairan backup`: a copy of everything worth keeping, taken while the server runs.
//!
//! It stays true that a folder with a manifest is a whole backup: the manifest is written last.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use futures_util::StreamExt as _;
use kairan_storage::Database;
use kairan_storage::blobs::SEALING_KEY_FILE;
use kairan_storage::log::{KEY_FILE, PUBLIC_KEY_FILE};

use super::manifest::{DATABASE, FILES, FORM, FileEntry, JournalState, MANIFEST, Manifest};
use super::{Context, Failed};
use crate::cli::Exit;
use crate::config::Blobs;
use crate::folder::Folder;
use crate::push::PUSH_KEY_FILE;
use crate::words::words;

pub async fn run(context: &Context, to: &Path) -> Result<Exit, Failed> {
    let database = context.existing_database()?;
    if !Folder::at(to).is_empty()? {
        let to = to.display();
        return Err(Failed::usage(words!(
            "{to} は空ではありません。新しいフォルダーの名前を書いてください。",
            "{to} is not empty. Name a new folder."
        )));
    }
    // It holds everything the organisation said.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(to);
    made.map_err(|error| Failed::file(to, &error))?;
    let mut files = Vec::new();
    let journal: JournalState = if database.engine() == "sqlite" {
        let copy = to.join(DATABASE);
        database.copy_to(&copy).await?;
        files.push(DATABASE);
        summary_of(&copy).await?
    } else {
        database.summary().await?.into()
    };
    for name in [KEY_FILE, PUBLIC_KEY_FILE, SEALING_KEY_FILE, PUSH_KEY_FILE] {
        if context.folder.path().join(name).is_file() {
            copy_private(&context.folder.path().join(name), &to.join(name))?;
            files.push(name);
        }
    }
    // After the database: a file that the copy of it names was there before, and only erasing takes one away.
    let pieces = copy_pieces(context, &to.join(FILES)).await?;
    let measured = files.iter().map(|name| FileEntry::of(to, name)).collect::<Result<Vec<_>, _>>();
    let manifest = Manifest {
        form: FORM,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: context.surroundings.now(),
        engine: database.engine().to_owned(),
        journal,
        files: measured.map_err(|error| Failed::file(to, &error))?,
        blobs: if context.config.blobs == Blobs::Local { "local" } else { "s3" }.to_owned(),
        pieces,
    };
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    Folder::at(to).write_private(MANIFEST, &text)?;
    context.folder.remember_backup(manifest.at)?;
    report(context, &manifest, to);
    Ok(Exit::Well)
}

fn report(context: &Context, manifest: &Manifest, to: &Path) {
    let (to, events, pieces) = (to.display(), manifest.journal.events, manifest.pieces.len());
    if manifest.engine == "sqlite" {
        context.say(&words!(
            "{to} に写しを取りました。記録{events}件、ファイルの部分{pieces}個。",
            "backed up to {to}: {events} events, {pieces} parts of files."
        ));
    } else {
        context.say(&words!(
            "{to} に鍵とファイルの部分{pieces}個を写しました。PostgreSQL のデータベースは、この前に pg_dump --format=custom で取っておいてください。",
            "the keys and {pieces} parts of files were copied to {to}. Take the PostgreSQL database itself with pg_dump --format=custom, before this."
        ));
    }
    if let Blobs::S3(bucket) = &context.config.blobs {
        let bucket = &bucket.bucket;
        context.say(&words!(
            "ファイルの中身は S3 のバケット {bucket} にあり、写していません。バケットの側で世代管理か複製を使ってください。",
            "the bytes of files lie in the S3 bucket {bucket} and were not copied. Keep them with the bucket's own versions or replication."
        ));
    }
}

/// Copies what there is of people's files, as sealed as it is, while others go on adding and erasing.
async fn copy_pieces(context: &Context, to: &Path) -> Result<Vec<FileEntry>, Failed> {
    let from = context.folder.files();
    let mut entries = Vec::new();
    if context.config.blobs != Blobs::Local || !from.is_dir() {
        return Ok(entries);
    }
    let mut pieces = std::pin::pin!(context.blobs()?.pieces());
    while let Some(piece) = pieces.next().await {
        let name = piece.map_err(|error| Failed::wrong(words!("{error}", "{error}")))?.name();
        match copy_piece(&from.join(&name), &to.join(&name)) {
            Ok(()) => {
                entries
                    .push(FileEntry::of(to, &name).map_err(|error| Failed::file(&to.join(&name), &error))?);
            }
            // Erased in the meantime, as it should be.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failed::file(&from.join(&name), &error)),
        }
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// Copies one piece, its folders made, and waits for the disk.
pub(super) fn copy_piece(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    std::fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

/// The journal of the copy itself, so that the manifest cannot speak of a later moment than the file.
async fn summary_of(copy: &Path) -> Result<JournalState, Failed> {
    let database = Database::sqlite(copy)?;
    let summary = database.summary().await?;
    drop(database);
    // Opening a copy makes helper files beside it that belong to nothing once it is closed.
    for helper in ["-wal", "-shm"] {
        let mut name = copy.as_os_str().to_owned();
        name.push(helper);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failed::file(copy, &error));
            }
            _ => {}
        }
    }
    Ok(summary.into())
}

/// Copies with the source's own permissions, and waits for the disk.
pub(super) fn copy_private(from: &Path, to: &Path) -> Result<(), Failed> {
    copy_piece(from, to).map_err(|error| Failed::file(from, &error))
}
