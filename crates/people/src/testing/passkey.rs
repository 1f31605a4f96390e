//! A passkey in software, as a browser would speak for it: Ed25519, no attestation. Its key follows from a name, so that a
//! test needs to keep nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ORIGIN;

/// The passkey.
#[derive(Debug, Clone)]
pub struct Passkey {
    /// Its private key.
    pub seed: [u8; 32],
    /// Its credential id.
    pub id: [u8; 32],
    /// The person it was made for.
    pub user: Vec<u8>,
    /// What its counter says.
    pub counter: u32,
    /// Whether it makes sure who is there.
    pub verifies: bool,
    /// Where it believes to be.
    pub origin: String,
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Passkey {
    /// The one of this name, for the person with this user handle.
    #[must_use]
    pub fn named(name: &str, user: &[u8]) -> Self {
        let part = |what: &str| Sha256::digest(format!("{what} of {name}")).into();
        Self {
            seed: part("seed"),
            id: part("id"),
            user: user.to_vec(),
            counter: 0,
            verifies: true,
            origin: ORIGIN.into(),
        }
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.seed).expect("a seed of 32 bytes")
    }

    fn data(&self, options: &Value, rp: &Value, more: u8) -> Vec<u8> {
        assert_eq!(options["attestation"].as_str().unwrap_or("none"), "none");
        let mut data = Sha256::digest(rp.as_str().expect("a relying party")).to_vec();
        data.push(1 | (u8::from(self.verifies) << 2) | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    fn answer(&self, response: &Value) -> Value {
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key", "response": response,
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
        })
    }

    /// Answers a registration.
    ///
    /// # Panics
    /// When the options are none.
    #[must_use]
    pub fn create(&self, options: &Value) -> Value {
        let mut data = self.data(options, &options["rp"]["id"], 1 << 6);
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(self.id);
        // {1: OKP, 3: EdDSA, -1: Ed25519, -2: the key}
        data.extend([0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32]);
        data.extend(self.pair().public_key().as_ref());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("short"));
        object.extend(data);
        self.answer(&json!({
            "clientDataJSON": encoded(&self.client_data("webauthn.create", options)),
            "attestationObject": encoded(&object), "transports": ["internal"],
        }))
    }

    /// Answers a sign-in.
    ///
    /// # Panics
    /// When the options are none.
    #[must_use]
    pub fn get(&self, options: &Value) -> Value {
        let (data, client) =
            (self.data(options, &options["rpId"], 0), self.client_data("webauthn.get", options));
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        self.answer(&json!({
            "clientDataJSON": encoded(&client), "authenticatorData": encoded(&data),
            "signature": encoded(self.pair().sign(&signed).as_ref()), "userHandle": encoded(&self.user),
        }))
    }
}
