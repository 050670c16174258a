//! The payloads of a delivery: one full match over facts, which filter and resolver share.
//!
//! Invariant: [`payloads`] sets a bit exactly where [`payload`] holds what that subscription gives.

use awareness::presence::Seen;
use awareness::typing::Typing;
use schemas::message::Message;
use schemas::message_requests::MessageRequest;
use schemas::people::Profile;
use schemas::pinning::Pinned;
use schemas::reacting::ToldReaction;
use schemas::sending::SendRejected;
use schemas::uploading::AttachmentChanged;
use schemas::{AccountFact, ConversationFact, MessageId, UserId};

use super::events::{AccountPart, MessageChangeKind};
use crate::conversation::{Named, Told};
use crate::live::{ConversationDelivery, Delivery, Payloads, Rendering, Translated};
use crate::message;
use crate::message::pins::PinChange;
use crate::message::receipts::MessageReceipt;
use crate::people::user::User;

/// What a delivery gives to each kind of subscription.
#[derive(Debug, Default, Clone, Copy)]
pub struct Payload<'a> {
    /// The delivery, if it is of a conversation.
    pub of: Option<&'a ConversationDelivery>,
    pub event: Option<Event<'a>>,
    pub received: Option<&'a Message>,
    pub updated: Option<&'a Message>,
    pub conversation: Option<Named<'a>>,
    pub delivered: Option<Advance<'a>>,
    pub read: Option<Advance<'a>>,
    pub typing: Option<&'a Typing>,
    pub reaction_added: Option<&'a ToldReaction>,
    pub reaction_removed: Option<&'a ToldReaction>,
    pub pin: Option<Pinning<'a>>,
    pub presence: Option<&'a Seen>,
}

/// A user's mark has moved.
#[derive(Debug, Clone, Copy)]
pub struct Advance<'a> {
    user: &'a UserId,
    up_to: i64,
    is_read: bool,
}

impl Advance<'_> {
    pub fn receipt(&self, of: &ConversationDelivery) -> MessageReceipt {
        let message = MessageId { conversation: of.conversation.clone(), seq: self.up_to };
        let delivered_at = Some(of.at);
        let read_at = delivered_at.filter(|_| self.is_read);
        MessageReceipt { message, user: self.user.clone(), delivered_at, read_at }
    }
}

/// A pin came or went.
#[derive(Debug, Clone, Copy)]
pub struct Pinning<'a> {
    message: &'a Message,
    /// Absent where it went.
    pin: Option<&'a Pinned>,
    by: &'a UserId,
}

impl Pinning<'_> {
    pub fn change(&self, of: &ConversationDelivery, rendering: &Rendering) -> PinChange {
        let message = message::Message::completed(of, self.message, rendering).with_pin(self.pin.cloned());
        PinChange { message, pinned: self.pin.is_some(), by: User::named(self.by.clone()) }
    }
}

/// An event of the inbox.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    MessageCreated(&'a Message),
    MessageChanged(MessageChangeKind, &'a Message),
    ConversationChanged(Named<'a>),
    AccountChanged(AccountPart),
    ReceiptAdvanced(Advance<'a>),
    AttachmentChanged(&'a AttachmentChanged),
    /// The reaction, and whether it came.
    ReactionChanged(&'a ToldReaction, bool),
    PinChanged(Pinning<'a>),
    SendRejected(&'a SendRejected),
    Typing(&'a Typing),
    Presence(&'a Seen),
    UserChanged(&'a Profile),
    Translated(&'a Translated),
    ResumeGap(&'a str),
    Drained(i32),
}

/// The filters for which a delivery has a payload.
pub fn payloads(delivery: &Delivery) -> Payloads {
    let Payload {
        of: _,
        event,
        received,
        updated,
        conversation,
        delivered,
        read,
        reaction_added,
        reaction_removed,
        pin,
        typing,
        presence,
    } = payload(delivery);
    [
        (event.is_some(), Payloads::INBOX),
        (received.is_some(), Payloads::MESSAGE_RECEIVED),
        (updated.is_some(), Payloads::MESSAGE_UPDATED),
        (conversation.is_some(), Payloads::CONVERSATION_UPDATED),
        (delivered.is_some(), Payloads::MESSAGE_DELIVERED),
        (read.is_some(), Payloads::MESSAGE_READ),
        (typing.is_some(), Payloads::TYPING_INDICATOR),
        (reaction_added.is_some(), Payloads::REACTION_ADDED),
        (reaction_removed.is_some(), Payloads::REACTION_REMOVED),
        (pin.is_some(), Payloads::MESSAGE_PINNED),
        (presence.is_some(), Payloads::USER_PRESENCE),
    ]
    .into_iter()
    .filter(|(is_given, _)| *is_given)
    .fold(Payloads::default(), |all, (_, one)| all.and(one))
}

pub fn payload(delivery: &Delivery) -> Payload<'_> {
    let alone = |event| Payload { event: Some(event), ..Payload::default() };
    match delivery {
        Delivery::Conversation(delivery) => of_conversation(delivery),
        Delivery::Account(fact) => match fact {
            AccountFact::SendRejected(rejected) => alone(Event::SendRejected(rejected)),
            AccountFact::CreditsChanged(_) => alone(Event::AccountChanged(AccountPart::Credits)),
            AccountFact::ConversationOrganized(kept) => {
                changed(Named { told: Told::Organized(&kept.organized), ..Named::of(&kept.conversation) })
            }
            AccountFact::DraftSaved(kept) => {
                changed(Named { told: Told::Draft(&kept.content), ..Named::of(&kept.conversation) })
            }
            AccountFact::AttachmentChanged(changed) if changed.now.progress.is_gone() => Payload::default(),
            AccountFact::AttachmentChanged(changed) => alone(Event::AttachmentChanged(changed)),
            AccountFact::PreferencesChanged(_) => alone(Event::AccountChanged(AccountPart::Settings)),
            AccountFact::PrivacyChanged(_) => alone(Event::AccountChanged(AccountPart::Privacy)),
            AccountFact::BlockedUsersChanged(_) => alone(Event::AccountChanged(AccountPart::Blocks)),
            AccountFact::ScheduleChanged(_) => alone(Event::AccountChanged(AccountPart::Schedule)),
            AccountFact::TemplatesChanged(_) => alone(Event::AccountChanged(AccountPart::Templates)),
            AccountFact::StickersChanged(_) => alone(Event::AccountChanged(AccountPart::Stickers)),
            AccountFact::NotificationsChanged(_) => alone(Event::AccountChanged(AccountPart::Notifications)),
        },
        Delivery::Typing(typing) => Payload { typing: Some(typing), ..alone(Event::Typing(typing)) },
        Delivery::Presence(seen) => Payload { presence: Some(seen), ..alone(Event::Presence(seen)) },
        Delivery::UserChanged(profile) => alone(Event::UserChanged(profile)),
        Delivery::FlagsChanged => alone(Event::AccountChanged(AccountPart::Flags)),
        Delivery::Translated(translated) => alone(Event::Translated(translated)),
        Delivery::ResumeGap { reason } => alone(Event::ResumeGap(reason)),
        Delivery::Drained { replayed } => alone(Event::Drained(*replayed)),
    }
}

/// A change of a conversation alone.
fn changed(conversation: Named<'_>) -> Payload<'_> {
    let event = Some(Event::ConversationChanged(conversation));
    Payload { event, conversation: Some(conversation), ..Payload::default() }
}

fn pinning<'a>(of: Payload<'a>, pin: Pinning<'a>) -> Payload<'a> {
    Payload { event: Some(Event::PinChanged(pin)), pin: Some(pin), ..of }
}

fn of_conversation(delivery: &ConversationDelivery) -> Payload<'_> {
    let named = Named::of(&delivery.conversation);
    let of = Payload { of: Some(delivery), conversation: Some(named), ..Payload::default() };
    let told = |named| Payload { of: Some(delivery), ..changed(named) };
    let asking = |about, asked| told(Named { told: Told::Asking(about, asked), ..named });
    let about = |about| told(Named { told: Told::About(about), ..named });
    let message = |change, message| Payload {
        event: Some(Event::MessageChanged(change, message)),
        updated: Some(message),
        ..of
    };
    match &delivery.fact {
        ConversationFact::ConversationOpened(opened) => asking(&opened.about, &opened.requests),
        ConversationFact::ConversationUpdated(updated) => about(&updated.about),
        ConversationFact::RolesChanged(roles) => about(&roles.about),
        ConversationFact::MembersChanged(members) => asking(&members.about, &members.requests),
        ConversationFact::RequestChanged(changed) => {
            let is_open = changed.request.as_ref().is_some_and(MessageRequest::is_open);
            told(Named { told: Told::Request(&changed.about, is_open), ..named })
        }
        ConversationFact::MessageCreated(created) => Payload {
            event: Some(Event::MessageCreated(&created.message)),
            received: Some(&created.message),
            ..of
        },
        ConversationFact::MessageEdited(edited) => message(MessageChangeKind::Edited, &edited.message),
        ConversationFact::MessageDeleted(deleted) => message(MessageChangeKind::Deleted, &deleted.message),
        ConversationFact::MessageHidden(hidden) => message(MessageChangeKind::Hidden, &hidden.message),
        // Its `hiddenAt` says that it is hidden no more.
        ConversationFact::MessageShown(shown) => message(MessageChangeKind::Hidden, &shown.message),
        ConversationFact::ReceiptAdvanced(receipt) => {
            let advance = Advance { user: &receipt.user, up_to: receipt.read_up_to, is_read: true };
            let event = Some(Event::ReceiptAdvanced(advance));
            Payload { event, read: Some(advance), ..of }
        }
        ConversationFact::DeliveryAdvanced(delivery) => {
            let advance = Advance { user: &delivery.user, up_to: delivery.delivered_up_to, is_read: false };
            let event = Some(Event::ReceiptAdvanced(advance));
            Payload { event, delivered: Some(advance), conversation: None, ..of }
        }
        ConversationFact::MarkedUnread(unread) => {
            told(Named { told: Told::MarkedUnread(unread.marked), ..named })
        }
        ConversationFact::ReactionAdded(added) => {
            let event = Some(Event::ReactionChanged(&added.reaction, true));
            Payload { event, reaction_added: Some(&added.reaction), conversation: None, ..of }
        }
        ConversationFact::ReactionRemoved(removed) => {
            let event = Some(Event::ReactionChanged(&removed.reaction, false));
            Payload { event, reaction_removed: Some(&removed.reaction), conversation: None, ..of }
        }
        ConversationFact::MessagePinned(pinned) => {
            let (message, pin) = (&pinned.message, &pinned.pin);
            pinning(of, Pinning { message, pin: Some(pin), by: &pin.by })
        }
        ConversationFact::MessageUnpinned(unpinned) => {
            pinning(of, Pinning { message: &unpinned.message, pin: None, by: &unpinned.by })
        }
        ConversationFact::PollChanged(changed) => message(MessageChangeKind::CardUpdated, &changed.message),
        ConversationFact::PreviewAttached(attached) => {
            message(MessageChangeKind::PreviewAttached, &attached.message)
        }
        ConversationFact::BlocksChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_) => Payload::default(),
    }
}
