//! The key by which push services know this deployment (VAPID, RFC 8292).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;

/// The public part, as browsers take it: an uncompressed point of P-256 in base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VapidPublicKey(String);

/// 32 bytes are no private key of P-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a private key of P-256")]
pub struct MalformedKey;

impl VapidPublicKey {
    pub fn of(private: &[u8; 32]) -> Result<Self, MalformedKey> {
        let private = SecretKey::from_slice(private).map_err(|_| MalformedKey)?;
        let point = private.public_key().to_encoded_point(false);
        Ok(Self(URL_SAFE_NO_PAD.encode(point.as_bytes())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_is_a_point_of_the_curve() {
        let mut one = [0; 32];
        one[31] = 1;
        // The generator of P-256 (SEC 2, 2.4.2).
        let generator =
            "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
        assert_eq!(VapidPublicKey::of(&one).unwrap().as_str(), generator);
        for bytes in [[0; 32], [255; 32]] {
            assert_eq!(VapidPublicKey::of(&bytes), Err(MalformedKey));
        }
    }
}
