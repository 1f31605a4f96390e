//! What this floor asks of higher ones. The server wires the implementations in.

use std::collections::HashSet;
use std::sync::Arc;

use kairan_core::{DeviceId, Instant, MemberId, Refusal};
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

/// Follows changes of who belongs where, inside the same write job: rooms that follow a department, for one.
pub trait BelongingChanged: Send + Sync {
    /// Called after people came, went or changed departments, and after departments moved in the tree; before the commit.
    fn after<'a>(&'a self, tx: &'a mut Tx) -> LocalBoxFuture<'a, Result<(), Refusal>>;
}

/// Who keeps files that others sent.
pub trait Downloads: Send + Sync {
    /// On which devices `member` kept a file since then; none for one that was not noted.
    fn kept_on<'a>(
        &'a self,
        reader: &'a mut Reader,
        member: MemberId,
        since: Instant,
    ) -> LocalBoxFuture<'a, Result<HashSet<Option<DeviceId>>, Refusal>>;
}

/// The wired implementations.
#[derive(Clone)]
pub struct Hooks {
    /// Whom one meets.
    pub acquaintance: Arc<dyn Acquaintance>,
    /// Who follows.
    pub belonging_changed: Arc<dyn BelongingChanged>,
    /// Who keeps files.
    pub downloads: Arc<dyn Downloads>,
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

impl Downloads for NoRooms {
    fn kept_on<'a>(
        &'a self,
        _: &'a mut Reader,
        _: MemberId,
        _: Instant,
    ) -> LocalBoxFuture<'a, Result<HashSet<Option<DeviceId>>, Refusal>> {
        Box::pin(async { Ok(HashSet::new()) })
    }
}

impl BelongingChanged for NoRooms {
    fn after<'a>(&'a self, _: &'a mut Tx) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }
}

impl Default for Hooks {
    fn default() -> Self {
        let none = Arc::new(NoRooms);
        Self { acquaintance: none.clone(), belonging_changed: none.clone(), downloads: none }
    }
}
