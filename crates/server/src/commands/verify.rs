//! `kairan verify`: the whole journal against the organisation's public key and whatever heads were kept elsewhere.

use std::path::{Path, PathBuf};

use kairan_storage::log::{PUBLIC_KEY_FILE, PublicKey, VerifyError, verify, witness};

use super::{Context, Failed};
use crate::cli::Exit;
use crate::words::words;

pub async fn run(context: &Context, witnesses: &[PathBuf], key: Option<&Path>) -> Result<Exit, Failed> {
    let database = context.existing_database()?;
    let key_file = key.map_or_else(|| context.folder.path().join(PUBLIC_KEY_FILE), Path::to_owned);
    let key = PublicKey::open(&key_file)
        .map_err(|error| Failed::usage(words!("公開鍵: {error}", "public key: {error}")))?;
    let mut files = witnesses.to_vec();
    if files.is_empty() {
        // Without a word the configured witness counts, if it has kept anything yet.
        let configured =
            context.config.journal.witness_directory.as_ref().map(|folder| folder.join(witness::HEADS_FILE));
        files.extend(configured.filter(|file| file.is_file()));
    }
    let mut heads = Vec::new();
    for file in &files {
        let read = witness::read(file).map_err(|error| Failed::wrong(words!("{error}", "{error}")))?;
        heads.extend(read);
    }
    match verify(&database, &key, &heads).await {
        Ok(report) => {
            let (entries, streams, contents) = (report.entries, report.streams, report.contents);
            let (heads, witnessed, waiting) =
                (report.heads, report.witnessed, report.waiting + report.unsigned);
            context.say(&words!(
                "記録は完全です。{entries}件の記録、{streams}本の流れ、{contents}件の内容、署名{heads}個、外の控え{witnessed}個を確かめました。",
                "the journal is whole: {entries} entries, {streams} streams, {contents} contents, {heads} signed heads, {witnessed} of them kept by witnesses."
            ));
            if waiting > 0 {
                context.say(&words!(
                    "まだ署名されていない新しい記録が{waiting}件あります(動いているサーバーは60秒以内に署名します)。",
                    "{waiting} new events are not signed yet (a running server signs within 60 seconds)."
                ));
            }
            Ok(Exit::Well)
        }
        Err(VerifyError::Fault(fault)) => {
            let (ja, en) = fault.words();
            context.say(&words!(
                "記録が書き換えられています。最初の場所: {ja}",
                "the journal was tampered with. First bad place: {en}"
            ));
            Ok(Exit::Wrong)
        }
        Err(VerifyError::Storage(error)) => Err(error.into()),
    }
}
