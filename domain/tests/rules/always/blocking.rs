//! What conversations tell an account of its user's blocks, in random runs.

use musclemap_domain::Accounts;
use schemas::blocking::NoteBlock;
use schemas::record::Envelope;

use super::generators::{Draw, Generated, Run};
use crate::names::user;

impl Generated<Accounts> for NoteBlock {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let other = user(draw.of(&["bob", "cleo"]));
        Some((Envelope::default(), Self { other, blocked: draw.coin() }))
    }
}
