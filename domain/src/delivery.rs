//! What each fact does outside its machine: who gets it, how it is replayed, what it supersedes.
//!
//! Invariant: full matches only. A new fact does not compile until it has an answer here; hub, replay,
//! headers, coalescing and resolvers ask these functions and match no fact themselves.

mod typing;

use schemas::blocking::PairBlocks;
use schemas::deleting::MessageDeleted;
use schemas::editing::MessageEdited;
use schemas::membership::MembershipInterval;
use schemas::message::Message;
use schemas::position::Offset;
use schemas::privacy::Privacy;
use schemas::sending::MessageCreated;
use schemas::uploading::AttachmentChanged;
use schemas::{AccountFact, ConversationFact, UserId};

use crate::access::{Blocking, Seen, Sight};

pub use typing::ends_typing;

impl<'a> Seen<'a> {
    pub fn message(message: &'a Message) -> Self {
        Self { seq: message.seq, sender: &message.sender.user, sent_at: message.sent_at }
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
        | ConversationFact::MessageDeleted(MessageDeleted { message, by: _ }) => {
            Recipients::Seeing(Seen::message(message))
        }
        ConversationFact::ReceiptAdvanced(receipt) => {
            if receipt.is_shown {
                Recipients::Reading(receipt.read_up_to, &receipt.user)
            } else {
                Recipients::Only(&receipt.user)
            }
        }
        ConversationFact::DeliveryAdvanced(delivery) => {
            Recipients::Following(delivery.delivered_up_to, &delivery.user)
        }
        ConversationFact::MarkedUnread(marked) => Recipients::Only(&marked.user),
        ConversationFact::BlocksChanged(_) => Recipients::Nobody,
    }
}

/// Whether the account's own user gets a fact of it.
pub fn is_published(fact: &AccountFact) -> bool {
    match fact {
        AccountFact::SendRejected(_)
        | AccountFact::ConversationOrganized(_)
        | AccountFact::DraftSaved(_)
        | AccountFact::AttachmentChanged(_)
        | AccountFact::PreferencesChanged(_)
        | AccountFact::PrivacyChanged(_) => true,
        AccountFact::CreditsChanged(_) => false,
    }
}

/// The attachment that waits for the media processor since a fact.
pub fn scans(fact: &AccountFact) -> Option<&AttachmentChanged> {
    match fact {
        AccountFact::AttachmentChanged(changed) => changed.now.progress.is_scanning().then_some(changed),
        AccountFact::CreditsChanged(_)
        | AccountFact::SendRejected(_)
        | AccountFact::ConversationOrganized(_)
        | AccountFact::DraftSaved(_)
        | AccountFact::PreferencesChanged(_)
        | AccountFact::PrivacyChanged(_) => None,
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
        ConversationFact::MessageCreated(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
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
        | AccountFact::PreferencesChanged(_) => None,
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
            vec![
                Learned::Blocks(user.clone(), other.clone(), changed.blocks.clone()),
                Learned::Blocks(other.clone(), user.clone(), changed.blocks.mirrored()),
            ]
        }
        ConversationFact::MessageCreated(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::MarkedUnread(_) => vec![],
    }
}

/// A closed question about a viewer, derived from a completed fact alone. A hub answers it from memory;
/// who shares all answers shares the rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question<'a> {
    /// Whether the viewer sees the message that a reply quotes.
    SeesParent(Seen<'a>),
    /// Whether the viewer is one of these users, whose membership has ended.
    IsGone(Vec<&'a UserId>),
    /// Whether a block stands between the viewer and a recipient of the message: what others have read
    /// is then the viewer's own affair.
    IsBlocked(Vec<&'a UserId>),
    /// Whether the viewer has switched read receipts off, and sees no read marks.
    HidesReads,
}

/// Answers to the questions of one fact, a bit for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Answers(u32);

impl Answers {
    pub const SEES_PARENT: Self = Self(1);
    pub const IS_GONE: Self = Self(2);
    pub const IS_BLOCKED: Self = Self(4);
    pub const HIDES_READS: Self = Self(8);

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Question<'_> {
    /// The bit of this kind of question.
    fn bit(&self) -> Answers {
        match self {
            Self::SeesParent(_) => Answers::SEES_PARENT,
            Self::IsGone(_) => Answers::IS_GONE,
            Self::IsBlocked(_) => Answers::IS_BLOCKED,
            Self::HidesReads => Answers::HIDES_READS,
        }
    }

    fn is_true<B: Blocking>(&self, viewer: Viewer<'_>, sight: &Sight<'_, B>) -> bool {
        match self {
            Self::SeesParent(seen) => sight.sees(*seen),
            Self::IsGone(users) => users.contains(&viewer.user),
            Self::IsBlocked(users) => {
                !sight.blocks.is_empty() && users.iter().any(|user| !sight.follows(user))
            }
            Self::HidesReads => !viewer.sees_reads,
        }
    }
}

/// A viewer's answers to the questions of a fact. The sight is as of the fact's command.
pub fn answers<B: Blocking>(questions: &[Question<'_>], viewer: Viewer<'_>, sight: &Sight<'_, B>) -> Answers {
    let yes = questions.iter().filter(|question| question.is_true(viewer, sight));
    yes.fold(Answers::default(), |answers, question| answers.and(question.bit()))
}

/// The questions of a fact. `recipients` are those of the message that it is about, as far as the fact was
/// completed with them.
pub fn questions<'a>(fact: &'a ConversationFact, recipients: &[&'a UserId]) -> Vec<Question<'a>> {
    match fact {
        ConversationFact::MessageCreated(MessageCreated { message })
        | ConversationFact::MessageEdited(MessageEdited { message }) => {
            let parent = Seen::parent(message).map(Question::SeesParent);
            parent.into_iter().chain(of_marks(recipients)).collect()
        }
        ConversationFact::MessageDeleted(_) => of_marks(recipients),
        ConversationFact::MembersChanged(changed) => {
            let gone: Vec<&UserId> = changed.gone().collect();
            if gone.is_empty() { vec![] } else { vec![Question::IsGone(gone)] }
        }
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::BlocksChanged(_) => vec![],
    }
}

/// What the marks of a message depend on; one without recipients shows none.
fn of_marks<'a>(recipients: &[&'a UserId]) -> Vec<Question<'a>> {
    if recipients.is_empty() {
        return vec![];
    }
    vec![Question::IsBlocked(recipients.to_vec()), Question::HidesReads]
}

/// The existing message that a fact is about, whose recipients complete it. `None` for a fact that is
/// complete by itself.
pub fn completes(fact: &ConversationFact) -> Option<&Message> {
    match fact {
        ConversationFact::MessageDeleted(MessageDeleted { message, by: _ })
        | ConversationFact::MessageEdited(MessageEdited { message }) => Some(message),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageCreated(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::MarkedUnread(_)
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
        | ConversationFact::MessageEdited(MessageEdited { message }) => Replay::Newest(message),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::BlocksChanged(_) => Replay::AsPublished,
    }
}

/// A fact with its message as the message stands now; a fact that is replayed as published stays.
pub fn with_newest(fact: &ConversationFact, message: Message) -> ConversationFact {
    match fact {
        ConversationFact::MessageCreated(_) => MessageCreated { message }.into(),
        ConversationFact::MessageEdited(_) => MessageEdited { message }.into(),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::BlocksChanged(_) => fact.clone(),
    }
}

/// A mark of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    Delivered,
    Read,
}

/// Facts of a conversation with an equal key supersede earlier ones in a full queue; `None`: never.
pub fn supersedes(fact: &ConversationFact) -> Option<(MarkKind, &UserId)> {
    match fact {
        ConversationFact::ReceiptAdvanced(receipt) => Some((MarkKind::Read, &receipt.user)),
        ConversationFact::DeliveryAdvanced(delivery) => Some((MarkKind::Delivered, &delivery.user)),
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::MessageCreated(_)
        | ConversationFact::MessageEdited(_)
        | ConversationFact::MessageDeleted(_)
        | ConversationFact::MembersChanged(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::BlocksChanged(_) => None,
    }
}
