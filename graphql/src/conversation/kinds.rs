//! Kinds of conversations, and roles in them.

use async_graphql::Enum;
use schemas::creating;
use schemas::membership::Role;

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
pub enum ParticipantRole {
    Owner,
    Moderator,
    Member,
}

impl From<ParticipantRole> for Role {
    fn from(role: ParticipantRole) -> Self {
        match role {
            ParticipantRole::Owner => Self::Owner,
            ParticipantRole::Moderator => Self::Moderator,
            ParticipantRole::Member => Self::Member,
        }
    }
}

impl From<Role> for ParticipantRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Moderator => Self::Moderator,
            Role::Member => Self::Member,
        }
    }
}
