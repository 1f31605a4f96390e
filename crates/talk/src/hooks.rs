//! What rooms mean to the people floor: whom one meets there, and that some of them follow a department.

use std::collections::HashSet;
use std::sync::Arc;

use kairan_core::{MemberId, Refusal};
use kairan_people::{Acquaintance, BelongingChanged, Hooks};
use kairan_storage::{LocalBoxFuture, Reader, Tx};

use crate::rooms;

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

/// To be wired into the people floor.
#[must_use]
pub fn hooks() -> Hooks {
    let rooms = Arc::new(Rooms);
    Hooks { acquaintance: rooms.clone(), belonging_changed: rooms }
}
