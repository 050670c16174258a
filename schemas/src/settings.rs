//! Settings of a conversation: title, description, who posts.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::attaching::AttachedFile;
use crate::creating::Opened;
use crate::ids::UserId;
use crate::people::Profile;

/// Request to a conversation: change its settings; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct UpdateConversation {
    pub actor: Profile,
    pub title: Option<String>,
    /// Empty: none.
    pub description: Option<String>,
    pub announcements_only: Option<bool>,
    /// An image of the actor's own that is ready, as ingest found it.
    pub avatar: Option<Box<AttachedFile>>,
}

/// Fact of a conversation: its settings have changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ConversationUpdated {
    /// The conversation as it stands.
    pub about: Opened,
    pub by: UserId,
}
