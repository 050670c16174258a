//! Random lives of an account.

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::Refusal;
use schemas::account::{AccountRequest, Charge, SendMessage};
use schemas::control::Limit;
use schemas::conversation::ConversationKind::Group;
use schemas::message::Output;
use schemas::position::LogTime;

use super::{gap, pass};
use crate::names::{conversation, create, give_back, grant, sending};
use crate::seat::{Decided, Seat};

#[derive(Debug, Clone)]
pub enum Ask {
    Send {
        id: u8,
        text: u8,
        to: u8,
        recipients: i32,
    },
    Create {
        id: u8,
        title: bool,
    },
    Grant {
        once: u8,
        amount: i64,
    },
    /// One of the charges that are out comes back.
    GiveBack {
        nth: usize,
        refused: bool,
    },
    Price(i64),
}

#[derive(Debug, Clone)]
pub struct Step {
    pub after: LogTime,
    pub ask: Ask,
}

/// Few ids, texts and conversations, so that commands meet.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let send = (0..8u8, 0..3u8, 1..4u8, 0..4i32);
    let ask = prop_oneof![
        8 => send.prop_map(|(id, text, to, recipients)| Ask::Send { id, text, to, recipients }),
        1 => (0..8u8, any::<bool>()).prop_map(|(id, title)| Ask::Create { id, title }),
        1 => (0..3u8, -10i64..1_000).prop_map(|(once, amount)| Ask::Grant { once, amount }),
        3 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(nth, refused)| Ask::GiveBack { nth: nth.index(1 << 20), refused }),
        1 => prop_oneof![Just(0), Just(100), Just(35)].prop_map(Ask::Price),
    ];
    prop::collection::vec((gap(), ask).prop_map(|(after, ask)| Step { after, ask }), 1..most)
}

pub struct Life {
    pub seat: Seat<Accounts>,
    pub now: LogTime,
    /// Charges that have not come back.
    pub out: Vec<Charge>,
}

impl Life {
    /// An account with some credits, under limits that few commands reach.
    pub fn new() -> Self {
        let mut seat = Seat::ann(600);
        let limits = &mut seat.policy.limits;
        limits.send = Limit { count: 4, seconds: 10 };
        limits.create_conversation = Limit { count: 2, seconds: 60 };
        limits.identical_text = Limit { count: 2, seconds: 6 };
        limits.identical_text_conversations = Limit { count: 2, seconds: 30 };
        Self { seat, now: 10_000, out: vec![] }
    }

    /// Takes a step; nothing is decided where there is no charge to give back, or only the price
    /// changes.
    pub fn step(&mut self, step: &Step) -> Option<Decided<Accounts>> {
        let time = pass(&mut self.now, step.after);
        let request = match &step.ask {
            Ask::Price(price) => {
                self.seat.policy.prices.message_per_recipient = *price;
                return None;
            }
            Ask::GiveBack { nth, refused } => {
                let nth = nth.checked_rem(self.out.len())?;
                give_back(&self.out.swap_remove(nth), refused.then(Refusal::not_found))
            }
            Ask::Send { id, text, to, recipients } => {
                let send = sending(*id, &format!("text {text}"), *recipients);
                AccountRequest::SendMessage(SendMessage { conversation: conversation(*to), ..send })
            }
            Ask::Create { id, title } => create(Group, *id, &["bob"], title.then_some("crew")),
            Ask::Grant { once, amount } => grant(&once.to_string(), *amount),
        };
        let decided = self.seat.asks(time, request);
        self.out.extend(charges(&decided));
        Some(decided)
    }
}

/// Charges that go out with a decision; there is at most one.
pub fn charges(decided: &Decided<Accounts>) -> impl Iterator<Item = Charge> {
    decided.decision.outputs.iter().filter_map(|output| match output {
        Output::ToConversation { charge, .. } => charge.clone(),
        _ => None,
    })
}
