//! What a push carries to the service worker, as JSON.

use domain::pushing::Notification;
use schemas::{ConversationId, MessageId};
use serde::Serialize;

/// A notification, and what the worker does with it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    conversation_id: &'a str,
    message_id: String,
    title: &'a str,
    body: &'a str,
    /// A notification replaces the one with the same tag.
    tag: &'a str,
    /// The user has sound off.
    silent: bool,
    /// Messages that it stands for.
    count: usize,
}

/// The payload of a push for the newest of `count` messages.
pub fn payload(
    conversation: &ConversationId,
    seq: i64,
    shown: &Notification,
    silent: bool,
    count: usize,
) -> Vec<u8> {
    let payload = Payload {
        conversation_id: conversation.as_str(),
        message_id: MessageId { conversation: conversation.clone(), seq }.to_string(),
        title: &shown.title,
        body: &shown.body,
        tag: conversation.as_str(),
        silent,
        count,
    };
    // Texts and numbers alone always have a form in JSON.
    serde_json::to_vec(&payload).unwrap_or_default()
}
