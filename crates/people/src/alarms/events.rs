//! What can have happened to alarms, and the two findings that follow from more than one stream or from marks: the others
//! follow from what happened anyway.

use kairan_core::{AlarmId, DeviceId, Instant, SessionId};
use serde::{Deserialize, Serialize};

use super::rules::Network;

kairan_storage::facts! {
    /// Stream: the member's own.
    pub enum AlarmFact {
        "alarm.pair" => Pair(Pair),
        "alarm.seen" => Seen(Seen),
        "alarm.denied" => Denied(Denied),
    }
}

kairan_storage::facts! {
    /// Stream: the organisation's.
    pub enum WatchFact {
        "alarm.many_failures" => ManyFailures(ManyFailures),
    }
}

/// A sign-in from a new network while another device of the same person was in use elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The session that was opened.
    pub session: SessionId,
    /// On which device of theirs, when it was one.
    pub device: Option<DeviceId>,
    /// From which address.
    pub address: String,
    /// From which network.
    pub network: Network,
    /// The device in use meanwhile.
    pub other: DeviceId,
    /// From which network that is used.
    pub other_network: Network,
    /// When it was in use.
    pub other_at: Instant,
}

/// Somebody has seen these: the member, of their own; those who manage members, of everybody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which.
    pub alarms: Vec<AlarmId>,
}

/// The member says that this was not them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// Which alarm.
    pub alarm: AlarmId,
    /// The device that was locked for it.
    pub device: Option<DeviceId>,
    /// How many sessions ended for it.
    pub sessions: i64,
}

/// Many wrong proofs came from one address, whomever they were for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManyFailures {
    /// From where: an IPv4 address, or the /64 of an IPv6 address.
    pub address: String,
    /// How many there were.
    pub count: i64,
    /// For how many accounts, those nobody has included.
    pub accounts: i64,
    /// Since when.
    pub since: Instant,
}
