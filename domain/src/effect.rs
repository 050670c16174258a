//! Builds a decision: rows, views, events, commands to the other machine, verdict.
//!
//! Invariant: what was not said has not changed.

use fold::{Decision, Fold, Owner};
use schemas::record::Output;
use schemas::rows::Variant;
use schemas::tables::views::View;
use schemas::verdict::{Done, Outcome};
use schemas::{AccountFact, ConversationFact, ConversationId, UserId};

use crate::delivery;

pub struct Effect<F: Fold>(Decision<F>);

impl<F: Fold> Effect<F> {
    pub fn new(owner: &Owner<F>) -> Self {
        Self(Decision::none(owner))
    }

    /// The state as it will be.
    pub fn state(&mut self) -> &mut F::State {
        &mut self.0.state
    }

    pub fn row<T: Variant<F::Row>>(&mut self, key: &T::Key, row: T) -> &mut Self {
        self.0.put(key, row);
        self
    }

    pub fn view(&mut self, view: impl Into<View>) -> &mut Self {
        self.0.views.push(view.into());
        self
    }

    pub fn output(&mut self, output: Output) -> &mut Self {
        self.0.outputs.push(output);
        self
    }

    /// Publishes a fact of a conversation.
    pub fn event(&mut self, conversation: &ConversationId, fact: impl Into<ConversationFact>) -> &mut Self {
        let fact = fact.into();
        let names = delivery::names(&fact);
        self.output(Output::ConversationEvent { conversation: conversation.clone(), fact, names })
    }

    /// Publishes a fact of an account.
    pub fn account_event(&mut self, user: &UserId, fact: impl Into<AccountFact>) -> &mut Self {
        self.output(Output::AccountEvent { user: user.clone(), fact: fact.into() })
    }

    /// The decision, answered "done".
    pub fn done(self) -> Decision<F> {
        self.answered(Outcome::Done(Done { changed: true }))
    }

    pub fn answered(self, verdict: Outcome) -> Decision<F> {
        Decision { verdict: Some(verdict), ..self.0 }
    }
}
