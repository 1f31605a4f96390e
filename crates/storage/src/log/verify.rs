//! The whole check: the log from its first entry, every stream to its last event, every head, every witness (R52).
//!
//! It stays true that a good report means: each event is what was written, where it was written, and nothing is missing
//! under the newest signed head. It needs the database and the public key, nothing of the running server.

use super::fault::{Fault, Place, VerifyError};
use super::heads::SignedHead;
use super::keys::PublicKey;
use super::rows;
use super::streams::Record;
use super::walk::{PAGE, Reached, Walk};
use crate::database::{Database, Reader};
use crate::params;

/// What was found in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries of the log, each with its event.
    pub entries: u64,
    /// Entries that no head vouches for yet; a running server signs within 60 seconds.
    pub unsigned: u64,
    /// Events that wait for their place in the log.
    pub waiting: u64,
    /// Streams.
    pub streams: u64,
    /// Contents that are what was committed to.
    pub contents: u64,
    /// Contents that are erased; their events stand.
    pub erased: u64,
    /// Signed heads of the database.
    pub heads: u64,
    /// Heads of witnesses that agree with it.
    pub witnessed: u64,
    /// The newest head.
    pub newest: Option<SignedHead>,
}

/// Checks a database against the organisation's public key and what witnesses keep (see [`super::witness::read`]).
///
/// The check sees one moment; a server may be writing meanwhile.
///
/// # Errors
/// [`VerifyError::Fault`] with the first bad place; [`VerifyError::Storage`] when the database cannot be read.
pub async fn verify(
    database: &Database,
    key: &PublicKey,
    witnessed: &[SignedHead],
) -> Result<Report, VerifyError> {
    let mut reader = database.reader().await?;
    reader.begin_snapshot().await?;
    let outcome = whole(&mut reader, key, witnessed).await;
    reader.batch("COMMIT").await?;
    database.give_back(reader);
    outcome
}

async fn whole(
    reader: &mut Reader,
    key: &PublicKey,
    witnessed: &[SignedHead],
) -> Result<Report, VerifyError> {
    if let Some(forged) = witnessed.iter().find(|signed| !signed.is_signed_by(key)) {
        return Err(VerifyError::at(Place::Witness { size: forged.head.size }, Fault::SignatureWrong));
    }
    let mut walk = Walk::new(key.clone(), witnessed.to_vec());
    while walk.advance(reader).await? {}
    end_of_log(reader, &walk).await?;
    let entries = walk.edge.size();
    let (streams, waiting) = ends_of_streams(reader, &mut walk).await?;
    no_strays(reader, entries + waiting).await?;
    Ok(Report {
        entries,
        unsigned: entries - walk.newest.map_or(0, |newest| newest.head.size),
        waiting,
        streams,
        contents: walk.counts.contents,
        erased: walk.counts.erased,
        heads: walk.counts.heads,
        witnessed: witnessed.len() as u64,
        newest: walk.newest,
    })
}

/// Nothing is signed beyond the last entry, and nothing else lies in the log's tables.
async fn end_of_log(reader: &mut Reader, walk: &Walk) -> Result<(), VerifyError> {
    let size = walk.edge.size();
    let end = Place::Entry { index: size, event: None };
    let beyond = rows::newest_head(reader).await.map_err(VerifyError::reading(end))?;
    let beyond = beyond.iter().chain(walk.ahead()).map(|signed| signed.head.size).max().unwrap_or(0);
    if beyond > size {
        return Err(VerifyError::at(end, Fault::Cut { signed: beyond }));
    }
    if size > 0 && walk.newest.is_none() {
        // The first entries are placed and signed in one transaction.
        return Err(VerifyError::at(Place::Head { size }, Fault::HeadMissing));
    }
    let rows = count(reader, "SELECT COUNT(*) FROM log_entries").await?;
    if rows != size {
        return Err(VerifyError::at(end, Fault::ExtraEntries { rows, entries: size }));
    }
    let edge = rows::frontier(reader).await.map_err(VerifyError::reading(Place::Edge))?;
    if edge.size() > size {
        return Err(VerifyError::at(end, Fault::EntryMissing));
    }
    if edge != walk.edge {
        return Err(VerifyError::at(Place::Edge, Fault::EdgeChanged));
    }
    Ok(())
}

/// Follows every stream from where the log leaves it to its last event. How many streams, how many events.
async fn ends_of_streams(reader: &mut Reader, walk: &mut Walk) -> Result<(u64, u64), VerifyError> {
    let (mut streams, mut waiting, mut after) = (0, 0, Vec::new());
    loop {
        let sql =
            "SELECT stream, seq, hash, sequenced FROM streams WHERE stream > $1 ORDER BY stream LIMIT $2";
        let page = reader.query(sql, params![after.as_slice(), rows::stored(PAGE)]).await?;
        for row in &page {
            let record = Record::read(row).map_err(VerifyError::reading(Place::Streams))?;
            let reached = walk.streams.remove(&record.stream).unwrap_or(Reached::START);
            let (events, counts) = record.follow_to_the_end(reader, reached).await?;
            walk.counts.add(counts);
            waiting += events;
            streams += 1;
        }
        match page.last() {
            Some(last) if page.len() as u64 == PAGE => after = last.get(0)?,
            _ => break,
        }
    }
    // What is left was met in the log, but has no record.
    match walk.streams.iter().min_by_key(|(stream, _)| **stream) {
        Some((stream, reached)) => {
            Err(VerifyError::at(Place::Event { stream: *stream, seq: reached.seq }, Fault::StreamRecord))
        }
        None => Ok((streams, waiting)),
    }
}

/// No event lies where no stream counts it.
async fn no_strays(reader: &mut Reader, checked: u64) -> Result<(), VerifyError> {
    if count(reader, "SELECT COUNT(*) FROM events").await? == checked {
        return Ok(());
    }
    let sql = "SELECT e.stream, e.seq FROM events e LEFT JOIN streams s ON s.stream = e.stream \
               WHERE s.stream IS NULL OR e.seq < 1 OR e.seq > s.seq ORDER BY e.stream, e.seq LIMIT 1";
    let stray = reader.one(sql, params![]).await?;
    let stray = stray.get(0).and_then(|stream| Ok(Place::Event { stream, seq: stray.get(1)? }));
    Err(VerifyError::at(stray.map_err(VerifyError::reading(Place::Streams))?, Fault::EventStray))
}

async fn count(reader: &mut Reader, sql: &'static str) -> Result<u64, VerifyError> {
    Ok(u64::try_from(reader.one(sql, params![]).await?.get::<i64>(0)?).unwrap_or(0))
}
