//! Writing what a plan says, all of it or nothing.

use std::collections::HashMap;

use kairan_core::{DepartmentId, MemberId, Permission, Refusal};
use kairan_storage::{Reader, Tx};

use super::read::Sheet;
use super::rules::{IMPORT_ERRORS, Importer, Path, Plan, find, plan};
use crate::caller::FRESH;
use crate::members::queries::{Record, record, taken};
use crate::members::rules::Placement;
use crate::members::similar::Similar;
use crate::members::taken::Whose;
use crate::signin::standing::demands_factor;
use crate::{Caller, Hooks, departments, members};

/// Understands the sheet against what is there now.
///
/// # Errors
/// `permission.denied`.
pub async fn preview(reader: &mut Reader, caller: &Caller, sheet: &Sheet) -> Result<Plan, Refusal> {
    caller.may(Permission::ManageMembers)?;
    let tree = departments::queries::tree(reader).await?;
    let may_add_departments = caller.role.may(Permission::ManageDepartments);
    Ok(plan(sheet, &tree, taken(reader, None).await?, Importer { role: caller.role, may_add_departments }))
}

/// Whom each line's name cannot be told from, by line: somebody on record, or another line. Whoever imports may see them all.
///
/// # Errors
/// What storage says.
pub async fn similar(reader: &mut Reader, plan: &Plan) -> Result<HashMap<u64, Similar>, Refusal> {
    let tree = departments::queries::tree(reader).await?;
    let mut found = HashMap::new();
    for (line, like) in plan.lines.iter().filter_map(|line| Some((line.line, line.like.as_ref()?))) {
        let similar = match like.whose {
            Whose::Member(member) => {
                record(reader, member).await?.map(|record| Similar::member(&record, &tree))
            }
            Whose::Line(other) => plan.lines.iter().find(|line| line.line == other).and_then(|line| {
                let (profile, role) = line.profile.as_ref()?;
                let department = line.placements.first().map(|(path, _)| path.join("/"));
                Some(Similar::line(other, profile, *role, department))
            }),
        };
        found.extend(similar.map(|similar| (line, similar)));
    }
    Ok(found)
}

/// Adds everyone on the sheet, and the departments it names that do not exist yet.
///
/// # Errors
/// 403 `proof.needed`; 422 `import.has_errors` with each fault as `rows[line].field`; nothing is written then.
pub async fn import(
    tx: &mut Tx,
    caller: &Caller,
    hooks: &Hooks,
    sheet: &Sheet,
) -> Result<Vec<Record>, Refusal> {
    let plan = preview(tx, caller, sheet).await?;
    if plan.wrong() > 0 {
        return Err(errors(&plan));
    }
    // R23: a sheet may grant powers too.
    let grants =
        plan.lines.iter().filter_map(|line| line.profile.as_ref()).any(|(_, role)| demands_factor(*role));
    if grants {
        caller.proved_within(FRESH, tx.now())?;
    }
    let departments = add_departments(tx, caller, &plan).await?;
    let mut added: Vec<MemberId> = Vec::with_capacity(plan.lines.len());
    for line in plan.lines {
        let Some((mut profile, role)) = line.profile else {
            return Err(Refusal::fault("a line without faults has no record"));
        };
        for (path, position) in line.placements {
            let department = *departments
                .get(&path)
                .ok_or_else(|| Refusal::fault("a planned department was not added"))?;
            profile.departments.push(Placement { department, position });
        }
        added.push(members::commands::put(tx, caller.actor(), profile, role).await?);
    }
    hooks.belonging_changed.after(tx).await?;
    let mut records = Vec::with_capacity(added.len());
    for member in added {
        records.extend(record(tx, member).await?);
    }
    Ok(records)
}

fn errors(plan: &Plan) -> Refusal {
    let mut refusal = Refusal::new(&IMPORT_ERRORS).fact("lines", plan.wrong());
    for line in &plan.lines {
        let named = line.faults.iter().cloned().map(|mut fault| {
            fault.field = format!("rows[{}].{}", line.line, fault.field);
            fault
        });
        refusal.fields.extend(named);
    }
    refusal
}

/// The departments of every path that the plan names, the new ones added, parents first.
async fn add_departments(
    tx: &mut Tx,
    caller: &Caller,
    plan: &Plan,
) -> Result<HashMap<Path, DepartmentId>, Refusal> {
    let mut tree = departments::queries::tree(tx).await?;
    for path in &plan.new_departments {
        // Two spellings of one name may both be new; the first makes it.
        if find(&tree, path).is_none() {
            let (name, above) =
                path.split_last().ok_or_else(|| Refusal::fault("a department without a name"))?;
            let parent = if above.is_empty() { None } else { find(&tree, above) };
            let added = departments::commands::put(tx, caller.actor(), &tree, name, parent).await?;
            tree.add(added);
        }
    }
    let named = plan.lines.iter().flat_map(|line| line.placements.iter().map(|(path, _)| path));
    Ok(named.filter_map(|path| find(&tree, path).map(|id| (path.clone(), id))).collect())
}
