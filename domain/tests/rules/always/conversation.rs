//! Random lives of a conversation.

use musclemap_domain::Conversations;
use proptest::prelude::*;
use schemas::account::{Charge, ChargeKind};
use schemas::conversation::ConversationKind::{Direct, Group};
use schemas::message::Envelope;
use schemas::position::LogTime;

use super::{gap, pass};
use crate::names::{answer_to, asked, charge, look_up, open, paid, post, read};
use crate::seat::{Decided, Seat};

const PEOPLE: [&str; 4] = ["ann", "bob", "cleo", "dave"];

#[derive(Debug, Clone)]
pub enum Ask {
    Open { group: bool, others: usize },
    Post { by: usize, id: u8 },
    Answer { by: usize, id: u8, to: i64 },
    Read { by: usize, up_to: i64 },
    LookUp { by: usize, id: u8 },
}

#[derive(Debug, Clone)]
pub struct Step {
    pub after: LogTime,
    pub ask: Ask,
}

/// Among them some by a stranger, some to what is not open yet, some that answer nothing.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..PEOPLE.len();
    let ask = prop_oneof![
        2 => (any::<bool>(), 1..3usize).prop_map(|(group, others)| Ask::Open { group, others }),
        8 => (who(), 0..6u8).prop_map(|(by, id)| Ask::Post { by, id }),
        3 => (who(), 0..6u8, -1i64..8).prop_map(|(by, id, to)| Ask::Answer { by, id, to }),
        4 => (who(), -2i64..20).prop_map(|(by, up_to)| Ask::Read { by, up_to }),
        2 => (who(), 0..6u8).prop_map(|(by, id)| Ask::LookUp { by, id }),
    ];
    prop::collection::vec((gap(), ask).prop_map(|(after, ask)| Step { after, ask }), 1..most)
}

pub struct Life {
    pub seat: Seat<Conversations>,
    pub now: LogTime,
}

impl Life {
    pub fn new() -> Self {
        Self { seat: Seat::k1(), now: 10_000 }
    }

    pub fn step(&mut self, step: &Step) -> Decided<Conversations> {
        let time = pass(&mut self.now, step.after);
        let (envelope, request) = match step.ask {
            Ask::Open { group, others } => {
                let kind = if group { Group } else { Direct };
                let others = if group { others } else { 1 };
                (self.paid(0, ChargeKind::Create), open(kind, PEOPLE[0], &PEOPLE[1..=others]))
            }
            Ask::Post { by, id } => (self.paid(id, ChargeKind::Send), post(PEOPLE[by], id, "hello")),
            Ask::Answer { by, id, to } => {
                (self.paid(id, ChargeKind::Send), answer_to(to, PEOPLE[by], id, "hello"))
            }
            Ask::Read { by, up_to } => (asked(), read(PEOPLE[by], up_to)),
            Ask::LookUp { by, id } => (asked(), look_up(PEOPLE[by], id, ChargeKind::Send, 0)),
        };
        self.seat.takes(time, envelope, request)
    }

    /// Every command carries a charge of its own.
    fn paid(&self, id: u8, kind: ChargeKind) -> Envelope {
        paid(Charge { at: self.now, ..charge(id, kind, 1_000 + self.seat.next) })
    }
}
