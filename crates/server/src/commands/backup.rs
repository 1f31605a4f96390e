//! `kairan backup`: a copy of everything worth keeping, taken while the server runs.
//!
//! It stays true that a folder with a manifest is a whole backup: the manifest is written last.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use kairan_storage::Database;
use kairan_storage::log::{KEY_FILE, PUBLIC_KEY_FILE};

use super::manifest::{DATABASE, FORM, FileEntry, JournalState, MANIFEST, Manifest};
use super::{Context, Failed};
use crate::cli::Exit;
use crate::folder::Folder;
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
    for name in [KEY_FILE, PUBLIC_KEY_FILE] {
        if context.folder.path().join(name).is_file() {
            copy_private(&context.folder.path().join(name), &to.join(name))?;
            files.push(name);
        }
    }
    let measured = files.iter().map(|name| FileEntry::of(to, name)).collect::<Result<Vec<_>, _>>();
    let manifest = Manifest {
        form: FORM,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: context.surroundings.now(),
        engine: database.engine().to_owned(),
        journal,
        files: measured.map_err(|error| Failed::file(to, &error))?,
    };
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    Folder::at(to).write_private(MANIFEST, &text)?;
    context.folder.remember_backup(manifest.at)?;
    report(context, &manifest, to);
    Ok(Exit::Well)
}

fn report(context: &Context, manifest: &Manifest, to: &Path) {
    let (to, events) = (to.display(), manifest.journal.events);
    if manifest.engine == "sqlite" {
        context
            .say(&words!("{to} に写しを取りました。記録{events}件。", "backed up to {to}: {events} events."));
    } else {
        context.say(&words!(
            "{to} に署名鍵だけを写しました。PostgreSQL のデータベースは pg_dump --format=custom で別に取ってください。",
            "only the signing key was copied to {to}. Take the PostgreSQL database itself with pg_dump --format=custom."
        ));
    }
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
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failed::file(copy, &error));
            }
            _ => {}
        }
    }
    Ok(summary.into())
}

/// Copies with the source's own permissions, and waits for the disk.
pub(super) fn copy_private(from: &Path, to: &Path) -> Result<(), Failed> {
    std::fs::copy(from, to).map_err(|error| Failed::file(from, &error))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|error| Failed::file(to, &error))
}
