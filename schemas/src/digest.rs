//! SHA-256 as text.

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal: 64 digits in lower case.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
