//! What falls due by itself: scheduled messages and reminders.
//!
//! It stays true that what fell due while the server was down is done before it listens (R71's rule), and that however
//! often and wherever this runs, each thing is done once: every step asks again, inside its transaction, whether it is
//! still to be done.

use kairan_core::{Instant, MemberId, MessageId, Refusal};
use kairan_storage::{Error, Reader, Store, Stream, Tx};

use crate::mine::Mine;
use crate::schedules::rules::Failure;
use crate::{reminders, schedules};

/// Due things taken at once.
const PAGE: i64 = 200;
/// After a fault of the server's own, due things are tried again after this, ms.
const AGAIN: i64 = 10_000;

/// Whether news of this list may mean that something falls due earlier than was known.
#[must_use]
pub fn concerns(what: &str) -> bool {
    [Mine::Schedules, Mine::Reminders].iter().any(|mine| mine.name() == what)
}

/// Does everything that is due now, and says when the next thing will be. Faults are logged and tried again.
///
/// # Errors
/// When the database does not answer.
pub async fn run(store: &Store) -> Result<Option<Instant>, Error> {
    let mut faults = 0;
    loop {
        let now = store.surroundings().now();
        let read = async move |reader: &mut Reader| {
            Ok::<_, Error>((
                schedules::queries::falling_due(reader, now, PAGE).await?,
                reminders::queries::falling_due(reader, now, PAGE).await?,
            ))
        };
        let (messages, reminders) = store.read(read).await?;
        let full = |length: usize| i64::try_from(length).is_ok_and(|length| length == PAGE);
        let more = full(messages.len()) || full(reminders.len());
        for (member, message, room) in messages {
            let send = async move |tx: &mut Tx| schedules::commands::send_due(tx, member, message).await;
            if let Err(refusal) = store.write(Stream::Room(room), send).await {
                faults += usize::from(!failed(store, member, message, &refusal).await);
            }
        }
        for (member, reminder) in reminders {
            let fall = async move |tx: &mut Tx| reminders::commands::fall_due(tx, member, reminder).await;
            if let Err(refusal) = store.write(Stream::Member(member), fall).await {
                tracing::warn!(code = refusal.code.name, "a reminder could not be made due");
                faults += 1;
            }
        }
        if !more || faults > 0 {
            break;
        }
    }
    let next = async |reader: &mut Reader| {
        Ok::<_, Error>((schedules::queries::next(reader).await?, reminders::queries::next(reader).await?))
    };
    let (message, reminder) = store.read(next).await?;
    let next = [message, reminder].into_iter().flatten().min();
    let again = store.surroundings().now().plus_ms(AGAIN);
    Ok(if faults > 0 { next.map(|next| next.max(again)) } else { next })
}

/// Notes why a message was not posted; `false` when that is to be tried again.
async fn failed(store: &Store, member: MemberId, message: MessageId, refusal: &Refusal) -> bool {
    let Some(failure) = Failure::of(refusal) else {
        tracing::warn!(
            code = refusal.code.name,
            "a scheduled message could not be posted, and will be tried again"
        );
        return false;
    };
    let note = async move |tx: &mut Tx| schedules::commands::note_failed(tx, member, message, &failure).await;
    let noted = store.write(Stream::Member(member), note).await;
    if let Err(refusal) = &noted {
        tracing::warn!(code = refusal.code.name, "why a scheduled message was not posted could not be noted");
    }
    noted.is_ok()
}
