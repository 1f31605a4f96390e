//! The job that sends summaries.

use std::future::Future;
use std::time::Duration;

use kairan_core::time::HOUR;
use kairan_core::{Instant, MemberId};
use kairan_people::organisation;
use kairan_people::organisation::settings;
use kairan_storage::{Error, Reader, Result, Store, Stream, Tx};
use kairan_talk::notifications::commands;
use kairan_talk::notifications::summaries::{self, Summary};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use std::time::UNIX_EPOCH;

use super::words::{settings_page, words};
use crate::config;
use crate::metrics::Metrics;

/// Pause between two looks.
const TICK: Duration = Duration::from_secs(300);
/// At most one mail to a member in this time, ms.
pub const EVERY: i64 = 4 * HOUR;
/// What has waited less than this is left to be read in peace, ms.
pub const WAITED: i64 = HOUR;

/// See the module.
pub struct Summaries {
    store: Store,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    origin: String,
    metrics: Metrics,
}

/// What became of a mail.
enum Sent {
    Taken,
    /// The mail server will not take it, now or later.
    Refused,
    /// The mail server cannot be spoken to: the others need not be tried now.
    Nobody,
}

impl Summaries {
    /// None when the address is not a mail server's (the configuration was checked, so it is).
    #[must_use]
    pub fn new(store: Store, mail: &config::Mail, origin: String, metrics: Metrics) -> Option<Self> {
        let transport = super::transport(&mail.smtp)?;
        Some(Self { store, transport, from: mail.from.clone(), origin, metrics })
    }

    /// Works until `stop` resolves.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = tokio::time::sleep(TICK) => {}
            }
            if let Err(error) = self.turn().await {
                tracing::warn!(%error, "summaries by mail could not be read");
            }
        }
    }

    /// Sends what is due now. How many the mail server took.
    ///
    /// # Errors
    /// What storage says.
    pub async fn turn(&self) -> Result<usize> {
        let now = self.store.surroundings().now();
        let read = async move |reader: &mut Reader| -> Result<_> {
            let settings = settings::of(reader).await?;
            if !settings.mail.on {
                return Ok(None);
            }
            let name = organisation::queries::name(reader).await?.unwrap_or_default();
            let due = summaries::due(reader, now, EVERY, WAITED).await?;
            Ok(Some((settings.push.shows, name, due)))
        };
        let Some((shows, name, due)) = self.store.read::<_, Error, _>(read).await? else { return Ok(0) };
        let mut taken = 0;
        for summary in due {
            let words = words(&summary, &name, shows, &self.origin);
            match self.send(&summary, words.subject, words.text, now).await {
                Sent::Taken => {
                    taken += 1;
                    self.metrics.mail_sent.inc();
                    self.note(summary.member, now).await?;
                }
                Sent::Refused => {
                    self.metrics.mail_failed.inc();
                    self.note(summary.member, now).await?;
                }
                Sent::Nobody => {
                    self.metrics.mail_failed.inc();
                    break;
                }
            }
        }
        Ok(taken)
    }

    async fn note(&self, member: MemberId, now: Instant) -> Result<()> {
        let write = async move |tx: &mut Tx| commands::mailed(tx, member, now).await;
        self.store.write(Stream::Member(member), write).await
    }

    async fn send(&self, summary: &Summary, subject: String, text: String, now: Instant) -> Sent {
        let Some(message) = self.message(summary, subject, text, now) else {
            tracing::warn!("a member's mail address is none");
            return Sent::Refused;
        };
        match self.transport.send(message).await {
            Ok(_) => Sent::Taken,
            // Neither the address nor the server's words, which repeat it, are written down.
            Err(error) if error.is_permanent() => {
                tracing::warn!(status = error.status().map(u16::from), "the mail server refused a summary");
                Sent::Refused
            }
            Err(error) => {
                tracing::warn!(
                    status = error.status().map(u16::from),
                    timeout = error.is_timeout(),
                    "the mail server took no mail"
                );
                Sent::Nobody
            }
        }
    }

    fn message(&self, summary: &Summary, subject: String, text: String, now: Instant) -> Option<Message> {
        let header =
            |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let id = format!("<{}@{}>", self.store.surroundings().random_uuid(), self.from.domain());
        let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.ms()).unwrap_or(0));
        let mut message = Message::builder()
            .from(Mailbox::new(Some("回覧 Kairan".into()), self.from.clone()))
            .to(Mailbox::new(None, summary.address.parse().ok()?))
            .subject(subject)
            .date(at)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .ok()?;
        let unsubscribe = format!("<{}>", settings_page(&self.origin));
        message.headers_mut().insert_raw(header("List-Unsubscribe", unsubscribe));
        // RFC 3834 §5: no out-of-office notes in answer.
        message.headers_mut().insert_raw(header("Auto-Submitted", "auto-generated".into()));
        Some(message)
    }
}
