//! Kinds of conversations, and roles in them.

use async_graphql::Enum;
use schemas::creating;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ConversationKind {
    Direct,
    Group,
    Channel,
    Broadcast,
}

impl From<creating::ConversationKind> for ConversationKind {
    fn from(kind: creating::ConversationKind) -> Self {
        match kind {
            creating::ConversationKind::Direct => Self::Direct,
            creating::ConversationKind::Group => Self::Group,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "schemas::membership::Role")]
pub enum ParticipantRole {
    Owner,
    Moderator,
    Member,
}
