//! What an alarm says besides its kind: kept as JSON beside it, and told to clients as it is.

use kairan_core::{DeviceId, Instant, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rules::{Network, Proof};
use crate::factors::rules::Kind as Factor;

/// The facts of an alarm; which of them are there depends on its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlarmFacts)]
#[serde(default)]
pub struct Details {
    /// From which address it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// From which network.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub network: Option<Network>,
    /// What the browser called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agent: Option<String>,
    /// What kind of proof was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub proof: Option<Proof>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<i64>,
    /// For how many accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub accounts: Option<i64>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, nullable = false)]
    pub since: Option<Instant>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, nullable = false)]
    pub until: Option<Instant>,
    /// The role before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::members::names::Role>, nullable = false)]
    pub from: Option<Role>,
    /// The role now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::members::names::Role>, nullable = false)]
    pub to: Option<Role>,
    /// What kind of second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub factor: Option<Factor>,
    /// What became of it: `added`, `removed`, or all `reset`; of an action on the command line, the kinds of its events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(nullable = false)]
    pub what: Vec<String>,
    /// The other device of a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid, nullable = false)]
    pub other: Option<DeviceId>,
    /// From which network that one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub other_network: Option<Network>,
}
