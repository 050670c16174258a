//! Frames of the inbox, and their events.

use async_graphql::{Enum, ID, Object, SimpleObject, Union};
use domain::delivery::Answers;

use super::payloads::Event;
use crate::attachment::Attachment;
use crate::conversation::Conversation;
use crate::live::{ConversationDelivery, Rendering};
use crate::message::Message;
use crate::message::pins::PinChange;
use crate::message::reactions::ReactionChange;
use crate::message::receipts::MessageReceipt;
use crate::people::presence::UserPresence;
use crate::people::typing::TypingIndicator;
use crate::people::user::User;

/// cursor resumes on any node; null on ephemeral events (typing, presence, TRANSLATED), which are never replayed.
#[derive(SimpleObject)]
pub struct InboxFrame {
    pub cursor: Option<String>,
    pub event: InboxEvent,
}

#[derive(Union)]
pub enum InboxEvent {
    MessageCreated(MessageCreated),
    MessageChanged(MessageChanged),
    ConversationChanged(ConversationChanged),
    ReceiptAdvanced(ReceiptAdvanced),
    ReactionChanged(ReactionChanged),
    PinChanged(PinChanged),
    AccountChanged(AccountChanged),
    AttachmentChanged(AttachmentChanged),
    SendRejected(SendRejected),
    TypingChanged(TypingChanged),
    PresenceChanged(PresenceChanged),
    UserChanged(UserChanged),
    ResumeGap(ResumeGap),
    Drained(Drained),
}

#[derive(SimpleObject)]
pub struct MessageCreated {
    message: Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MessageChangeKind {
    Edited,
    Deleted,
    Hidden,
    Expired,
    PreviewAttached,
    AttachmentReady,
    CardUpdated,
    Translated,
}

#[derive(SimpleObject)]
pub struct MessageChanged {
    message: Message,
    change: MessageChangeKind,
}

#[derive(SimpleObject)]
pub struct ConversationChanged {
    conversation: Conversation,
    /// Whether the viewer is no longer a member.
    left: bool,
}

#[derive(SimpleObject)]
pub struct ReceiptAdvanced {
    receipt: MessageReceipt,
}

#[derive(SimpleObject)]
pub struct TypingChanged {
    conversation_id: ID,
    typing: TypingIndicator,
}

#[derive(SimpleObject)]
pub struct ReactionChanged {
    reaction: ReactionChange,
    /// true if the reaction was added, false if it was removed.
    added: bool,
}

#[derive(SimpleObject)]
pub struct PresenceChanged {
    presence: UserPresence,
}

/// The profile of the viewer, or of a user who shares a conversation with the viewer, has changed.
#[derive(SimpleObject)]
pub struct UserChanged {
    user: User,
}

#[derive(SimpleObject)]
pub struct PinChanged {
    pin: PinChange,
}

/// A part of a user's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AccountPart {
    Privacy,
    Notifications,
    Settings,
    Blocks,
    Credits,
    Flags,
    Schedule,
    Templates,
    Stickers,
    Devices,
}

/// Something of the caller's own changed on another device: fetch it again.
#[derive(SimpleObject)]
pub struct AccountChanged {
    what: AccountPart,
}

/// One of the caller's own attachments has made progress.
#[derive(SimpleObject)]
pub struct AttachmentChanged {
    attachment: Attachment,
}

/// The outcome of a send whose mutation answered OUTCOME_PENDING.
pub struct SendRejected(schemas::sending::SendRejected);

#[Object]
impl SendRejected {
    async fn client_message_id(&self) -> uuid::Uuid {
        self.0.client_id.uuid()
    }

    async fn code(&self) -> &'static str {
        self.0.refusal.code.as_str()
    }

    async fn detail(&self) -> &str {
        &self.0.refusal.detail
    }
}

/// The cursor is too old or of another epoch: fetch the conversations again, then go on from this
/// frame's cursor.
#[derive(SimpleObject)]
pub struct ResumeGap {
    reason: String,
}

/// Everything missed since the cursor has been sent; what follows is live.
#[derive(SimpleObject)]
pub struct Drained {
    replayed: i32,
}

impl InboxEvent {
    /// The event of a delivery, which is `of` a conversation if the event is.
    pub(super) fn of(
        event: &Event<'_>,
        of: Option<&ConversationDelivery>,
        rendering: &Rendering,
    ) -> Option<Self> {
        Some(match event {
            Event::MessageCreated(core) => {
                let message = Message::accepted(of?, core, rendering);
                Self::MessageCreated(MessageCreated { message })
            }
            Event::MessageChanged(change, core) => {
                let message = Message::completed(of?, core, rendering);
                Self::MessageChanged(MessageChanged { message, change: *change })
            }
            Event::ConversationChanged(conversation) => Self::ConversationChanged(ConversationChanged {
                conversation: Conversation::named(*conversation),
                left: rendering.answers.has(Answers::IS_GONE),
            }),
            Event::ReceiptAdvanced(advance) => {
                Self::ReceiptAdvanced(ReceiptAdvanced { receipt: advance.receipt(of?) })
            }
            Event::ReactionChanged(told, added) => {
                let reaction = ReactionChange::of(&of?.conversation, told);
                Self::ReactionChanged(ReactionChanged { reaction, added: *added })
            }
            Event::PinChanged(pinning) => {
                Self::PinChanged(PinChanged { pin: pinning.change(of?, rendering) })
            }
            Event::AccountChanged(what) => Self::AccountChanged(AccountChanged { what: *what }),
            Event::Typing(typing) => Self::TypingChanged(TypingChanged {
                conversation_id: typing.conversation.as_str().into(),
                typing: TypingIndicator::from(*typing),
            }),
            Event::UserChanged(profile) => {
                Self::UserChanged(UserChanged { user: User::of((*profile).clone()) })
            }
            Event::Translated(translated) => {
                let message = Message::read(&translated.conversation, translated.message.clone());
                Self::MessageChanged(MessageChanged { message, change: MessageChangeKind::Translated })
            }
            Event::AttachmentChanged(changed) => {
                let attachment = Attachment::own(changed.attachment.clone(), changed.now.clone())?;
                Self::AttachmentChanged(AttachmentChanged { attachment })
            }
            Event::Presence(seen) => {
                Self::PresenceChanged(PresenceChanged { presence: UserPresence::from(*seen) })
            }
            Event::SendRejected(rejected) => Self::SendRejected(SendRejected((*rejected).clone())),
            Event::ResumeGap(reason) => Self::ResumeGap(ResumeGap { reason: (*reason).to_owned() }),
            Event::Drained(replayed) => Self::Drained(Drained { replayed: *replayed }),
        })
    }
}
