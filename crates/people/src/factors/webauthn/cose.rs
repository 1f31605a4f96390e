//! Public keys as authenticators write them (COSE, RFC 9052 and 9053) and their signatures. Pure.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::cbor::{self, Item};

/// What we ask for, dearest first: Ed25519, ES256, RS256 (older Windows).
pub const ALGORITHMS: [i64; 3] = [-8, -7, -257];

/// A public key of a kind we ask for.
pub(super) enum Key {
    Ed25519(Vec<u8>),
    /// As SEC 1 writes a point: 4, x, y.
    Es256(Vec<u8>),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

impl Key {
    /// Reads it; nothing when it is of another kind.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let map = cbor::whole(bytes)?;
        let (kind, algorithm) = (map.at(1)?.int()?, map.at(3)?.int()?);
        let part = |label: i64| map.at(label).and_then(Item::bytes);
        let curve = || map.at(-1).and_then(Item::int);
        match (kind, algorithm) {
            (1, -8) if curve() == Some(6) => {
                part(-2).filter(|key| key.len() == 32).map(|key| Self::Ed25519(key.to_vec()))
            }
            (2, -7) if curve() == Some(1) => {
                let (x, y) = (part(-2)?, part(-3)?);
                (x.len() == 32 && y.len() == 32).then(|| Self::Es256([&[4], x, y].concat()))
            }
            (3, -257) => Some(Self::Rs256 { modulus: part(-1)?.to_vec(), exponent: part(-2)?.to_vec() }),
            _ => None,
        }
    }

    /// Whether it made this signature of these bytes.
    pub(super) fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(bytes, signature).is_ok(),
            Self::Es256(key) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(bytes, signature).is_ok()
            }
            Self::Rs256 { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, bytes, signature)
                .is_ok(),
        }
    }
}
