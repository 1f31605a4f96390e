//! `kairan doctor`: looks at everything a running server stands on, and says what to do about what it finds.

mod files;
mod journal;
mod machine;
mod network;

use kairan_storage::Inspection;

use super::Context;
use crate::assemble;
use crate::cli::Exit;
use crate::folder::FolderError;
use crate::words::{Words, words};

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, PartialEq, Eq)]
struct Finding(State, Words);

pub async fn run(context: &Context) -> Exit {
    let now = context.surroundings.now();
    let mut findings = machine::folder(context);
    findings.push(machine::disk(&context.config.data));
    let running = matches!(context.folder.hold(), Err(FolderError::Held(_)));
    match inspect(context).await {
        Ok(Some(inspection)) => {
            findings.push(journal::engine(&context.config.database, &inspection));
            findings.push(journal::schema(&inspection));
            findings.extend(journal::key(context, &inspection));
            if inspection.started {
                findings.extend(files::key(context).await);
            }
            findings.push(machine::clock(now, inspection.last_event));
            findings.extend(journal::log(now, &inspection, running));
            findings.extend(journal::search(now, &inspection, running));
        }
        Ok(None) => {
            findings.push(Finding(State::Ok, words!("データベース: まだありません。最初の起動で作ります。", "database: none yet; the first start makes it.")));
            findings.push(machine::clock(now, None));
        }
        Err(error) => findings.push(Finding(State::Fail, words!("データベース: 使えません({error})。database の設定と、サーバーが動いているかを確かめてください。", "database: cannot be used ({error}). Check the database setting and that its server runs."))),
    }
    findings.push(files::store(context).await);
    findings.extend(network::tls(now, &context.config));
    findings.push(network::address(&context.config));
    findings.extend(network::scanner(&context.config).await);
    findings.extend(network::ways_out(&context.config));
    findings.push(machine::backup(now, context.folder.last_backup()));
    for Finding(state, words) in &findings {
        let mark = match state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "fail",
        };
        println!("{mark}  {}", words.in_language(context.language));
    }
    if findings.iter().any(|finding| finding.0 == State::Fail) { Exit::Wrong } else { Exit::Well }
}

async fn inspect(context: &Context) -> Result<Option<Inspection>, kairan_storage::Error> {
    if !context.folder.has_database(&context.config.database) {
        return Ok(None);
    }
    let database = context.folder.database(&context.config.database)?;
    database.inspect(&assemble::migrations()).await.map(Some)
}
