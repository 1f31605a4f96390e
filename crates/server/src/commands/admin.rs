//! `kairan admin`: what an administrator's screens do, from the machine itself.
//!
//! It stays true that the journal names the command line as who did it, that its person sees it as if somebody else had, and
//! that a running server hears of it within a second (R20).

use std::io::IsTerminal as _;

use kairan_core::{Actor, DeviceId, Refusal, Role};
use kairan_people::People;
use kairan_people::console::{self, Done, Table};
use kairan_people::devices::rules::{Act, Ownership};
use kairan_people::factors::http::reset_from_command_line;
use kairan_people::members::queries::Record;
use kairan_people::policies::commands::switch_off;
use kairan_storage::{Stream, Tx};

use super::invite::{self, drawn, hours_left, minutes_left};
use super::table::printed;
use super::{Context, Failed};
use crate::assemble;
use crate::cli::{Admin, Exit, Format, Which, Who};
use crate::words::words;

pub async fn run(context: &Context, act: Admin) -> Result<Exit, Failed> {
    if let Admin::Invite(Who { who }) = &act {
        return invite::run(context, who).await;
    }
    // Asked first, so that a mistyped folder does not become a new database, and no server's schema is changed under it.
    drop(context.current_database().await?);
    let store = context.store().await?;
    let desk = Desk { context, people: assemble::people(&store, &context.config, None, None) };
    match act {
        Admin::Members { format } => desk.list(&console::members(&desk.people).await?, format),
        Admin::Devices { who, format } => {
            let of = desk.maybe(who.as_deref()).await?.map(|person| person.id);
            desk.list(&console::devices(&desk.people, of).await?, format);
        }
        Admin::Sessions { who, format } => {
            let of = desk.maybe(who.as_deref()).await?.map(|person| person.id);
            desk.list(&console::sessions(&desk.people, of).await?, format);
        }
        Admin::Lock(Who { who }) => desk.lock(&who, true).await?,
        Admin::Unlock(Who { who }) => desk.lock(&who, false).await?,
        Admin::SignOut(Who { who }) => desk.sign_out(&who).await?,
        Admin::Grant { who, role } => desk.grant(&who.who, role).await?,
        Admin::ResetFactor(Who { who }) => desk.reset_factor(&who).await?,
        Admin::DeviceCode { who, lent } => desk.device_code(&who.who, lent).await?,
        Admin::DeviceLock(Which { device }) => desk.device(device, Act::Lock).await?,
        Admin::DeviceUnlock(Which { device }) => desk.device(device, Act::Unlock).await?,
        Admin::DeviceWipe(Which { device }) => desk.device(device, Act::Wipe).await?,
        Admin::PoliciesOff => desk.policies_off().await?,
        Admin::Invite(_) => {}
    }
    Ok(Exit::Well)
}

/// Where the machine's administrator works.
struct Desk<'c> {
    context: &'c Context,
    people: People,
}

impl Desk<'_> {
    fn list(&self, table: &Table, format: Format) {
        print!("{}", printed(table, format, self.context.language));
    }

    async fn person(&self, who: &str) -> Result<Record, Failed> {
        console::person(&self.people, who).await.map_err(|refusal| {
            nobody(&refusal).map_or_else(
                || Failed::from(refusal),
                |code| {
                    Failed::wrong(words!(
                        "「{who}」のログインIDか社員番号の人はいません。kairan admin members で確かめてください。 [{code}]",
                        "nobody has the login id or staff number “{who}”. See kairan admin members. [{code}]"
                    ))
                },
            )
        })
    }

    async fn maybe(&self, who: Option<&str>) -> Result<Option<Record>, Failed> {
        match who {
            Some(who) => Ok(Some(self.person(who).await?)),
            None => Ok(None),
        }
    }

    async fn lock(&self, who: &str, locked: bool) -> Result<(), Failed> {
        let person = self.person(who).await?;
        let Done { person, changed, ended } = console::set_lock(&self.people, person.id, locked).await?;
        let name = person.profile.display_name;
        self.context.say(&match (locked, changed) {
            (true, true) => words!(
                "{name} さんをロックしました。終わらせたセッション: {ended}件。解くときは kairan admin unlock {who}",
                "{name} is locked; sessions ended: {ended}. To undo it: kairan admin unlock {who}"
            ),
            (true, false) => words!("{name} さんは、もうロックされています。", "{name} is locked already."),
            (false, true) => words!(
                "{name} さんのロックを解きました。もう一度サインインできます。",
                "{name} is not locked any more and may sign in again."
            ),
            (false, false) => words!("{name} さんは、ロックされていません。", "{name} is not locked."),
        });
        Ok(())
    }

    async fn sign_out(&self, who: &str) -> Result<(), Failed> {
        let person = self.person(who).await?;
        let Done { person, ended, .. } = console::sign_out(&self.people, person.id).await?;
        let name = person.profile.display_name;
        self.context.say(&words!(
            "{name} さんのセッションを終わらせました: {ended}件。本人はもう一度サインインできます。",
            "sessions of {name} ended: {ended}. They may sign in again."
        ));
        Ok(())
    }

    async fn grant(&self, who: &str, role: Role) -> Result<(), Failed> {
        let person = self.person(who).await?;
        let before = person.role.name();
        let Done { person, changed, ended } = console::grant(&self.people, person.id, role).await?;
        let (name, role) = (person.profile.display_name, role.name());
        self.context.say(&if changed {
            words!(
                "{name} さんの役割を変えました: {before} → {role}。終わらせたセッション: {ended}件。",
                "{name}: {before} → {role}; sessions ended: {ended}."
            )
        } else {
            words!("{name} さんの役割は、もう {role} です。", "{name} has the role {role} already.")
        });
        Ok(())
    }

    async fn reset_factor(&self, who: &str) -> Result<(), Failed> {
        self.person(who).await?;
        let reset = reset_from_command_line(&self.people, who).await?;
        let hours = hours_left(self.context.surroundings.now(), reset.expires_at);
        self.context.say(&words!(
            "{who} さんの二要素をやり直すコードです。パスワードのあとに入れます。1回だけ、あと{hours}時間使えます。本人だけに渡してください。",
            "a code for {who}, to be typed after the password instead of the second factor. It opens once, within {hours} hours. Give it to that person only."
        ));
        println!("{}", reset.code);
        Ok(())
    }

    async fn device_code(&self, who: &str, lent: bool) -> Result<(), Failed> {
        let person = self.person(who).await?;
        let ownership = if lent { Ownership::Lent } else { Ownership::Own };
        let made = console::device_code(&self.people, person.id, ownership).await?;
        let name = person.profile.display_name;
        let minutes = minutes_left(self.context.surroundings.now(), made.expires_at);
        self.context.say(&words!(
            "{name} さんの端末を登録する認証コードです。1回だけ、あと{minutes}分使えます。本人だけに渡してください。",
            "a code that brings a device of {name} in. It opens once, within {minutes} minutes. Give it to that person only."
        ));
        println!("{}\n{}", made.code, made.uri);
        if std::io::stdout().is_terminal() {
            print!("\n{}", drawn(&made.qr));
        }
        Ok(())
    }

    async fn device(&self, device: DeviceId, act: Act) -> Result<(), Failed> {
        let done = console::act(&self.people, device, act).await.map_err(|refusal| {
            nobody(&refusal).map_or_else(
                || Failed::from(refusal),
                |code| {
                    Failed::wrong(words!(
                        "{device} という端末はありません。kairan admin devices で確かめてください。 [{code}]",
                        "there is no device {device}. See kairan admin devices. [{code}]"
                    ))
                },
            )
        })?;
        let (after, person, changed) = done;
        let (name, owner) = (after.name, person.profile.display_name);
        self.context.say(&match (act, changed) {
            (Act::Lock, true) => words!(
                "{owner} さんの端末「{name}」をロックしました。",
                "the device “{name}” of {owner} is locked."
            ),
            (Act::Unlock, true) => words!(
                "{owner} さんの端末「{name}」のロックを解きました。",
                "the device “{name}” of {owner} is not locked any more."
            ),
            (Act::Wipe, true) => words!(
                "{owner} さんの端末「{name}」に消去を指示しました。つながったときに消え、確かめた時刻が kairan admin devices に出ます。",
                "the device “{name}” of {owner} was told to wipe itself. It does when it is in touch; kairan admin devices shows when it has."
            ),
            _ => words!(
                "{owner} さんの端末「{name}」は、もうそうなっています。",
                "that is so already for the device “{name}” of {owner}."
            ),
        });
        Ok(())
    }

    async fn policies_off(&self) -> Result<(), Failed> {
        let job = async move |tx: &mut Tx| switch_off(tx, Actor::CommandLine).await;
        let off = self.people.store.write(Stream::Organisation, job).await?;
        self.context.say(&if off {
            words!(
                "端末ポリシーをすべて外しました。時間と接続元の決まりはもう効きません。管理の「端末ポリシー」で決め直してください。",
                "all device policies are off: no rule about hours or networks holds any more. Set them anew under “Policies”."
            )
        } else {
            words!("外す端末ポリシーはありません。", "there are no device policies to take away.")
        });
        Ok(())
    }
}

/// The code, when what was named is not there.
fn nobody(refusal: &Refusal) -> Option<&'static str> {
    let code = refusal.code;
    (code == &kairan_core::refusal::NOT_FOUND).then_some(code.name)
}
