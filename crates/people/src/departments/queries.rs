//! Reading departments.

use kairan_core::DepartmentId;
use kairan_storage::{Reader, Result, params};

use super::rules::{Department, Tree};

/// All of them, parents' siblings together, in their order.
///
/// # Errors
/// What the engine says.
pub async fn all(reader: &mut Reader) -> Result<Vec<Department>> {
    let rows = reader
        .query("SELECT id, parent, name, place FROM departments ORDER BY place, name, id", params![])
        .await?;
    let read = |row: &kairan_storage::Row| {
        Ok(Department { id: row.get(0)?, parent: row.get(1)?, name: row.get(2)?, order: row.get(3)? })
    };
    rows.iter().map(read).collect()
}

/// The tree.
///
/// # Errors
/// What the engine says.
pub async fn tree(reader: &mut Reader) -> Result<Tree> {
    Ok(Tree::new(all(reader).await?))
}

/// Whether anybody is in it.
///
/// # Errors
/// What the engine says.
pub async fn has_members(reader: &mut Reader, department: DepartmentId) -> Result<bool> {
    let sql = "SELECT 1 FROM member_departments WHERE department = $1 LIMIT 1";
    Ok(reader.maybe(sql, params![department]).await?.is_some())
}
