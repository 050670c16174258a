//! The payloads of a delivery: one full match over facts, which filter and resolver share.
//!
//! Invariant: [`payloads`] sets a bit exactly where [`payload`] holds what that subscription gives.

use schemas::creating::Opened;
use schemas::message::Message;
use schemas::receipts::ReceiptAdvanced;
use schemas::sending::SendRejected;
use schemas::{AccountFact, ConversationFact};

use crate::live::{ConversationDelivery, Delivery, Payloads};

/// What a delivery gives to each kind of subscription.
#[derive(Debug, Default, Clone)]
pub struct Payload<'a> {
    /// The delivery, if it is of a conversation.
    pub of: Option<&'a ConversationDelivery>,
    pub event: Option<Event<'a>>,
    pub received: Option<&'a Message>,
    pub updated: Option<&'a Message>,
    /// The conversation, with what it is where the fact carries it.
    pub conversation: Option<Option<&'a Opened>>,
}

/// An event of the inbox.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    MessageCreated(&'a Message),
    MessageEdited(&'a Message),
    MessageDeleted(&'a Message),
    ConversationChanged(&'a Opened),
    ReceiptAdvanced(&'a ReceiptAdvanced),
    SendRejected(&'a SendRejected),
    ResumeGap(&'a str),
    Drained(i32),
}

/// The filters for which a delivery has a payload.
pub fn payloads(delivery: &Delivery) -> Payloads {
    let Payload { of: _, event, received, updated, conversation } = payload(delivery);
    [
        (event.is_some(), Payloads::INBOX),
        (received.is_some(), Payloads::MESSAGE_RECEIVED),
        (updated.is_some(), Payloads::MESSAGE_UPDATED),
        (conversation.is_some(), Payloads::CONVERSATION_UPDATED),
    ]
    .into_iter()
    .filter(|(is_given, _)| *is_given)
    .fold(Payloads::default(), |all, (_, one)| all.and(one))
}

pub fn payload(delivery: &Delivery) -> Payload<'_> {
    let alone = |event| Payload { event: Some(event), ..Payload::default() };
    match delivery {
        Delivery::Conversation(delivery) => of_conversation(delivery),
        Delivery::Account(AccountFact::SendRejected(rejected)) => alone(Event::SendRejected(rejected)),
        Delivery::Account(AccountFact::CreditsChanged(_)) => Payload::default(),
        Delivery::ResumeGap { reason } => alone(Event::ResumeGap(reason)),
        Delivery::Drained { replayed } => alone(Event::Drained(*replayed)),
    }
}

fn of_conversation(delivery: &ConversationDelivery) -> Payload<'_> {
    let of = Payload { of: Some(delivery), ..Payload::default() };
    match &delivery.fact {
        ConversationFact::ConversationOpened(opened) => Payload {
            event: Some(Event::ConversationChanged(&opened.about)),
            conversation: Some(Some(&opened.about)),
            ..of
        },
        ConversationFact::ConversationUpdated(updated) => Payload {
            event: Some(Event::ConversationChanged(&updated.about)),
            conversation: Some(Some(&updated.about)),
            ..of
        },
        ConversationFact::MembersChanged(changed) => Payload {
            event: Some(Event::ConversationChanged(&changed.about)),
            conversation: Some(Some(&changed.about)),
            ..of
        },
        ConversationFact::MessageCreated(created) => Payload {
            event: Some(Event::MessageCreated(&created.message)),
            received: Some(&created.message),
            conversation: Some(None),
            ..of
        },
        ConversationFact::MessageEdited(edited) => Payload {
            event: Some(Event::MessageEdited(&edited.message)),
            updated: Some(&edited.message),
            conversation: Some(None),
            ..of
        },
        ConversationFact::MessageDeleted(deleted) => Payload {
            event: Some(Event::MessageDeleted(&deleted.message)),
            updated: Some(&deleted.message),
            conversation: Some(None),
            ..of
        },
        ConversationFact::ReceiptAdvanced(receipt) => {
            Payload { event: Some(Event::ReceiptAdvanced(receipt)), conversation: Some(None), ..of }
        }
        ConversationFact::BlocksChanged(_) => Payload::default(),
    }
}
