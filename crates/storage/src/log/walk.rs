//! The walk along the log: entry after entry with its event, its content, and the heads signed on the way.
//!
//! It stays true that the walk trusts nothing but the public key: whatever it compares, it has computed. It can stop
//! after any page and go on later, because a log only grows.

use std::collections::HashMap;

use kairan_core::Seq;

use super::contents::{Contents, Found, claims};
use super::fault::{Fault, Place, VerifyError};
use super::heads::SignedHead;
use super::keys::PublicKey;
use super::rows;
use super::tree::{Frontier, Hash, leaf_hash};
use crate::database::Reader;
use crate::journal::{Event, Stream};
use crate::params;
use crate::value::{Row, Value};

/// Entries read at once.
pub const PAGE: u64 = 1_000;

/// How far a stream has been followed.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// The last event.
    pub seq: Seq,
    /// Its hash.
    pub hash: Hash,
    /// Where it was met; nowhere before the first.
    pub place: Option<Place>,
}

impl Reached {
    /// Before the first event.
    pub const START: Self = Self { seq: Seq::START, hash: [0; 32], place: None };
}

/// Checked so far, beside the entries themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Contents that are what was committed to.
    pub contents: u64,
    /// Contents that are erased.
    pub erased: u64,
    /// Heads of the database.
    pub heads: u64,
}

/// Where a walk is.
pub struct Walk {
    key: PublicKey,
    /// Heads that a witness keeps, smallest first, and how many of them the walk has passed.
    witnessed: Vec<SignedHead>,
    passed: usize,
    /// The tree over the entries walked.
    pub edge: Frontier,
    /// Where each stream was left.
    pub streams: HashMap<Stream, Reached>,
    /// The last head that held.
    pub newest: Option<SignedHead>,
    /// What else was checked.
    pub counts: Counts,
}

impl Walk {
    /// Stands before the first entry.
    pub fn new(key: PublicKey, mut witnessed: Vec<SignedHead>) -> Self {
        witnessed.sort_by_key(|signed| signed.head.size);
        Self {
            key,
            witnessed,
            passed: 0,
            edge: Frontier::new(),
            streams: HashMap::new(),
            newest: None,
            counts: Counts::default(),
        }
    }

    /// Walks on over at most a page; `false` at the end of the log.
    pub async fn advance(&mut self, reader: &mut Reader) -> Result<bool, VerifyError> {
        let from = self.edge.size();
        let sql = "SELECT l.stream, l.seq, e.at, e.actor, e.member, e.device, e.kind, e.body, e.prev, e.hash, l.idx, l.leaf \
                   FROM log_entries l LEFT JOIN events e ON e.stream = l.stream AND e.seq = l.seq \
                   WHERE l.idx >= $1 ORDER BY l.idx LIMIT $2";
        let page = reader.query(sql, params![rows::stored(from), rows::stored(PAGE)]).await?;
        let contents = Contents::load(reader, &page, 7).await.map_err(VerifyError::reading(entry(from)))?;
        let mut heads = rows::heads(reader, from, from + PAGE, rows::stored(PAGE))
            .await
            .map_err(VerifyError::reading(entry(from)))?
            .into_iter()
            .peekable();
        for row in &page {
            self.entry(row, &contents)?;
            let here = heads.next_if(|signed| signed.head.size == self.edge.size());
            self.head(here)?;
        }
        Ok(page.len() as u64 == PAGE)
    }

    fn entry(&mut self, row: &Row, contents: &Contents) -> Result<(), VerifyError> {
        let met = Met::read(row, self.edge.size())?;
        let reached = self.streams.get(&met.event.stream).copied().unwrap_or(Reached::START);
        let (reached, counts) = met.check(reached, contents)?;
        self.counts.add(counts);
        self.edge.push(leaf_hash(&reached.hash));
        self.streams.insert(met.event.stream, reached);
        Ok(())
    }

    /// Holds the head of this size, and what witnesses keep of it, against the entries.
    fn head(&mut self, here: Option<SignedHead>) -> Result<(), VerifyError> {
        let size = self.edge.size();
        if let Some(signed) = here {
            self.holds(&signed, Place::Head { size })?;
            self.newest = Some(signed);
            self.counts.heads += 1;
        }
        while let Some(kept) = self.witnessed.get(self.passed).copied().filter(|kept| kept.head.size <= size)
        {
            let place = Place::Witness { size: kept.head.size };
            self.holds(&kept, place)?;
            match here {
                Some(signed) if signed == kept => {}
                Some(_) => return Err(VerifyError::at(place, Fault::Forked)),
                None => return Err(VerifyError::at(place, Fault::HeadMissing)),
            }
            self.passed += 1;
        }
        Ok(())
    }

    fn holds(&self, signed: &SignedHead, place: Place) -> Result<(), VerifyError> {
        if !signed.is_signed_by(&self.key) {
            return Err(VerifyError::at(place, Fault::SignatureWrong));
        }
        if signed.head.root != self.edge.root() {
            // Where a witness objects, only what a witness has agreed to is sure: the key may be in other hands.
            let agreed = match place {
                Place::Witness { .. } => self.passed.checked_sub(1).map(|last| self.witnessed[last]),
                _ => self.newest,
            };
            return Err(VerifyError::at(
                place,
                Fault::Rewritten { since: agreed.map_or(0, |good| good.head.size) },
            ));
        }
        Ok(())
    }

    /// The witnessed heads that lie before the walk: they speak of more entries than it has met.
    pub fn ahead(&self) -> &[SignedHead] {
        &self.witnessed[self.passed..]
    }

    /// The key everything is held against.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// An entry with its event, as the database has them.
pub struct Met {
    /// The event.
    pub event: Event,
    place: Place,
    leaf: Hash,
}

impl Met {
    /// The columns to read, in their order, from `log_entries l LEFT JOIN events e`: those of an event, `l.idx`, `l.leaf`.
    ///
    /// `index` is the one that must be there.
    pub fn read(row: &Row, index: u64) -> Result<Self, VerifyError> {
        if row.get::<i64>(10).map_err(VerifyError::reading(entry(index)))? != rows::stored(index) {
            return Err(VerifyError::at(entry(index), Fault::EntryMissing));
        }
        let event = row
            .get(0)
            .and_then(|stream| Ok((stream, row.get(1)?)))
            .map_err(VerifyError::reading(entry(index)))?;
        let place = Place::Entry { index, event: Some(event) };
        if matches!(row.values()[9], Value::Null) {
            return Err(VerifyError::at(place, Fault::EventMissing));
        }
        let event = Event::from_row(row).map_err(VerifyError::reading(place))?;
        Ok(Self { event, place, leaf: row.get(11).map_err(VerifyError::reading(place))? })
    }

    /// Checks that it follows, that its contents are what it says, and that it is what the log holds.
    pub fn check(&self, before: Reached, contents: &Contents) -> Result<(Reached, Counts), VerifyError> {
        let reached = follow(before, &self.event, self.place)?;
        let counts = contents_of(&self.event, contents, self.place)?;
        if self.leaf != self.event.hash {
            return Err(VerifyError::at(self.place, Fault::EntryChanged));
        }
        Ok((reached, counts))
    }
}

impl Counts {
    /// Adds up.
    pub fn add(&mut self, other: Self) {
        self.contents += other.contents;
        self.erased += other.erased;
        self.heads += other.heads;
    }
}

/// Follows a stream by one event.
pub fn follow(reached: Reached, event: &Event, place: Place) -> Result<Reached, VerifyError> {
    let expected = reached.seq.next();
    if event.seq != expected {
        return Err(VerifyError::at(place, Fault::OutOfOrder { expected }));
    }
    if event.computed_hash() != event.hash {
        return Err(VerifyError::at(place, Fault::EventChanged));
    }
    if event.prev != reached.hash {
        return Err(VerifyError::at(reached.place.unwrap_or(place), Fault::BrokenLink { next: event.seq }));
    }
    Ok(Reached { seq: event.seq, hash: event.hash, place: Some(place) })
}

/// Holds the contents an event names against its commitments.
pub fn contents_of(event: &Event, contents: &Contents, place: Place) -> Result<Counts, VerifyError> {
    let mut counts = Counts::default();
    for claim in claims(&event.body) {
        match contents.check(&claim) {
            Found::Same => counts.contents += 1,
            Found::Erased => counts.erased += 1,
            Found::Changed => {
                return Err(VerifyError::at(place, Fault::ContentChanged { content: claim.content }));
            }
        }
    }
    Ok(counts)
}

fn entry(index: u64) -> Place {
    Place::Entry { index, event: None }
}
