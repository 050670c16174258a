//! The keys that tokens are checked with.
//!
//! Invariant: each key has one algorithm. A token names a key of ours by its id, or no key at all;
//! whatever else its header says about keys is refused or not looked at.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Shortest RSA modulus, in bytes (RFC 7518, 3.3).
const MIN_RSA_BYTES: usize = 256;
const MAX_KEY_ID_BYTES: usize = 128;

#[derive(Clone)]
pub struct Key {
    pub algorithm: Algorithm,
    pub verifying: DecodingKey,
}

/// Keys by their ids; the development key has none.
#[derive(Clone)]
pub struct Keys(BTreeMap<Option<String>, Key>);

/// A key set that cannot be used, as a whole.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeys {
    #[error("not a JSON Web Key Set: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("no key for RS256 or EdDSA with an id in the set")]
    Empty,
    #[error("key {id:?}: {reason}")]
    Key { id: String, reason: &'static str },
}

/// What a token's header may say. `crit` names extensions that must be understood: none is.
#[derive(Deserialize)]
struct TokenHeader {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl Keys {
    pub fn development(secret: &[u8; 32]) -> Self {
        let key = Key { algorithm: Algorithm::HS256, verifying: DecodingKey::from_secret(secret) };
        Self(BTreeMap::from([(None, key)]))
    }

    /// The keys of a JSON Web Key Set (RFC 7517) that sign by RS256 or EdDSA. Keys for other uses and
    /// of other kinds are left out; a shared secret or a weak key makes the set invalid.
    pub fn from_jwks(json: &str) -> Result<Self, InvalidKeys> {
        let set: JwkSet = serde_json::from_str(json)?;
        let mut keys = BTreeMap::new();
        for jwk in &set.keys {
            let Some(id) = jwk.common.key_id.clone() else { continue };
            if id.is_empty() || id.len() > MAX_KEY_ID_BYTES {
                return Err(InvalidKeys::Key { id, reason: "its id has no sensible length" });
            }
            let key = read(jwk).map_err(|reason| InvalidKeys::Key { id: id.clone(), reason })?;
            if let Some(key) = key
                && keys.insert(Some(id.clone()), key).is_some()
            {
                return Err(InvalidKeys::Key { id, reason: "two keys have this id" });
            }
        }
        if keys.is_empty() { Err(InvalidKeys::Empty) } else { Ok(Self(keys)) }
    }

    /// The key that a token names, if it is one of ours and of the token's algorithm.
    pub fn find(&self, token: &str) -> Option<&Key> {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
        let header: TokenHeader = serde_json::from_slice(&header).ok()?;
        let key = self.0.get(&header.kid)?;
        let is_ours = header.crit.is_none() && name(key.algorithm) == header.alg;
        is_ours.then_some(key)
    }
}

fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::RS256 => "RS256",
        Algorithm::EdDSA => "EdDSA",
        _ => "unsupported",
    }
}

fn read(jwk: &Jwk) -> Result<Option<Key>, &'static str> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return Ok(None);
    }
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            let modulus = URL_SAFE_NO_PAD.decode(&rsa.n).map_err(|_| "its modulus is malformed")?;
            if modulus.len() < MIN_RSA_BYTES {
                return Err("an RSA key has at least 2,048 bits");
            }
            (Algorithm::RS256, KeyAlgorithm::RS256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        AlgorithmParameters::OctetKey(_) => return Err("a shared secret does not stand in a public set"),
        _ => return Ok(None),
    };
    if jwk.common.key_algorithm.is_some_and(|wanted| wanted != named) {
        return Ok(None);
    }
    let verifying = DecodingKey::from_jwk(jwk).map_err(|_| "it is malformed")?;
    Ok(Some(Key { algorithm, verifying }))
}
