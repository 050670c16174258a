//! Facts that end what somebody types.

use schemas::membership::MembershipInterval;
use schemas::{ConversationFact, UserId};

/// The users who type in the fact's conversation no more: who has sent, and who has left.
pub fn ends_typing(fact: &ConversationFact) -> Vec<&UserId> {
    match fact {
        ConversationFact::MessageCreated(created) => vec![&created.message.sender.user],
        ConversationFact::MembersChanged(changed) => {
            let is_over = |last: &MembershipInterval| last.to.is_some();
            let gone = changed.members.iter().filter(|member| member.intervals.last().is_none_or(is_over));
            gone.map(|member| &member.user).collect()
        }
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::BlocksChanged(_) => vec![],
    }
}
