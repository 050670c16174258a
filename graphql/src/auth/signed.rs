//! Tokens whose signatures were checked.
//!
//! Invariant: a token is known by the SHA-256 of all its bytes, so what is known is what its signature
//! stands for. That it is valid is said anew for each moment.

use schemas::UserId;
use schemas::position::LogTime;
use sha2::{Digest, Sha256};

use super::{Identity, InvalidToken};

/// Tokens that are kept, of some 300 bytes each.
pub const MOST: u64 = 16 * 1024;
/// How far the platform's clock may be ahead, in seconds.
const SKEW_SECONDS: i64 = 60;

/// What a token of the platform's says of whom it stands for. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub struct Signed {
    pub user: UserId,
    pub from: i64,
    pub until: i64,
}

impl Signed {
    /// Whom it stands for, if it is valid then.
    pub fn at(&self, now: LogTime) -> Result<Identity, InvalidToken> {
        let now = now / 1_000;
        if self.from > now + SKEW_SECONDS || now >= self.until {
            return Err(InvalidToken);
        }
        Ok(Identity { user: self.user.clone(), expires_at: self.until.saturating_mul(1_000) })
    }
}

pub type Hash = [u8; 32];

pub fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}
