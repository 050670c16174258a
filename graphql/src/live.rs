//! What subscriptions deliver, and how a payload is rendered once for all who asked the same.
//!
//! The subscription fields of the schema do not run streams. They are executed in one of two modes,
//! put into the request as data:
//! - [`Mode::Subscribe`]: the field checks its arguments and the viewer's right, and leaves a
//!   [`Topic`] behind; the fan-out does the rest.
//! - [`Mode::Render`]: the field gives the one event in the mode as its payload.
//!
//! Invariant: a rendering that has asked for the viewer is marked, and is never given to another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use schemas::account::SendRejected;
use schemas::conversation::{ConversationOpened, MembersChanged, Message, ReceiptAdvanced};
use schemas::{ConversationId, LogTime};

/// What a socket subscribes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    Inbox { after: Option<String> },
    MessageReceived { conversation: ConversationId },
    MessageUpdated { conversation: ConversationId },
    ConversationUpdated,
}

/// Something to deliver; carries what common selections need, so that rendering reads no table.
#[derive(Debug, Clone)]
pub enum Live {
    Message { conversation: ConversationId, message: Message },
    Deleted { conversation: ConversationId, message: Message },
    Members { conversation: ConversationId, changed: MembersChanged },
    Opened { conversation: ConversationId, at: LogTime, opened: ConversationOpened },
    Receipt { conversation: ConversationId, at: LogTime, receipt: ReceiptAdvanced },
    SendRejected(SendRejected),
    ResumeGap { reason: String },
    Drained { replayed: i32 },
}

/// How a subscription field is executed.
#[derive(Clone)]
pub enum Mode {
    Subscribe(Arc<OnceLock<Topic>>),
    Render(Arc<Live>),
}

/// Text that stands for the cursor in a rendering; the fan-out puts the socket's own in its place.
///
/// It cannot occur in content: stored text has no control characters but LF and TAB.
pub const CURSOR_PLACEHOLDER: &str = "\u{1}cursor\u{1}";

/// Notes whether a rendering has depended on who views it.
#[derive(Debug, Clone, Default)]
pub struct ViewerAsked(Arc<AtomicBool>);

impl ViewerAsked {
    pub fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn was_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
