//! What this floor asks of higher ones. The server wires the implementations in.

use std::collections::HashSet;
use std::sync::Arc;

use kairan_core::{MemberId, Refusal};
use kairan_storage::{LocalBoxFuture, Reader, Tx};

/// Whom one meets: those one shares a room with. It is all that a partner sees of the organisation (R70).
pub trait Acquaintance: Send + Sync {
    /// Those whom `member` meets; with or without themselves.
    fn known_to<'a>(
        &'a self,
        reader: &'a mut Reader,
        member: MemberId,
    ) -> LocalBoxFuture<'a, Result<HashSet<MemberId>, Refusal>>;
}

/// Follows changes of who is where, inside the same write job: rooms that follow a department, for one.
pub trait MembersChanged: Send + Sync {
    /// Called after the departments, positions or state of these members changed, before the commit.
    fn after<'a>(
        &'a self,
        tx: &'a mut Tx,
        members: &'a [MemberId],
    ) -> LocalBoxFuture<'a, Result<(), Refusal>>;
}

/// The wired implementations.
#[derive(Clone)]
pub struct Hooks {
    /// Whom one meets.
    pub acquaintance: Arc<dyn Acquaintance>,
    /// Who follows.
    pub members_changed: Arc<dyn MembersChanged>,
}

/// An organisation without rooms: nobody meets anybody, and nothing follows.
pub struct NoRooms;

impl Acquaintance for NoRooms {
    fn known_to<'a>(
        &'a self,
        _: &'a mut Reader,
        _: MemberId,
    ) -> LocalBoxFuture<'a, Result<HashSet<MemberId>, Refusal>> {
        Box::pin(async { Ok(HashSet::new()) })
    }
}

impl MembersChanged for NoRooms {
    fn after<'a>(&'a self, _: &'a mut Tx, _: &'a [MemberId]) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }
}

impl Default for Hooks {
    fn default() -> Self {
        Self { acquaintance: Arc::new(NoRooms), members_changed: Arc::new(NoRooms) }
    }
}
