//! Room events → `rooms`, `room_members`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::RoomFact;
use super::rules::RoomKind;

/// Writes the rooms' tables.
pub struct Rooms;

impl Projection for Rooms {
    fn tables(&self) -> &'static [&'static str] {
        &["rooms", "room_members"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(fact) = RoomFact::of(event).transpose()? else { return Ok(()) };
            let Stream::Room(room) = event.stream else { return Ok(()) };
            match fact {
                RoomFact::Created(made) => {
                    let pair = (made.kind == RoomKind::Direct)
                        .then(|| pair(made.members.iter().map(|first| first.member)));
                    tables
                        .run(
                            "INSERT INTO rooms (id, stream, kind, name, description, icon, department, history, archived, pair, created_at)
                             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, $9, $10)",
                            params![
                                room,
                                event.stream,
                                made.kind.name(),
                                made.name,
                                made.description,
                                made.icon,
                                made.department,
                                made.history.name(),
                                pair,
                                event.at
                            ],
                        )
                        .await?;
                    for first in made.members {
                        tables.run(ADD, params![room, first.member, first.manager, event.seq, 0]).await?;
                    }
                    Ok(())
                }
                RoomFact::Changed(changed) => {
                    let (sets_icon, icon) = (changed.icon.is_some(), changed.icon.flatten());
                    tables
                        .run(
                            "UPDATE rooms SET name = COALESCE($2, name), description = COALESCE($3, description),
                             icon = CASE WHEN $4 = TRUE THEN $5 ELSE icon END, history = COALESCE($6, history) WHERE id = $1",
                            params![room, changed.name, changed.description, sets_icon, icon, changed.history.map(super::rules::History::name)],
                        )
                        .await
                }
                RoomFact::Archived(_) => {
                    tables.run("UPDATE rooms SET archived = TRUE WHERE id = $1", params![room]).await
                }
                RoomFact::Restored(_) => {
                    tables.run("UPDATE rooms SET archived = FALSE WHERE id = $1", params![room]).await
                }
                RoomFact::MemberAdded(added) => {
                    tables.run(ADD, params![room, added.member, added.manager, event.seq, added.floor]).await
                }
                RoomFact::MemberRemoved(removed) => {
                    tables
                        .run(
                            "DELETE FROM room_members WHERE room = $1 AND member = $2",
                            params![room, removed.member],
                        )
                        .await
                }
                RoomFact::ManagerAdded(added) => tables.run(MANAGER, params![room, added.member, true]).await,
                RoomFact::ManagerRemoved(removed) => {
                    tables.run(MANAGER, params![room, removed.member, false]).await
                }
            }
        })
    }
}

const ADD: &str =
    "INSERT INTO room_members (room, member, manager, since, floor) VALUES ($1, $2, $3, $4, $5)";
const MANAGER: &str = "UPDATE room_members SET manager = $3 WHERE room = $1 AND member = $2";

/// The key of a pair: both ids in order.
#[must_use]
pub fn pair(members: impl Iterator<Item = kairan_core::MemberId>) -> Vec<u8> {
    let mut ids: Vec<Vec<u8>> = members.map(kairan_core::ids::Id::bytes).collect();
    ids.sort();
    ids.concat()
}
