//! Sealing a payload for one browser: RFC 8291 over RFC 8188 (`aes128gcm`).

use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey, ecdh};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

/// The largest payload: one record of 4,096 bytes with its header, delimiter and tag (RFC 8291 §4).
pub const LARGEST: usize = 3_993;
/// Payloads are filled up to a multiple of this, so that their length says little.
const STEP: usize = 256;

/// Why a payload was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The browser's key is no point on the curve.
    #[error("the browser's key is no key")]
    Key,
    /// The payload is too long.
    #[error("the payload is longer than {LARGEST} bytes")]
    TooLong,
}

/// The browser's keys.
pub struct Browser<'a> {
    /// Its public key: an uncompressed point.
    pub p256dh: &'a [u8],
    /// The secret shared with it.
    pub auth: &'a [u8],
}

/// Seals a payload; `ours` and `salt` are used for this one message only.
pub fn seal(
    browser: &Browser<'_>,
    payload: &[u8],
    ours: &SecretKey,
    salt: [u8; 16],
) -> Result<Vec<u8>, SealError> {
    if payload.len() > LARGEST {
        return Err(SealError::TooLong);
    }
    let full = payload.len().next_multiple_of(STEP).min(LARGEST);
    seal_padded(browser, payload, full - payload.len(), ours, salt)
}

fn seal_padded(
    browser: &Browser<'_>,
    payload: &[u8],
    padding: usize,
    ours: &SecretKey,
    salt: [u8; 16],
) -> Result<Vec<u8>, SealError> {
    const RECORD: u32 = 4_096;
    let theirs = PublicKey::from_sec1_bytes(browser.p256dh).map_err(|_| SealError::Key)?;
    let shared = ecdh::diffie_hellman(ours.to_nonzero_scalar(), theirs.as_affine());
    let our_point = ours.public_key().to_encoded_point(false);
    let our_point = our_point.as_bytes();
    // RFC 8291 §3.4: the input keying material binds both keys and the shared secret.
    let material: [u8; 32] =
        derive(browser.auth, shared.raw_secret_bytes(), &[b"WebPush: info\0", browser.p256dh, our_point]);
    // RFC 8188 §2.2, §2.3.
    let key: [u8; 16] = derive(&salt, &material, &[b"Content-Encoding: aes128gcm\0"]);
    let nonce: [u8; 12] = derive(&salt, &material, &[b"Content-Encoding: nonce\0"]);
    let mut record = payload.to_vec();
    record.push(2); // the delimiter of the last record
    record.resize(record.len() + padding, 0);
    let key = UnboundKey::new(&AES_128_GCM, &key).expect("sixteen bytes are a key");
    LessSafeKey::new(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)
        .expect("a record of 4 KiB is never too long");
    let point_length = u8::try_from(our_point.len()).expect("an uncompressed point has 65 bytes");
    let header = [salt.as_slice(), &RECORD.to_be_bytes(), &[point_length], our_point].concat();
    Ok([header, record].concat())
}

/// HKDF-SHA-256, extract and expand (RFC 5869).
fn derive<const N: usize>(salt: &[u8], material: &[u8], info: &[&[u8]]) -> [u8; N] {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut out = [0; N];
    Salt::new(HKDF_SHA256, salt)
        .extract(material)
        .expand(info, Length(N))
        .and_then(|okm| okm.fill(&mut out))
        .expect("at most 255 × 32 bytes are asked for");
    out
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// RFC 8291, Appendix A.
    #[test]
    fn the_vector_of_the_standard() {
        let p256dh =
            bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let ours =
            SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).expect("a key");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("sixteen bytes");
        let browser = Browser { p256dh: &p256dh, auth: &auth };
        let sealed = seal_padded(&browser, b"When I grow up, I want to be a watermelon", 0, &ours, salt);
        assert_eq!(
            URL_SAFE_NO_PAD.encode(sealed.expect("sealed")),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn lengths_come_in_steps_and_have_an_end() {
        let ours = SecretKey::from_slice(&[7; 32]).expect("a key");
        let point = ours.public_key().to_encoded_point(false);
        let browser = Browser { p256dh: point.as_bytes(), auth: &[1; 16] };
        let length =
            |payload: usize| seal(&browser, &vec![b'x'; payload], &ours, [3; 16]).map(|sealed| sealed.len());
        assert_eq!(length(1), length(256));
        assert_ne!(length(256), length(257));
        assert_eq!(length(LARGEST), Ok(4_096));
        assert_eq!(length(LARGEST + 1), Err(SealError::TooLong));
        let nobody = Browser { p256dh: &[4; 65], auth: &[1; 16] };
        assert_eq!(seal(&nobody, b"x", &ours, [3; 16]), Err(SealError::Key));
    }
}
