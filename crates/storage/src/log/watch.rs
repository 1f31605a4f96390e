//! The watch: what a running server checks again and again, so that a change made behind its back does not stay
//! unnoticed (R62).
//!
//! It stays true that every step reads the newest entries and what waits behind them anew, walks a part of the older
//! ones further, and remembers how far the log had come: history that was cut or replaced under a running server is
//! found even where all hashes fit. The whole log has been walked after `entries / budget` steps.

use std::collections::BTreeSet;

use kairan_core::Seq;

use super::contents::Contents;
use super::fault::{Fault, Place, VerifyError};
use super::heads::SignedHead;
use super::keys::PublicKey;
use super::rows;
use super::streams::Record;
use super::tree::Hash;
use super::walk::{Met, PAGE, Reached, Walk};
use crate::database::Reader;
use crate::journal::Stream;
use crate::params;
use crate::store::Store;

/// Newest entries that every step checks.
const NEWEST: u64 = 500;

/// Goes round the journal.
pub struct Watch {
    store: Store,
    key: PublicKey,
    budget: u64,
    walk: Option<Walk>,
    rounds: u64,
    newest: Option<SignedHead>,
    size: u64,
}

/// What a step saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// Entries of the log.
    pub size: u64,
    /// Entries walked in this round.
    pub walked: u64,
    /// Rounds that came to their end.
    pub rounds: u64,
}

impl Watch {
    /// A watch that walks about `budget` older entries at each step, rounded up to a thousand. A core walks 100,000 to
    /// 200,000 of them a second on `SQLite` (`cargo bench --bench log`).
    #[must_use]
    pub fn new(store: Store, key: PublicKey, budget: u64) -> Self {
        Self { store, key, budget, walk: None, rounds: 0, newest: None, size: 0 }
    }

    /// Checks the newest entries and a part of the old ones. To be called every 30 seconds.
    ///
    /// # Errors
    /// [`VerifyError::Fault`] with the place; the next step starts a new round.
    pub async fn step(&mut self) -> Result<Watched, VerifyError> {
        let mut walk = self.walk.take().unwrap_or_else(|| Walk::new(self.key.clone(), Vec::new()));
        let (seen, grown, budget) = (self.newest, self.size, self.budget);
        let job = async move |reader: &mut Reader| -> Result<_, VerifyError> {
            let newest = newest_head(reader, walk.key(), seen).await?;
            let size = newest_entries(reader).await?;
            if size < grown {
                return Err(VerifyError::at(Place::Entry { index: size, event: None }, Fault::EntryMissing));
            }
            let until = walk.edge.size().saturating_add(budget);
            let mut more = true;
            while more && walk.edge.size() < until {
                more = walk.advance(reader).await?;
            }
            Ok((walk, more, newest, size))
        };
        let (walk, more, newest, size) = self.store.read(job).await?;
        (self.newest, self.size) = (newest, size);
        let walked = walk.edge.size();
        if more {
            self.walk = Some(walk);
        } else {
            self.rounds += 1;
        }
        Ok(Watched { size, walked, rounds: self.rounds })
    }
}

/// The newest head is signed, and the one seen before is still there.
async fn newest_head(
    reader: &mut Reader,
    key: &PublicKey,
    seen: Option<SignedHead>,
) -> Result<Option<SignedHead>, VerifyError> {
    if let Some(seen) = seen {
        let place = Place::Head { size: seen.head.size };
        let still = rows::heads(reader, seen.head.size - 1, seen.head.size, 1)
            .await
            .map_err(VerifyError::reading(place))?;
        if still.first() != Some(&seen) {
            return Err(VerifyError::at(place, Fault::HeadMissing));
        }
    }
    let place = Place::Head { size: seen.map_or(0, |seen| seen.head.size) };
    let newest = rows::newest_head(reader).await.map_err(VerifyError::reading(place))?;
    match newest {
        Some(newest) if !newest.is_signed_by(key) => {
            Err(VerifyError::at(Place::Head { size: newest.head.size }, Fault::SignatureWrong))
        }
        newest => Ok(newest),
    }
}

/// The newest entries stand for their events, those follow from the ones before them, and their streams end where
/// their records say. The size of the log.
async fn newest_entries(reader: &mut Reader) -> Result<u64, VerifyError> {
    let size = rows::frontier(reader).await.map_err(VerifyError::reading(Place::Edge))?.size();
    let from = size.saturating_sub(NEWEST);
    let sql = "SELECT l.stream, l.seq, e.at, e.actor, e.member, e.device, e.kind, e.body, e.prev, e.hash, l.idx, l.leaf, p.hash \
               FROM log_entries l LEFT JOIN events e ON e.stream = l.stream AND e.seq = l.seq \
               LEFT JOIN events p ON p.stream = l.stream AND p.seq = l.seq - 1 \
               WHERE l.idx >= $1 ORDER BY l.idx LIMIT $2";
    let page = reader.query(sql, params![rows::stored(from), rows::stored(NEWEST + 1)]).await?;
    let contents = Contents::load(reader, &page, 7).await.map_err(VerifyError::reading(Place::Edge))?;
    let mut streams = BTreeSet::new();
    for (row, index) in page.iter().zip(from..) {
        let met = Met::read(row, index)?;
        let hash =
            row.get::<Option<Hash>>(12).map_err(VerifyError::reading(Place::Entry { index, event: None }))?;
        met.check(
            Reached { seq: Seq(met.event.seq.0 - 1), hash: hash.unwrap_or_default(), place: None },
            &contents,
        )?;
        streams.insert(met.event.stream);
    }
    let read = from + page.len() as u64;
    if read != size {
        return Err(VerifyError::at(Place::Entry { index: read, event: None }, Fault::EntryMissing));
    }
    let sql = "SELECT stream FROM streams WHERE sequenced < seq ORDER BY stream LIMIT $1";
    for row in reader.query(sql, params![rows::stored(PAGE)]).await? {
        streams.insert(row.get(0).map_err(VerifyError::reading(Place::Streams))?);
    }
    for stream in streams {
        end_of(reader, stream).await?;
    }
    Ok(size)
}

/// The stream's record, its last placed event, and what waits after it agree.
async fn end_of(reader: &mut Reader, stream: Stream) -> Result<(), VerifyError> {
    let unknown = Place::Event { stream, seq: Seq::START };
    let sql = "SELECT stream, seq, hash, sequenced FROM streams WHERE stream = $1";
    let Some(row) = reader.maybe(sql, params![stream]).await? else {
        return Err(VerifyError::at(unknown, Fault::StreamRecord));
    };
    let record = Record::read(&row).map_err(VerifyError::reading(unknown))?;
    let sql = "SELECT hash FROM events WHERE stream = $1 AND seq = $2";
    let last = reader.maybe(sql, params![stream, record.placed]).await?;
    let hash =
        last.map(|row| row.get(0)).transpose().map_err(VerifyError::reading(unknown))?.unwrap_or_default();
    record.follow_to_the_end(reader, Reached { seq: record.placed, hash, place: None }).await?;
    Ok(())
}
