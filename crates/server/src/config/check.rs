//! From raw values to a [`Config`]: each setting by itself, then what only makes sense together.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use kairan_people::reach::rules::Service;

use super::gather::{Given, Origin, Raw, Settings};
use super::{Acme, Config, Database, Fault, Files, Journal, Limits, Log, LogFormat, Mail, PublicUrl, Tls};
use crate::clamd::Address;
use crate::mail;
use crate::words::{Words, words};

/// Understands all settings; what cannot be understood is added to the faults.
pub fn check(settings: &Settings, faults: &mut Vec<Fault>) -> Option<Config> {
    let mut reader = Reader { settings, faults };
    let data = reader.path("data");
    let listen = reader.take("listen", listen);
    let public_url = reader.take("public_url", public_url);
    let trusted_proxies = reader.networks("trusted_proxies");
    let metrics_from = reader.networks("metrics_from");
    let database = reader.take("database", database);
    let lanes = reader.number("lanes", 1, 64);
    let blobs = reader.blobs();
    let tls = reader.tls(data.as_ref(), listen);
    let format = reader.take("log.format", log_format);
    let level = reader.take("log.level", log_level);
    let witness_directory = reader.path("journal.witness_directory");
    let head_seconds = reader.number("journal.head_seconds", 1, 60);
    let clamd = reader.take("files.clamd", clamd);
    let push_services = reader.services("push.services");
    let mail = reader.mail();
    let body_bytes = reader.number("limits.body_bytes", 65_536, 1 << 30);
    let connections = reader.number("limits.connections", 1, 1_000_000);
    let disk_reserve_bytes = reader.number("limits.disk_reserve_bytes", 0, 1 << 50);
    let (tls, public_url) = (tls?, public_url?);
    reader.together(public_url.https, tls.is_some());
    Some(Config {
        data: data?,
        listen: listen?,
        public_url,
        trusted_proxies,
        metrics_from,
        database: database?,
        lanes: usize::try_from(lanes?).ok()?,
        blobs: blobs?,
        tls,
        log: Log { format: format?, level: level? },
        push_services,
        mail: mail?,
        journal: Journal { witness_directory, head_seconds: head_seconds? },
        files: Files { clamd },
        limits: Limits {
            body_bytes: usize::try_from(body_bytes?).ok()?,
            connections: usize::try_from(connections?).ok()?,
            disk_reserve_bytes: disk_reserve_bytes?,
        },
    })
}

pub(super) struct Reader<'a> {
    settings: &'a Settings,
    faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    pub(super) fn given(&self, key: &str) -> Option<&Given> {
        self.settings.get(key)
    }

    pub(super) fn fault(&mut self, key: &str, words: Words) {
        let origin = self.given(key).map_or(Origin::Default, |given| given.origin.clone());
        self.faults.push(Fault { key: key.to_owned(), words, origin });
    }

    /// The value of a text setting, read by `parse`. `None` when it is absent or faulty.
    pub(super) fn take<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, Words>) -> Option<T> {
        let Some(Given { raw: Raw::Text(text), .. }) = self.given(key) else { return None };
        match parse(text) {
            Ok(value) => Some(value),
            Err(words) => {
                self.fault(key, words);
                None
            }
        }
    }

    fn path(&mut self, key: &str) -> Option<PathBuf> {
        let given = self.given(key)?.clone();
        self.take(key, |text| {
            if text.is_empty() {
                return Err(words!(
                    "空です。フォルダーかファイルの場所を書いてください。",
                    "is empty. Write the path of a folder or file."
                ));
            }
            Ok(given.path(text))
        })
    }

    fn list(&self, key: &str) -> Vec<String> {
        match self.given(key) {
            Some(Given { raw: Raw::List(items), .. }) => items.clone(),
            _ => Vec::new(),
        }
    }

    fn number(&mut self, key: &str, least: i64, most: i64) -> Option<u64> {
        let Some(Given { raw: Raw::Number(number), .. }) = self.given(key) else { return None };
        let number = *number;
        if (least..=most).contains(&number) {
            return u64::try_from(number).ok();
        }
        self.fault(
            key,
            words!(
                "{number} は範囲の外です。{least} から {most} までにしてください。",
                "{number} is out of range. Use {least} to {most}."
            ),
        );
        None
    }

    fn networks(&mut self, key: &str) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for item in self.list(key) {
            // A bare address is the network of that one address.
            let network =
                item.parse::<IpNet>().ok().or_else(|| item.parse::<std::net::IpAddr>().ok().map(IpNet::from));
            match network {
                Some(network) => networks.push(network),
                None => self.fault(
                    key,
                    words!(
                        "「{item}」はアドレスとして読めません。10.0.0.0/8 や 192.0.2.7 のように書いてください。",
                        "\"{item}\" is not an address or network. Write it like 10.0.0.0/8 or 192.0.2.7."
                    ),
                ),
            }
        }
        networks
    }

    /// Outer `None`: a fault was told. Inner `None`: no TLS here.
    fn tls(&mut self, data: Option<&PathBuf>, listen: Option<SocketAddr>) -> Option<Option<Tls>> {
        let files = (self.path("tls.certificate"), self.path("tls.key"));
        let domains = self.list("tls.acme.domains");
        let cache = self.take("tls.acme.cache", |text| Ok(text.to_owned()));
        let cache_path = match (cache, data, self.given("tls.acme.cache")) {
            (Some(cache), Some(data), _) => data.join(cache),
            _ => return None,
        };
        match (files, domains.is_empty()) {
            ((None, None), true) => {
                for key in ["tls.acme.contact", "tls.acme.authority"] {
                    if self.given(key).is_some() {
                        self.fault(
                            key,
                            words!(
                                "tls.acme.domains がないと働きません。証明書を取る名前も書いてください。",
                                "does nothing without tls.acme.domains. Name the domains as well."
                            ),
                        );
                    }
                }
                Some(None)
            }
            ((Some(certificate), Some(key)), true) => Some(Some(Tls::Files { certificate, key })),
            ((Some(_), None), true) => {
                self.fault(
                    "tls.key",
                    words!(
                        "tls.certificate があるのに鍵がありません。秘密鍵の場所を書いてください。",
                        "is missing although tls.certificate is set. Write the path of the private key."
                    ),
                );
                None
            }
            ((None, Some(_)), true) => {
                self.fault(
                    "tls.certificate",
                    words!(
                        "tls.key があるのに証明書がありません。証明書の場所を書いてください。",
                        "is missing although tls.key is set. Write the path of the certificate."
                    ),
                );
                None
            }
            ((None, None), false) => self.acme(domains, cache_path, listen).map(Some),
            (_, false) => {
                self.fault(
                    "tls.acme.domains",
                    words!(
                        "tls.certificate と一緒には使えません。どちらかを消してください。",
                        "cannot be used together with tls.certificate. Remove one of them."
                    ),
                );
                None
            }
        }
    }

    fn acme(&mut self, domains: Vec<String>, cache: PathBuf, listen: Option<SocketAddr>) -> Option<Tls> {
        let faults = self.faults.len();
        for domain in &domains {
            if !is_domain(domain) {
                self.fault("tls.acme.domains", words!("「{domain}」には証明書を取れません。kairan.example.jp のような名前を書いてください。", "no certificate can be had for \"{domain}\". Write a name like kairan.example.jp."));
            }
        }
        let contact = self.list("tls.acme.contact");
        if let Some(bad) = contact.iter().find(|address| !address.contains('@') || address.contains(':')) {
            self.fault(
                "tls.acme.contact",
                words!("「{bad}」はメールアドレスではありません。", "\"{bad}\" is not an e-mail address."),
            );
        }
        let directory = self.take("tls.acme.directory", |url| {
            if url.starts_with("https://") {
                Ok(url.to_owned())
            } else {
                Err(words!("https:// で始まるアドレスにしてください。", "must start with https://."))
            }
        });
        let authority = self.path("tls.acme.authority");
        if listen.is_some_and(|listen| listen.ip().is_loopback()) && authority.is_none() {
            self.fault(
                "listen",
                words!(
                    "この機械の中からしか届かないので、証明書を取れません。[::]:443 のようにしてください。",
                    "is reachable only from this machine, so no certificate can be obtained. Use [::]:443."
                ),
            );
        }
        (self.faults.len() == faults).then_some(())?;
        Some(Tls::Acme(Acme { domains, contact, directory: directory?, cache, authority }))
    }

    fn services(&mut self, key: &str) -> Vec<Service> {
        let mut services = Vec::new();
        for item in self.list(key) {
            match Service::read(&item) {
                Some(service) => services.push(service),
                None => self.fault(
                    key,
                    words!(
                        "「{item}」は中継先として読めません。fcm.googleapis.com や *.notify.windows.com のように書いてください。",
                        "\"{item}\" is not a push service. Write it like fcm.googleapis.com or *.notify.windows.com."
                    ),
                ),
            }
        }
        services
    }

    /// Outer `None`: a fault was told. Inner `None`: no mail.
    fn mail(&mut self) -> Option<Option<Mail>> {
        let faults = self.faults.len();
        // The value is not repeated: it may hold a password.
        let smtp = self.take("mail.smtp", |url| match mail::transport(url) {
            Some(_) => Ok(url.to_owned()),
            None => Err(words!(
                "smtp://ホスト:ポート か smtps://利用者:合言葉@ホスト の形にしてください。",
                "must look like smtp://host:port or smtps://user:password@host."
            )),
        });
        let from = self.take("mail.from", |text| {
            text.parse().map_err(|_| {
                words!(
                    "「{text}」はメールアドレスではありません。kairan@example.jp のように書いてください。",
                    "\"{text}\" is not an e-mail address. Write it like kairan@example.jp."
                )
            })
        });
        for (here, other, words) in [
            (
                "mail.smtp",
                "mail.from",
                words!(
                    "mail.smtp があるのに差出人がありません。アドレスを書いてください。",
                    "is missing although mail.smtp is set. Write an e-mail address."
                ),
            ),
            (
                "mail.from",
                "mail.smtp",
                words!(
                    "mail.from があるのにメールサーバーがありません。アドレスを書いてください。",
                    "is missing although mail.from is set. Write the mail server's address."
                ),
            ),
        ] {
            if self.given(here).is_some() && self.given(other).is_none() {
                self.fault(other, words);
            }
        }
        (self.faults.len() == faults).then_some(())?;
        Some(smtp.zip(from).map(|(smtp, from)| Mail { smtp, from }))
    }

    /// What only makes sense together.
    fn together(&mut self, https: bool, tls: bool) {
        if tls && !https {
            self.fault(
                "public_url",
                words!(
                    "HTTPSで待ち受けるので、https:// で始めてください。",
                    "must start with https://, because this server speaks HTTPS."
                ),
            );
        }
    }
}

fn listen(text: &str) -> Result<SocketAddr, Words> {
    text.parse().map_err(|_| {
        words!(
            "「{text}」は待ち受けるアドレスとして読めません。127.0.0.1:8080 のように、アドレスとポートを書いてください。",
            "\"{text}\" is not an address to listen on. Write address and port, like 127.0.0.1:8080."
        )
    })
}

fn public_url(text: &str) -> Result<PublicUrl, Words> {
    let wrong = || {
        words!(
            "「{text}」は使えません。https://kairan.example.jp のように、名前(と必要ならポート)までを書いてください。",
            "\"{text}\" cannot be used. Write scheme and host (and port if needed) only, like https://kairan.example.jp."
        )
    };
    let url: axum::http::Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else { return Err(wrong()) };
    let https = match scheme {
        "https" => true,
        "http" => false,
        _ => return Err(wrong()),
    };
    if authority.as_str().contains('@') || !matches!(url.path(), "" | "/") || url.query().is_some() {
        return Err(wrong());
    }
    let host = authority.host().to_ascii_lowercase();
    if host.is_empty() {
        return Err(wrong());
    }
    let default = if https { 443 } else { 80 };
    let origin = match authority.port_u16() {
        None if authority.as_str().ends_with(':') => return Err(wrong()),
        Some(port) if port != default => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    };
    Ok(PublicUrl { https, host, origin })
}

fn database(text: &str) -> Result<Database, Words> {
    match text {
        "sqlite" => Ok(Database::Sqlite),
        url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Database::Postgres(url.to_owned()))
        }
        // The value is not repeated: it may hold a password.
        _ => Err(words!(
            "\"sqlite\" か、postgres:// で始まるアドレスを書いてください。",
            "must be \"sqlite\" or an address that starts with postgres://."
        )),
    }
}

fn clamd(text: &str) -> Result<Address, Words> {
    if text.starts_with('/') {
        return Ok(Address::Socket(PathBuf::from(text)));
    }
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(Address::Loopback(address)),
        _ => Err(words!(
            "「{text}」は使えません。/run/clamav/clamd.ctl のようなソケットか、127.0.0.1:3310 のようなこの機械のアドレスを書いてください(ファイルは暗号化されずに渡るため)。",
            "\"{text}\" cannot be used. Write a socket like /run/clamav/clamd.ctl or an address of this machine like 127.0.0.1:3310 (files go there unencrypted)."
        )),
    }
}

fn log_format(text: &str) -> Result<LogFormat, Words> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(words!(
            "「{text}」という形はありません。text か json にしてください。",
            "\"{text}\" is not a form of log. Use text or json."
        )),
    }
}

fn log_level(text: &str) -> Result<tracing_subscriber::filter::Targets, Words> {
    // The parser of `Targets` takes a mistyped level for the name of a part, and would then log nothing.
    let level = |word: &str| matches!(word.trim(), "off" | "error" | "warn" | "info" | "debug" | "trace");
    let part = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
    };
    let good = text.split(',').all(|directive| match directive.split_once('=') {
        Some((name, word)) => part(name.trim()) && level(word),
        None => level(directive),
    });
    text.parse().ok().filter(|_| good).ok_or_else(|| {
        words!(
            "「{text}」は読めません。error、warn、info、debug、trace のどれかか、info,kairan_storage=debug のように書いてください。",
            "\"{text}\" cannot be read. Use error, warn, info, debug or trace, or by part: info,kairan_storage=debug."
        )
    })
}

/// A name that a public authority can vouch for: at least two labels, letters, digits, hyphens; no wildcard (TLS-ALPN-01
/// cannot prove one, RFC 8737 §3).
fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name.split('.').count() >= 2
        && name.split('.').all(label)
        && name.parse::<std::net::IpAddr>().is_err()
}
