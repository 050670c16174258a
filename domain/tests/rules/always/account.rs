//! Requests to an account, in random runs.

use musclemap_domain::Accounts;
use schemas::Refusal;
use schemas::control::Limit;
use schemas::creating::ConversationKind::Group;
use schemas::operations::{CreateConversation, GrantCredits, Refund, SendMessage};
use schemas::record::Envelope;

use super::generators::{Draw, Generated, Run, Step};
use crate::harness::{Decided, Harness};
use crate::names::{asked, attachment, conversation, creating, sending, template};

impl Generated<Accounts> for SendMessage {
    const WEIGHT: u32 = 16;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let (id, text, to) = (draw.from(0, 8), draw.below(3), draw.from(1, 4) as u8);
        let send = sending(id, &format!("text {text}"), draw.from(0, 4) as i32);
        // One of eight ids is of a send with a file, which is refused until the file is ready.
        let attachments = if id == 7 { vec![attachment(to)] } else { vec![] };
        // Two are of sends that name a template, which are refused unless it stands.
        let named = (id == 5 || id == 6).then(|| Box::new(template(to)));
        Some((asked(), Self { conversation: conversation(to), attachments, template: named, ..send }))
    }
}

impl Generated<Accounts> for CreateConversation {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let title = draw.coin().then_some("crew");
        Some((asked(), creating("ann", Group, draw.from(0, 8) as u8, &["bob"], title)))
    }
}

/// One of the charges that are out is refunded.
impl Generated<Accounts> for Refund {
    const WEIGHT: u32 = 6;

    fn generate(run: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let nth = (!run.out.is_empty()).then(|| draw.below(run.out.len()))?;
        let refusal = draw.coin().then(|| Box::new(Refusal::not_found()));
        Some((asked(), Self { charge: run.out.swap_remove(nth), refusal }))
    }
}

impl Generated<Accounts> for GrantCredits {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { once: draw.below(3).to_string(), amount_milli: draw.from(-10, 1_000) }))
    }
}

/// An account with some credits, under limits that few requests reach.
pub fn ann() -> Run<Accounts> {
    let mut harness = Harness::ann(600);
    let limits = &mut harness.policy.limits;
    limits.send = Limit { count: 4, seconds: 10 };
    limits.create_conversation = Limit { count: 2, seconds: 60 };
    limits.edit = Limit { count: 3, seconds: 20 };
    limits.identical_text = Limit { count: 2, seconds: 6 };
    limits.identical_text_conversations = Limit { count: 2, seconds: 30 };
    Run { harness, now: 10_000, out: vec![] }
}

/// Takes a step, and keeps what it has charged.
pub fn step(run: &mut Run<Accounts>, step: &Step) -> Option<Decided<Accounts>> {
    let decided = run.step(step)?.decided;
    run.out.extend(decided.charges());
    Some(decided)
}
