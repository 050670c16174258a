//! What each fact does outside its machine: who gets it, how it is replayed, what it supersedes.
//!
//! Invariant: full matches only. A new fact does not compile until it has an answer here; hub, replay,
//! headers, coalescing and resolvers ask these functions and match no fact themselves.

mod files;
mod polling;
mod previewing;
mod questions;
mod superseding;
mod typing;

use schemas::blocking::PairBlocks;
use schemas::credits::LedgerKind;
use schemas::deleting::MessageDeleted;
use schemas::editing::MessageEdited;
use schemas::membership::MembershipInterval;
use schemas::message::Message;
use schemas::message_requests::RequestedPair;
use schemas::pinning::{MessagePinned, MessageUnpinned};
use schemas::polling::PollChanged;
use schemas::position::{LogTime, Offset};
use schemas::previewing::PreviewAttached;
use schemas::privacy::Privacy;
use schemas::reacting::{ReactionAdded, ReactionRemoved, ToldReaction};
use schemas::reporting::{MessageHidden, MessageShown};
use schemas::sending::MessageCreated;
use schemas::{AccountFact, ConversationFact, UserId};

use crate::access::{Blocking, Seen, Sight};

pub use files::{FileWork, file_work};
pub use polling::tally;
pub use previewing::previews;
pub use questions::{Answers, Completion, Question, Votes, answers, questions};
pub use superseding::{MarkKind, supersedes};
pub use typing::ends_typing;

impl<'a> Seen<'a> {
    pub fn message(message: &'a Message) -> Self {
        Self { seq: message.seq, sender: &message.sender.user, sent_at: message.sent_at }
    }

    /// The message that a reaction is to.
    fn reacted_to(reaction: &'a ToldReaction) -> Self {
        let ToldReaction { target, sent_at, .. } = reaction;
        Self { seq: target.seq, sender: &target.author, sent_at: *sent_at }
    }

    /// The message that a reply quotes.
    pub fn parent(message: &'a Message) -> Option<Self> {
        let stub = message.reply_to.as_ref()?;
        Some(Self { seq: stub.seq, sender: &stub.sender.user, sent_at: stub.created_at })
    }
}

/// The users who get a fact of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipients<'a> {
    /// Members whose interval encloses the fact's command.
    Members,
    /// Of those, the ones who see this message.
    Seeing(Seen<'a>),
    /// Of those, the ones who see this message, and what this user did at this time.
    SeeingBoth(Seen<'a>, &'a UserId, LogTime),
    /// Of those, the ones who see this message, and what this user did at one of these times.
    SeeingEither(Seen<'a>, &'a UserId, [LogTime; 2]),
    /// Of those, the ones whose interval reaches this number, and who follow this user.
    Following(i64, &'a UserId),
    /// Of those, this user, and the ones who have read receipts on.
    Reading(i64, &'a UserId),
    /// Of those, this user.
    Only(&'a UserId),
    Nobody,
}

/// A user to whom a fact may be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer<'a> {
    pub user: &'a UserId,
    /// Whether they have read receipts on: off is reciprocal.
    pub sees_reads: bool,
}

impl Recipients<'_> {
    /// Whether a viewer gets the fact. Their sight is as of the fact's command.
    pub fn include<B: Blocking>(&self, viewer: Viewer<'_>, sight: &Sight<'_, B>) -> bool {
        match self {
            Self::Members => sight.interval().is_some(),
            Self::Seeing(seen) => sight.sees(*seen),
            Self::SeeingBoth(seen, user, at) => sight.sees(*seen) && !sight.hides(user, *at),
            Self::SeeingEither(seen, user, times) => {
                sight.sees(*seen) && times.iter().any(|at| !sight.hides(user, *at))
            }
            Self::Following(seq, user) => sight.reaches(*seq) && sight.follows(user),
            Self::Reading(seq, user) => {
                let is_own = viewer.user == *user;
                sight.reaches(*seq) && (is_own || (viewer.sees_reads && sight.follows(user)))
            }
            Self::Only(user) => viewer.user == *user && sight.interval().is_some(),
            Self::Nobody => false,
        }
    }
}

pub fn audience(fact: &ConversationFact) -> Recipients<'_> {
    match fact {
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MembersChanged(_) => Recipients::Members,
        ConversationFact::MessageCreated(MessageCreated { message })
        | ConversationFact::MessageEdited(MessageEdited { message })
        | ConversationFact::MessagePinned(MessagePinned { message, pin: _ })
        | ConversationFact::MessageUnpinned(MessageUnpinned { message, by: _ })
        | ConversationFact::MessageHidden(MessageHidden { message })
        | ConversationFact::MessageShown(MessageShown { message })
        | ConversationFact::PreviewAttached(PreviewAttached { message, previews: _ })
        | ConversationFact::MessageDeleted(MessageDeleted { message, by: _ }) => {
            Recipients::Seeing(Seen::message(message))
        }
        // A vote is hidden as a message of its user's would be, unless what it changes was seen.
        ConversationFact::PollChanged(PollChanged { message, tally: _, vote }) => match vote {
            Some(vote) => {
                Recipients::SeeingEither(Seen::message(message), &vote.user, [vote.at, vote.before])
            }
            None => Recipients::Seeing(Seen::message(message)),
        },
        // A reaction is hidden as a message of its user's would be, and so is its end.
        ConversationFact::ReactionAdded(ReactionAdded { reaction })
        | ConversationFact::ReactionRemoved(ReactionRemoved { reaction }) => {
            Recipients::SeeingBoth(Seen::reacted_to(reaction), &reaction.user, reaction.at)
        }
        ConversationFact::ReceiptAdvanced(receipt) => {
            if receipt.is_shown {
                Recipients::Reading(receipt.read_up_to, &receipt.user)
            } else {
                Recipients::Only(&receipt.user)
            }
        }
        ConversationFact::DeliveryAdvanced(delivery) => {
            if delivery.is_shown {
                Recipients::Following(delivery.delivered_up_to, &delivery.user)
            } else {
                Recipients::Only(&delivery.user)
            }
        }
        ConversationFact::MarkedUnread(marked) => Recipients::Only(&marked.user),
        // Who asks learns of the acceptance alone.
        ConversationFact::RequestChanged(changed) => match (&changed.request, &changed.pair) {
            (None, Some(_)) => Recipients::Members,
            (None, None) | (Some(_), _) => Recipients::Only(&changed.user),
        },
        ConversationFact::BlocksChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_) => Recipients::Nobody,
    }
}

/// Whether the account's own user gets a fact of it.
pub fn is_published(fact: &AccountFact) -> bool {
    match fact {
        AccountFact::SendRejected(_)
        | AccountFact::ConversationOrganized(_)
        | AccountFact::DraftSaved(_)
        | AccountFact::PreferencesChanged(_)
        | AccountFact::PrivacyChanged(_)
        | AccountFact::BlockedUsersChanged(_)
        | AccountFact::ScheduleChanged(_)
        | AccountFact::TemplatesChanged(_)
        | AccountFact::StickersChanged(_)
        | AccountFact::NotificationsChanged(_) => true,
        AccountFact::AttachmentChanged(changed) => !changed.now.progress.is_gone(),
        // The message that was sent tells of its price.
        AccountFact::CreditsChanged(changed) => match changed.kind {
            LedgerKind::Grant | LedgerKind::Refund => true,
            LedgerKind::MessageSend => false,
        },
    }
}

/// The users whose memberships or blocks a fact changes: the header `mm-users` names them.
pub fn names(fact: &ConversationFact) -> Vec<UserId> {
    match fact {
        ConversationFact::ConversationOpened(opened) => opened.members.clone(),
        ConversationFact::MembersChanged(changed) => {
            changed.members.iter().map(|member| member.user.clone()).collect()
        }
        ConversationFact::RolesChanged(changed) => {
            changed.members.iter().map(|member| member.user.clone()).collect()
        }
        ConversationFact::BlocksChanged(changed) => vec![changed.user.clone(), changed.other.clone()],
        ConversationFact::RequestChanged(changed) => {
            let other = changed.pair.iter().map(|pair| pair.other.clone());
            std::iter::once(changed.user.clone()).chain(other).collect()
        }
        ConversationFact::MessageCreated(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MessageShown(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::MarkedUnread(_) => vec![],
    }
}

/// What a node learns of a user from a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learned {
    /// The user's intervals in the fact's conversation: all that are kept.
    Intervals(UserId, Vec<MembershipInterval>),
    /// The blocks between a user and another, from the user's side.
    Blocks(UserId, UserId, PairBlocks),
    /// The user's privacy settings.
    Privacy(UserId, Privacy),
}

/// What a node learns from a fact of a user's account.
pub fn learns_of_account(fact: &AccountFact, user: &UserId) -> Option<Learned> {
    match fact {
        AccountFact::PrivacyChanged(changed) => Some(Learned::Privacy(user.clone(), changed.privacy)),
        AccountFact::CreditsChanged(_)
        | AccountFact::SendRejected(_)
        | AccountFact::ConversationOrganized(_)
        | AccountFact::DraftSaved(_)
        | AccountFact::AttachmentChanged(_)
        | AccountFact::PreferencesChanged(_)
        | AccountFact::BlockedUsersChanged(_)
        | AccountFact::ScheduleChanged(_)
        | AccountFact::TemplatesChanged(_)
        | AccountFact::StickersChanged(_)
        | AccountFact::NotificationsChanged(_) => None,
    }
}

/// What a node learns from the fact of the command at `offset`.
pub fn learns(fact: &ConversationFact, offset: Offset) -> Vec<Learned> {
    match fact {
        ConversationFact::ConversationOpened(opened) => {
            let interval = MembershipInterval::from_opening(offset);
            let joins = |user: &UserId| Learned::Intervals(user.clone(), vec![interval.clone()]);
            opened.members.iter().map(joins).collect()
        }
        ConversationFact::MembersChanged(changed) => {
            let members = changed.members.iter();
            members.map(|member| Learned::Intervals(member.user.clone(), member.intervals.clone())).collect()
        }
        ConversationFact::BlocksChanged(changed) => {
            let (user, other) = (&changed.user, &changed.other);
            between(user, other, &changed.blocks).into()
        }
        ConversationFact::RequestChanged(changed) => {
            let user = &changed.user;
            let pair = changed.pair.iter();
            let blocks = pair.flat_map(|RequestedPair { other, blocks }| between(user, other, blocks));
            std::iter::once(Learned::Intervals(user.clone(), changed.intervals.clone()))
                .chain(blocks)
                .collect()
        }
        ConversationFact::MessageCreated(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MessageShown(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MessagePinned(_)
        | ConversationFact::MessageUnpinned(_)
        | ConversationFact::PollChanged(_)
        | ConversationFact::PreviewAttached(_)
        | ConversationFact::MarkedUnread(_) => vec![],
    }
}

/// What stands between two users, from the side of each.
fn between(user: &UserId, other: &UserId, blocks: &PairBlocks) -> [Learned; 2] {
    [
        Learned::Blocks(user.clone(), other.clone(), blocks.clone()),
        Learned::Blocks(other.clone(), user.clone(), blocks.mirrored()),
    ]
}

/// The existing message that a fact is about, whose recipients complete it. `None` for a fact that is
/// complete by itself.
pub fn completes(fact: &ConversationFact) -> Option<&Message> {
    match fact {
        ConversationFact::MessageDeleted(MessageDeleted { message, by: _ })
        | ConversationFact::MessageHidden(MessageHidden { message })
        | ConversationFact::MessageShown(MessageShown { message })
        | ConversationFact::MessageEdited(MessageEdited { message })
        | ConversationFact::MessagePinned(MessagePinned { message, pin: _ })
        | ConversationFact::MessageUnpinned(MessageUnpinned { message, by: _ })
        | ConversationFact::PreviewAttached(PreviewAttached { message, previews: _ })
        | ConversationFact::PollChanged(PollChanged { message, tally: _, vote: _ }) => Some(message),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageCreated(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}

/// How a fact is given to a client that missed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay<'a> {
    /// As it was.
    AsPublished,
    /// The message as its row stands, if that is newer than the fact.
    Newest(&'a Message),
}

pub fn replay(fact: &ConversationFact) -> Replay<'_> {
    match fact {
        ConversationFact::MessageCreated(MessageCreated { message })
        | ConversationFact::MessageEdited(MessageEdited { message })
        | ConversationFact::MessagePinned(MessagePinned { message, pin: _ })
        | ConversationFact::MessageShown(MessageShown { message })
        | ConversationFact::MessageUnpinned(MessageUnpinned { message, by: _ })
        | ConversationFact::PreviewAttached(PreviewAttached { message, previews: _ })
        | ConversationFact::PollChanged(PollChanged { message, tally: _, vote: _ }) => {
            Replay::Newest(message)
        }
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => Replay::AsPublished,
    }
}

/// A fact with its message as the message stands now; a fact that is replayed as published stays.
pub fn with_newest(fact: &ConversationFact, message: Message) -> ConversationFact {
    match fact {
        ConversationFact::MessageCreated(_) => MessageCreated { message }.into(),
        ConversationFact::MessageEdited(_) => MessageEdited { message }.into(),
        ConversationFact::MessageShown(_) => MessageShown { message }.into(),
        ConversationFact::MessagePinned(pinned) => MessagePinned { message, pin: pinned.pin.clone() }.into(),
        ConversationFact::MessageUnpinned(unpinned) => {
            MessageUnpinned { message, by: unpinned.by.clone() }.into()
        }
        ConversationFact::PollChanged(changed) => PollChanged { message, ..changed.clone() }.into(),
        ConversationFact::PreviewAttached(attached) => {
            PreviewAttached { message, previews: attached.previews.clone() }.into()
        }
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MessageHidden(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::RequestChanged(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => fact.clone(),
    }
}
