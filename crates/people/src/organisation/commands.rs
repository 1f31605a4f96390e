//! Founding the organisation.

use kairan_core::{Actor, MemberId, Refusal, Role};
use kairan_storage::{Stream, Tx};

use super::events::{Founded, OrganisationFact};
use super::queries;
use super::rules::SETUP_DONE;
use crate::members::commands::{joined, put};
use crate::members::rules::Profile;
use crate::signin::commands::{Chosen, issue_recovery_codes, set_password};
use crate::signin::events::How;

/// What the organisation begins with; everything checked, the password hashed.
#[derive(Clone)]
pub struct Founding {
    /// Its name.
    pub organisation: String,
    /// Its first owner.
    pub owner: Profile,
    /// Their password.
    pub password: Chosen,
    /// Their recovery codes.
    pub recovery_codes: Vec<String>,
}

/// Founds the organisation with its first owner. `actor` is whoever has the machine, or nobody yet (the set-up page).
///
/// # Errors
/// `setup.done`.
pub async fn found(tx: &mut Tx, actor: Actor, founding: &Founding) -> Result<MemberId, Refusal> {
    if queries::name(tx).await?.is_some() {
        return Err(Refusal::new(&SETUP_DONE));
    }
    let fact = Founded { name: founding.organisation.clone() };
    tx.append(Stream::Organisation, actor, None, &OrganisationFact::from(fact)).await?;
    let owner = put(tx, actor, founding.owner.clone(), Role::Owner).await?;
    joined(tx, actor, owner).await?;
    set_password(tx, actor, owner, &founding.password, How::Setup).await?;
    issue_recovery_codes(tx, actor, owner, &founding.recovery_codes).await?;
    Ok(owner)
}
