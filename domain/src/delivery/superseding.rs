//! Facts that make earlier ones needless in a full queue.
//!
//! Invariant: a fact that supersedes another tells all that the other told.

use schemas::{ConversationFact, UserId};

/// A mark of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    Delivered,
    Read,
}

/// Facts of a conversation with an equal key supersede earlier ones in a full queue; `None`: never.
pub fn supersedes(fact: &ConversationFact) -> Option<(MarkKind, &UserId)> {
    match fact {
        ConversationFact::ReceiptAdvanced(receipt) => Some((MarkKind::Read, &receipt.user)),
        ConversationFact::DeliveryAdvanced(delivery) => Some((MarkKind::Delivered, &delivery.user)),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageCreated(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MessageShown(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}
