//! Tokens whose signatures were checked.
//!
//! Invariant: a token is known by the SHA-256 of all its bytes, so what is known is what its signature
//! stands for. That it is valid is said anew for each moment.

use schemas::UserId;
use schemas::flags::Tier;
use schemas::position::LogTime;
use sha2::{Digest, Sha256};

use super::{Identity, InvalidToken, Roles};

/// Tokens that are kept, of some 300 bytes each.
pub const MOST: u64 = 16 * 1024;
/// How far the platform's clock may be ahead, in milliseconds.
const SKEW_MS: i64 = 60_000;

/// What a token of the platform's says of whom it stands for. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Signed {
    pub user: UserId,
    pub roles: Roles,
    pub tier: Option<Tier>,
    pub issued_at: LogTime,
    pub from: LogTime,
    pub until: LogTime,
}

impl Signed {
    /// Whom it stands for, if it is valid then.
    pub fn at(&self, now: LogTime) -> Result<Identity, InvalidToken> {
        if self.from > now.saturating_add(SKEW_MS) || now >= self.until {
            return Err(InvalidToken);
        }
        Ok(Identity {
            user: self.user.clone(),
            roles: self.roles,
            tier: self.tier.clone(),
            issued_at: self.issued_at,
            expires_at: self.until,
        })
    }
}

pub type Hash = [u8; 32];

pub fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}
