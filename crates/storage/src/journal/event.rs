//! One event and its hash. The encoding below is a promise to every proof ever handed out: it never changes, it only
//! gets a new first line.

use kairan_core::ids::Id;
use kairan_core::{Actor, DeviceId, Instant, MemberId, Seq};
use sha2::{Digest, Sha256};

use super::Stream;
use crate::error::{Error, Result};
use crate::params;
use crate::value::{Params, Row};

/// SHA-256.
pub type Hash = [u8; 32];

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose history.
    pub stream: Stream,
    /// Its place there.
    pub seq: Seq,
    /// When.
    pub at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// From which device, when known.
    pub device: Option<DeviceId>,
    /// What kind of thing, `feature.happened`.
    pub kind: String,
    /// The facts, JSON. No content and no secret: those are named by id.
    pub body: String,
    /// Hash of the event before it in the stream; zeros for the first.
    pub prev: Hash,
    /// Hash of this one.
    pub hash: Hash,
}

impl Event {
    /// The hash these fields give: SHA-256 over `kairan.event.1\n`, `prev`, and each field behind its length
    /// (u32, big-endian): stream, seq (i64 BE), at (i64 BE), actor's letter, member, device, kind, body.
    #[must_use]
    pub fn computed_hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"kairan.event.1\n");
        hasher.update(self.prev);
        let mut field = |bytes: &[u8]| {
            hasher.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            hasher.update(bytes);
        };
        field(&self.stream.bytes());
        field(&self.seq.0.to_be_bytes());
        field(&self.at.ms().to_be_bytes());
        field(self.actor.letter().as_bytes());
        field(&self.actor.member().map(Id::bytes).unwrap_or_default());
        field(&self.device.map(Id::bytes).unwrap_or_default());
        field(self.kind.as_bytes());
        field(self.body.as_bytes());
        hasher.finalize().into()
    }

    pub(crate) const INSERT: &'static str = "INSERT INTO events (stream, seq, at, actor, member, device, kind, body, prev, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    pub(crate) fn row(&self) -> Params {
        params![
            self.stream,
            self.seq,
            self.at,
            self.actor.letter(),
            self.actor.member(),
            self.device,
            self.kind.as_str(),
            self.body.as_str(),
            self.prev,
            self.hash,
        ]
    }

    /// Reads the columns `stream, seq, at, actor, member, device, kind, body, prev, hash`.
    ///
    /// # Errors
    /// When a column is not what the journal writes.
    pub fn from_row(row: &Row) -> Result<Self> {
        let (letter, member): (String, Option<MemberId>) = (row.get(3)?, row.get(4)?);
        let actor = match (letter.as_str(), member) {
            ("m", Some(member)) => Actor::Member(member),
            ("s", None) => Actor::System,
            ("c", None) => Actor::CommandLine,
            ("n", None) => Actor::Nobody,
            _ => return Err(Error::Damaged(format!("actor {letter:?}"))),
        };
        Ok(Self {
            stream: row.get(0)?,
            seq: row.get(1)?,
            at: row.get(2)?,
            actor,
            device: row.get(5)?,
            kind: row.get(6)?,
            body: row.get(7)?,
            prev: row.get(8)?,
            hash: row.get(9)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encoding is frozen: this hash was also computed apart, with another program, and stays.
    #[test]
    fn the_encoding_is_frozen() {
        let mut event = Event {
            stream: Stream::Organisation,
            seq: Seq(1),
            at: Instant(1_796_601_600_000),
            actor: Actor::CommandLine,
            device: None,
            kind: "organisation.founded".into(),
            body: r#"{"name":"みほん"}"#.into(),
            prev: [0; 32],
            hash: [0; 32],
        };
        assert_eq!(
            hex::encode(event.computed_hash()),
            "d167830ea3ae4fa2aca7740a690a23590b95369f9dfb4aa0ad780195506069c9"
        );
        let before = event.computed_hash();
        event.kind.push('x');
        assert_ne!(event.computed_hash(), before);
    }
}
