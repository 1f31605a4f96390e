//! Changing the organisation's settings.

use kairan_core::{Permission, Refusal};
use kairan_storage::{Stream, Tx};

use super::events::SettingsFact;
use super::queries;
use super::rules::{Settings, checked};
use crate::Caller;

/// Keeps what was decided. The same again is no event.
///
/// # Errors
/// 403, 422 for what is out of bounds.
pub async fn change(tx: &mut Tx, caller: &Caller, wanted: Settings) -> Result<(), Refusal> {
    caller.may(Permission::ManageOrganisation)?;
    let wanted = checked(wanted)?;
    if queries::of(tx).await? != wanted {
        tx.append(Stream::Organisation, caller.actor(), None, &SettingsFact::from(wanted)).await?;
    }
    Ok(())
}
