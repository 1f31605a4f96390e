//! Who we are to a push service: a signed token (RFC 8292, a JWT by RFC 7519 with ES256).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::Instant;
use kairan_core::time::{HOUR, SECOND};
use p256::ecdsa::Signature;
use p256::ecdsa::signature::Signer as _;
use serde_json::json;

use super::PushKey;

/// How long a token is good; a service takes none of more than 24 hours.
const LIFE_HOURS: i64 = 12;

/// The `Authorization` header for an endpoint. `contact` is where the service's people may ask about us. Within one hour it
/// is the same for one service (services like to see a token again), because signatures are deterministic (RFC 6979).
pub fn authorization(key: &PushKey, endpoint: &str, contact: &str, now: Instant) -> String {
    let expires = (now.ms() / HOUR + LIFE_HOURS) * (HOUR / SECOND);
    let header = json!({"typ": "JWT", "alg": "ES256"});
    let claims = json!({"aud": origin(endpoint), "exp": expires, "sub": contact});
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature: Signature = key.signing().sign(signed.as_bytes());
    format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature.to_bytes()), key.public())
}

/// Scheme and authority of an address that was checked when it was taken.
fn origin(endpoint: &str) -> &str {
    let start = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint[start..].find(['/', '?']).map_or(endpoint.len(), |at| start + at);
    &endpoint[..end]
}

#[cfg(test)]
mod tests {
    use kairan_core::surroundings::held;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;

    use super::*;

    #[test]
    fn the_token_names_the_service_ends_within_a_day_and_is_ours() {
        let (surroundings, _) = held::surroundings(1);
        let key = PushKey::generate(&surroundings);
        let now = Instant(1_796_601_600_000);
        let made = |now| authorization(&key, "https://push.example.jp/a?b", "https://kairan.example.jp", now);
        let header = made(now);
        assert_eq!(header, made(now.plus_ms(HOUR - 1)), "a service sees one token an hour");
        assert_ne!(header, made(now.plus_ms(HOUR)));
        let (token, public) =
            header.strip_prefix("vapid t=").and_then(|rest| rest.split_once(", k=")).expect("form");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let read = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let verifying = VerifyingKey::from_sec1_bytes(&read(public)).expect("a point");
        let signature = Signature::from_slice(&read(signature)).expect("64 bytes");
        verifying.verify(signed.as_bytes(), &signature).expect("ours");
        let claims: serde_json::Value =
            serde_json::from_slice(&read(signed.split_once('.').expect("two").1)).expect("JSON");
        assert_eq!(claims["aud"], "https://push.example.jp");
        assert_eq!(claims["sub"], "https://kairan.example.jp");
        let left = claims["exp"].as_i64().expect("a number") * SECOND - now.ms();
        assert!(left > 11 * HOUR && left <= 12 * HOUR, "{left}");
    }
}
