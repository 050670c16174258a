//! A message: its immutable core and its body.
//!
//! Invariant: everything but the body is fixed when the message is accepted. An edit or a removal
//! rewrites the row whole, from the core that the command carries, so a stale copy cannot occur.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::attaching::{AttachedFile, FileRole};
use crate::forwarding::Provenance;
use crate::gifs::Gif;
use crate::ids::{ClientId, ConversationId, UserId};
use crate::people::Profile;
use crate::polling::Poll;
use crate::position::{LogTime, Offset};
use crate::stickers::SentSticker;

/// Text of a message. One field on every wire, so that sealed content needs no new schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Content {
    /// Normalised text; sealed bytes in base64 where a key is named.
    pub text: String,
    /// Key that the text is sealed with.
    pub key_id: Option<String>,
}

impl Content {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), key_id: None }
    }
}

/// Names a message in a request about it, with its author as ingest read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageTarget {
    pub seq: i64,
    pub author: UserId,
}

/// The message that a reply answers, as ingest read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReplyStub {
    pub seq: i64,
    pub sender: Profile,
    /// Absent in rows: a later edit or deletion of the parent does not reach its replies.
    pub content: Option<Content>,
    /// Empty in rows, as the content is absent.
    pub attachments: Vec<AttachedFile>,
    /// Absent in rows, as the content is.
    pub sticker: Option<Box<SentSticker>>,
    /// Absent in rows.
    pub gif: Option<Box<Gif>>,
    pub created_at: LogTime,
}

impl ReplyStub {
    /// The stub of a message whose text and files are not to be quoted.
    pub fn without_content(self) -> Self {
        Self { content: None, attachments: vec![], sticker: None, gif: None, ..self }
    }
}

/// The users that a message mentions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Mentions {
    pub people: Vec<Profile>,
    /// Every member; only the owner and moderators may mention all.
    pub all: bool,
}

impl Mentions {
    /// Whether a user is mentioned, by name or with all.
    pub fn reach(&self, user: &UserId) -> bool {
        self.all || self.people.iter().any(|person| person.user == *user)
    }
}

/// Event that a system message reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum NoteKind {
    Added,
    Left,
    Removed,
    Renamed,
    RoleChanged,
    OwnerChanged,
    SettingsChanged,
    Pinned,
}

/// Text of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Text {
    pub content: Content,
    /// Absent in a text that was never edited.
    pub edited: Option<Edited>,
    /// Files beside the text, which may then be empty.
    pub attachments: Vec<AttachedFile>,
    /// Absent in a text that is no copy. A copy cannot be edited.
    pub forwarded: Option<Box<Provenance>>,
    /// Present where the message is a sticker: the text is empty, and the one file is its image.
    pub sticker: Option<Box<SentSticker>>,
    /// A GIF beside the text, which may then be empty.
    pub gif: Option<Box<Gif>>,
}

impl Text {
    pub fn new(content: Content) -> Self {
        Self { content, edited: None, attachments: vec![], forwarded: None, sticker: None, gif: None }
    }
}

/// The last edit of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Edited {
    pub at: LogTime,
    /// Edits so far, this one included.
    pub count: i32,
}

/// A system message; its sender is the user who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Note {
    pub kind: NoteKind,
    pub targets: Vec<Profile>,
    /// The new value of what was changed.
    pub value: Option<String>,
}

impl Note {
    pub fn new(kind: NoteKind, targets: Vec<Profile>) -> Self {
        Self { kind, targets, value: None }
    }

    /// What was changed has this value now.
    pub fn valued(kind: NoteKind, targets: Vec<Profile>, value: &str) -> Self {
        Self { kind, targets, value: Some(value.to_owned()) }
    }
}

/// Tombstone of a message that was deleted, or that moderators of the service have hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Removed {
    pub at: LogTime,
    /// Hidden: the content may come back.
    pub is_hidden: bool,
}

/// What a message holds, or why it holds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum Body {
    Text(Text),
    Note(Note),
    Removed(Removed),
    Poll(Poll),
}

impl Body {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text::new(Content::plain(text)))
    }

    /// The text, if the message has one; of a poll its question.
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::Text(text) => Some(&text.content),
            Self::Poll(poll) => Some(&poll.question),
            Self::Note(_) | Self::Removed(_) => None,
        }
    }

    /// The same body after an edit; what is no text stays.
    pub fn with_text(self, content: Content, edited: Edited) -> Self {
        match self {
            Self::Text(text) => Self::Text(Text { content, edited: Some(edited), ..text }),
            Self::Note(_) | Self::Removed(_) | Self::Poll(_) => self,
        }
    }

    /// The files that the message carries.
    pub fn attachments(&self) -> &[AttachedFile] {
        match self {
            Self::Text(text) => &text.attachments,
            Self::Note(_) | Self::Removed(_) | Self::Poll(_) => &[],
        }
    }

    /// The GIF that the message carries.
    pub fn gif(&self) -> Option<&Gif> {
        match self {
            Self::Text(text) => text.gif.as_deref(),
            Self::Note(_) | Self::Removed(_) | Self::Poll(_) => None,
        }
    }

    /// The recording, if the message is spoken.
    pub fn voice(&self) -> Option<&AttachedFile> {
        self.attachments().iter().find(|file| match file.role {
            FileRole::Voice => true,
            FileRole::File => false,
        })
    }

    /// The last edit, if the text was edited.
    pub fn edited(&self) -> Option<&Edited> {
        match self {
            Self::Text(text) => text.edited.as_ref(),
            Self::Note(_) | Self::Removed(_) | Self::Poll(_) => None,
        }
    }

    /// How often the text was edited, if the message is one.
    pub fn text_edits(&self) -> Option<i32> {
        match self {
            Self::Text(text) => Some(text.edited.as_ref().map_or(0, |edited| edited.count)),
            Self::Note(_) | Self::Removed(_) | Self::Poll(_) => None,
        }
    }

    /// Where a forwarded text comes from.
    pub fn forwarded(&self) -> Option<&Provenance> {
        match self {
            Self::Text(text) => text.forwarded.as_deref(),
            Self::Note(_) | Self::Removed(_) | Self::Poll(_) => None,
        }
    }

    /// What a sticker says beside its image, if the message is one.
    pub fn sticker(&self) -> Option<&SentSticker> {
        match self {
            Self::Text(text) => text.sticker.as_deref(),
            Self::Note(_) | Self::Removed(_) | Self::Poll(_) => None,
        }
    }

    /// The system event, if the message reports one.
    pub fn note(&self) -> Option<&Note> {
        match self {
            Self::Note(note) => Some(note),
            Self::Text(_) | Self::Removed(_) | Self::Poll(_) => None,
        }
    }

    /// The poll, if the message is one.
    pub fn poll(&self) -> Option<&Poll> {
        match self {
            Self::Poll(poll) => Some(poll),
            Self::Text(_) | Self::Note(_) | Self::Removed(_) => None,
        }
    }

    /// Time since which the content is gone, if it is: deleted, or hidden.
    pub fn removed_at(&self) -> Option<LogTime> {
        match self {
            Self::Removed(removed) => Some(removed.at),
            Self::Text(_) | Self::Note(_) | Self::Poll(_) => None,
        }
    }

    /// Time of the deletion, if the message was deleted.
    pub fn deleted_at(&self) -> Option<LogTime> {
        match self {
            Self::Removed(removed) => (!removed.is_hidden).then_some(removed.at),
            Self::Text(_) | Self::Note(_) | Self::Poll(_) => None,
        }
    }

    /// Since when the message is hidden, if it is.
    pub fn hidden_at(&self) -> Option<LogTime> {
        match self {
            Self::Removed(removed) => removed.is_hidden.then_some(removed.at),
            Self::Text(_) | Self::Note(_) | Self::Poll(_) => None,
        }
    }
}

/// A message, as its event carries it and its row stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Message {
    pub seq: i64,
    /// Offset of the command that posted it. Its recipients are the members whose interval encloses it.
    pub position: Offset,
    pub sent_at: LogTime,
    pub sender: Profile,
    /// Absent in system messages.
    pub client_id: Option<ClientId>,
    pub reply_to: Option<Box<ReplyStub>>,
    pub mentions: Mentions,
    /// Members other than the sender when it was posted.
    pub recipients: i32,
    pub body: Body,
}

impl Message {
    /// The tombstone of this message: its core without reply, mentions and body.
    pub fn removed(self, at: LogTime) -> Self {
        self.without_content(Removed { at, is_hidden: false })
    }

    /// The form in which it is shown while it is hidden.
    pub fn hidden(self, at: LogTime) -> Self {
        self.without_content(Removed { at, is_hidden: true })
    }

    fn without_content(self, removed: Removed) -> Self {
        Self { reply_to: None, mentions: Mentions::default(), body: Body::Removed(removed), ..self }
    }

    /// The form that its row stores: a reply's row omits the parent's text.
    pub fn stored(mut self) -> Self {
        self.reply_to = self.reply_to.map(|parent| Box::new(parent.without_content()));
        self
    }

    /// The stub by which a reply quotes this message. A poll is quoted by its row, with its votes.
    pub fn stub(&self) -> ReplyStub {
        ReplyStub {
            seq: self.seq,
            sender: self.sender.clone(),
            content: self.body.content().filter(|_| self.body.poll().is_none()).cloned(),
            attachments: self.body.attachments().to_vec(),
            sticker: self.body.sticker().cloned().map(Box::new),
            gif: self.body.gif().cloned().map(Box::new),
            created_at: self.sent_at,
        }
    }

    /// Where a forward of this message comes from. Of a copy that is forwarded again it is the first message.
    pub fn provenance(&self, conversation: &ConversationId) -> Provenance {
        let own =
            || Provenance { conversation: conversation.clone(), seq: self.seq, sender: self.sender.clone() };
        self.body.forwarded().cloned().unwrap_or_else(own)
    }

    pub fn sender_id(&self) -> &UserId {
        &self.sender.user
    }
}
