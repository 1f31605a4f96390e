//! What rooms mean to the people floor: whom one meets there, that some of them follow a department, and who kept files.

use std::collections::HashSet;
use std::sync::Arc;

use kairan_core::{DeviceId, Instant, MemberId, Refusal};
use kairan_people::{Acquaintance, BelongingChanged, Downloads, Hooks};
use kairan_storage::{LocalBoxFuture, Reader, Tx};

use crate::{files, rooms};

struct Rooms;

impl Acquaintance for Rooms {
    fn known_to<'a>(
        &'a self,
        reader: &'a mut Reader,
        member: MemberId,
    ) -> LocalBoxFuture<'a, Result<HashSet<MemberId>, Refusal>> {
        Box::pin(
            async move { Ok(rooms::queries::acquaintances(reader, member).await?.into_iter().collect()) },
        )
    }
}

impl BelongingChanged for Rooms {
    fn after<'a>(&'a self, tx: &'a mut Tx) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(rooms::follow::follow_departments(tx))
    }
}

impl Downloads for Rooms {
    fn kept_on<'a>(
        &'a self,
        reader: &'a mut Reader,
        member: MemberId,
        since: Instant,
    ) -> LocalBoxFuture<'a, Result<HashSet<Option<DeviceId>>, Refusal>> {
        Box::pin(async move { Ok(files::kept::kept_on(reader, member, since).await?) })
    }
}

/// To be wired into the people floor.
#[must_use]
pub fn hooks() -> Hooks {
    let rooms = Arc::new(Rooms);
    Hooks { acquaintance: rooms.clone(), belonging_changed: rooms.clone(), downloads: rooms }
}
