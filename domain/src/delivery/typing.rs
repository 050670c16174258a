//! Facts that end the typing of a user.

use schemas::{ConversationFact, UserId};

/// The users who stop typing in the fact's conversation: its sender, and members who left.
pub fn ends_typing(fact: &ConversationFact) -> Vec<&UserId> {
    match fact {
        ConversationFact::MessageCreated(created) => vec![&created.message.sender.user],
        ConversationFact::MembersChanged(changed) => changed.gone().collect(),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MessageShown(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => vec![],
    }
}
