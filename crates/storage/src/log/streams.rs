//! The ends of streams: from the last event in the log over those that wait for a place to the stream's own record.

use kairan_core::Seq;

use super::contents::Contents;
use super::fault::{Fault, Place, VerifyError};
use super::rows;
use super::walk::{Counts, PAGE, Reached, contents_of, follow};
use crate::database::Reader;
use crate::error::Result;
use crate::journal::{Event, Hash, Stream};
use crate::params;
use crate::value::Row;

/// A row of `streams`.
pub struct Record {
    /// Whose.
    pub stream: Stream,
    seq: Seq,
    hash: Hash,
    /// How many of its events have a place in the log.
    pub placed: Seq,
}

impl Record {
    /// Reads the columns `stream, seq, hash, sequenced`.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self { stream: row.get(0)?, seq: row.get(1)?, hash: row.get(2)?, placed: row.get(3)? })
    }

    /// Follows the stream from where the log leaves it to its last event, which must be the one recorded here.
    /// How many events wait there, and their contents.
    pub async fn follow_to_the_end(
        &self,
        reader: &mut Reader,
        from: Reached,
    ) -> Result<(u64, Counts), VerifyError> {
        let stream = self.stream;
        if self.placed > from.seq {
            return Err(VerifyError::at(Place::Event { stream, seq: from.seq.next() }, Fault::EntryMissing));
        }
        if self.placed < from.seq {
            let place = Place::Event { stream, seq: self.placed.next() };
            return Err(VerifyError::at(place, Fault::PlacedCount { says: self.placed, placed: from.seq }));
        }
        let (mut reached, mut waiting, mut counts) = (from, 0, Counts::default());
        loop {
            let sql = "SELECT stream, seq, at, actor, member, device, kind, body, prev, hash FROM events \
                       WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3";
            let page = reader.query(sql, params![stream, reached.seq, rows::stored(PAGE)]).await?;
            let contents =
                Contents::load(reader, &page, 7).await.map_err(VerifyError::reading(Place::Streams))?;
            for row in &page {
                let expected = Place::Event { stream, seq: reached.seq.next() };
                let place = Place::Event { stream, seq: row.get(1).map_err(VerifyError::reading(expected))? };
                let event = Event::from_row(row).map_err(VerifyError::reading(place))?;
                reached = follow(reached, &event, place)?;
                counts.add(contents_of(&event, &contents, place)?);
                waiting += 1;
            }
            if (page.len() as u64) < PAGE {
                break;
            }
        }
        self.ends_at(reached)?;
        Ok((waiting, counts))
    }

    fn ends_at(&self, reached: Reached) -> Result<(), VerifyError> {
        if (reached.seq, reached.hash) == (self.seq, self.hash) {
            return Ok(());
        }
        let (seq, fault) = if self.seq > reached.seq {
            (reached.seq.next(), Fault::EventMissing)
        } else {
            (reached.seq, Fault::StreamRecord)
        };
        Err(VerifyError::at(Place::Event { stream: self.stream, seq }, fault))
    }
}
