//! Facts that tell votes.

use schemas::ConversationFact;
use schemas::polling::Tally;

/// The votes that a fact tells: rows which complete it are not older.
pub fn tally(fact: &ConversationFact) -> Option<&Tally> {
    match fact {
        ConversationFact::PollChanged(changed) => Some(&changed.tally),
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
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}
