//! The log: structured lines on standard error. Nothing secret is ever put in (invariant 7); requests are logged by
//! route, never by address line.

use std::io;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use crate::config::{Log, LogFormat};

/// A subscriber that writes to `writer` as the configuration says.
pub fn subscriber<W>(log: &Log, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
    };
    Registry::default().with(lines.with_filter(log.level.clone()))
}

/// Starts logging for this process, once.
pub fn start(log: &Log) {
    // A second start (tests in one process) keeps the first subscriber.
    let _already_started = tracing::subscriber::set_global_default(subscriber(log, io::stderr));
}
