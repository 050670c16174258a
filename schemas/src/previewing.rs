//! Previews of links: an aspect of the message whose text has the links, as the link-preview processor found them.
//!
//! Invariant: previews name the version of the text that they are of, so those of an older text are never shown.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::avro;
use crate::ids::AttachmentId;
use crate::message::{Body, Message};
use crate::rows::TOMBSTONE_SECONDS;

/// Links of one message that have a preview.
pub const MAX_PREVIEWS: usize = 3;
/// Bytes of a link that has a preview.
pub const MAX_LINK_BYTES: usize = 500;

/// What is shown of a link. Every text is plain, never HTML, and bounded by the processor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct LinkPreview {
    /// The link as the URL standard writes it; a host in ASCII.
    pub url: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub site_name: Option<String>,
    pub image: Option<PreviewImage>,
    pub favicon: Option<PreviewImage>,
}

impl LinkPreview {
    /// Whether there is something to show.
    pub fn says_something(&self) -> bool {
        self.title.is_some() || self.description.is_some() || self.image.is_some()
    }
}

/// An image of a page, encoded anew and kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PreviewImage {
    /// Names the kept object; derived from its bytes, so the same image is kept once.
    pub object: AttachmentId,
    pub content_type: String,
}

/// Request to a conversation: show these previews beside a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AttachPreviews {
    /// The message with the text that has the links, as its event told it.
    pub message: Box<Message>,
    pub previews: Vec<LinkPreview>,
}

/// Fact of a conversation: a message has previews of its links.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PreviewAttached {
    /// The message as it stands.
    pub message: Message,
    pub previews: Previews,
}

/// Aspect of a message: the previews of its links, at most 5 KB.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Previews {
    /// Edits of the text that has these links.
    pub edits: i32,
    /// In the order of the links; none of a message that has lost them.
    pub all: Vec<LinkPreview>,
}

impl Previews {
    /// The previews, if they are of the text that a message has.
    pub fn of(&self, body: &Body) -> &[LinkPreview] {
        if body.text_edits() == Some(self.edits) { &self.all } else { &[] }
    }

    /// The aspect of a message that has lost its previews is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.all.is_empty().then_some(TOMBSTONE_SECONDS)
    }
}

avro::release! { PREVIEWED: 354 Previews, 355 LinkPreview, }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Content, Edited, Mentions, Text};
    use crate::people::Profile;

    fn message(edits: i32) -> Message {
        let edited = (edits > 0).then_some(Edited { at: 2, count: edits });
        let sender = Profile {
            user: "ann".parse().unwrap(),
            username: "ann".to_owned(),
            display_name: "Ann".to_owned(),
            avatar_url: None,
        };
        Message {
            seq: 1,
            position: 1,
            sent_at: 1,
            sender,
            client_id: None,
            reply_to: None,
            mentions: Mentions::default(),
            recipients: 1,
            body: Body::Text(Text { edited, ..Text::new(Content::plain("https://a.example")) }),
        }
    }

    #[test]
    fn previews_are_those_of_the_text_that_a_message_has() {
        let (url, title) = ("https://a.example/".to_owned(), Some("A".to_owned()));
        let preview = LinkPreview { url, title, ..LinkPreview::default() };
        let previews = Previews { edits: 1, all: vec![preview] };
        for (message, count) in [
            (message(0), 0),
            (message(1), 1),
            (message(2), 0),
            (message(1).removed(3), 0),
            (message(1).hidden(3), 0),
        ] {
            assert_eq!(previews.of(&message.body).len(), count, "{:?}", message.body);
        }
        assert!(previews.expires_after_seconds().is_none());
        assert!(Previews::default().expires_after_seconds().is_some());
    }
}
