//! What can have happened to policies.

use serde::{Deserialize, Serialize};

use super::rules::Rule;

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum PolicyFact {
        "policies.set" => Set(PoliciesSet),
    }
}

/// Other rules hold: these, all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoliciesSet {
    /// Counted up.
    pub version: i64,
    /// The whole set.
    pub rules: Vec<Rule>,
}
