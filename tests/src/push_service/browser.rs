//! A browser with a subscription: it checks who signed a push (RFC 8292), and opens it (RFC 8291, RFC 8188).

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::ecdh::diffie_hellman;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Pushed;

/// The keys of a subscription.
pub struct Browser {
    key: SecretKey,
    auth: [u8; 16],
    pub endpoint: String,
}

/// What a push says.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub payload: Value,
    /// Of the token of the one who pushed.
    pub claims: Value,
    /// The key that signed it, in base64url.
    pub key: String,
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url without padding")
}

impl Browser {
    pub fn at(endpoint: String) -> Self {
        let keys = std::iter::repeat_with(|| SecretKey::from_slice(&rand::random::<[u8; 32]>()));
        let key = keys.flatten().next().expect("a key");
        Self { key, auth: rand::random(), endpoint }
    }

    fn point(&self) -> Vec<u8> {
        self.key.public_key().to_encoded_point(false).as_bytes().to_vec()
    }

    /// As the API takes it.
    pub fn subscription(&self) -> Value {
        let (point, auth) = (URL_SAFE_NO_PAD.encode(self.point()), URL_SAFE_NO_PAD.encode(self.auth));
        json!({ "webPush": { "endpoint": self.endpoint, "p256dh": point, "auth": auth },
            "deviceType": "WEB" })
    }

    /// The private keys, as another implementation takes them.
    pub fn secrets(&self) -> Value {
        json!({ "key": URL_SAFE_NO_PAD.encode(self.key.to_bytes()), "auth": URL_SAFE_NO_PAD.encode(self.auth) })
    }

    /// Checks the signature of a push, and decrypts it.
    pub fn open(&self, pushed: &Pushed) -> Opened {
        let header = |name: &str| pushed.headers.get(name).expect("a header").as_str();
        let (token, key) = header("authorization")
            .strip_prefix("vapid t=")
            .and_then(|rest| rest.split_once(", k="))
            .expect("a token and a key");
        let (signed, signature) = token.rsplit_once('.').expect("a signature");
        let verifying = VerifyingKey::from_sec1_bytes(&decode(key)).expect("a point");
        let signature = Signature::from_slice(&decode(signature)).expect("64 bytes");
        verifying.verify(signed.as_bytes(), &signature).expect("signed by the key");
        let (head, claims) = signed.split_once('.').expect("a head and claims");
        let head: Value = serde_json::from_slice(&decode(head)).expect("JSON");
        assert_eq!(head["alg"], "ES256");
        assert_eq!(header("content-encoding"), "aes128gcm");
        let payload = serde_json::from_slice(&self.decrypt(&pushed.body)).expect("JSON");
        let claims = serde_json::from_slice(&decode(claims)).expect("JSON");
        Opened { payload, claims, key: key.to_owned() }
    }

    fn decrypt(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (record, rest) = rest.split_at(4);
        let (length, rest) = rest.split_first().expect("a length");
        let (sender, sealed) = rest.split_at(usize::from(*length));
        let record = u32::from_be_bytes(record.try_into().expect("4 bytes"));
        assert!(sealed.len() <= record as usize, "one record");
        let from = PublicKey::from_sec1_bytes(sender).expect("a point");
        let shared = diffie_hellman(self.key.to_nonzero_scalar(), from.as_affine());
        let info = [&b"WebPush: info\0"[..], &self.point(), sender].concat();
        let keying: [u8; 32] = derive(&self.auth, shared.raw_secret_bytes(), &info);
        let key: [u8; 16] = derive(salt, &keying, b"Content-Encoding: aes128gcm\0");
        let nonce: [u8; 12] = derive(salt, &keying, b"Content-Encoding: nonce\0");
        let cipher = Aes128Gcm::new(Key::<Aes128Gcm>::from_slice(&key));
        let mut plain = cipher.decrypt(Nonce::from_slice(&nonce), sealed).expect("sealed for this browser");
        while plain.last() == Some(&0) {
            plain.pop();
        }
        assert_eq!(plain.pop(), Some(2), "the delimiter of the last record");
        plain
    }
}

fn derive<const LENGTH: usize>(salt: &[u8], keying: &[u8], info: &[u8]) -> [u8; LENGTH] {
    let mut derived = [0; LENGTH];
    Hkdf::<Sha256>::new(Some(salt), keying).expand(info, &mut derived).expect("a length");
    derived
}
