//! What an alarm says besides its kind: kept as JSON beside it, and told to clients as it is.

use kairan_core::{DeviceId, Instant, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rules::{Network, Proof};
use crate::factors::rules::Kind as Factor;

/// The facts of an alarm; which of them there are depends on its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlarmFacts)]
pub struct Details {
    /// From which address it was done.
    #[schema(required = true)]
    pub address: Option<String>,
    /// From which network.
    #[schema(value_type = Option<String>, required = true)]
    pub network: Option<Network>,
    /// What the browser called itself.
    #[schema(required = true)]
    pub agent: Option<String>,
    /// What kind of proof was wrong.
    #[schema(required = true)]
    pub proof: Option<Proof>,
    /// How many.
    #[schema(required = true)]
    pub count: Option<i64>,
    /// For how many accounts.
    #[schema(required = true)]
    pub accounts: Option<i64>,
    /// Since when.
    #[schema(value_type = Option<i64>, required = true)]
    pub since: Option<Instant>,
    /// Until when.
    #[schema(value_type = Option<i64>, required = true)]
    pub until: Option<Instant>,
    /// The role before.
    #[schema(value_type = Option<crate::members::names::Role>, required = true)]
    pub from: Option<Role>,
    /// The role now.
    #[schema(value_type = Option<crate::members::names::Role>, required = true)]
    pub to: Option<Role>,
    /// What kind of second factor.
    #[schema(required = true)]
    pub factor: Option<Factor>,
    /// What became of it: `added`, `removed`, or all `reset`; of an action on the command line, the kinds of its events.
    pub what: Vec<String>,
    /// The other device of a pair.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    pub other: Option<DeviceId>,
    /// From which network that one was used.
    #[schema(value_type = Option<String>, required = true)]
    pub other_network: Option<Network>,
}
