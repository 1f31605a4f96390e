//! `kairan admin`: what an administrator's screens do, from the machine itself.
//!
//! It stays true that the journal names the command line as who did it, and that its person sees it as if somebody else had.

use kairan_people::factors::http::reset_from_command_line;

use super::invite::hours_left;
use super::{Context, Failed};
use crate::assemble;
use crate::cli::{Admin, Exit};
use crate::words::words;

pub async fn run(context: &Context, act: Admin) -> Result<Exit, Failed> {
    // Asked first, so that a mistyped folder does not become a new database.
    drop(context.existing_database()?);
    match act {
        Admin::ResetFactor { who } => reset_factor(context, &who).await,
    }
}

async fn reset_factor(context: &Context, who: &str) -> Result<Exit, Failed> {
    let store = context.store().await?;
    let people = assemble::people(&store, &context.config, None, None);
    let reset = reset_from_command_line(&people, who).await?;
    let hours = hours_left(context.surroundings.now(), reset.expires_at);
    context.say(&words!(
        "{who} さんの二要素をやり直すコードです。パスワードのあとに入れます。1回だけ、あと{hours}時間使えます。本人だけに渡してください。",
        "a code for {who}, to be typed after the password instead of the second factor. It opens once, within {hours} hours. Give it to that person only."
    ));
    println!("{}", reset.code);
    Ok(Exit::Well)
}
