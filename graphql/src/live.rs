//! What subscriptions deliver, and how a payload is rendered once for everyone who selected the same.
//!
//! The subscription fields of the schema do not run streams. They are executed in one of two modes,
//! put into the request as data:
//! - [`Mode::Subscribe`]: the field checks its arguments and the viewer's right, and leaves a
//!   [`Filter`] behind; the fan-out does the rest.
//! - [`Mode::Render`]: the field gives the one delivery in the mode as its payload.
//!
//! Invariants: a rendering depends on its delivery, its selection and its answers alone, unless it opened
//! the [`Sealed`] viewer, which marks it private; a completed delivery is rendered without reading.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use awareness::presence::Seen;
use awareness::typing::Typing;
use domain::delivery::Answers;
use schemas::people::Profile;
use schemas::{AccountFact, ConversationFact, ConversationId, LogTime, UserId};

use crate::Viewer;
use crate::message::reactions::Completed;
use crate::people::People;
use crate::rows::Written;

/// What a socket subscribes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    Inbox { after: Option<String> },
    MessageReceived { conversation: ConversationId },
    MessageUpdated { conversation: ConversationId },
    ConversationUpdated,
    MessageDelivered { conversation: ConversationId },
    MessageRead { conversation: ConversationId },
    TypingIndicator { conversation: ConversationId },
    ReactionAdded { conversation: ConversationId },
    ReactionRemoved { conversation: ConversationId },
    MessagePinned { conversation: ConversationId },
    UserPresence { users: BTreeSet<UserId> },
}

/// The filters for which a delivery has a payload: a bit for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Payloads(u16);

impl Payloads {
    pub const INBOX: Self = Self(1);
    pub const MESSAGE_RECEIVED: Self = Self(2);
    pub const MESSAGE_UPDATED: Self = Self(4);
    pub const CONVERSATION_UPDATED: Self = Self(8);
    pub const MESSAGE_DELIVERED: Self = Self(16);
    pub const MESSAGE_READ: Self = Self(32);
    pub const TYPING_INDICATOR: Self = Self(64);
    pub const REACTION_ADDED: Self = Self(128);
    pub const REACTION_REMOVED: Self = Self(256);
    pub const USER_PRESENCE: Self = Self(512);
    pub const MESSAGE_PINNED: Self = Self(1024);

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Filter {
    /// The bit of this kind of filter.
    pub fn payload(&self) -> Payloads {
        match self {
            Self::Inbox { .. } => Payloads::INBOX,
            Self::MessageReceived { .. } => Payloads::MESSAGE_RECEIVED,
            Self::MessageUpdated { .. } => Payloads::MESSAGE_UPDATED,
            Self::ConversationUpdated => Payloads::CONVERSATION_UPDATED,
            Self::MessageDelivered { .. } => Payloads::MESSAGE_DELIVERED,
            Self::MessageRead { .. } => Payloads::MESSAGE_READ,
            Self::TypingIndicator { .. } => Payloads::TYPING_INDICATOR,
            Self::ReactionAdded { .. } => Payloads::REACTION_ADDED,
            Self::ReactionRemoved { .. } => Payloads::REACTION_REMOVED,
            Self::MessagePinned { .. } => Payloads::MESSAGE_PINNED,
            Self::UserPresence { .. } => Payloads::USER_PRESENCE,
        }
    }

    /// The one conversation that it is about, if it is about one.
    pub fn conversation(&self) -> Option<&ConversationId> {
        match self {
            Self::MessageReceived { conversation }
            | Self::MessageUpdated { conversation }
            | Self::MessageDelivered { conversation }
            | Self::MessageRead { conversation }
            | Self::TypingIndicator { conversation }
            | Self::ReactionAdded { conversation }
            | Self::ReactionRemoved { conversation }
            | Self::MessagePinned { conversation } => Some(conversation),
            Self::Inbox { .. } | Self::ConversationUpdated | Self::UserPresence { .. } => None,
        }
    }

    /// The users whose presence it is about.
    pub fn watched(&self) -> Option<&BTreeSet<UserId>> {
        match self {
            Self::UserPresence { users } => Some(users),
            Self::Inbox { .. }
            | Self::MessageReceived { .. }
            | Self::MessageUpdated { .. }
            | Self::ConversationUpdated
            | Self::MessageDelivered { .. }
            | Self::MessageRead { .. }
            | Self::TypingIndicator { .. }
            | Self::ReactionAdded { .. }
            | Self::ReactionRemoved { .. }
            | Self::MessagePinned { .. } => None,
        }
    }
}

/// Something to deliver, completed: it carries what selections need, so that rendering reads no table.
#[derive(Debug, Clone)]
pub enum Delivery {
    Conversation(ConversationDelivery),
    Account(AccountFact),
    /// Never replayed.
    Typing(Typing),
    Presence(Seen),
    /// Never replayed: the published profile of a user has changed.
    UserChanged(Profile),
    /// Never replayed: the viewer's flags may have changed.
    FlagsChanged,
    /// Never replayed, and rendered by reads, as it goes to one viewer alone.
    Translated(Box<Translated>),
    ResumeGap {
        reason: String,
    },
    Drained {
        replayed: i32,
    },
}

impl Delivery {
    /// What it delivers of a conversation.
    pub fn conversation(&self) -> Option<&ConversationDelivery> {
        match self {
            Self::Conversation(delivery) => Some(delivery),
            Self::Account(_)
            | Self::Typing(_)
            | Self::Presence(_)
            | Self::UserChanged(_)
            | Self::FlagsChanged
            | Self::Translated(_)
            | Self::ResumeGap { .. }
            | Self::Drained { .. } => None,
        }
    }

    /// Whether it is true for a moment alone: it has no cursor.
    pub fn is_momentary(&self) -> bool {
        match self {
            Self::Typing(_)
            | Self::Presence(_)
            | Self::UserChanged(_)
            | Self::FlagsChanged
            | Self::Translated(_) => true,
            Self::Conversation(_) | Self::Account(_) | Self::ResumeGap { .. } | Self::Drained { .. } => false,
        }
    }

    /// What it delivers of the viewer's own account.
    pub fn account(&self) -> Option<&AccountFact> {
        match self {
            Self::Account(fact) => Some(fact),
            Self::Conversation(_)
            | Self::Typing(_)
            | Self::Presence(_)
            | Self::UserChanged(_)
            | Self::FlagsChanged
            | Self::Translated(_)
            | Self::ResumeGap { .. }
            | Self::Drained { .. } => None,
        }
    }
}

/// A message that the viewer has had translated, as its row stands.
#[derive(Debug, Clone)]
pub struct Translated {
    pub conversation: ConversationId,
    pub message: Written,
}

/// A fact of a conversation, with what a node has read to complete it.
#[derive(Debug, Clone)]
pub struct ConversationDelivery {
    pub conversation: ConversationId,
    pub at: LogTime,
    pub fact: ConversationFact,
    /// Members with their marks, for facts about an existing message; absent for others, or when they
    /// could not be read in time.
    pub people: Option<Arc<People>>,
    /// What has become of its message, read with the people; nothing for other facts.
    pub completed: Arc<Completed>,
}

/// How a subscription field is executed.
#[derive(Clone)]
pub enum Mode {
    Subscribe(Arc<OnceLock<Filter>>),
    Render(Rendering),
}

/// A delivery, and the answers to its questions for the viewers who share the rendering.
#[derive(Clone)]
pub struct Rendering {
    pub delivery: Arc<Delivery>,
    pub answers: Answers,
}

/// Text that stands for the cursor in a rendering; the fan-out puts the socket's own in its place.
///
/// It cannot occur in content: stored text has no control characters but LF and TAB.
pub const CURSOR_PLACEHOLDER: &str = "\u{1}cursor\u{1}";

/// The viewer of a rendering. Opening it marks the rendering as theirs alone.
#[derive(Debug, Clone)]
pub struct Sealed {
    viewer: Viewer,
    opened: Arc<AtomicBool>,
}

impl Sealed {
    pub fn new(viewer: Viewer) -> Self {
        Self { viewer, opened: Arc::default() }
    }

    pub fn open(&self) -> &Viewer {
        self.opened.store(true, Ordering::Relaxed);
        &self.viewer
    }

    pub fn was_opened(&self) -> bool {
        self.opened.load(Ordering::Relaxed)
    }
}
