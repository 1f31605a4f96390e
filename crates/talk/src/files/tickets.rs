//! Tickets: what a link to a file's bytes carries, so that it opens that file for a quarter of an hour and in one session.
//!
//! It stays true that a ticket alone opens nothing: the session it was made for must be the one that asks, and what that
//! session may see is asked again at each request (R25).

use kairan_core::ids::Id;
use kairan_core::{FileId, Instant, SessionId};
use kairan_storage::blobs::SealingKey;
use ring::hmac;

use super::rules::{How, TICKET_LIFE};

/// What a ticket opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// The bytes, this way.
    Bytes(How),
    /// Pictures of its pages, and nothing else (R16).
    Pages,
}

/// Makes and reads tickets.
#[derive(Clone)]
pub struct Tickets(hmac::Key);

impl Tickets {
    /// Under a key of their own.
    #[must_use]
    pub fn new(sealing: &SealingKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &sealing.derive("file.ticket", &[])))
    }

    /// A ticket from now on, and when it ends.
    #[must_use]
    pub fn issue(&self, session: SessionId, file: FileId, opens: Opens, now: Instant) -> (String, Instant) {
        let until = now.plus_ms(TICKET_LIFE);
        let proof = hmac::sign(&self.0, &said(session, file, opens, until));
        (format!("{}{:x}.{}", letter(opens), until.ms(), hex::encode(proof)), until)
    }

    /// What of the file this ticket opens now; none when it is not of this session and file, or its time is over.
    #[must_use]
    pub fn read(&self, ticket: &str, session: SessionId, file: FileId, now: Instant) -> Option<Opens> {
        let (head, proof) = ticket.split_once('.')?;
        let opens = match head.as_bytes().first()? {
            b'v' => Opens::Bytes(How::View),
            b'd' => Opens::Bytes(How::Download),
            b'p' => Opens::Pages,
            _ => return None,
        };
        let until = Instant(i64::from_str_radix(head.get(1..)?, 16).ok()?);
        let proof = hex::decode(proof).ok()?;
        hmac::verify(&self.0, &said(session, file, opens, until), &proof).ok()?;
        (now < until).then_some(opens)
    }
}

fn letter(opens: Opens) -> char {
    match opens {
        Opens::Bytes(How::View) => 'v',
        Opens::Bytes(How::Download) => 'd',
        Opens::Pages => 'p',
    }
}

fn said(session: SessionId, file: FileId, opens: Opens, until: Instant) -> Vec<u8> {
    let mut said = session.bytes();
    said.extend(file.bytes());
    said.push(letter(opens) as u8);
    said.extend(until.ms().to_be_bytes());
    said
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held::surroundings;

    use super::*;

    /// R25
    #[test]
    fn a_ticket_opens_one_file_in_one_session_one_way_for_a_while() {
        let (surroundings, clock) = surroundings(7);
        let tickets = Tickets::new(&SealingKey::generate(&surroundings));
        let (session, other): (SessionId, SessionId) = (surroundings.id(), surroundings.id());
        let (file, another): (FileId, FileId) = (surroundings.id(), surroundings.id());
        let view = Opens::Bytes(How::View);
        let (ticket, until) = tickets.issue(session, file, view, surroundings.now());
        let read = |ticket: &str, session, file| tickets.read(ticket, session, file, surroundings.now());
        assert_eq!(read(&ticket, session, file), Some(view));
        assert_eq!(read(&ticket, other, file), None);
        assert_eq!(read(&ticket, session, another), None);
        assert_eq!(read(&ticket.replacen('v', "d", 1), session, file), None);
        let (pages, _) = tickets.issue(session, file, Opens::Pages, surroundings.now());
        assert_eq!(read(&pages, session, file), Some(Opens::Pages));
        assert_eq!(read(&pages.replacen('p', "v", 1), session, file), None, "R16");
        let later = ticket.replacen(&format!("{:x}", until.ms()), &format!("{:x}", until.ms() + 1), 1);
        assert_eq!(read(&later, session, file), None);
        for broken in
            ["", ".", "v", "v.", "x0.00", "é", "v1é.00", &ticket[..ticket.len() - 2], &format!("{ticket}00")]
        {
            assert_eq!(read(broken, session, file), None, "{broken}");
        }
        let elsewhere = Tickets::new(&SealingKey::generate(&surroundings));
        assert_eq!(elsewhere.read(&ticket, session, file, surroundings.now()), None);
        clock.advance(TICKET_LIFE - 1);
        assert_eq!(read(&ticket, session, file), Some(view));
        clock.advance(1);
        assert_eq!(read(&ticket, session, file), None);
    }
}
