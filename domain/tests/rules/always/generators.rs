//! Random runs of one owner, drawn from the declared operations.
//!
//! Invariant: an operation without a generator does not compile.

use fold::Fold;
use musclemap_domain::{Accounts, Conversations};
use proptest::prelude::*;
use schemas::charging::Charge;
use schemas::operations::*;
use schemas::position::LogTime;
use schemas::record::Envelope;
use schemas::{AccountRequest, ConversationRequest, account_operations, conversation_operations};

use super::{gap, pass};
use crate::harness::{Decided, Harness};

/// A request of a machine, as random runs make it.
pub trait Generated<F: Fold>: Sized {
    /// Share of the requests.
    const WEIGHT: u32;

    /// A request, drawn from numbers; few names and ids, so that requests meet. `None` where the owner has
    /// nothing that it could be about.
    fn generate(run: &mut Run<F>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)>;
}

/// Numbers that requests are drawn from.
pub struct Draw<'a>(std::slice::Iter<'a, u32>);

impl Draw<'_> {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.next().map_or(0, |number| *number as usize % bound)
    }

    pub fn from(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low) as usize) as i64
    }

    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    pub fn of<'a>(&mut self, names: &[&'a str]) -> &'a str {
        names[self.below(names.len())]
    }
}

#[derive(Debug, Clone)]
pub struct Step {
    after: LogTime,
    operation: u32,
    numbers: [u32; 4],
}

pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (gap(), any::<u32>(), any::<[u32; 4]>());
    let step = step.prop_map(|(after, operation, numbers)| Step { after, operation, numbers });
    prop::collection::vec(step, 1..most)
}

/// One owner on its way through random requests.
pub struct Run<F: Fold> {
    pub harness: Harness<F>,
    pub now: LogTime,
    /// Charges of an account that were not refunded.
    pub out: Vec<Charge>,
}

/// An operation as declared: its weight, and how it is made.
pub struct Operation<F: Fold> {
    weight: u32,
    generate: Generate<F>,
}

type Generate<F> = fn(&mut Run<F>, &mut Draw<'_>) -> Option<(Envelope, <F as Fold>::Request)>;

macro_rules! generated {
    ($fold:ty, $requests:ident: $($id:literal $request:ident since $since:literal,)*) => {
        &[$(Operation {
            weight: <$request as Generated<$fold>>::WEIGHT,
            generate: |run, draw| {
                let (envelope, request) = <$request as Generated<$fold>>::generate(run, draw)?;
                Some((envelope, $requests::from(request)))
            },
        },)*]
    };
}

/// A machine with the operations that its runs draw from.
pub trait Machine: Fold + Sized {
    const OPERATIONS: &'static [Operation<Self>];
}

impl Machine for Accounts {
    const OPERATIONS: &'static [Operation<Self>] =
        account_operations! { generated Accounts, AccountRequest: };
}

impl Machine for Conversations {
    const OPERATIONS: &'static [Operation<Self>] =
        conversation_operations! { generated Conversations, ConversationRequest: };
}

/// What a step did.
pub struct Taken<F: Fold> {
    /// Whether the request carried a charge.
    pub is_paid: bool,
    pub decided: Decided<F>,
}

impl<F: Machine> Run<F> {
    /// Takes a step; nothing is decided where there is nothing to ask for.
    pub fn step(&mut self, step: &Step) -> Option<Taken<F>> {
        let time = pass(&mut self.now, step.after);
        let mut draw = Draw(step.numbers.iter());
        let total: u32 = F::OPERATIONS.iter().map(|operation| operation.weight).sum();
        // One step of 24 changes the price, and asks for nothing.
        let mut drawn = step.operation % (total + total / 24 + 1);
        if drawn >= total {
            self.harness.policy.prices.message_per_recipient = [0, 100, 35][draw.below(3)];
            return None;
        }
        let operation = F::OPERATIONS.iter().find(|operation| match drawn.checked_sub(operation.weight) {
            Some(left) => {
                drawn = left;
                false
            }
            None => true,
        })?;
        let (envelope, request) = (operation.generate)(self, &mut draw)?;
        let is_paid = envelope.charge.is_some();
        Some(Taken { is_paid, decided: self.harness.takes(time, envelope, request) })
    }
}
