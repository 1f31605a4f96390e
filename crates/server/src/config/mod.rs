//! Configuration: a file, the environment and the command line become one checked [`Config`] before anything starts.
//!
//! It stays true that a wrong setting never starts a server: every fault is told at once, each naming the key, where
//! the value came from, and what to write instead. Precedence: flags > environment > file > default.

mod blobs;
mod check;
mod example;
mod gather;
mod keys;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use kairan_people::reach::rules::Service;
use kairan_storage::blobs::S3;
use tracing_subscriber::filter::Targets;

pub use example::example;
pub use gather::{Flags, Given, Origin, Raw};
pub use keys::{KEYS, Key, Kind};

use crate::clamd::Address;
use crate::environment::Environment;
use crate::words::{Language, Words};

/// What the server was told to be. Every field is read by something; a setting nobody reads does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The origin people use.
    pub public_url: PublicUrl,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may read `/metrics`.
    pub metrics_from: Vec<IpNet>,
    /// Which engine, and where.
    pub database: Database,
    /// Writing lanes on PostgreSQL.
    pub lanes: usize,
    /// Where files' bytes lie.
    pub blobs: Blobs,
    /// How HTTPS is served, if it is served here.
    pub tls: Option<Tls>,
    /// The log.
    pub log: Log,
    /// Which push services may be spoken to (R36, R76).
    pub push_services: Vec<Service>,
    /// How mail is sent, if it is.
    pub mail: Option<Mail>,
    /// The transparency log.
    pub journal: Journal,
    /// Files.
    pub files: Files,
    /// Limits.
    pub limits: Limits,
}

/// The origin people type into the browser: scheme, host, port; nothing after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// `https`?
    pub https: bool,
    /// Host name or address, lower case, without port.
    pub host: String,
    /// As browsers spell the origin: `https://talk.example.jp`, default port left out (RFC 6454 §6.2).
    pub origin: String,
}

impl PublicUrl {
    /// Whether only this machine can mean itself by it.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// `kairan.db` in the data folder.
    Sqlite,
    /// A PostgreSQL connection string; holds a password, so it is never printed.
    Postgres(String),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "Sqlite",
            Self::Postgres(_) => "Postgres(…)",
        })
    }
}

/// Where files' bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blobs {
    /// `files` in the data folder.
    Local,
    /// A bucket.
    S3(S3),
}

/// How mail is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The mail server's address; may hold a password, so it is never printed.
    pub smtp: String,
    /// Who mails are from.
    pub from: lettre::Address,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail(…, {})", self.from)
    }
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// PEM files.
    Files {
        /// Chain, leaf first.
        certificate: PathBuf,
        /// Private key.
        key: PathBuf,
    },
    /// From an authority, over ACME (RFC 8555) with TLS-ALPN-01 (RFC 8737).
    Acme(Acme),
}

/// How to obtain certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// Names in the certificate.
    pub domains: Vec<String>,
    /// E-mail addresses for the authority.
    pub contact: Vec<String>,
    /// The directory's URL.
    pub directory: String,
    /// Where account and certificates are kept.
    pub cache: PathBuf,
    /// Who vouches for the directory's own TLS, when not the public web.
    pub authority: Option<PathBuf>,
}

/// The log on standard error.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Text or JSON lines.
    pub format: LogFormat,
    /// What is let through.
    pub level: Targets,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What happens to files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The virus scanner, if there is one.
    pub clamd: Option<Address>,
}

/// The transparency log's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Where signed heads are copied to (R51).
    pub witness_directory: Option<PathBuf>,
    /// Seconds between heads, 1..=60 (R51).
    pub head_seconds: u64,
}

/// Limits of the front door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body, bytes (R39).
    pub body_bytes: usize,
    /// Most open connections.
    pub connections: usize,
    /// Free bytes that files leave on the disk of the data folder (R74).
    pub disk_reserve_bytes: u64,
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key (or the file, when it cannot be read at all).
    pub key: String,
    /// What is wrong, and what to write instead.
    pub words: Words,
    /// Where the value came from.
    pub origin: Origin,
}

impl Fault {
    /// One line for the terminal.
    #[must_use]
    pub fn line(&self, language: Language) -> String {
        let Self { key, words, origin } = self;
        match origin {
            Origin::Default => format!("{key}: {}", words.in_language(language)),
            origin => format!("{key}: {} ({origin})", words.in_language(language)),
        }
    }
}

/// Reads and checks everything.
///
/// # Errors
/// Every fault that was found, in the order of the settings.
pub fn load(flags: &Flags, environment: &Environment) -> Result<Config, Vec<Fault>> {
    let (given, mut faults) = gather::gather(flags, environment);
    let config = check::check(&given, &mut faults);
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => Err(faults),
    }
}

/// What `kairan config` prints: each setting as it is in force and where it came from. A value that may hold a
/// password is not shown.
#[must_use]
pub fn in_force(flags: &Flags, environment: &Environment) -> String {
    let (given, _) = gather::gather(flags, environment);
    KEYS.iter()
        .map(|key| {
            let Some(given) = given.get(key.name) else { return format!("# {} =\n", key.name) };
            let value = match &given.raw {
                _ if key.kind == Kind::Secret => "\"…\"".to_owned(),
                Raw::Text(url) if ["database", "mail.smtp"].contains(&key.name) && url.contains('@') => {
                    "\"…\"".to_owned()
                }
                raw => raw.to_string(),
            };
            format!("{} = {value}  # {}\n", key.name, given.origin)
        })
        .collect()
}
