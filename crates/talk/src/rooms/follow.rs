//! Department rooms follow their department: people of it, and of the departments below it, are in the room.
//!
//! Runs inside the write that changed who belongs where, so there is no moment in which somebody has left a department
//! and still reads its room. Managers stay, whatever their department: a room is never without one (R63).

use std::collections::HashSet;

use kairan_core::{Actor, DepartmentId, MemberId, Refusal};
use kairan_storage::{Reader, Stream, Tx, params};

use super::commands::arrival;
use super::events::{MemberRemoved, RoomFact};
use super::queries;

/// Everyone of a department and those below it who has not left; `None` when there is no such department.
///
/// # Errors
/// What storage says.
pub async fn people_of(
    reader: &mut Reader,
    department: DepartmentId,
) -> Result<Option<Vec<MemberId>>, Refusal> {
    if reader.maybe("SELECT 1 FROM departments WHERE id = $1", params![department]).await?.is_none() {
        return Ok(None);
    }
    let rows = reader
        .query(
            "WITH RECURSIVE below (id) AS (SELECT id FROM departments WHERE id = $1 UNION SELECT d.id FROM departments d JOIN below b ON d.parent = b.id)
             SELECT DISTINCT p.id FROM below b JOIN member_departments m ON m.department = b.id JOIN members p ON p.id = m.member
             WHERE p.state <> 'left' ORDER BY p.id",
            params![department],
        )
        .await?;
    Ok(Some(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?))
}

/// Brings every department room in step with its department.
///
/// # Errors
/// What storage says.
pub async fn follow_departments(tx: &mut Tx) -> Result<(), Refusal> {
    for (room, department, history) in queries::department_rooms(tx).await? {
        // A department that was deleted was empty: only managers are left in its room.
        let belong: HashSet<MemberId> =
            people_of(tx, department).await?.unwrap_or_default().into_iter().collect();
        let inside = queries::members(tx, room).await?;
        for one in inside.iter().filter(|one| !one.manager && !belong.contains(&one.member)) {
            let removed = RoomFact::from(MemberRemoved { member: one.member, left: false });
            tx.append(Stream::Room(room), Actor::System, None, &removed).await?;
        }
        let inside: HashSet<MemberId> = inside.iter().map(|one| one.member).collect();
        let mut new: Vec<MemberId> = belong.difference(&inside).copied().collect();
        new.sort();
        for member in new {
            let added = arrival(tx, room, history, member, false).await?;
            tx.append(Stream::Room(room), Actor::System, None, &RoomFact::from(added)).await?;
        }
    }
    Ok(())
}
