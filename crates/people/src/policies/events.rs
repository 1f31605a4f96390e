//! What can have happened to policies.

use serde::{Deserialize, Serialize};

use super::effective::Because;
use super::rules::Rule;

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum PolicyFact {
        "policies.set" => Set(PoliciesSet),
    }
}

kairan_storage::facts! {
    /// Stream: the member's own. No table follows from these; they are evidence.
    pub enum PolicyUseFact {
        "policy.kept_out" => KeptOut(KeptOut),
    }
}

/// Somebody showed who they are, and was not let in because of where or when they tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOut {
    /// Why.
    pub because: Because,
    /// The rule's name.
    pub rule: String,
    /// From which address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// Other rules hold: these, all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoliciesSet {
    /// Counted up.
    pub version: i64,
    /// The whole set.
    pub rules: Vec<Rule>,
}
