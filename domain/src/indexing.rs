//! What of the system can be found by search.
//!
//! Invariants: full matches only; a message is found by its text alone, and not once it is gone. Who may find
//! what is not decided here: a hit is shown only to a viewer whose [`crate::access::Sight`] sees its row.

use std::borrow::Cow;

use schemas::deleting::MessageDeleted;
use schemas::editing::MessageEdited;
use schemas::message::{Body, Message};
use schemas::people::Profile;
use schemas::reporting::{MessageHidden, MessageShown};
use schemas::search::{Change, Document};
use schemas::sending::MessageCreated;
use schemas::{ConversationFact, ConversationId, MessageId, UserId, Version};

/// What a fact changes of what can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexed<'a> {
    /// What the fact says of a message.
    Message(&'a Message),
    /// The title or the members of its conversation.
    Conversation,
    Nothing,
}

pub fn indexed(fact: &ConversationFact) -> Indexed<'_> {
    match fact {
        ConversationFact::MessageCreated(MessageCreated { message })
        | ConversationFact::MessageEdited(MessageEdited { message })
        | ConversationFact::MessageHidden(MessageHidden { message })
        | ConversationFact::MessageShown(MessageShown { message })
        | ConversationFact::MessageDeleted(MessageDeleted { message, by: _ }) => Indexed::Message(message),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::MembersChanged(_) => Indexed::Conversation,
        ConversationFact::RolesChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
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
        | ConversationFact::BlocksChanged(_) => Indexed::Nothing,
    }
}

/// The text by which a message is found, of a poll with its options, of a sticker its name, of a GIF with its title;
/// none of a note, and of one that is gone.
pub fn text(message: &Message) -> Option<Cow<'_, str>> {
    match &message.body {
        Body::Text(text) if text.content.key_id.is_none() => match (&text.sticker, &text.gif) {
            (Some(sticker), _) => Some(Cow::Borrowed(&sticker.name)),
            (None, Some(gif)) => Some(Cow::Owned(format!("{}\n{}", text.content.text, gif.title))),
            (None, None) => Some(Cow::Borrowed(&text.content.text)),
        },
        Body::Poll(poll) if poll.question.key_id.is_none() => {
            let options = poll.options.iter().map(|option| option.text.as_str());
            let lines: Vec<&str> = std::iter::once(poll.question.text.as_str()).chain(options).collect();
            Some(Cow::Owned(lines.join("\n")))
        }
        // Sealed: only its readers can open it.
        Body::Text(_) | Body::Poll(_) | Body::Note(_) | Body::Removed(_) => None,
    }
}

/// The document of a message, as of a version of its row; none of one without a text.
pub fn message(conversation: &ConversationId, message: &Message, version: Version) -> Change {
    let document = text(message).map(|text| Document {
        texts: vec![text.into_owned()],
        words: vec![conversation.to_string(), message.sender.user.to_string()],
        numbers: vec![message.seq, message.sent_at],
    });
    let id = MessageId { conversation: conversation.clone(), seq: message.seq };
    Change { id: id.to_string(), version, document }
}

/// The name by which a member's conversations are found. Names of one conversation stand in lines.
pub fn name(profile: &Profile) -> String {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{} {}", line(&profile.display_name), line(&profile.username))
}

/// The document of a conversation with these members.
pub fn conversation(
    id: &ConversationId,
    title: Option<&str>,
    members: &[Profile],
    version: Version,
) -> Change {
    let names: Vec<String> = members.iter().map(name).collect();
    let texts = vec![title.unwrap_or_default().to_owned(), names.join("\n")];
    let document = Document { texts, words: vec![], numbers: vec![] };
    Change { id: id.to_string(), version, document: Some(document) }
}

/// The document of a user; none of one who is erased.
pub fn user(id: &UserId, profile: Option<&Profile>, version: Version) -> Change {
    let document = profile.map(|profile| {
        let texts = vec![profile.username.clone(), profile.display_name.clone()];
        Document { texts, words: vec![], numbers: vec![] }
    });
    Change { id: id.to_string(), version, document }
}
