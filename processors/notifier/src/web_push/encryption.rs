//! Encryption of a payload for one browser: RFC 8291 over one record of RFC 8188's aes128gcm.
//!
//! Invariant: each message has a key pair and a salt of its own, so no key and nonce are used twice.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use schemas::push::WebPush;
use sha2::Sha256;

use super::MalformedSubscription;

/// Size of a record (RFC 8188), which the one record of a message does not exceed.
const RECORD_BYTES: u32 = 4_096;
/// Salt, size of a record, length of the key, key.
const HEAD_BYTES: usize = 16 + 4 + 1 + 65;
const TAG_BYTES: usize = 16;
/// Behind the last byte of the last record's payload.
const LAST: u8 = 2;
/// Bytes of payload and padding, with its delimiter: a body of 4,096 bytes is what every push service takes.
pub const MOST_BYTES: usize = RECORD_BYTES as usize - HEAD_BYTES - TAG_BYTES;

/// The keys of a subscription.
pub struct Browser {
    public: PublicKey,
    auth: [u8; 16],
}

impl Browser {
    pub fn of(subscription: &WebPush) -> Result<Self, MalformedSubscription> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedSubscription);
        let public = PublicKey::from_sec1_bytes(&decode(&subscription.p256dh)?);
        let auth = decode(&subscription.auth)?.try_into();
        Ok(Self {
            public: public.map_err(|_| MalformedSubscription)?,
            auth: auth.map_err(|_| MalformedSubscription)?,
        })
    }
}

/// The body of a push. `length` is that of the payload with its delimiter and padding; `None` if they do not fit.
pub fn encrypt(browser: &Browser, payload: &[u8], length: usize) -> Option<Vec<u8>> {
    // Of 2^32 numbers one is beyond the order of the curve.
    let sender =
        std::iter::repeat_with(|| SecretKey::from_slice(&rand::random::<[u8; 32]>())).find_map(Result::ok)?;
    encrypt_with(browser, &sender, &rand::random(), payload, length)
}

fn encrypt_with(
    browser: &Browser,
    sender: &SecretKey,
    salt: &[u8; 16],
    payload: &[u8],
    length: usize,
) -> Option<Vec<u8>> {
    if payload.len() >= length || length > MOST_BYTES {
        return None;
    }
    let sender_point = sender.public_key().to_encoded_point(false);
    let browser_point = browser.public.to_encoded_point(false);
    let shared = diffie_hellman(sender.to_nonzero_scalar(), browser.public.as_affine());
    let key_info = [b"WebPush: info\0", browser_point.as_bytes(), sender_point.as_bytes()].concat();
    let keying: [u8; 32] = derive(&browser.auth, shared.raw_secret_bytes(), &key_info)?;
    let key: [u8; 16] = derive(salt, &keying, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; 12] = derive(salt, &keying, b"Content-Encoding: nonce\0")?;

    let mut record = payload.to_vec();
    record.push(LAST);
    record.resize(length, 0);
    let cipher = Aes128Gcm::new(Key::<Aes128Gcm>::from_slice(&key));
    let sealed = cipher.encrypt(Nonce::from_slice(&nonce), record.as_slice()).ok()?;

    let mut body = Vec::with_capacity(HEAD_BYTES + sealed.len());
    body.extend(salt);
    body.extend(RECORD_BYTES.to_be_bytes());
    body.push(u8::try_from(sender_point.len()).ok()?);
    body.extend(sender_point.as_bytes());
    body.extend(sealed);
    Some(body)
}

/// HKDF with SHA-256, extract and expand.
fn derive<const LENGTH: usize>(salt: &[u8], keying: &[u8], info: &[u8]) -> Option<[u8; LENGTH]> {
    let mut derived = [0; LENGTH];
    Hkdf::<Sha256>::new(Some(salt), keying).expand(info, &mut derived).ok()?;
    Some(derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn example() -> WebPush {
        WebPush {
            endpoint: "https://push.example/x".to_owned(),
            p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
                .to_owned(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".to_owned(),
        }
    }

    /// RFC 8291, 5 and appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out_to_the_byte() {
        let sender = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt: [u8; 16] = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let plain = b"When I grow up, I want to be a watermelon";
        let browser = Browser::of(&example()).unwrap();
        let body = encrypt_with(&browser, &sender, &salt, plain, plain.len() + 1).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAm\
                        S6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_\
                        Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body), expected);
    }

    #[test]
    fn payloads_are_padded_to_one_length_and_bounded() {
        let browser = Browser::of(&example()).unwrap();
        let sealed = |payload: usize, length| encrypt(&browser, &vec![7; payload], length);
        assert_eq!(sealed(0, 512).unwrap().len(), sealed(511, 512).unwrap().len());
        assert_eq!(sealed(MOST_BYTES - 1, MOST_BYTES).unwrap().len(), RECORD_BYTES as usize);
        for (payload, length) in [(512, 512), (9, 0), (9, MOST_BYTES + 1), (MOST_BYTES, MOST_BYTES)] {
            assert!(sealed(payload, length).is_none(), "{payload} {length}");
        }
        assert_ne!(sealed(9, 512), sealed(9, 512), "no key is used twice");
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        for (p256dh, auth) in [("", "BTBZMqHH6r4Tts7J_aSIgg"), ("AAAA", "BTBZMqHH6r4Tts7J_aSIgg"), ("?", "?")]
        {
            let (p256dh, auth) = (p256dh.to_owned(), auth.to_owned());
            assert!(Browser::of(&WebPush { p256dh, auth, ..example() }).is_err());
        }
        assert!(Browser::of(&WebPush { auth: "AAAA".to_owned(), ..example() }).is_err());
    }
}
