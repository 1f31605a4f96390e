//! `kairan reindex`: the search index is made anew from the journal.
//!
//! It may run beside a server, and be stopped anywhere: whoever comes next, this command or a server, goes on where it
//! stood. Until the index has caught up, what is newer than its place is not found.

use kairan_storage::search;
use kairan_talk::search::Indexer;

use super::{Context, Failed};
use crate::cli::Exit;
use crate::folder::FolderError;
use crate::words::words;

pub async fn run(context: &Context) -> Result<Exit, Failed> {
    let database = context.current_database().await?;
    let held = context.folder.hold();
    search::empty(&database).await?;
    let _held = match held {
        Ok(held) => held,
        Err(FolderError::Held(_)) => {
            context.say(&words!(
                "索引を空にしました。動いているサーバーが作り直します。進み具合は kairan doctor で見られます。",
                "the index was emptied; the running server makes it anew. kairan doctor says how far it has come."
            ));
            return Ok(Exit::Well);
        }
        Err(error) => return Err(error.into()),
    };
    let store = context.store().await?;
    let mut indexer = Indexer::new(store);
    let lag = indexer.lag();
    let mut told = i64::MAX;
    while indexer.step().await? {
        let left = lag.events();
        if left / TOLD_EVERY < told / TOLD_EVERY && left > 0 {
            context.say(&words!("残り{left}件", "{left} events to go"));
        }
        told = left;
    }
    context.say(&words!("索引を作り直しました。", "the search index was made anew."));
    Ok(Exit::Well)
}

/// Events between two lines of progress.
const TOLD_EVERY: i64 = 100_000;
