//! What can have happened to a department.

use kairan_core::DepartmentId;
use serde::{Deserialize, Serialize};

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum DepartmentFact {
        "department.added" => Added(Added),
        "department.changed" => Changed(Changed),
        "department.deleted" => Deleted(Deleted),
    }
}

/// A new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Its id.
    pub department: DepartmentId,
    /// What it is part of.
    pub parent: Option<DepartmentId>,
    /// Its name.
    pub name: String,
    /// Place among its siblings.
    pub order: i64,
}

/// Renamed or moved; how it is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Which.
    pub department: DepartmentId,
    /// What it is part of.
    pub parent: Option<DepartmentId>,
    /// Its name.
    pub name: String,
    /// Place among its siblings.
    pub order: i64,
}

/// Gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Which.
    pub department: DepartmentId,
}
