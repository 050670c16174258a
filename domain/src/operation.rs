//! What an operation of a machine is: the rows it reads, what it does, its repeated verdict.
//!
//! Invariant: each request implements [`Operation`] once, and [`dispatch`] names them all; nothing is
//! boxed on the way.

use std::cell::RefCell;

use fold::{Command, Fold, InForce, Owner, Purpose};
use schemas::code::Refusal;
use schemas::control::Policy;
use schemas::moderation::{Flagged, Hit};
use schemas::position::{LogTime, Offset};
use schemas::record::Envelope;
use schemas::rows::{RowKey, Variant};
use schemas::verdict::{Done, Outcome};

use crate::effect::Effect;

/// One request of a machine.
pub trait Operation<F: Fold> {
    /// Keys of the rows that the operation reads for this purpose.
    fn needs(&self, purpose: Purpose) -> Vec<RowKey>;

    /// What the operation does, or why it has no effect.
    fn decide(&self, context: &Context<'_, F>) -> Result<fold::Decision<F>, NoEffect>;

    /// The verdict on the operation when it was decided before, from the rows alone.
    fn repeat(&self, past: &Past<'_, F>) -> Option<Outcome>;
}

/// What a decision depends on beside its request.
pub struct Context<'a, F: Fold> {
    pub id: &'a F::Id,
    pub owner: &'a Owner<F>,
    pub policy: &'a Policy,
    pub offset: Offset,
    pub at: LogTime,
    pub envelope: &'a Envelope,
    /// Rules that texts of the request have met so far.
    pub hits: RefCell<Vec<Hit>>,
    /// Those of them that ask for attention.
    pub flagged: RefCell<Option<Flagged>>,
}

impl<'a, F: Fold> Context<'a, F> {
    pub fn new(
        in_force: &InForce<'a>,
        id: &'a F::Id,
        owner: &'a Owner<F>,
        command: &'a Command<F::Request>,
    ) -> Self {
        let Command { offset, at, envelope, .. } = command;
        let (policy, hits, flagged) = (in_force.policy, RefCell::default(), RefCell::default());
        Self { id, owner, policy, offset: *offset, at: *at, envelope, hits, flagged }
    }

    pub fn state(&self) -> &'a F::State {
        &self.owner.state
    }

    pub fn row<T: Variant<F::Row>>(&self, key: &T::Key) -> Option<&'a T> {
        self.owner.get::<T>(key)
    }

    /// A decision that has an effect.
    pub fn effect(&self) -> Effect<F> {
        Effect::new(self.owner)
    }
}

/// What a repeated verdict depends on beside its request.
pub struct Past<'a, F: Fold> {
    pub owner: &'a Owner<F>,
    /// Position of the command.
    pub offset: Offset,
    /// Position of the charge that it carries.
    pub charge: Option<Offset>,
}

/// The verdict on a direct command decided before: done if what it asked for holds now. If not it
/// was refused, or undone since; asking again does no harm.
pub fn holds(now: bool) -> Option<Outcome> {
    Some(if now {
        Outcome::Done(Done { changed: true })
    } else {
        Outcome::refused(Refusal::unavailable("decided before an interruption"))
    })
}

/// A request has no effect.
#[derive(Debug, Clone, PartialEq)]
pub enum NoEffect {
    Refused(Refusal),
    /// What it asks for holds already.
    Nothing,
}

impl From<Refusal> for NoEffect {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Calls a method of [`Operation`] on the request inside a machine's request.
macro_rules! dispatch {
    ($requests:ident, $asked:expr, |$request:ident| $call:expr; $($id:literal $name:ident since $since:literal,)*) => {
        match $asked {
            $($requests::$name($request) => $call,)*
        }
    };
}
pub(crate) use dispatch;
