//! What the organisation decides about devices: its settings, and the terms that everyone accepts.

use kairan_core::{Permission, Refusal};
use kairan_storage::{Stream, Tx};

use super::events::{DevicePolicyFact, TermsChanged};
use super::queries::{self, Terms};
use super::rules::{self, Settings};
use crate::Caller;

/// Keeps what was decided. The same again is no event.
///
/// # Errors
/// 403, 422 for what is out of bounds.
pub async fn set(tx: &mut Tx, caller: &Caller, wanted: Settings) -> Result<(), Refusal> {
    caller.may(Permission::ManageOrganisation)?;
    let wanted = rules::checked(wanted)?;
    if queries::settings(tx).await? != wanted {
        tx.append(Stream::Organisation, caller.actor(), None, &DevicePolicyFact::from(wanted)).await?;
    }
    Ok(())
}

/// Puts other terms in force. Everyone is asked to accept them before they go on; the same text again is no event.
///
/// # Errors
/// 403, the fault of `text`.
pub async fn set_terms(tx: &mut Tx, caller: &Caller, text: &str) -> Result<Terms, Refusal> {
    caller.may(Permission::ManageOrganisation)?;
    let text = rules::terms(text)?;
    let before = queries::terms(tx).await?;
    if before.text != text {
        let fact = TermsChanged { version: before.version + 1, text };
        tx.append(Stream::Organisation, caller.actor(), None, &DevicePolicyFact::from(fact)).await?;
    }
    Ok(queries::terms(tx).await?)
}
