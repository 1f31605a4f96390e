//! Which push services are spoken to, what a subscription looks like, how long one may be silent. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use kairan_core::{FieldFault, Instant, Refusal, time::DAY};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

kairan_core::codes! {
    PUSH_OFF = 403 "push.off", "この組織では、端末への通知を使っていません。使いたいときは、所有者に頼んでください。", "This organisation does not use notifications on devices. Ask its owner if you need them.";
    PUSH_SERVICE = 422 "push.service_unknown", "このブラウザーの通知の中継先({host})は、このサーバーでは許されていません。サーバーの管理者に伝えてください。", "This server does not allow this browser's notification service ({host}). Tell whoever runs the server.";
    PUSH_KEY = 422 "push.key", "通知の鍵の形が違います。ページを開き直して、もう一度お試しください。", "The notification key does not have the right shape. Reload the page and try again.";
    QUIET_TOO_LONG = 422 "quiet.too_long", "静かにしておけるのは、いまから1年後までです。", "Silence can last at most one year from now.";
}

/// Longest address of a subscription; the real ones are below 500 characters.
const ENDPOINT: usize = 2_048;
/// An uncompressed point on P-256 (SEC 1 §2.3.3), as RFC 8291 §3.1 wants it.
const POINT: usize = 65;
/// The authentication secret (RFC 8291 §3.2).
const AUTH: usize = 16;
/// Longest silence.
const YEAR: i64 = 366 * DAY;

/// A push service that may be spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// Exactly this host, over https on its own port.
    Host(String),
    /// Every host below this domain, over https on its own port.
    Below(String),
    /// This origin without TLS, on this machine: `http://127.0.0.1:1234`. For trying things out.
    Here(String),
}

impl Service {
    /// From the configuration: `host`, `*.domain` or `http://127.0.0.1:port`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let name = |text: &str| {
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
            (text.contains('.') && !text.starts_with('.') && !text.ends_with('.') && text.chars().all(good))
                .then(|| text.to_owned())
        };
        if let Some(place) = text.strip_prefix("http://") {
            let port: u16 = place.strip_prefix("127.0.0.1:")?.parse().ok()?;
            return Some(Self::Here(format!("http://127.0.0.1:{port}")));
        }
        match text.strip_prefix("*.") {
            Some(domain) => name(domain).map(Self::Below),
            None => name(text).map(Self::Host),
        }
    }

    fn is_of(&self, address: &Address<'_>) -> bool {
        match self {
            Self::Host(host) => address.secure && address.host == host,
            Self::Below(domain) => {
                address.secure
                    && address.host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
            Self::Here(origin) => !address.secure && origin.strip_prefix("http://") == Some(address.host),
        }
    }
}

/// The parts of an endpoint that decide where it leads.
struct Address<'a> {
    secure: bool,
    /// As written between the scheme and the path: a port stays part of it, so that it fits no plain host name.
    host: &'a str,
}

/// One spelling only: lower-case scheme and host, no user, visible ASCII.
fn address(endpoint: &str) -> Option<Address<'_>> {
    let plain = endpoint.len() <= ENDPOINT
        && endpoint.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte));
    let (scheme, rest) = endpoint.split_once("://").filter(|_| plain)?;
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let written = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:".contains(&byte);
    let good = !host.is_empty() && host.bytes().all(written);
    match scheme {
        "https" if good => Some(Address { secure: true, host }),
        "http" if good => Some(Address { secure: false, host }),
        _ => None,
    }
}

/// What a browser gave to be reached by. Kept as a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where to send.
    pub endpoint: String,
    /// The browser's public key.
    pub p256dh: Vec<u8>,
    /// The secret shared with the browser.
    pub auth: Vec<u8>,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription(…)")
    }
}

impl Subscription {
    /// As a browser says it: `PushSubscription.toJSON()`.
    ///
    /// # Errors
    /// `push.service_unknown`, `push.key`.
    pub fn read(endpoint: &str, p256dh: &str, auth: &str, services: &[Service]) -> Result<Self, Refusal> {
        let fault = |field: &str| Refusal::fields(vec![FieldFault::new(field, &PUSH_KEY)]);
        let there = address(endpoint);
        let known = there.as_ref().is_some_and(|there| services.iter().any(|service| service.is_of(there)));
        if !known {
            let host = there.map_or("", |there| there.host);
            return Err(Refusal::new(&PUSH_SERVICE).fact("host", host));
        }
        let p256dh = bytes(p256dh).filter(|key| key.len() == POINT && key[0] == 4);
        let auth = bytes(auth).filter(|auth| auth.len() == AUTH);
        Ok(Self {
            endpoint: endpoint.to_owned(),
            p256dh: p256dh.ok_or_else(|| fault("p256dh"))?,
            auth: auth.ok_or_else(|| fault("auth"))?,
        })
    }

    /// Whether it leads to one of these now: the owner may have taken a service from the list since.
    #[must_use]
    pub fn leads_to(&self, services: &[Service]) -> bool {
        address(&self.endpoint).is_some_and(|there| services.iter().any(|service| service.is_of(&there)))
    }

    /// The service's host, for the record. Never the whole address: that is a secret.
    #[must_use]
    pub fn host(&self) -> &str {
        address(&self.endpoint).map_or("", |there| there.host)
    }
}

/// What a push service and a browser's own list call one subject (a room, say): the same for one subscription, another for
/// every other, and telling nothing of either. 24 of the 32 characters that RFC 8030 §5.4 allows a topic.
#[must_use]
pub fn tag(key: &[u8], subject: &[u8]) -> String {
    let digest =
        Sha256::new().chain_update(b"kairan tag\0").chain_update(key).chain_update(subject).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..18])
}

/// Browsers leave the padding out; some libraries do not.
fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// Whether a silence ends within a year; one that is over already ends it.
///
/// # Errors
/// `quiet.too_long`.
pub fn within_a_year(until: Instant, now: Instant) -> Result<(), Refusal> {
    if until.since(now) > YEAR { Err(Refusal::new(&QUIET_TOO_LONG)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services() -> Vec<Service> {
        let names = ["fcm.googleapis.com", "*.notify.windows.com", "http://127.0.0.1:8765"];
        names.iter().map(|name| Service::read(name).expect("a service")).collect()
    }

    fn point() -> String {
        let mut point = [7; POINT];
        point[0] = 4;
        URL_SAFE_NO_PAD.encode(point)
    }

    fn read(endpoint: &str) -> Result<Subscription, &'static str> {
        let auth = URL_SAFE_NO_PAD.encode([1; AUTH]);
        Subscription::read(endpoint, &point(), &auth, &services()).map_err(|refusal| refusal.code.name)
    }

    /// R36, R76: only the services that the owner of the server named, whatever the address looks like.
    #[test]
    fn only_named_services_are_spoken_to() {
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:DEF_1-2",
            "https://wns2-by3p.notify.windows.com/w/?token=BQ%3d",
            "http://127.0.0.1:8765/push/1",
        ] {
            assert_eq!(read(good).expect(good).endpoint, good);
        }
        for bad in [
            "http://fcm.googleapis.com/fcm/send/abc",
            "https://fcm.googleapis.com:8443/fcm",
            "https://fcm.googleapis.com@evil.example/",
            "https://user:pass@fcm.googleapis.com/",
            "https://FCM.googleapis.com/",
            "https://fcm.googleapis.com.evil.example/",
            "https://evil.example/fcm.googleapis.com",
            "https://evil.example?fcm.googleapis.com",
            "https://evil.example\\@fcm.googleapis.com/",
            "https://notify.windows.com/",
            "https://xnotify.windows.com/",
            "https://notify.windows.com.evil.example/",
            "https://127.0.0.1:8765/push",
            "http://127.0.0.1:8766/push",
            "http://127.0.0.1:8765@evil.example/",
            "http://localhost:8765/push",
            "ftp://fcm.googleapis.com/",
            "//fcm.googleapis.com/",
            "https://fcm.googleapis.com/a b",
            "https://fcm.googleapis.com/\r\nX: y",
            "https://[::1]/",
            "https:///fcm.googleapis.com",
            "",
        ] {
            assert_eq!(read(bad), Err("push.service_unknown"), "{bad}");
        }
        assert_eq!(
            read(&format!("https://fcm.googleapis.com/{}", "a".repeat(3_000))),
            Err("push.service_unknown")
        );
    }

    #[test]
    fn keys_have_their_shape() {
        let endpoint = "https://fcm.googleapis.com/x";
        let auth = URL_SAFE.encode([1; AUTH]);
        assert!(Subscription::read(endpoint, &point(), &auth, &services()).is_ok(), "padding does no harm");
        for (p256dh, auth) in
            [("", auth.as_str()), ("!!", &auth), (&auth, &auth), (&point(), ""), (&point(), &point())]
        {
            let refused = Subscription::read(endpoint, p256dh, auth, &services()).expect_err("a bad key");
            assert_eq!(refused.fields[0].code.name, "push.key");
        }
    }

    #[test]
    fn a_service_is_a_host_a_domain_or_this_machine() {
        for bad in [
            "",
            "*",
            "*.",
            ".",
            "host",
            "https://fcm.googleapis.com",
            "a/b.c",
            "A.example",
            "http://10.0.0.1:1",
            "http://127.0.0.1",
            "x.*.y",
        ] {
            assert_eq!(Service::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn silence_has_an_end() {
        let now = Instant(1_796_601_600_000);
        assert!(within_a_year(now.plus_ms(YEAR), now).is_ok());
        assert!(within_a_year(now.plus_ms(-1), now).is_ok());
        assert_eq!(within_a_year(Instant(i64::MAX), now).map_err(|no| no.code.name), Err("quiet.too_long"));
    }
}
