//! Inviting, withdrawing, joining.

use kairan_core::refusal::{FIELD_REQUIRED, NOT_FOUND};
use kairan_core::{Actor, FieldFault, Instant, InvitationId, MemberId, Permission, Refusal};
use kairan_storage::{Reader, Stream, Tx};

use super::events::{InvitationFact, Made, Revoked, Used};
use super::queries::{self, INVITATION_SECRET, Invitation};
use super::rules::{
    AT_ONCE, INVITATION_BOT, INVITATION_LEFT, INVITATION_REVOKED, INVITATION_UNKNOWN, INVITATIONS_MANY, LIFE,
    opens,
};
use crate::members::events::{Changed, MemberFact};
use crate::members::queries::{Record, record, taken};
use crate::members::roles::must_manage;
use crate::members::rules::{Kind, LOGIN_SHAPE, LOGIN_TAKEN, MemberState};
use crate::signin::commands::{
    Chosen, Entered, Opening, check_short, close_sessions, open_session, set_password,
};
use crate::signin::events::{How, Why};
use crate::signin::standing::demands_factor;
use crate::{Caller, Hooks, Token, members};

/// Who invites.
#[derive(Debug, Clone)]
pub enum Inviter {
    /// Someone who manages members.
    Caller(Caller),
    /// Whoever has the machine.
    CommandLine,
}

impl Inviter {
    fn actor(&self) -> Actor {
        match self {
            Self::Caller(caller) => caller.actor(),
            Self::CommandLine => Actor::CommandLine,
        }
    }

    fn may_invite(&self, record: &Record) -> Result<(), Refusal> {
        let Self::Caller(caller) = self else { return Ok(()) };
        caller.may(Permission::ManageMembers)?;
        must_manage(caller.role, record.role)
    }
}

/// Invites these members with these tokens (one for each, made before the job). What was open for them is revoked.
/// Until when the invitations open.
///
/// # Errors
/// `permission.denied`, `role.above`, `not_found`, `invitation.bot`, `invitation.left`, `invitation.too_many`,
/// `role.conflict` (R59).
pub async fn invite(
    tx: &mut Tx,
    inviter: &Inviter,
    invited: &[(MemberId, Token)],
) -> Result<Instant, Refusal> {
    if let Inviter::Caller(caller) = inviter {
        caller.may(Permission::ManageMembers)?;
    }
    if invited.len() > AT_ONCE {
        return Err(Refusal::new(&INVITATIONS_MANY).fact("limit", AT_ONCE));
    }
    let expires_at = tx.now().plus_ms(LIFE);
    for (member, token) in invited {
        let record = record(tx, *member).await?.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
        inviter.may_invite(&record)?;
        if record.profile.kind == Kind::Bot {
            return Err(Refusal::new(&INVITATION_BOT));
        }
        if record.state == MemberState::Left {
            return Err(Refusal::new(&INVITATION_LEFT));
        }
        if demands_factor(record.role) {
            // R59: with the invitation the role begins to count, also where the records are older than the rule.
            taken(tx, Some(*member)).await?.check_duties(&record.profile, record.role)?;
        }
        revoke_open(tx, inviter.actor(), *member).await?;
        let invitation: InvitationId = tx.surroundings().id();
        let token = tx.put_secret(INVITATION_SECRET, &token.digest()).await?;
        let reset = record.state == MemberState::Active;
        let fact = Made { invitation, member: *member, token, expires_at, reset };
        tx.append(Stream::Organisation, inviter.actor(), None, &InvitationFact::from(fact)).await?;
    }
    Ok(expires_at)
}

/// Withdraws a member's open invitation; without one, nothing happens.
///
/// # Errors
/// `permission.denied`, `role.above`, `not_found`.
pub async fn withdraw(tx: &mut Tx, caller: &Caller, member: MemberId) -> Result<(), Refusal> {
    caller.may(Permission::ManageMembers)?;
    let record = record(tx, member).await?.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    Inviter::Caller(caller.clone()).may_invite(&record)?;
    revoke_open(tx, caller.actor(), member).await
}

async fn revoke_open(tx: &mut Tx, actor: Actor, member: MemberId) -> Result<(), Refusal> {
    for open in queries::open_of(tx, member).await? {
        let fact = Revoked { invitation: open.id, member };
        tx.append(Stream::Organisation, actor, None, &InvitationFact::from(fact)).await?;
    }
    Ok(())
}

/// The invitation and the person it is for, if it opens at `now`.
///
/// # Errors
/// `invitation.unknown`, `invitation.used`, `invitation.expired`, `invitation.revoked`.
pub async fn opened(
    reader: &mut Reader,
    token: &Token,
    now: Instant,
) -> Result<(Invitation, Record), Refusal> {
    let invitation =
        queries::by_token(reader, token).await?.ok_or_else(|| Refusal::new(&INVITATION_UNKNOWN))?;
    opens(invitation.standing, invitation.expires_at, now)?;
    let record = record(reader, invitation.member).await?.ok_or_else(|| Refusal::new(&INVITATION_UNKNOWN))?;
    if record.state == MemberState::Left {
        return Err(Refusal::new(&INVITATION_REVOKED));
    }
    Ok((invitation, record))
}

/// Whether the person has neither a login id nor a staff number yet.
#[must_use]
pub fn needs_login(record: &Record) -> bool {
    record.profile.login.is_none() && record.profile.staff_number.is_none()
}

/// The login id the person will have: the one on record, or the one they chose.
///
/// # Errors
/// Faults of the field `login`; 409 `login.taken`.
pub async fn chosen_login(
    reader: &mut Reader,
    record: &Record,
    asked: Option<&str>,
) -> Result<Option<String>, Refusal> {
    let asked = asked.filter(|asked| !asked.trim().is_empty());
    let fault = |code| Refusal::fields(vec![FieldFault::new("login", code)]);
    let Some(asked) = asked else {
        return if needs_login(record) {
            Err(fault(&FIELD_REQUIRED))
        } else {
            Ok(record.profile.login.clone())
        };
    };
    let login = members::rules::login(asked).ok_or_else(|| fault(&LOGIN_SHAPE))?;
    match &record.profile.login {
        // The organisation's choice stands: the person signs in with it.
        Some(known) => return Ok(Some(known.clone())),
        None => {
            let mut profile = record.profile.clone();
            profile.login = Some(login.clone());
            let others = taken(reader, Some(record.id)).await?;
            if others.faults(&profile, record.role).iter().any(|fault| fault.field == "login") {
                let fields = vec![FieldFault::new("login", &LOGIN_TAKEN)];
                return Err(Refusal { fields, ..Refusal::new(&LOGIN_TAKEN) });
            }
        }
    }
    Ok(Some(login))
}

/// Joins with an invitation (R1): the login and the password's hash are checked and computed before. For someone who is
/// already in, the password is replaced and every session ends (R8).
///
/// # Errors
/// Those of [`opened`] and [`chosen_login`].
pub async fn accept(
    tx: &mut Tx,
    hooks: &Hooks,
    token: &Token,
    login: Option<&str>,
    chosen: &Chosen,
    opening: &Opening,
) -> Result<Entered, Refusal> {
    let now = tx.now();
    let (invitation, record) = opened(tx, token, now).await?;
    let (member, actor) = (record.id, Actor::Member(record.id));
    let login = chosen_login(tx, &record, login).await?;
    tx.append(
        Stream::Organisation,
        actor,
        None,
        &InvitationFact::from(Used { invitation: invitation.id, member }),
    )
    .await?;
    if login != record.profile.login {
        let mut profile = record.profile.clone();
        profile.login = login;
        tx.append(Stream::Organisation, actor, None, &MemberFact::from(Changed { member, profile })).await?;
    }
    check_short(tx, member, chosen).await?;
    set_password(tx, actor, member, chosen, How::Invitation).await?;
    if record.state == MemberState::Invited {
        members::commands::joined(tx, actor, member).await?;
        hooks.belonging_changed.after(tx).await?;
    } else {
        close_sessions(tx, actor, member, None, Why::PasswordChanged).await?;
    }
    open_session(tx, member, record.role, opening).await
}
