//! What a check can find, and where: always the first bad place in the log's own order, never a guess.

use std::fmt;

use kairan_core::{ContentId, Seq};

use crate::error::Error;
use crate::journal::Stream;

/// Where something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An entry of the log, with the event it stands for where that is known.
    Entry {
        /// From 0.
        index: u64,
        /// The event.
        event: Option<(Stream, Seq)>,
    },
    /// An event that has no place in the log.
    Event {
        /// Its stream.
        stream: Stream,
        /// Its place there.
        seq: Seq,
    },
    /// The signed head of so many entries.
    Head {
        /// How many.
        size: u64,
    },
    /// The head of so many entries that a witness keeps.
    Witness {
        /// How many.
        size: u64,
    },
    /// The table that says where each stream stands.
    Streams,
    /// What the sequencer goes on from.
    Edge,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { index, event: Some((stream, seq)) } => {
                write!(f, "index {index} ({stream} seq {})", seq.0)
            }
            Self::Entry { index, event: None } => write!(f, "index {index}"),
            Self::Event { stream, seq } => write!(f, "{stream} seq {}", seq.0),
            Self::Head { size } => write!(f, "head of {size} entries"),
            Self::Witness { size } => write!(f, "witnessed head of {size} entries"),
            Self::Streams => f.write_str("table streams"),
            Self::Edge => f.write_str("edge of the log"),
        }
    }
}

/// What is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An entry was deleted, or the log was cut.
    #[error("the log has no entry here")]
    EntryMissing,
    /// The log has rows that are no entries.
    #[error("the log has {rows} rows, {entries} of them are its entries")]
    ExtraEntries {
        /// Rows of the table.
        rows: u64,
        /// Entries in a gapless order from 0.
        entries: u64,
    },
    /// An event was deleted.
    #[error("the event is gone from the journal")]
    EventMissing,
    /// Entries or events change places, or one is doubled or left out.
    #[error("out of order: seq {expected} of this stream must come next", expected = expected.0)]
    OutOfOrder {
        /// The number that must be here.
        expected: Seq,
    },
    /// The next event of the stream does not name this one's hash, though both fit their own. Which of the two was
    /// rewritten cannot be told; from this one on nothing is sure.
    #[error("rewritten, it or seq {next} after it: that one does not follow from this", next = next.0)]
    BrokenLink {
        /// The event that should follow.
        next: Seq,
    },
    /// A field was changed.
    #[error("the event was changed: its fields do not give its hash")]
    EventChanged,
    /// The log's entry was changed.
    #[error("the entry was changed: it is not the event's hash")]
    EntryChanged,
    /// The text of a message (or another content) was changed.
    #[error("content {content} was changed: it is not what the event committed to")]
    ContentChanged {
        /// Where it lies.
        content: ContentId,
    },
    /// A column does not hold what is written there.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// An event in no counted stream.
    #[error("an event that its stream does not count")]
    EventStray,
    /// The row of `streams` does not agree with the events.
    #[error("the stream's own record does not say that it ends here")]
    StreamRecord,
    /// The row of `streams` does not agree with the log.
    #[error("the stream's own record says {says} of its events are in the log; there are {placed}", says = says.0, placed = placed.0)]
    PlacedCount {
        /// What the record says.
        says: Seq,
        /// What the log holds.
        placed: Seq,
    },
    /// A head whose signature is not the organisation's.
    #[error("not signed by the organisation's key")]
    SignatureWrong,
    /// A signed root that the entries do not give, though each of them fits its event.
    #[error(
        "history was rewritten: an entry from index {since} on, with all hashes after it, is not what was signed"
    )]
    Rewritten {
        /// The first entry that no earlier head vouches for.
        since: u64,
    },
    /// A signed head speaks of more entries than there are.
    #[error("the log was cut: a head of {signed} entries is signed")]
    Cut {
        /// Entries under the largest head.
        signed: u64,
    },
    /// A head is gone from the database.
    #[error("the signed head is gone from the database")]
    HeadMissing,
    /// The organisation's key signed two different heads of one size.
    #[error("the log was forked: the database has another signed head of this size")]
    Forked,
    /// The edge from which the sequencer goes on is not the log's.
    #[error("is not what the entries give")]
    EdgeChanged,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct FirstFault {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

impl Place {
    fn ja(&self) -> String {
        match self {
            Self::Entry { index, event: Some((stream, seq)) } => {
                format!("番号{index}({stream} の{}番)", seq.0)
            }
            Self::Entry { index, event: None } => format!("番号{index}"),
            Self::Event { stream, seq } => format!("{stream} の{}番", seq.0),
            Self::Head { size } => format!("{size}件までの署名"),
            Self::Witness { size } => format!("外の控えにある、{size}件までの署名"),
            Self::Streams => "表 streams".into(),
            Self::Edge => "ログの末端".into(),
        }
    }
}

impl Fault {
    fn ja(&self) -> String {
        match self {
            Self::EntryMissing => "ここにあるはずの記録が、ログにありません".into(),
            Self::ExtraEntries { rows, entries } => {
                format!("ログの表は{rows}行ですが、正しい記録は{entries}件です")
            }
            Self::EventMissing => "出来事が消されています".into(),
            Self::OutOfOrder { expected } => {
                format!("順序が違います。この流れでは{}番が次に来るはずです", expected.0)
            }
            Self::BrokenLink { next } => {
                format!("この出来事か、次の{}番が書き換えられています。二つがつながりません", next.0)
            }
            Self::EventChanged => "出来事が書き換えられています。項目とハッシュが合いません".into(),
            Self::EntryChanged => "ログの記録が書き換えられています。出来事のハッシュと違います".into(),
            Self::ContentChanged { content } => {
                format!("内容 {content} が書き換えられています。出来事が約束したものと違います")
            }
            Self::Unreadable(reason) => format!("読み取れません({reason})"),
            Self::EventStray => "どの流れにも数えられていない出来事です".into(),
            Self::StreamRecord => "流れの終わりの記録が、出来事と合いません".into(),
            Self::PlacedCount { says, placed } => {
                format!("ログにある数の記録は{}ですが、実際は{}です", says.0, placed.0)
            }
            Self::SignatureWrong => "この組織の鍵による署名ではありません".into(),
            Self::Rewritten { since } => {
                format!(
                    "番号{since}以降のどれかが、後のハッシュごと書き換えられています。署名したものと違います"
                )
            }
            Self::Cut { signed } => format!("ログが切り取られています。{signed}件までの署名があります"),
            Self::HeadMissing => "署名がデータベースから消されています".into(),
            Self::Forked => "ログが分岐しています。同じ件数に対する別の署名がデータベースにあります".into(),
            Self::EdgeChanged => "記録から計算したものと違います".into(),
        }
    }
}

impl FirstFault {
    /// Place and fault in words, Japanese and English.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        (format!("{}: {}", self.place.ja(), self.fault.ja()), self.to_string())
    }

    /// The first index of the log that cannot be trusted, where the fault is one of the log (R52).
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        match (&self.place, &self.fault) {
            (_, Fault::Rewritten { since }) => Some(*since),
            (Place::Entry { index, .. }, _) => Some(*index),
            (
                Place::Event { .. }
                | Place::Head { .. }
                | Place::Witness { .. }
                | Place::Streams
                | Place::Edge,
                _,
            ) => None,
        }
    }
}

/// Why a check did not come to a good end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The journal is not what was signed or written.
    #[error(transparent)]
    Fault(Box<FirstFault>),
    /// The database could not be read at all.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl VerifyError {
    /// A fault at a place.
    #[must_use]
    pub fn at(place: Place, fault: Fault) -> Self {
        Self::Fault(Box::new(FirstFault { place, fault }))
    }

    /// A row that does not read is a fault of the place where it lies; any other trouble stays what it is.
    pub(super) fn reading(place: Place) -> impl FnOnce(Error) -> Self {
        move |error| match error {
            Error::Column { .. } | Error::Damaged(_) | Error::Json(_) => {
                Self::at(place, Fault::Unreadable(error.to_string()))
            }
            other => Self::Storage(other),
        }
    }
}
