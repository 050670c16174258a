//! Tokens: who someone is, as the platform says.
//!
//! Invariant: the algorithm is fixed by the key, never taken from the token; every claim is typed
//! and required.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use schemas::UserId;
use schemas::position::LogTime;
use serde::{Deserialize, Serialize};

const ISSUER: &str = "musclemap";
const AUDIENCE: &str = "musclemap-messaging";
const DEVELOPMENT_TOKEN_SECONDS: i64 = 24 * 60 * 60;
/// The longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    aud: String,
    /// Seconds since 1970.
    exp: i64,
    iat: i64,
}

/// The token is not one of the platform's, or not valid any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid token")]
pub struct InvalidToken;

/// Checks tokens; in development it also issues them.
pub struct Authenticator {
    verifying: DecodingKey,
    signing: EncodingKey,
    validation: Validation,
}

impl Authenticator {
    /// For development: HS256 with a key of this installation.
    pub fn development(key: &[u8; 32]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["sub", "iss", "aud", "exp"]);
        // Times are checked by hand, against the clock that is passed in.
        validation.validate_exp = false;
        Self { verifying: DecodingKey::from_secret(key), signing: EncodingKey::from_secret(key), validation }
    }

    /// A token for a user, valid for a day.
    pub fn issue(&self, user: &UserId, now: LogTime) -> Result<String, InvalidToken> {
        let claims = Claims {
            sub: user.to_string(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            exp: now / 1_000 + DEVELOPMENT_TOKEN_SECONDS,
            iat: now / 1_000,
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing).map_err(|_| InvalidToken)
    }

    /// Whom a token stands for.
    pub fn verify(&self, token: &str, now: LogTime) -> Result<UserId, InvalidToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidToken);
        }
        let claims =
            decode::<Claims>(token, &self.verifying, &self.validation).map_err(|_| InvalidToken)?.claims;
        let seconds = now / 1_000;
        let in_time = seconds < claims.exp && claims.iat <= seconds + 60;
        if in_time { claims.sub.parse().map_err(|_| InvalidToken) } else { Err(InvalidToken) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: LogTime = 1_800_000_000_000;

    fn ann() -> UserId {
        "ann".parse().unwrap()
    }

    fn signed(key: &[u8], header: &Header, claims: &impl Serialize) -> String {
        encode(header, claims, &EncodingKey::from_secret(key)).unwrap()
    }

    #[test]
    fn a_token_stands_for_its_user_until_it_expires() {
        let authenticator = Authenticator::development(&[1; 32]);
        let token = authenticator.issue(&ann(), NOW).unwrap();
        let day = DEVELOPMENT_TOKEN_SECONDS * 1_000;
        assert_eq!(authenticator.verify(&token, NOW), Ok(ann()));
        assert_eq!(authenticator.verify(&token, NOW + day - 1_000), Ok(ann()));
        assert_eq!(authenticator.verify(&token, NOW + day), Err(InvalidToken));
        assert_eq!(authenticator.verify(&token, NOW - day), Err(InvalidToken));
        assert_eq!(Authenticator::development(&[2; 32]).verify(&token, NOW), Err(InvalidToken));
    }

    #[test]
    fn what_is_not_exactly_right_is_refused() {
        let authenticator = Authenticator::development(&[1; 32]);
        let claims = |sub: &str, iss: &str, aud: &str| Claims {
            sub: sub.into(),
            iss: iss.into(),
            aud: aud.into(),
            exp: NOW / 1_000 + 60,
            iat: NOW / 1_000,
        };
        let hs256 = Header::new(Algorithm::HS256);
        let refused = [
            signed(&[1; 32], &hs256, &claims("a b", ISSUER, AUDIENCE)),
            signed(&[1; 32], &hs256, &claims("ann", "other", AUDIENCE)),
            signed(&[1; 32], &hs256, &claims("ann", ISSUER, "other")),
            signed(&[1; 32], &Header::new(Algorithm::HS512), &claims("ann", ISSUER, AUDIENCE)),
            // {"alg":"none"} without a signature.
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.".to_owned(),
            String::new(),
            "a.b.c".to_owned(),
            "x".repeat(10_000),
        ];
        for token in refused {
            assert_eq!(authenticator.verify(&token, NOW), Err(InvalidToken), "{token:.40}");
        }
    }
}
