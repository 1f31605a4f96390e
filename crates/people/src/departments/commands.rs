//! Adding, changing and deleting departments.

use kairan_core::refusal::NOT_FOUND;
use kairan_core::{Actor, DepartmentId, Permission, Refusal};
use kairan_storage::{Stream, Tx};

use super::events::{Added, Changed, Deleted, DepartmentFact};
use super::queries;
use super::rules::{DEPARTMENT_NOT_EMPTY, Department, Tree, name};
use crate::{Caller, Hooks};

/// What shall be different about a department.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Another name.
    pub name: Option<String>,
    /// Another place: under this one, or at the top.
    pub parent: Option<Option<DepartmentId>>,
    /// Another place among its siblings.
    pub order: Option<i64>,
}

/// Adds one, after its siblings.
///
/// # Errors
/// `permission.denied`, faults of `name` or `parent`, `department.name_taken`, `department.too_deep`.
pub async fn add_department(
    tx: &mut Tx,
    caller: &Caller,
    raw_name: &str,
    parent: Option<DepartmentId>,
) -> Result<Department, Refusal> {
    caller.may(Permission::ManageDepartments)?;
    let tree = queries::tree(tx).await?;
    put(tx, caller.actor(), &tree, raw_name, parent).await
}

/// Checks a new department against the tree and puts it into the journal.
pub(crate) async fn put(
    tx: &mut Tx,
    actor: Actor,
    tree: &Tree,
    raw_name: &str,
    parent: Option<DepartmentId>,
) -> Result<Department, Refusal> {
    let name = name(raw_name)?;
    tree.may_stand(parent, &name, None)?;
    let id: DepartmentId = tx.surroundings().id();
    let order = tree.next_order(parent);
    let fact = Added { department: id, parent, name: name.clone(), order };
    tx.append(Stream::Organisation, actor, None, &DepartmentFact::from(fact)).await?;
    Ok(Department { id, parent, name, order })
}

/// Renames or moves one.
///
/// # Errors
/// `permission.denied`, `not_found`, `department.cycle`, and those of [`add_department`].
pub async fn change_department(
    tx: &mut Tx,
    caller: &Caller,
    hooks: &Hooks,
    id: DepartmentId,
    change: &Change,
) -> Result<Department, Refusal> {
    caller.may(Permission::ManageDepartments)?;
    let tree = queries::tree(tx).await?;
    let Some(before) = tree.get(id) else { return Err(Refusal::new(&NOT_FOUND)) };
    let parent = change.parent.unwrap_or(before.parent);
    let moved_away = parent != before.parent;
    let after = Department {
        id,
        parent,
        name: change.name.as_deref().map_or_else(|| Ok(before.name.clone()), name)?,
        order: change
            .order
            .unwrap_or_else(|| if moved_away { tree.next_order(parent) } else { before.order }),
    };
    tree.may_stand(parent, &after.name, Some(id))?;
    if after != *before {
        let fact = Changed { department: id, parent, name: after.name.clone(), order: after.order };
        tx.append(Stream::Organisation, caller.actor(), None, &DepartmentFact::from(fact)).await?;
    }
    if moved_away {
        hooks.belonging_changed.after(tx).await?;
    }
    Ok(after)
}

/// Deletes an empty one.
///
/// # Errors
/// `permission.denied`, `not_found`, `department.not_empty`.
pub async fn delete_department(tx: &mut Tx, caller: &Caller, id: DepartmentId) -> Result<(), Refusal> {
    caller.may(Permission::ManageDepartments)?;
    let tree = queries::tree(tx).await?;
    if tree.get(id).is_none() {
        return Err(Refusal::new(&NOT_FOUND));
    }
    if tree.children(Some(id)).next().is_some() || queries::has_members(tx, id).await? {
        return Err(Refusal::new(&DEPARTMENT_NOT_EMPTY));
    }
    tx.append(Stream::Organisation, caller.actor(), None, &DepartmentFact::from(Deleted { department: id }))
        .await?;
    Ok(())
}
