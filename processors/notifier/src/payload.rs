//! What a push says: to the service worker as JSON, and to FCM in its own form.

use domain::pushing::Notification;
use schemas::{ConversationId, MessageId};
use serde::Serialize;

/// A notification, and what its receiver does with it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload<'a> {
    pub conversation_id: &'a str,
    pub message_id: String,
    pub title: &'a str,
    pub body: &'a str,
    /// A notification replaces the one with the same tag.
    pub tag: &'a str,
    /// The user has sound off.
    pub silent: bool,
    /// Messages that it stands for.
    pub count: usize,
}

impl<'a> Payload<'a> {
    /// For the newest of `count` messages.
    pub fn new(
        conversation: &'a ConversationId,
        seq: i64,
        shown: &'a Notification,
        silent: bool,
        count: usize,
    ) -> Self {
        Self {
            conversation_id: conversation.as_str(),
            message_id: MessageId { conversation: conversation.clone(), seq }.to_string(),
            title: &shown.title,
            body: &shown.body,
            tag: conversation.as_str(),
            silent,
            count,
        }
    }

    pub fn json(&self) -> Vec<u8> {
        // Texts and numbers alone always have a form in JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
