//! The line between servers on one `PostgreSQL`: what is no event, and that there is something to look for.
//!
//! It stays true that nothing depends on it. A hint that is lost costs a look's pause, or that somebody sees 既読 when they
//! next ask; so hints go out after the commit, outside of it (docs/decisions/0013).

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use kairan_core::{MemberId, RoomId};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::bus::News;
use crate::database::Wire;
use crate::error::Result;
use crate::store::Store;

/// Bytes of one notice at most; `PostgreSQL` takes fewer than 8,000.
const LONGEST: usize = 7_500;

/// What servers tell each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Hint {
    /// Events were committed.
    Written,
    /// [`News::Read`].
    Read { member: MemberId, room: RoomId, upto: i64, at: i64 },
    /// [`News::Own`].
    Own { member: MemberId },
    /// [`News::Mine`].
    Mine { member: MemberId, what: String, room: Option<RoomId> },
}

/// What travels: from whom, and what.
#[derive(Serialize, Deserialize)]
struct Notice {
    node: String,
    hints: Vec<Hint>,
}

impl Hint {
    /// What others are told of a piece of news; none of what they find themselves.
    pub fn of(news: &News) -> Option<Self> {
        match news {
            News::Event(_) => Some(Self::Written),
            News::Read { member, room, upto, at } => {
                Some(Self::Read { member: *member, room: *room, upto: *upto, at: *at })
            }
            News::Own(member) => Some(Self::Own { member: *member }),
            News::Mine { member, what, room } => {
                Some(Self::Mine { member: *member, what: (*what).to_owned(), room: *room })
            }
            News::Placed => None,
        }
    }

    /// As this server tells it; nothing when it only says that there is something to look for.
    pub fn news(self) -> Option<News> {
        match self {
            Self::Written => None,
            Self::Read { member, room, upto, at } => Some(News::Read { member, room, upto, at }),
            Self::Own { member } => Some(News::Own(member)),
            Self::Mine { member, what, room } => Some(News::Mine { member, what: known(&what), room }),
        }
    }
}

/// The name of a list, for the life of the process: there are a dozen of them, and they come from servers of this program.
fn known(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    name
}

/// Hints passed on together.
const AT_ONCE: usize = 256;

/// What is on the line.
pub enum Heard {
    /// What other servers told.
    Others(Vec<Hint>),
    /// What this server has to tell.
    Own(Vec<Hint>),
    /// The connection is gone.
    Broken,
}

/// This server's end of the line, for as long as it holds.
pub struct Line {
    node: String,
    wire: Wire,
    /// What this server has to tell.
    own: mpsc::Receiver<Hint>,
}

impl Line {
    /// Opens it where there may be other servers: on `PostgreSQL`.
    pub async fn open(store: &Store) -> Result<Option<Self>> {
        let Some(wire) = store.database().wire().await? else { return Ok(None) };
        let node = hex::encode(store.surroundings().bytes::<8>());
        Ok(Some(Self { node, wire, own: store.bus().overhear() }))
    }

    /// The next thing on the line, in either direction. Waiting for it may be given up without losing it.
    pub async fn next(&mut self) -> Heard {
        let mut own = Vec::new();
        loop {
            tokio::select! {
                heard = self.wire.hear() => match heard.as_deref().map(serde_json::from_str::<Notice>) {
                    None => return Heard::Broken,
                    Some(Ok(notice)) if notice.node == self.node => {}
                    Some(Ok(notice)) => return Heard::Others(notice.hints),
                    // It comes from a newer server: there may be something to look for.
                    Some(Err(_)) => return Heard::Others(Vec::new()),
                },
                many = self.own.recv_many(&mut own, AT_ONCE) => {
                    // None: somebody else overhears now, and this end only listens.
                    return if many == 0 { Heard::Broken } else { Heard::Own(own) };
                }
            }
        }
    }

    /// Tells the other servers.
    pub async fn tell(&self, hints: Vec<Hint>) -> Result<()> {
        for text in notices(&self.node, hints) {
            self.wire.tell(&text).await?;
        }
        Ok(())
    }
}

/// The hints in as few notices as hold them, each once.
fn notices(node: &str, hints: Vec<Hint>) -> Vec<String> {
    let mut notices = Vec::new();
    let mut notice = Notice { node: node.to_owned(), hints: Vec::new() };
    let mut length = 0;
    for hint in hints {
        if notice.hints.contains(&hint) {
            continue;
        }
        let more = serde_json::to_string(&hint).map_or(0, |text| text.len() + 1);
        if length + more > LONGEST - 100 {
            notices.extend(serde_json::to_string(&notice));
            (notice.hints, length) = (Vec::new(), 0);
        }
        length += more;
        notice.hints.push(hint);
    }
    if !notice.hints.is_empty() {
        notices.extend(serde_json::to_string(&notice));
    }
    notices
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;

    use super::*;

    #[test]
    fn hints_travel_in_notices_that_fit() {
        let (s, _) = held::surroundings(3);
        let hints: Vec<Hint> = (0..200)
            .map(|upto| Hint::Read { member: s.id(), room: s.id(), upto, at: 1_796_601_600_000 })
            .chain([Hint::Written, Hint::Written])
            .collect();
        let texts = notices("0011223344556677", hints.clone());
        assert!(texts.len() > 1 && texts.iter().all(|text| text.len() < LONGEST));
        let read = |text: &String| serde_json::from_str::<Notice>(text).expect("a notice").hints;
        let back: Vec<Hint> = texts.iter().flat_map(read).collect();
        assert_eq!(back, hints[..201], "each once, in their order");
        assert!(notices("node", Vec::new()).is_empty());
    }

    #[test]
    fn news_come_out_as_they_went_in() {
        let (s, _) = held::surroundings(4);
        let (member, room) = (s.id(), s.id());
        for news in [
            News::Read { member, room, upto: 3, at: 4 },
            News::Own(member),
            News::Mine { member, what: "drafts", room: Some(room) },
        ] {
            let back = Hint::of(&news).and_then(Hint::news).expect("news");
            assert_eq!(format!("{back:?}"), format!("{news:?}"));
        }
        assert!(std::ptr::eq(known("drafts"), known("drafts")));
    }
}
