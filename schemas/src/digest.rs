//! SHA-256 as text, and as a place among some.

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal: 64 digits in lower case.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number from 0 to below `places`, at most 256 of them: it never changes, and spreads evenly.
pub fn place(bytes: &[u8], places: u8) -> u8 {
    Sha256::digest(bytes)[0] % places
}
