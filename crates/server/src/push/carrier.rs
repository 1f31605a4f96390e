//! Carrying one notification to a push service, and what its answer means.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use futures_util::future::BoxFuture;
use kairan_core::Surroundings;
use kairan_core::time::{HOUR, SECOND};
use kairan_people::reach::rules::{Service, Subscription};

use super::key::{PushKey, new_secret};
use super::seal::{Browser, seal};
use super::vapid::authorization;
use crate::outbound::{Answer, Outbound};

/// Longest pause that a service can ask for.
const LONGEST_PAUSE: i64 = HOUR;

/// One notification on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    /// To whom.
    pub subscription: Subscription,
    /// What, still open.
    pub payload: Vec<u8>,
    /// What it replaces while undelivered (RFC 8030 §5.4).
    pub topic: String,
    /// Whether a sleeping device is woken for it.
    pub urgent: bool,
    /// How long the service keeps it for a device that is off, ms.
    pub kept: i64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The service took it.
    Sent,
    /// The service does not know this browser any more, or its keys are none: the subscription is over.
    Gone,
    /// Not now; after this many ms, when the service said so.
    Later(Option<i64>),
    /// The service will not take it, now or later.
    Refused,
}

/// Whoever carries notifications: the network, or a test.
pub trait Carrier: Send + Sync {
    /// Carries one.
    fn carry(&self, letter: Letter) -> BoxFuture<'_, Outcome>;
}

/// The real one.
pub struct WebPush {
    outbound: Outbound,
    key: PushKey,
    services: Vec<Service>,
    contact: String,
    surroundings: Surroundings,
}

impl WebPush {
    /// `contact`: where a service's people may ask about this server (RFC 8292 §2.1).
    #[must_use]
    pub fn new(key: PushKey, services: Vec<Service>, contact: String, surroundings: Surroundings) -> Self {
        Self { outbound: Outbound::default(), key, services, contact, surroundings }
    }

    async fn send(&self, letter: Letter) -> Outcome {
        let Letter { subscription, payload, topic, urgent, kept } = letter;
        if !subscription.leads_to(&self.services) {
            return Outcome::Gone;
        }
        let browser = Browser { p256dh: &subscription.p256dh, auth: &subscription.auth };
        let ours = new_secret(&self.surroundings);
        let Ok(sealed) = seal(&browser, &payload, &ours, self.surroundings.bytes()) else {
            return Outcome::Gone;
        };
        let now = self.surroundings.now();
        let authorization = authorization(&self.key, &subscription.endpoint, &self.contact, now);
        let Some(headers) = headers(&authorization, &topic, urgent, kept) else { return Outcome::Refused };
        match self.outbound.post(&subscription.endpoint, headers, sealed.into()).await {
            Ok(answer) => {
                let outcome = meaning(&answer);
                if outcome == Outcome::Refused {
                    let (service, status) = (subscription.host(), answer.status);
                    tracing::warn!(service, status, "a push service refused a notification");
                }
                outcome
            }
            Err(error) => {
                tracing::warn!(service = subscription.host(), %error, "a push service could not be reached");
                Outcome::Later(None)
            }
        }
    }
}

impl Carrier for WebPush {
    fn carry(&self, letter: Letter) -> BoxFuture<'_, Outcome> {
        Box::pin(self.send(letter))
    }
}

fn headers(authorization: &str, topic: &str, urgent: bool, kept: i64) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let mut authorization = HeaderValue::from_str(authorization).ok()?;
    authorization.set_sensitive(true);
    headers.insert(header::AUTHORIZATION, authorization);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(HeaderName::from_static("ttl"), HeaderValue::from(kept / SECOND));
    headers.insert(HeaderName::from_static("topic"), HeaderValue::from_str(topic).ok()?);
    let urgency = HeaderValue::from_static(if urgent { "high" } else { "normal" });
    headers.insert(HeaderName::from_static("urgency"), urgency);
    Some(headers)
}

/// What a service's answer means (RFC 8030 §5, §7.3).
fn meaning(answer: &Answer) -> Outcome {
    match answer.status {
        200..=299 => Outcome::Sent,
        404 | 410 => Outcome::Gone,
        408 | 429 | 500..=599 => {
            let asked = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let seconds =
                asked.and_then(|text| text.trim().parse::<i64>().ok()).filter(|seconds| *seconds >= 0);
            Outcome::Later(seconds.map(|seconds| seconds.saturating_mul(SECOND).min(LONGEST_PAUSE)))
        }
        _ => Outcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_meaning() {
        let mean = |status, retry: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(retry) = retry {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(retry));
            }
            meaning(&Answer { status, headers })
        };
        assert_eq!((mean(201, None), mean(200, None)), (Outcome::Sent, Outcome::Sent));
        assert_eq!((mean(404, None), mean(410, None)), (Outcome::Gone, Outcome::Gone));
        assert_eq!(mean(429, Some("30")), Outcome::Later(Some(30_000)));
        assert_eq!(mean(503, Some("99999999999")), Outcome::Later(Some(HOUR)));
        assert_eq!(mean(429, Some("Wed, 21 Oct 2026 07:28:00 GMT")), Outcome::Later(None));
        assert_eq!(mean(500, Some("-1")), Outcome::Later(None));
        for status in [301, 307, 400, 401, 403, 413] {
            assert_eq!(mean(status, None), Outcome::Refused, "{status}");
        }
    }
}
