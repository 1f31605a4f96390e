//! Changing policies.

use kairan_core::{Actor, Instant, Permission, Refusal};
use kairan_storage::{Reader, Stream, Tx};

use super::checks::checked;
use super::effective::{Because, effective};
use super::events::{PoliciesSet, PolicyFact};
use super::queries::{self, Policies};
use super::rules::{POLICY_LOCKS_OUT, POLICY_VERSION, Rule, Who};
use crate::Caller;
use crate::caller::FRESH;

/// Other rules, as somebody wants them.
#[derive(Debug, Clone)]
pub struct Change {
    /// The version they changed.
    pub version: i64,
    /// The whole set.
    pub rules: Vec<Rule>,
    /// Whether they know that they shut themselves out.
    pub understood: bool,
}

/// Puts other rules in force. The same again is no event.
///
/// # Errors
/// 403; 403 `proof.needed` (R23); 409 `policy.version`; 409 `policy.locks_you_out`; 422 for what is out of bounds.
pub async fn set(tx: &mut Tx, caller: &Caller, change: Change) -> Result<Policies, Refusal> {
    caller.may(Permission::ManageOrganisation)?;
    caller.proved_within(FRESH, tx.now())?;
    let rules = checked(change.rules)?;
    let before = queries::in_force(tx).await?;
    if before.version != change.version {
        return Err(Refusal::new(&POLICY_VERSION).fact("version", before.version));
    }
    if before.rules == rules {
        return Ok(before);
    }
    let now = tx.now();
    if let Some((because, rule)) = locks_out(tx, caller, &rules, now).await?.filter(|_| !change.understood) {
        return Err(Refusal::new(&POLICY_LOCKS_OUT).fact("rule", rule).fact("because", because.name()));
    }
    put(tx, caller.actor(), before.version, rules).await
}

/// Takes all rules away: the way back for an organisation that shut everyone out, from the machine itself. Whether there
/// were any.
///
/// # Errors
/// What storage says.
pub async fn switch_off(tx: &mut Tx, actor: Actor) -> Result<bool, Refusal> {
    let before = queries::in_force(tx).await?;
    if before.rules.is_empty() {
        return Ok(false);
    }
    put(tx, actor, before.version, Vec::new()).await?;
    Ok(true)
}

async fn put(tx: &mut Tx, actor: Actor, before: i64, rules: Vec<Rule>) -> Result<Policies, Refusal> {
    let fact = PoliciesSet { version: before + 1, rules };
    let policies = Policies { version: fact.version, rules: fact.rules.clone() };
    tx.append(Stream::Organisation, actor, None, &PolicyFact::from(fact)).await?;
    Ok(policies)
}

/// Whether the caller could not use it where and when they are now under these rules: why, and which rule says so.
///
/// # Errors
/// What the engine says.
pub async fn locks_out(
    reader: &mut Reader,
    caller: &Caller,
    rules: &[Rule],
    now: Instant,
) -> Result<Option<(Because, String)>, kairan_storage::Error> {
    let usual = queries::usual(reader).await?;
    let who = Who { role: caller.role, seat: caller.whence.seat };
    let would = effective(0, rules, &who, usual);
    Ok(would.shuts(caller.whence.address, now).map(|shut| (shut.because, shut.rule.to_owned())))
}
