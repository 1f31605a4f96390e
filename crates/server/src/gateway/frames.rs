//! What travels on the gateway, both ways.

use std::collections::BTreeMap;

use axum::extract::ws::Utf8Bytes;
use kairan_core::{MemberId, RoomId, Seq, SessionId};
use kairan_talk::frames::RoomEvent;
use serde::{Deserialize, Serialize};

/// From a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// First: what the client has, and which rooms are on its screen.
    Hello {
        /// Up to where, by room.
        cursors: BTreeMap<RoomId, Seq>,
        /// Rooms on screen.
        #[serde(default)]
        looking: Vec<RoomId>,
    },
    /// Which rooms are on screen now.
    Looking {
        /// Those.
        rooms: Vec<RoomId>,
    },
    /// Somebody writes.
    Typing {
        /// Where.
        room: RoomId,
    },
    /// Are you there?
    Ping,
}

/// To a client. `M` and `R` are the wire forms of a member and a room.
#[derive(Debug, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Frame<'a, M = (), R = ()> {
    /// First: the session, and where each of its rooms stands.
    Welcome { session: SessionId, heads: &'a BTreeMap<RoomId, Seq> },
    /// An event of a room.
    Event(&'a RoomEvent),
    /// Too much was missed: load the room anew.
    Refetch { room: RoomId, head: Seq },
    /// Somebody has read.
    Read { room: RoomId, member: MemberId, upto: i64, at: i64 },
    /// Somebody writes.
    Typing { room: RoomId, member: MemberId },
    /// Somebody came or went.
    Presence { member: MemberId, online: bool },
    /// Somebody's profile is another now.
    Member { member: &'a M },
    /// The departments are others now.
    Departments,
    /// One's own settings are others now.
    Me,
    /// A list one keeps, for oneself or (`names`, asked for by members) for others, is another now.
    Mine {
        what: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
    },
    /// There is something to know: about oneself (`member`), or for those who manage members (`admins`). What it is, the
    /// client asks: another device may not be told the same.
    Alarm { audience: &'static str },
    /// A room one is newly in.
    Room { room: &'a R },
    /// I am.
    Pong,
}

impl<M: Serialize, R: Serialize> Frame<'_, M, R> {
    /// As text; made once and shared by everyone who gets it.
    pub fn text(&self) -> Utf8Bytes {
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

/// The frame of a member's profile.
pub fn member<M: Serialize>(member: &M) -> Utf8Bytes {
    let frame: Frame<'_, M, ()> = Frame::Member { member };
    frame.text()
}

/// The frame of a room newly entered.
pub fn room<R: Serialize>(room: &R) -> Utf8Bytes {
    let frame: Frame<'_, (), R> = Frame::Room { room };
    frame.text()
}

/// A frame that carries neither a member nor a room.
pub type Plain<'a> = Frame<'a, (), ()>;

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The session ended: sign in again.
    SessionEnded,
    /// A policy shuts this out now or from here: ask for a ticket again, and be told why (R20).
    Policy,
    /// The reader was too slow: come back with cursors (R78).
    TooSlow,
    /// The server goes down: come back after a while.
    GoingDown,
    /// A frame that is not one (RFC 6455 §7.4.1).
    Malformed,
    /// No hello, or one too many.
    BadHello,
}

impl Closing {
    /// The close code (RFC 6455 §7.4; 4000–4999 are ours).
    pub fn code(self) -> u16 {
        match self {
            Self::SessionEnded => 4401,
            Self::Policy => 4403,
            Self::TooSlow => 4408,
            Self::GoingDown => 4409,
            Self::Malformed => 1007,
            Self::BadHello => 1008,
        }
    }
    /// The reason beside it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::SessionEnded => "session ended",
            Self::Policy => "policy",
            Self::TooSlow => "too slow",
            Self::GoingDown => "going down",
            Self::Malformed => "malformed frame",
            Self::BadHello => "bad hello",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_with_an_unknown_field_or_kind_is_not_a_call() {
        assert!(serde_json::from_str::<Call>(r#"{"t":"ping"}"#).is_ok());
        assert!(serde_json::from_str::<Call>(r#"{"t":"hello","cursors":{},"looking":[]}"#).is_ok());
        for bad in [
            r#"{"t":"shout"}"#,
            r#"{"t":"hello","cursors":[],"looking":[]}"#,
            r#"{"t":"typing","room":"x"}"#,
            r#"{"t":"looking","rooms":[],"more":1}"#,
            "[]",
            "null",
        ] {
            assert!(serde_json::from_str::<Call>(bad).is_err(), "{bad}");
        }
    }
}
