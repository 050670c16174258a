//! Voluntary application server identification (RFC 8292): a token for each push service.
//!
//! Invariant: a token is valid for less than 24 hours, as the standard demands, and is used while an hour is left.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use platform::lock::locked;
use schemas::position::LogTime;
use serde_json::json;

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// How long a token is valid.
const VALID_MS: i64 = 12 * HOUR_MS;
/// Origins whose tokens are kept.
const MOST_ORIGINS: usize = 1_024;

/// 32 bytes are no private key of P-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the VAPID key is not a private key of P-256")]
pub struct MalformedKey;

pub struct Vapid {
    key: SigningKey,
    secret: [u8; 32],
    /// In base64url.
    public: String,
    contact: Option<String>,
    tokens: Mutex<HashMap<String, Token>>,
}

struct Token {
    authorization: String,
    until: LogTime,
}

impl Vapid {
    pub fn new(private: &[u8; 32], contact: Option<String>) -> Result<Self, MalformedKey> {
        let key = SigningKey::from_slice(private).map_err(|_| MalformedKey)?;
        let public = URL_SAFE_NO_PAD.encode(key.verifying_key().to_encoded_point(false));
        Ok(Self { key, secret: *private, public, contact, tokens: Mutex::default() })
    }

    /// What other secrets of the deployment's pushes derive from.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The header `Authorization` for an origin.
    pub fn authorization(&self, origin: &str, now: LogTime) -> String {
        let mut tokens = locked(&self.tokens);
        if let Some(token) = tokens.get(origin).filter(|token| token.until - now > HOUR_MS) {
            return token.authorization.clone();
        }
        if tokens.len() >= MOST_ORIGINS {
            tokens.clear();
        }
        let until = now + VALID_MS;
        let authorization = format!("vapid t={}, k={}", self.token(origin, until), self.public);
        tokens.insert(origin.to_owned(), Token { authorization: authorization.clone(), until });
        authorization
    }

    fn token(&self, origin: &str, until: LogTime) -> String {
        let mut claims = json!({ "aud": origin, "exp": until / 1_000 });
        if let Some(contact) = &self.contact {
            claims["sub"] = contact.as_str().into();
        }
        let encode = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encode(json!({ "typ": "JWT", "alg": "ES256" })), encode(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    use super::*;

    const NOW: LogTime = 1_800_000_000_000;
    const ORIGIN: &str = "https://push.example";

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// The claims of a header, if its signature is that of its key.
    fn verified(authorization: &str) -> Option<serde_json::Value> {
        let (token, key) = authorization.strip_prefix("vapid t=")?.split_once(", k=")?;
        let (signed, signature) = token.rsplit_once('.')?;
        let key = VerifyingKey::from_sec1_bytes(&decode(key)).ok()?;
        key.verify(signed.as_bytes(), &Signature::from_slice(&decode(signature)).ok()?).ok()?;
        serde_json::from_slice(&decode(signed.split_once('.')?.1)).ok()
    }

    /// RFC 8292, 2.4.
    #[test]
    fn the_example_of_the_standard_is_verified_and_no_other_text() {
        let example = "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleH\
                       AiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkM\
                       lMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164\
                       i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
        let claims = verified(example).unwrap();
        assert_eq!(
            (&claims["aud"], &claims["exp"]),
            (&"https://push.example.net".into(), &1453523768.into())
        );
        assert!(verified(&example.replace("eyJhdWQi", "eyJhdWRi")).is_none());
    }

    #[test]
    fn a_token_is_signed_for_its_origin_for_less_than_a_day() {
        let vapid = Vapid::new(&[7; 32], Some("mailto:push@site.example".to_owned())).unwrap();
        let claims = verified(&vapid.authorization(ORIGIN, NOW)).unwrap();
        let expires = NOW / 1_000 + 12 * 60 * 60;
        assert_eq!(claims, json!({ "aud": ORIGIN, "exp": expires, "sub": "mailto:push@site.example" }));
        let nameless = Vapid::new(&[7; 32], None).unwrap();
        assert!(verified(&nameless.authorization(ORIGIN, NOW)).unwrap().get("sub").is_none());
        assert!(Vapid::new(&[0; 32], None).is_err() && Vapid::new(&[255; 32], None).is_err());
    }

    #[test]
    fn a_token_is_made_once_for_an_origin_and_anew_before_it_ends() {
        let vapid = Vapid::new(&[7; 32], None).unwrap();
        let first = vapid.authorization(ORIGIN, NOW);
        assert_eq!(vapid.authorization(ORIGIN, NOW + 11 * HOUR_MS - 1), first);
        assert_ne!(vapid.authorization("https://other.example", NOW), first);
        let later = vapid.authorization(ORIGIN, NOW + 11 * HOUR_MS);
        assert_ne!(later, first);
        assert!(verified(&later).is_some());
        for number in 0..2 * MOST_ORIGINS {
            vapid.authorization(&format!("https://{number}.example"), NOW);
        }
        assert!(locked(&vapid.tokens).len() <= MOST_ORIGINS);
    }
}
