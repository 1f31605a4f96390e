//! Summaries by mail, for those who asked for them: that something addressed to them waits, never what it says.
//!
//! It stays true that no mail leaves unless the server's owner named a mail server, the organisation allows mails and the
//! member wants them (R76); that one gets at most one in four hours; and that rooms are named only when the organisation
//! lets notifications name them (R15).

mod job;
mod words;

use std::time::Duration;

use lettre::{AsyncSmtpTransport, Tokio1Executor};

pub use job::Summaries;

/// How long a mail server may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to a mail server, from its address; none when it is not one. Nothing is connected yet.
#[must_use]
pub fn transport(url: &str) -> Option<AsyncSmtpTransport<Tokio1Executor>> {
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).ok()?;
    Some(builder.timeout(Some(PATIENCE)).build())
}
