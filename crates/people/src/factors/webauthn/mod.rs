//! Passkeys: the relying party's checks of W3C Web Authentication Level 3 §7.1 and §7.2, for keys without attestation. Pure.
//!
//! It stays true that an answer is taken only for the challenge it was asked for, from our own origin, from a device that
//! verified its user, under the key that was registered. Who made the device is not asked, so no attestation is read
//! (docs/decisions/0010).

pub mod cbor;
mod cose;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use cose::ALGORITHMS;

/// What an answer has to match.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The challenge that was given out.
    pub challenge: [u8; 32],
    /// Where people open Kairan.
    pub origin: String,
    /// The host of it.
    pub rp: String,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Shape,
    /// It answers another challenge, another site or another question.
    Other,
    /// The device did not verify its user.
    Unverified,
    /// The key is of a kind we did not ask for, or the signature is not its.
    Key,
    /// The device's counter went back: there is a copy of it somewhere (§6.1.1).
    Clone,
}

/// A passkey as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The credential's id, base64url.
    pub credential: String,
    /// Its public key (COSE), base64url.
    pub key: String,
    /// Its signature counter.
    pub counter: u32,
}

/// The host that an origin's passkeys belong to.
#[must_use]
pub fn rp_of(origin: &str) -> &str {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential<R> {
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "attestationObject")]
    object: String,
}

#[derive(Deserialize)]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "authenticatorData")]
    data: String,
    signature: String,
    #[serde(rename = "userHandle")]
    user: Option<String>,
}

fn decoded(text: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Fault::Shape)
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the answer to a registration and checks it (§7.1).
///
/// # Errors
/// Why it is not taken.
pub fn register(answer: &Value, expected: &Expected) -> Result<Registered, Fault> {
    let (registered, flags) = read_registration(answer, expected)?;
    verified(flags)?;
    Ok(registered)
}

fn read_registration(answer: &Value, expected: &Expected) -> Result<(Registered, u8), Fault> {
    let answer = Credential::<Attestation>::deserialize(answer).map_err(|_| Fault::Shape)?;
    check_client_data(&decoded(&answer.response.client_data)?, "webauthn.create", expected)?;
    let object = decoded(&answer.response.object)?;
    let object = cbor::whole(&object).ok_or(Fault::Shape)?;
    let data = object.named("authData").and_then(cbor::Item::bytes).ok_or(Fault::Shape)?;
    let data = AuthenticatorData::read(data)?;
    data.check(expected)?;
    let (credential, key) = data.attested.ok_or(Fault::Shape)?;
    let raw = decoded(&answer.raw_id)?;
    if answer.kind != "public-key" || raw != credential {
        return Err(Fault::Shape);
    }
    cose::Key::read(key).ok_or(Fault::Key)?;
    let registered = Registered { credential: encoded(credential), key: encoded(key), counter: data.counter };
    Ok((registered, data.flags))
}

/// An answer to a sign-in, read and not yet checked.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// The credential it is said to be from, base64url.
    pub credential: String,
    /// The person the device says it belongs to.
    pub user: Option<Vec<u8>>,
    client_data: Vec<u8>,
    data: Vec<u8>,
    signature: Vec<u8>,
}

impl Assertion {
    /// Reads it.
    ///
    /// # Errors
    /// [`Fault::Shape`].
    pub fn read(answer: &Value) -> Result<Self, Fault> {
        let answer = Credential::<AssertionResponse>::deserialize(answer).map_err(|_| Fault::Shape)?;
        if answer.kind != "public-key" {
            return Err(Fault::Shape);
        }
        Ok(Self {
            credential: encoded(&decoded(&answer.raw_id)?),
            user: answer.response.user.as_deref().map(decoded).transpose()?,
            client_data: decoded(&answer.response.client_data)?,
            data: decoded(&answer.response.data)?,
            signature: decoded(&answer.response.signature)?,
        })
    }

    /// Checks it under a registered key, whose counter was `counter` (§7.2). The counter from now on.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn check(&self, expected: &Expected, key: &str, counter: u32) -> Result<u32, Fault> {
        let (now, flags) = self.signed(expected, key)?;
        verified(flags)?;
        // Devices that keep no counter always say 0.
        if (counter, now) != (0, 0) && now <= counter {
            return Err(Fault::Clone);
        }
        Ok(now)
    }

    /// The counter and the flags that the key signed.
    fn signed(&self, expected: &Expected, key: &str) -> Result<(u32, u8), Fault> {
        check_client_data(&self.client_data, "webauthn.get", expected)?;
        let data = AuthenticatorData::read(&self.data)?;
        data.check(expected)?;
        let key = decoded(key)?;
        let key = cose::Key::read(&key).ok_or(Fault::Key)?;
        let signed = [self.data.as_slice(), &Sha256::digest(&self.client_data)].concat();
        if !key.signed(&signed, &self.signature) {
            return Err(Fault::Key);
        }
        Ok((data.counter, data.flags))
    }
}

/// Whether somebody was there, and the device made sure who.
fn verified(flags: u8) -> Result<(), Fault> {
    let both = PRESENT | VERIFIED;
    if flags & both == both { Ok(()) } else { Err(Fault::Unverified) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

fn check_client_data(bytes: &[u8], kind: &str, expected: &Expected) -> Result<(), Fault> {
    let data: ClientData = serde_json::from_slice(bytes).map_err(|_| Fault::Shape)?;
    let challenge = decoded(&data.challenge)?;
    let fits = data.kind == kind
        && bool::from(challenge.as_slice().ct_eq(&expected.challenge))
        && data.origin == expected.origin
        && !data.cross_origin;
    if fits { Ok(()) } else { Err(Fault::Other) }
}

/// Authenticator data (§6.1).
struct AuthenticatorData<'b> {
    rp: &'b [u8],
    flags: u8,
    counter: u32,
    /// The credential's id and its key, at a registration.
    attested: Option<(&'b [u8], &'b [u8])>,
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const MAY_BE_BACKED_UP: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;
/// Bytes of the longest credential id (§7.1 step 25).
const LONGEST_ID: usize = 1023;

impl<'b> AuthenticatorData<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, Fault> {
        let shape = Fault::Shape;
        let (rp, rest) = bytes.split_at_checked(32).ok_or(shape)?;
        let (flags, rest) = rest.split_first().ok_or(shape)?;
        let (counter, mut rest) = rest.split_first_chunk::<4>().ok_or(shape)?;
        let mut attested = None;
        if flags & ATTESTED != 0 {
            let (_, after) = rest.split_at_checked(16).ok_or(shape)?;
            let (length, after) = after.split_first_chunk::<2>().ok_or(shape)?;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 || length > LONGEST_ID {
                return Err(shape);
            }
            let (id, after) = after.split_at_checked(length).ok_or(shape)?;
            let (_, left) = cbor::first(after).ok_or(shape)?;
            attested = Some((id, &after[..after.len() - left.len()]));
            rest = left;
        }
        if flags & EXTENDED != 0 {
            rest = cbor::first(rest).ok_or(shape)?.1;
        }
        if !rest.is_empty() {
            return Err(shape);
        }
        Ok(Self { rp, flags: *flags, counter: u32::from_be_bytes(*counter), attested })
    }

    fn check(&self, expected: &Expected) -> Result<(), Fault> {
        if self.rp != Sha256::digest(&expected.rp).as_slice() {
            return Err(Fault::Other);
        }
        if self.flags & BACKED_UP != 0 && self.flags & MAY_BE_BACKED_UP == 0 {
            return Err(Fault::Shape);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
