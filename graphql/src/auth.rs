//! Tokens: who someone is, as the platform says.
//!
//! Invariants: the algorithm belongs to the key, and the key is one that was configured; nothing in
//! a token chooses either. Every claim is typed and required. Times are told from the clock that is
//! passed in, each time that a token is shown.

mod bearer;
mod date;
mod keys;
mod roles;
mod signed;

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation, decode, encode};
use moka::sync::Cache;
use schemas::UserId;
use schemas::flags::Tier;
use schemas::position::LogTime;
use serde::{Deserialize, Serialize};

use crate::standing::Standings;
pub use bearer::{bearer, bearer_in};
use date::NumericDate;
pub use keys::{InvalidKeys, Keys};
pub use roles::{Moderation, Roles};
use signed::{Hash, Signed};

const DEVELOPMENT_TOKEN_SECONDS: i64 = 24 * 60 * 60;
/// The longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// Who issues tokens, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub issuer: String,
    pub audience: String,
}

impl Expected {
    /// What a development server says of itself.
    pub fn development() -> Self {
        Self { issuer: "musclemap".to_owned(), audience: "musclemap-messaging".to_owned() }
    }
}

/// RFC 7519; `aud` may name one or several.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    aud: Audience,
    exp: NumericDate,
    iat: NumericDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<NumericDate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Whom a token stands for, and until when (milliseconds since 1970).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub user: UserId,
    pub roles: Roles,
    pub tier: Option<Tier>,
    pub issued_at: LogTime,
    pub expires_at: LogTime,
}

/// The token is not one of the platform's, or not valid now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid token")]
pub struct InvalidToken;

/// Keys, and what they were found to have signed lately: a client shows the same token with each request.
struct Trusted {
    keys: Keys,
    signed: Cache<Hash, Signed>,
}

impl Trusted {
    fn new(keys: Keys) -> Arc<Self> {
        Arc::new(Self { keys, signed: Cache::new(signed::MOST) })
    }
}

/// Checks tokens; in development it also issues them.
pub struct Authenticator {
    expected: Expected,
    trusted: RwLock<Arc<Trusted>>,
    signing: Option<EncodingKey>,
    standings: Arc<Standings>,
}

impl Authenticator {
    /// For development: HS256 with a key of this installation.
    pub fn development(key: &[u8; 32]) -> Self {
        Self {
            expected: Expected::development(),
            trusted: RwLock::new(Trusted::new(Keys::development(key))),
            signing: Some(EncodingKey::from_secret(key)),
            standings: Arc::default(),
        }
    }

    /// For production: public keys of the platform.
    pub fn new(expected: Expected, keys: Keys) -> Self {
        Self { expected, trusted: RwLock::new(Trusted::new(keys)), signing: None, standings: Arc::default() }
    }

    /// Bans, revocations and erasures, as this process knows them.
    pub fn standings(&self) -> &Arc<Standings> {
        &self.standings
    }

    /// Puts other keys in place of those known so far, and of what these have signed.
    pub fn replace_keys(&self, keys: Keys) {
        *self.trusted.write().unwrap_or_else(PoisonError::into_inner) = Trusted::new(keys);
    }

    /// A token for a user, valid for a day; only in development.
    pub fn issue(
        &self,
        user: &UserId,
        roles: Vec<String>,
        tier: Option<String>,
        now: LogTime,
    ) -> Result<String, InvalidToken> {
        let signing = self.signing.as_ref().ok_or(InvalidToken)?;
        let seconds = now.div_euclid(1_000);
        let claims = Claims {
            sub: user.to_string(),
            iss: self.expected.issuer.clone(),
            aud: Audience::One(self.expected.audience.clone()),
            exp: NumericDate::of_seconds(seconds.saturating_add(DEVELOPMENT_TOKEN_SECONDS)),
            iat: NumericDate::of_seconds(seconds),
            nbf: None,
            roles,
            tier,
        };
        encode(&Header::new(Algorithm::HS256), &claims, signing).map_err(|_| InvalidToken)
    }

    /// Whom a token stands for, unless the user is banned or erased, or the token revoked.
    pub fn verify(&self, token: &str, now: LogTime) -> Result<Identity, InvalidToken> {
        let identity = self.signed(token, now)?;
        self.standings.check(&identity.user, identity.issued_at, now)?;
        Ok(identity)
    }

    fn signed(&self, token: &str, now: LogTime) -> Result<Identity, InvalidToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidToken);
        }
        let trusted = self.trusted.read().unwrap_or_else(PoisonError::into_inner).clone();
        let hash = signed::hash(token);
        if let Some(signed) = trusted.signed.get(&hash) {
            return signed.at(now);
        }
        let key = trusted.keys.find(token).ok_or(InvalidToken)?;
        let claims = decode::<Claims>(token, &key.verifying, &self.validation(key.algorithm))
            .map_err(|_| InvalidToken)?;
        let signed = self.read(claims.claims)?;
        let identity = signed.at(now)?;
        trusted.signed.insert(hash, signed);
        Ok(identity)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["sub", "iss", "aud", "exp"]);
        validation.set_issuer(&[&self.expected.issuer]);
        validation.set_audience(&[&self.expected.audience]);
        // Times are checked against the clock that is passed in.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation
    }

    /// What a token says that one of the keys has signed, if it is for us.
    fn read(&self, claims: Claims) -> Result<Signed, InvalidToken> {
        let is_for_us = match &claims.aud {
            Audience::One(audience) => *audience == self.expected.audience,
            Audience::Several(audiences) => audiences.contains(&self.expected.audience),
        };
        if !is_for_us || claims.iss != self.expected.issuer {
            return Err(InvalidToken);
        }
        let user = claims.sub.parse().map_err(|_| InvalidToken)?;
        if user == UserId::service() {
            return Err(InvalidToken);
        }
        let from = claims.nbf.map_or(claims.iat, |not_before| not_before.max(claims.iat));
        let roles = Roles::named(claims.roles.iter().map(String::as_str));
        let tier = claims.tier.map(|tier| tier.parse()).transpose().map_err(|_| InvalidToken)?;
        Ok(Signed { user, roles, tier, issued_at: claims.iat.0, from: from.0, until: claims.exp.0 })
    }
}

#[cfg(test)]
mod tests;
