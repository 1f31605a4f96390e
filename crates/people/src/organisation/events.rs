//! What can have happened to the organisation.

use serde::{Deserialize, Serialize};

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum OrganisationFact {
        "organisation.founded" => Founded(Founded),
    }
}

/// It began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    /// Its name.
    pub name: String,
}
