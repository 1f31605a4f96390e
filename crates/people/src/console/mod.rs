//! The command line of the machine itself: what an administrator's screens do, for the day nobody can reach them.
//!
//! It stays true that the same commands are at work as behind the screens, so that their rules hold here too; that the
//! journal names the command line as who did it; and that nothing is shown here that somebody could sign in with, but for a
//! code or an invitation just made to be handed over.

mod lists;

use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, DeviceId, FieldFault, MemberId, Refusal, Role};
use kairan_storage::{Reader, Stream, Tx};

pub use lists::{Cell, Column, Table, devices, members, sessions};

use crate::People;
use crate::devices::commands::acts::{self, Hand};
use crate::devices::commands::codes;
use crate::devices::http::DeviceCode;
use crate::devices::queries::{self as device_queries, Device};
use crate::devices::rules::{Act, Ownership};
use crate::members::commands::{put_lock, put_role};
use crate::members::queries::{self, Record};
use crate::members::roles::{ROLE_KIND, kind_and_role};
use crate::members::rules::handle;
use crate::signin::commands::close_sessions;
use crate::signin::events::Why;
use crate::signin::queries::sessions_of;

/// Something done about a person.
#[derive(Debug)]
pub struct Done {
    /// About whom, as it is now.
    pub person: Record,
    /// Whether anything changed.
    pub changed: bool,
    /// How many sessions it ended.
    pub ended: usize,
}

/// The person with this login id, staff number or id.
///
/// # Errors
/// `not_found`.
pub async fn person(people: &People, who: &str) -> Result<Record, Refusal> {
    let (key, id) = (handle(who), who.parse::<MemberId>().ok());
    let read = async move |reader: &mut Reader| -> Result<Record, Refusal> {
        let named = queries::by_handle(reader, &key).await?;
        match named.or(id) {
            Some(member) => found(reader, member).await,
            None => Err(Refusal::new(&NOT_FOUND)),
        }
    };
    people.store.read(read).await
}

async fn found(reader: &mut Reader, member: MemberId) -> Result<Record, Refusal> {
    queries::record(reader, member).await?.ok_or_else(|| Refusal::new(&NOT_FOUND))
}

/// Does something about a person and says what it ended.
async fn about<F>(people: &People, member: MemberId, what: F) -> Result<Done, Refusal>
where
    F: AsyncFn(&mut Tx, &Record) -> Result<bool, Refusal> + Send + Sync + 'static,
{
    let job = async move |tx: &mut Tx| -> Result<Done, Refusal> {
        let before = found(tx, member).await?;
        let open = sessions_of(tx, member).await?.len();
        let changed = what(tx, &before).await?;
        let left = sessions_of(tx, member).await?.len();
        Ok(Done { person: found(tx, member).await?, changed, ended: open - left })
    };
    people.store.write(Stream::Organisation, job).await
}

/// Locks a whole person, or unlocks them (R20).
///
/// # Errors
/// `not_found`, `owner.last`.
pub async fn set_lock(people: &People, member: MemberId, locked: bool) -> Result<Done, Refusal> {
    let what =
        async move |tx: &mut Tx, before: &Record| put_lock(tx, Actor::CommandLine, before, locked).await;
    about(people, member, what).await
}

/// Gives a person another role.
///
/// # Errors
/// `not_found`, `owner.last`, `role.kind` at `role`.
pub async fn grant(people: &People, member: MemberId, role: Role) -> Result<Done, Refusal> {
    let what = async move |tx: &mut Tx, before: &Record| -> Result<bool, Refusal> {
        if !kind_and_role(before.profile.kind, role) {
            return Err(Refusal::fields(vec![FieldFault::new("role", &ROLE_KIND)]));
        }
        put_role(tx, Actor::CommandLine, before, role).await?;
        Ok(role != before.role)
    };
    about(people, member, what).await
}

/// Ends every session of a person; they may sign in again.
///
/// # Errors
/// `not_found`.
pub async fn sign_out(people: &People, member: MemberId) -> Result<Done, Refusal> {
    let what = async move |tx: &mut Tx, _: &Record| -> Result<bool, Refusal> {
        let open = !sessions_of(tx, member).await?.is_empty();
        close_sessions(tx, Actor::CommandLine, member, None, Why::EndedForThem).await?;
        Ok(open)
    };
    about(people, member, what).await
}

/// Does something to a device. How it stands after, whose it is, and whether anything changed.
///
/// # Errors
/// `not_found`, `device.state`.
pub async fn act(people: &People, device: DeviceId, act: Act) -> Result<(Device, Record, bool), Refusal> {
    let hand = Hand::CommandLine;
    let read = async move |reader: &mut Reader| -> Result<Option<Device>, Refusal> {
        Ok(device_queries::device(reader, device).await?)
    };
    let there = people.store.read(read).await?.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    let job = async move |tx: &mut Tx| -> Result<_, Refusal> {
        let before = device_queries::device(tx, device).await?.map(|device| device.state);
        let after = acts::act(tx, &hand, device, act).await?;
        let changed = before != Some(after.state);
        Ok((after, found(tx, there.member).await?, changed))
    };
    people.store.write(Stream::Member(there.member), job).await
}

/// Makes a code that brings a device of this person in, to be handed over.
///
/// # Errors
/// `not_found`.
pub async fn device_code(
    people: &People,
    member: MemberId,
    ownership: Ownership,
) -> Result<DeviceCode, Refusal> {
    let code = codes::new_code(people.surroundings());
    let made = code.clone();
    let job = async move |tx: &mut Tx| codes::give_from_command_line(tx, member, ownership, &made).await;
    let expires_at = people.store.write(Stream::Member(member), job).await?;
    DeviceCode::new(people, code, expires_at)
}
