//! People's files: whether their store does what it must, and whether the key at hand opens them.

use kairan_storage::blobs::{BlobError, SealingKey};

use super::{Finding, State};
use crate::commands::Context;
use crate::config::Blobs;
use crate::words::words;

/// Writes, reads and erases a file that is nobody's.
pub(super) async fn store(context: &Context) -> Finding {
    if context.config.blobs == Blobs::Local && !context.folder.files().is_dir() {
        return Finding(
            State::Ok,
            words!(
                "ファイル: 置き場はまだありません。最初の起動で作ります。",
                "files: no store yet; the first start makes it."
            ),
        );
    }
    let blobs = match context.blobs() {
        Ok(blobs) => blobs,
        Err(failed) => return Finding(State::Fail, failed.words),
    };
    match blobs.probe().await {
        Ok(()) => Finding(
            State::Ok,
            words!("ファイル: 書き、読み、消せます。", "files: can be written, read and erased."),
        ),
        Err(BlobError::Full) => {
            let mib = context.config.limits.disk_reserve_bytes >> 20;
            Finding(
                State::Fail,
                words!(
                    "ファイル: 空きが limits.disk_reserve_bytes({mib} MiB)を切ったので、受け取れません。ディスクを空けてください。",
                    "files: none is taken, because less than limits.disk_reserve_bytes ({mib} MiB) is free. Make room on the disk."
                ),
            )
        }
        Err(error) => Finding(
            State::Fail,
            words!(
                "ファイル: 置き場を使えません({error})。blobs と s3 の設定、権限、つながりを確かめてください。",
                "files: their store cannot be used ({error}). Check the settings of blobs and s3, the permissions, and the connection."
            ),
        ),
    }
}

/// Whether the sealing key opens what this database knows to be wrapped with it.
pub(super) async fn key(context: &Context) -> Option<Finding> {
    let database = context.folder.database(&context.config.database).ok()?;
    match SealingKey::look(context.folder.path(), &database).await {
        Ok(None) => None,
        Ok(Some(_)) => Some(Finding(
            State::Ok,
            words!("封印鍵: このデータのファイルを開けます。", "sealing key: opens the files of this data."),
        )),
        Err(error) => Some(Finding(State::Fail, words!("封印鍵: {error}", "sealing key: {error}"))),
    }
}
