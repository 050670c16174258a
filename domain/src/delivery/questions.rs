//! Questions to viewers, whose answers say which rendering of a fact they share.
//!
//! Invariant: a question is derived from a completed fact alone, and has a bit of its own.

use schemas::editing::MessageEdited;
use schemas::pinning::{MessagePinned, MessageUnpinned};
use schemas::polling::PollChanged;
use schemas::position::LogTime;
use schemas::previewing::PreviewAttached;
use schemas::reporting::MessageShown;
use schemas::sending::MessageCreated;
use schemas::{ConversationFact, UserId};

use super::Viewer;
use crate::access::{Blocking, Seen, Sight};

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
    /// Whether a block hides one of these reactions from the viewer.
    HidesReaction(Vec<(&'a UserId, LogTime)>),
    /// Whether the viewer is one of these users, who put the emoji at this place on the message.
    HasReacted(usize, Vec<&'a UserId>),
    /// Whether a block hides one of these votes from the viewer.
    HidesVote(Vec<(&'a UserId, LogTime)>),
    /// Whether the viewer is one of these users, who chose the option at this place of the poll.
    HasVoted(usize, Vec<&'a UserId>),
}

/// Answers to the questions of one fact, a bit for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Answers(u32);

impl Answers {
    pub const SEES_PARENT: Self = Self(1);
    pub const IS_GONE: Self = Self(2);
    pub const IS_BLOCKED: Self = Self(4);
    pub const HIDES_READS: Self = Self(8);
    pub const HIDES_REACTION: Self = Self(16);
    /// The emoji of a message of which viewers are asked whether they put it there.
    pub const ASKED_EMOJI: usize = 16;

    /// The viewer has put the emoji at a place on the message. The place is below [`Self::ASKED_EMOJI`].
    pub const fn has_reacted(place: usize) -> Self {
        Self(1 << (5 + place))
    }

    pub const HIDES_VOTE: Self = Self(1 << (5 + Self::ASKED_EMOJI));

    /// The viewer has chosen the option at a place, of which a poll has at most ten.
    pub const fn has_voted(place: usize) -> Self {
        Self(1 << (6 + Self::ASKED_EMOJI + place))
    }

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
            Self::HidesReaction(_) => Answers::HIDES_REACTION,
            Self::HasReacted(place, _) => Answers::has_reacted(*place),
            Self::HidesVote(_) => Answers::HIDES_VOTE,
            Self::HasVoted(place, _) => Answers::has_voted(*place),
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
            Self::HidesReaction(done) | Self::HidesVote(done) => {
                !sight.blocks.is_empty() && done.iter().any(|(user, at)| sight.hides(user, *at))
            }
            Self::HasReacted(_, users) | Self::HasVoted(_, users) => users.contains(&viewer.user),
        }
    }
}

/// A viewer's answers to the questions of a fact. The sight is as of the fact's command.
pub fn answers<B: Blocking>(questions: &[Question<'_>], viewer: Viewer<'_>, sight: &Sight<'_, B>) -> Answers {
    let yes = questions.iter().filter(|question| question.is_true(viewer, sight));
    yes.fold(Answers::default(), |answers, question| answers.and(question.bit()))
}

/// What a fact about a message was completed with, as far as questions follow from it.
#[derive(Debug, Default)]
pub struct Completion<'a> {
    pub recipients: Vec<&'a UserId>,
    /// By emoji, in the order of the message's: who put it there, and when.
    pub reactions: Vec<Vec<(&'a UserId, LogTime)>>,
    pub votes: Votes<'a>,
}

/// The votes in a poll, as far as questions follow from them.
#[derive(Debug, Default)]
pub struct Votes<'a> {
    /// By option: the users who chose it.
    pub by_option: Vec<Vec<&'a UserId>>,
    /// All who voted, and when; none of an anonymous poll, whose votes no block hides.
    pub named: Vec<(&'a UserId, LogTime)>,
}

/// The questions of a fact.
pub fn questions<'a>(fact: &'a ConversationFact, completion: &Completion<'a>) -> Vec<Question<'a>> {
    match fact {
        ConversationFact::MessageCreated(MessageCreated { message })
        | ConversationFact::MessageEdited(MessageEdited { message })
        | ConversationFact::MessageShown(MessageShown { message })
        | ConversationFact::MessagePinned(MessagePinned { message, pin: _ })
        | ConversationFact::MessageUnpinned(MessageUnpinned { message, by: _ })
        | ConversationFact::PreviewAttached(PreviewAttached { message, previews: _ })
        | ConversationFact::PollChanged(PollChanged { message, tally: _, vote: _ }) => {
            let parent = Seen::parent(message).map(Question::SeesParent);
            parent.into_iter().chain(about_people(completion)).collect()
        }
        ConversationFact::MessageDeleted(_) | ConversationFact::MessageHidden(_) => {
            about_people(completion).collect()
        }
        ConversationFact::MembersChanged(changed) => {
            let gone: Vec<&UserId> = changed.gone().collect();
            if gone.is_empty() { vec![] } else { vec![Question::IsGone(gone)] }
        }
        // Who declines is gone.
        ConversationFact::RequestChanged(changed) => {
            let is_declined = changed.request.as_ref().is_some_and(|request| !request.is_open());
            is_declined.then(|| Question::IsGone(vec![&changed.user])).into_iter().collect()
        }
        ConversationFact::ConversationOpened(_)
        | ConversationFact::ConversationUpdated(_)
        | ConversationFact::RolesChanged(_)
        | ConversationFact::ReceiptAdvanced(_)
        | ConversationFact::DeliveryAdvanced(_)
        | ConversationFact::ReactionAdded(_)
        | ConversationFact::ReactionRemoved(_)
        | ConversationFact::MarkedUnread(_)
        | ConversationFact::ReportFiled(_)
        | ConversationFact::ReportResolved(_)
        | ConversationFact::BlocksChanged(_) => vec![],
    }
}

/// A message without recipients shows no marks, one without reactions none of them, and one without votes none of
/// those, so their renderings do not depend on blocks.
fn about_people<'a>(completion: &Completion<'a>) -> impl Iterator<Item = Question<'a>> {
    let Completion { recipients, reactions, votes } = completion;
    let marks = if recipients.is_empty() {
        vec![]
    } else {
        vec![Question::IsBlocked(recipients.clone()), Question::HidesReads]
    };
    let all: Vec<(&UserId, LogTime)> = reactions.iter().flatten().copied().collect();
    let hides = (!all.is_empty()).then_some(Question::HidesReaction(all));
    let users = |of: &Vec<(&'a UserId, LogTime)>| of.iter().map(|(user, _)| *user).collect();
    let asked = reactions.iter().take(Answers::ASKED_EMOJI).enumerate();
    let reacted = asked.map(move |(place, of)| Question::HasReacted(place, users(of)));
    let hides_vote = (!votes.named.is_empty()).then(|| Question::HidesVote(votes.named.clone()));
    let voted = votes.by_option.iter().cloned().enumerate();
    let voted = voted.map(|(place, users)| Question::HasVoted(place, users));
    marks.into_iter().chain(hides).chain(reacted.chain(hides_vote).chain(voted).collect::<Vec<_>>())
}
