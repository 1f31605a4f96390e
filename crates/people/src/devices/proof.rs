//! A device shows that it is itself: it signs a challenge for one purpose.
//!
//! It stays true that a signature made for one purpose serves no other, and that nothing is believed before the signature
//! is checked with the key the device was enrolled with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kairan_core::{DeviceId, Refusal};
use kairan_storage::Reader;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use utoipa::ToSchema;

use super::queries::{self, Device};
use super::rules::{DEVICE_KEY, DEVICE_PROOF_REFUSED};
use crate::People;

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing in.
    SignIn,
    /// A new token for the session of the device.
    Renew,
    /// A ticket for a socket.
    Socket,
    /// Being enrolled.
    Enrol,
    /// Asking whether it is to wipe itself.
    Standing,
    /// Saying that it has.
    Wiped,
}

impl Purpose {
    /// The name that is signed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Renew => "renew",
            Self::Socket => "socket",
            Self::Enrol => "enrol",
            Self::Standing => "standing",
            Self::Wiped => "wiped",
        }
    }

    /// What is signed: the name keeps it apart from everything else the key might ever sign.
    #[must_use]
    pub fn message(self, challenge: &str) -> String {
        format!("kairan-device-v1\n{}\n{challenge}", self.name())
    }
}

/// A device's proof that it is itself.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceProof {
    /// Which device.
    #[schema(value_type = String, format = Uuid)]
    pub device: DeviceId,
    /// From `POST /session/challenge`.
    pub challenge: String,
    /// ECDSA over P-256 and SHA-256 of `kairan-device-v1␊purpose␊challenge`: r‖s of 64 bytes, base64url.
    pub signature: String,
}

/// A public key: an uncompressed P-256 point (SEC 1 §2.3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 65]);

impl PublicKey {
    /// From base64url, as a client exports it in the form `raw`. Whether the point lies on the curve shows when a signature
    /// is checked.
    ///
    /// # Errors
    /// The fault of the field `key`.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| <[u8; 65]>::try_from(bytes).ok());
        let key = bytes.filter(|bytes| bytes[0] == 4).map(Self);
        key.ok_or_else(|| Refusal::fields(vec![kairan_core::FieldFault::new("key", &DEVICE_KEY)]))
    }

    /// From the bytes of the point.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 65]) -> Self {
        Self(bytes)
    }

    /// The bytes of the point.
    #[must_use]
    pub fn bytes(&self) -> [u8; 65] {
        self.0
    }

    /// Whether this key signed the challenge for this purpose.
    #[must_use]
    pub fn signed(&self, purpose: Purpose, challenge: &str, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.0);
        key.verify(purpose.message(challenge).as_bytes(), &signature).is_ok()
    }
}

impl People {
    /// Checks that whoever holds this key signed a challenge of ours, and uses the challenge up.
    ///
    /// # Errors
    /// 401 `device.proof_refused`.
    pub fn check_signature(
        &self,
        key: &PublicKey,
        purpose: Purpose,
        challenge: &str,
        signature: &str,
    ) -> Result<(), Refusal> {
        let good = key.signed(purpose, challenge, signature)
            && self.device_challenges.spend(challenge, self.surroundings().now());
        if good { Ok(()) } else { Err(Refusal::new(&DEVICE_PROOF_REFUSED)) }
    }

    /// The device that a proof shows. Its state is for the caller to judge.
    ///
    /// # Errors
    /// 401 `device.proof_refused`: the same for an unknown device as for a wrong signature.
    pub async fn prove_device(&self, proof: &DeviceProof, purpose: Purpose) -> Result<Device, Refusal> {
        let id = proof.device;
        let read = async move |reader: &mut Reader| queries::device(reader, id).await;
        let device = self.store.read::<_, kairan_storage::Error, _>(read).await?;
        let device = device.ok_or_else(|| Refusal::new(&DEVICE_PROOF_REFUSED))?;
        self.check_signature(&device.key, purpose, &proof.challenge, &proof.signature)?;
        Ok(device)
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    #[test]
    fn a_signature_serves_one_purpose_and_one_key() {
        let random = SystemRandom::new();
        let pair = || {
            let pkcs8 =
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
                .expect("a key")
        };
        let (mine, other) = (pair(), pair());
        let public = |pair: &EcdsaKeyPair| {
            PublicKey::read(&URL_SAFE_NO_PAD.encode(pair.public_key().as_ref())).expect("a point")
        };
        let signature = mine.sign(&random, Purpose::Renew.message("abc").as_bytes()).expect("signs");
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        assert!(public(&mine).signed(Purpose::Renew, "abc", &signature));
        assert!(!public(&mine).signed(Purpose::Socket, "abc", &signature), "another purpose");
        assert!(!public(&mine).signed(Purpose::Renew, "abd", &signature), "another challenge");
        assert!(!public(&other).signed(Purpose::Renew, "abc", &signature), "another key");
        for nonsense in ["", "§", "AAAA", &"A".repeat(86)] {
            assert!(!public(&mine).signed(Purpose::Renew, "abc", nonsense), "{nonsense}");
        }
    }

    /// What a browser makes with `crypto.subtle.sign({name: 'ECDSA', hash: 'SHA-256'}, …)` (made once with Node's `WebCrypto`).
    #[test]
    fn a_browsers_signature_is_read() {
        let key = "BCrjCFT87wGEg0DzT4kNGnIKaj9AxsesAdj4Uz64qup3anvKsj6lyWM--IFnVYibsliBRMlA_WiBPNOIcVuLNDs";
        let signature =
            "EBouwSVR5yww1QJkeglQcn6Gl9lJxIG0-nzRV9dNcf1AtdKch_Z7vcyUKBzM7Lzc7v3fqkiccKj4IOBCyC5sSw";
        let key = PublicKey::read(key).expect("a point");
        assert!(key.signed(Purpose::SignIn, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", signature));
    }

    #[test]
    fn only_an_uncompressed_point_is_a_key() {
        for nonsense in ["", "AAAA", &"A".repeat(87), &URL_SAFE_NO_PAD.encode([3; 33])] {
            assert_eq!(PublicKey::read(nonsense).expect_err("no key").fields[0].code.name, "device.key");
        }
    }
}
