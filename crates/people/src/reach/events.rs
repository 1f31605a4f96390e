//! What can have happened to somebody's subscriptions. The address and the keys are a secret, named by id.

use kairan_core::{SecretId, SessionId};
use serde::{Deserialize, Serialize};

kairan_storage::facts! {
    /// Stream: the member's own.
    pub enum PushFact {
        "push.subscribed" => Subscribed(Subscribed),
        "push.unsubscribed" => Unsubscribed(Unsubscribed),
    }
}

/// A browser wants to be told; what the session had before is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// Through which session.
    pub session: SessionId,
    /// Where address and keys lie.
    pub subscription: SecretId,
    /// The push service's host.
    pub service: String,
}

/// It does not any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscribed {
    /// Which session's.
    pub session: SessionId,
    /// Why.
    pub why: Gone,
}

/// Why a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Its person said so.
    Asked,
    /// Its session ended (R14, R20).
    SessionEnded,
    /// The same browser subscribed through another session.
    Moved,
    /// The push service does not know it any more, or its key is no key.
    Refused,
}
