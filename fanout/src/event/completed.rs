//! A fact with what rendering it needs, and what `domain::delivery` says of it.
//!
//! Invariant: nothing here or above it matches a fact; a new fact is answered for in `domain::delivery` and
//! in `graphql::subscriptions::payloads`.

use std::sync::Arc;

use domain::delivery::{self, Completion, Question, Recipients, Replay};
use graphql::live::{Delivery, Payloads};
use graphql::message::reactions;
use graphql::people::People;
use graphql::subscriptions;
use schemas::message::Message;
use schemas::position::Offset;
use schemas::{AccountFact, ConversationFact, UserId};

/// What an event delivers, and what its questions are derived from.
pub struct Completed {
    pub delivery: Arc<Delivery>,
    /// The filters for which it has a payload; none for an event without an audience.
    pub payloads: Payloads,
    /// The command that wrote what is rendered, if that is not the event's own.
    pub as_of: AsOf,
    /// The recipients of the message that the fact is about, as far as it was completed with them.
    recipients: Vec<UserId>,
}

/// The state of what is rendered; part of a rendering's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AsOf {
    /// The fact without the rows that complete it, which could not be read.
    Incomplete,
    /// The fact as published.
    Event,
    /// Rows as the command at this offset left them.
    Row(Offset),
}

impl Completed {
    /// A delivery without rows, which most are complete without.
    pub fn alone(delivery: Delivery) -> Self {
        let needs = fact(&delivery).and_then(delivery::completes).is_some();
        Self::of(delivery, vec![], if needs { AsOf::Incomplete } else { AsOf::Event })
    }

    /// A delivery with the people of its conversation, and with what has become of its message.
    pub fn with_people(
        mut delivery: Delivery,
        people: Arc<People>,
        completed: Arc<reactions::Completed>,
        as_of: AsOf,
    ) -> Self {
        let message = fact(&delivery).and_then(message);
        let recipients = message.map(|message| people.recipients(message)).unwrap_or_default();
        if let Delivery::Conversation(delivery) = &mut delivery {
            (delivery.people, delivery.completed) = (Some(people), completed);
        }
        Self::of(delivery, recipients.into_iter().map(|progress| progress.user).collect(), as_of)
    }

    fn of(delivery: Delivery, recipients: Vec<UserId>, as_of: AsOf) -> Self {
        let payloads =
            if is_published(&delivery) { subscriptions::payloads(&delivery) } else { Payloads::default() };
        Self { delivery: Arc::new(delivery), payloads, as_of, recipients }
    }

    /// The fact of a conversation.
    pub fn fact(&self) -> Option<&ConversationFact> {
        fact(&self.delivery)
    }

    /// The fact of an account.
    pub fn account_fact(&self) -> Option<&AccountFact> {
        self.delivery.account()
    }

    /// The members who get it.
    pub fn audience(&self) -> Recipients<'_> {
        self.fact().map_or(Recipients::Nobody, delivery::audience)
    }

    /// What viewers answer before it is rendered for them.
    pub fn questions(&self) -> Vec<Question<'_>> {
        let Some(of) = self.delivery.conversation() else { return vec![] };
        let recipients = self.recipients.iter().collect();
        let poll = message(&of.fact).and_then(|message| message.body.poll());
        let (reactions, votes) = (of.completed.reactions(), of.completed.votes(poll));
        delivery::questions(&of.fact, &Completion { recipients, reactions, votes })
    }

    /// Bytes that it takes, by a rough count.
    pub fn bytes(&self) -> usize {
        let reactors = self.delivery.conversation().map_or(0, |of| of.completed.bytes());
        let files = self.fact().and_then(message).map_or(0, |message| message.body.attachments().len());
        size_of::<Self>() + 1_024 + 128 * self.recipients.len() + reactors + 512 * files
    }
}

/// The fact of a conversation in a delivery.
fn fact(delivery: &Delivery) -> Option<&ConversationFact> {
    delivery.conversation().map(|delivery| &delivery.fact)
}

/// The message that a fact carries, whose recipients complete it.
pub fn message(fact: &ConversationFact) -> Option<&Message> {
    delivery::completes(fact).or(match delivery::replay(fact) {
        Replay::Newest(message) => Some(message),
        Replay::AsPublished => None,
    })
}

fn is_published(delivery: &Delivery) -> bool {
    match delivery {
        Delivery::Conversation(delivery) => delivery::audience(&delivery.fact) != Recipients::Nobody,
        Delivery::Account(fact) => delivery::is_published(fact),
        Delivery::Typing(_)
        | Delivery::Presence(_)
        | Delivery::UserChanged(_)
        | Delivery::FlagsChanged
        | Delivery::Translated(_)
        | Delivery::ResumeGap { .. }
        | Delivery::Drained { .. } => true,
    }
}
