//! Facts that tell previews of links.

use schemas::ConversationFact;
use schemas::previewing::Previews;

/// The previews that a fact tells: rows which complete it may be older.
pub fn previews(fact: &ConversationFact) -> Option<&Previews> {
    match fact {
        ConversationFact::PreviewAttached(attached) => Some(&attached.previews),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageCreated(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MessageShown(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}
