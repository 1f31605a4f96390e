//! A browser in tests: it holds a key, signs challenges, and goes through the steps that make a session complete.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::DeviceId;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::{Passkey, Reply, bytes, send_with};
use crate::People;
use crate::devices::Purpose;

/// A browser.
#[derive(Clone)]
pub struct Browser {
    /// The device it is, or will be.
    pub device: DeviceId,
    key: Arc<EcdsaKeyPair>,
}

impl PartialEq for Browser {
    fn eq(&self, other: &Self) -> bool {
        self.device == other.device
    }
}

impl Eq for Browser {}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Browser({})", self.device)
    }
}

impl Browser {
    /// A new one.
    ///
    /// # Panics
    /// When this machine gives no randomness.
    #[must_use]
    pub fn new(people: &People) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key");
        Self { device: people.surroundings().id(), key: Arc::new(key) }
    }

    /// Its public key as on the wire.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref())
    }

    /// Its signature of a challenge.
    ///
    /// # Panics
    /// When this machine gives no randomness.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, challenge: &str) -> String {
        let message = purpose.message(challenge);
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).expect("signs");
        URL_SAFE_NO_PAD.encode(signature.as_ref())
    }

    /// A fresh challenge and its signature.
    #[must_use]
    pub fn signed(&self, people: &People, purpose: Purpose) -> Value {
        let (challenge, _) = people.device_challenges.issue(people.surroundings());
        let signature = self.sign(purpose, &challenge);
        json!({ "challenge": challenge, "signature": signature })
    }

    /// A `DeviceProof`.
    #[must_use]
    pub fn proof(&self, people: &People, purpose: Purpose) -> Value {
        let mut proof = self.signed(people, purpose);
        proof["device"] = json!(self.device);
        proof
    }

    /// What it says to be enrolled.
    #[must_use]
    pub fn enrolment(&self, people: &People, code: Option<&str>) -> Value {
        let mut asked = self.signed(people, Purpose::Enrol);
        asked["id"] = json!(self.device);
        asked["code"] = json!(code);
        asked["name"] = json!("事務所のPC");
        asked["kind"] = json!("browser");
        asked["os"] = json!("Windows");
        asked["key"] = json!(self.public());
        asked
    }

    /// Goes on from an answer that opened a session until the session is complete; the last answer has the cookie. Those who
    /// must have a second factor get a passkey, and show it from then on. What only an administrator can do ends the way: the
    /// answer says `approval`.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn complete(
        &self,
        app: &Router,
        people: &People,
        mut reply: Reply,
        login: &str,
        code: Option<&str>,
    ) -> Reply {
        loop {
            assert!(reply.status.is_success(), "{login} did not enter: {}", reply.text);
            let cookie = reply.cookie.clone().expect("every step hands a cookie over");
            let call = async |path: &str, body: Value| {
                send_with(app, Method::POST, path, Some(&cookie), Some(&body)).await
            };
            let needs = reply.body["needs"].as_str().map(str::to_owned);
            reply = match needs.as_deref() {
                Some("enrol_factor") => {
                    let asked = call("/me/passkeys/challenge", Value::Null).await.expect(200);
                    let user = asked["options"]["user"]["id"].as_str().expect("a user handle");
                    let credential = Passkey::named(login, &bytes(user)).create(&asked["options"]);
                    let body = json!({"challenge": asked["challenge"], "credential": credential, "name": "手元の鍵"});
                    call("/me/passkeys", body).await
                }
                Some("second_factor") => {
                    let asked = call("/session/passkey/challenge", json!({})).await.expect(200);
                    let mut credential = Passkey::named(login, &[]).get(&asked["options"]);
                    // A key asked for by its id need not say whose it is.
                    credential["response"]["userHandle"] = Value::Null;
                    let body = json!({"challenge": asked["challenge"], "credential": credential});
                    call("/session/passkey", body).await
                }
                Some("device") => call("/session/device", self.enrolment(people, code)).await,
                Some("consent") => {
                    call("/session/consent", json!({ "version": reply.body["terms"]["version"] })).await
                }
                Some("approval") => return reply,
                Some(other) => panic!("a step that no browser takes by itself: {other}"),
                None if reply.body["member"].is_object() || reply.body["me"].is_object() => return reply,
                // The answer to a factor that was enrolled says only that something is still needed.
                None => {
                    let standing =
                        send_with(app, Method::GET, "/session/standing", Some(&cookie), None).await;
                    Reply { cookie: Some(cookie.clone()), ..standing }
                }
            };
        }
    }
}
