//! Wanting another name, and deciding about it.

use kairan_core::refusal::NOT_FOUND;
use kairan_core::{MemberId, Permission, Refusal};
use kairan_storage::{News, Stream, Tx};

use super::events::{Asked, Granted, NameFact, Refused, Withdrawn};
use super::queries::{self, Request};
use super::rules::{NAME_ORGANISATION, NAME_REQUEST_CHANGED, Path, path, reason, wanted};
use crate::members::events::{Changed, MemberFact};
use crate::members::queries::{Record, record};
use crate::members::roles::must_manage;
use crate::members::rules::{Profile, profile};
use crate::members::similar;
use crate::organisation::settings;
use crate::{Caller, Hooks};

/// Wants another name: it is one's own at once, or waits, as the organisation decided. Whether it waits.
///
/// # Errors
/// 403 `name.organisation`; faults of `display_name`; 409 `name.taken`, `name.taken_unseen` (R9).
pub async fn want(tx: &mut Tx, caller: &Caller, hooks: &Hooks, raw: &str) -> Result<bool, Refusal> {
    let way = path(settings::of(tx).await?.names, caller.role);
    if way == Path::Closed {
        return Err(Refusal::new(&NAME_ORGANISATION));
    }
    let name = wanted(raw)?;
    let record = found(tx, caller.member).await?;
    let named = renamed(&record, &name)?;
    similar::check(tx, caller, hooks, (Some(record.id), &named, record.role)).await?;
    let open = queries::request(tx, caller.member).await?;
    if named == record.profile || way == Path::AtOnce {
        if open.is_some() {
            append(tx, caller, caller.member, Withdrawn { member: caller.member }).await?;
        }
        change(tx, caller, &record, named).await?;
        return Ok(false);
    }
    let same = |open: &Request| open.refused.is_none() && open.display_name == name;
    if !open.as_ref().is_some_and(same) {
        let fact = Asked { member: caller.member, display_name: name };
        append(tx, caller, caller.member, fact).await?;
    }
    Ok(true)
}

/// Takes one's wish back, or the refusal away that one has read. Without one, nothing happens.
///
/// # Errors
/// What storage says.
pub async fn withdraw(tx: &mut Tx, caller: &Caller) -> Result<(), Refusal> {
    if queries::request(tx, caller.member).await?.is_some() {
        append(tx, caller, caller.member, Withdrawn { member: caller.member }).await?;
    }
    Ok(())
}

/// Gives a member the name they asked for, which is the one that whoever decides has seen.
///
/// # Errors
/// `permission.denied`, `not_found`, `role.above`, 409 `name.request_changed`, 409 `name.taken` (R9).
pub async fn grant(
    tx: &mut Tx,
    caller: &Caller,
    hooks: &Hooks,
    member: MemberId,
    seen: &str,
) -> Result<Record, Refusal> {
    let (record, open) = decided(tx, caller, member, seen).await?;
    let named = renamed(&record, &open.display_name)?;
    similar::check(tx, caller, hooks, (Some(member), &named, record.role)).await?;
    append(tx, caller, member, Granted { member, display_name: open.display_name }).await?;
    change(tx, caller, &record, named).await?;
    found(tx, member).await
}

/// Does not give it to them, and says why.
///
/// # Errors
/// `permission.denied`, `not_found`, `role.above`, 409 `name.request_changed`, the fault of `reason`.
pub async fn refuse(
    tx: &mut Tx,
    caller: &Caller,
    member: MemberId,
    seen: &str,
    why: &str,
) -> Result<Record, Refusal> {
    let (record, open) = decided(tx, caller, member, seen).await?;
    let fact = Refused { member, display_name: open.display_name, reason: reason(why)? };
    append(tx, caller, member, fact).await?;
    Ok(record)
}

/// Whose wish it is, and the wish, for somebody who may decide it.
async fn decided(
    tx: &mut Tx,
    caller: &Caller,
    member: MemberId,
    seen: &str,
) -> Result<(Record, Request), Refusal> {
    caller.may(Permission::ManageMembers)?;
    let record = found(tx, member).await?;
    must_manage(caller.role, record.role)?;
    let open = queries::request(tx, member).await?.filter(|open| open.refused.is_none());
    let open = open.filter(|open| open.display_name == seen);
    Ok((record, open.ok_or_else(|| Refusal::new(&NAME_REQUEST_CHANGED))?))
}

async fn found(tx: &mut Tx, member: MemberId) -> Result<Record, Refusal> {
    record(tx, member).await?.ok_or_else(|| Refusal::new(&NOT_FOUND))
}

/// The record with another display name.
fn renamed(record: &Record, name: &str) -> Result<Profile, Refusal> {
    let mut draft = record.profile.to_draft();
    draft.display_name = Some(name.to_owned());
    profile(&draft).map_err(Refusal::fields)
}

async fn change(tx: &mut Tx, caller: &Caller, record: &Record, named: Profile) -> Result<(), Refusal> {
    if named != record.profile {
        let fact = MemberFact::from(Changed { member: record.id, profile: named });
        tx.append(Stream::Organisation, caller.actor(), None, &fact).await?;
    }
    Ok(())
}

/// Puts a fact into the journal and tells its member's own devices.
async fn append(
    tx: &mut Tx,
    caller: &Caller,
    member: MemberId,
    fact: impl Into<NameFact>,
) -> Result<(), Refusal> {
    tx.append(Stream::Organisation, caller.actor(), None, &fact.into()).await?;
    tx.tell(News::Mine { member, what: "name", room: None });
    Ok(())
}
