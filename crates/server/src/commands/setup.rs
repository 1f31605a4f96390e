//! `kairan setup`: the organisation and its owner, without a browser.

use kairan_people::organisation::http::{Setup, setup_from_command_line};

use super::{Context, Failed, password};
use crate::assemble;
use crate::cli::{self, Exit};
use crate::setup_code;
use crate::words::words;

pub async fn run(context: &Context, asked: &cli::Setup) -> Result<Exit, Failed> {
    let name = "--owner \"己本 一葉\"";
    let (family_name, given_name) = two(&asked.owner, "--owner", name)?;
    let (family_kana, given_kana) = two(&asked.kana, "--kana", "--kana \"おのもと かずは\"")?;
    let store = context.store().await?;
    if setup_code::is_set_up(&store).await? {
        return Err(Failed::wrong(words!(
            "組織はもう準備できています。人を加えるには画面の「人」か kairan invite を使ってください。",
            "the organisation is set up already. Add people in the browser, or use kairan invite."
        )));
    }
    let people = assemble::people(&store, &context.config, None, None);
    let setup = Setup {
        organisation: asked.organisation.clone(),
        family_name,
        given_name,
        family_kana,
        given_kana,
        login: asked.login.clone(),
        password: password::ask(context.language)?.into(),
        code: None,
    };
    let (_, codes) = setup_from_command_line(&people, setup).await?;
    setup_code::forget(&context.folder)?;
    let (organisation, login) = (&asked.organisation, &asked.login);
    context.say(&words!(
        "{organisation} の準備ができました。ログインIDは {login} です。次の10個の回復コードは、いま一度だけ表示します。紙に書いて、しまってください。",
        "{organisation} is set up. The login id is {login}. These ten recovery codes are shown only now: write them down and keep them safe."
    ));
    for code in codes {
        println!("  {code}");
    }
    Ok(Exit::Well)
}

/// Family and given name. A legal name has both; more than one space belongs to the given name.
fn two(text: &str, flag: &str, example: &str) -> Result<(String, String), Failed> {
    let parts = text
        .trim()
        .split_once(char::is_whitespace)
        .map(|(family, given)| (family.to_owned(), given.trim().to_owned()));
    parts.ok_or_else(|| {
        Failed::usage(words!(
            "{flag}: 姓と名を空白で分けてください。例: {example}",
            "{flag}: write family name and given name with a space between. For example: {example}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_at_its_first_space_of_either_width() {
        for text in ["己本 一葉", "己本　一葉", " 己本  一葉 "] {
            assert_eq!(two(text, "--owner", "").ok(), Some(("己本".to_owned(), "一葉".to_owned())), "{text}");
        }
        let failed = two("己本", "--owner", "--owner \"己本 一葉\"").expect_err("one part");
        assert_eq!(
            failed.words.en,
            "--owner: write family name and given name with a space between. For example: --owner \"己本 一葉\""
        );
    }
}
