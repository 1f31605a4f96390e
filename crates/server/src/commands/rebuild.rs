//! `kairan rebuild`: the tables follow from the journal, and this shows it or makes it so.

use kairan_storage::rebuild::{Scratch, check, rebuild};

use super::{Context, Failed};
use crate::assemble;
use crate::cli::Exit;
use crate::config::Database;
use crate::words::words;

/// Differences shown; the count says how many there are.
const SHOWN: usize = 20;

pub async fn run(context: &Context, only_check: bool) -> Result<Exit, Failed> {
    let database = context.current_database().await?;
    let (migrations, projections) = (assemble::migrations(), assemble::projections());
    if !only_check {
        // A running server holds projected rows in no cache, but a member could meet half-made tables on another node.
        let _held = context.folder.hold()?;
        rebuild(&database, &projections).await?;
        context.say(&words!(
            "表をすべて記録から作り直しました。",
            "all tables were made anew from the journal."
        ));
        return Ok(Exit::Well);
    }
    let url = match &context.config.database {
        Database::Postgres(url) => Some(url.as_str()),
        Database::Sqlite => None,
    };
    let scratch = Scratch::beside(&database, url, &context.surroundings).await?;
    let compared =
        check(&database, &scratch.database, &migrations, &projections, &context.surroundings).await;
    scratch.discard(&database).await?;
    let differences = compared?;
    if differences.is_empty() {
        let tables: usize = projections.iter().map(|projection| projection.tables().len()).sum();
        context.say(&words!(
            "{tables}個の表は、すべて記録から導けます。",
            "all {tables} tables follow from the journal."
        ));
        return Ok(Exit::Well);
    }
    for difference in differences.iter().take(SHOWN) {
        let (table, row) = (difference.table, &difference.row);
        context.say(&if difference.in_tables {
            words!("{table}: 記録にない行: {row}", "{table}: a row that the journal does not give: {row}")
        } else {
            words!("{table}: 表に欠けている行: {row}", "{table}: a row that is missing: {row}")
        });
    }
    let count = differences.len();
    context.say(&words!(
        "{count}か所が記録と違います。サーバーを止めて kairan rebuild を実行すると直ります。原因は記録の外からの書き込みです。",
        "{count} rows differ from the journal. Stop the server and run kairan rebuild to repair. Something wrote past the journal."
    ));
    Ok(Exit::Wrong)
}
