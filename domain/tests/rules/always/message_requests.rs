//! Message requests in random runs: of few conversations, by few users.

use musclemap_domain::{Accounts, Conversations};
use schemas::message_requests::{AcceptRequest, DeclineRequest, NoteRequest, SettleRequest};
use schemas::record::Envelope;

use super::generators::{Draw, Generated, Run};
use crate::names::{asked, conversation, user};

const PEOPLE: [&str; 4] = ["ann", "bob", "cleo", "dave"];

impl Generated<Accounts> for NoteRequest {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((Envelope::default(), Self { conversation: conversation(draw.from(1, 6) as u8) }))
    }
}

impl Generated<Accounts> for SettleRequest {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((Envelope::default(), Self { conversation: conversation(draw.from(1, 6) as u8) }))
    }
}

impl Generated<Conversations> for AcceptRequest {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { user: user(draw.of(&PEOPLE)) }))
    }
}

impl Generated<Conversations> for DeclineRequest {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { user: user(draw.of(&PEOPLE)) }))
    }
}
