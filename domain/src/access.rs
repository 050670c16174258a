//! Who may see what, in one place.
//!
//! Invariant: whether a viewer sees a message is asked of a [`Sight`], by hub, folds and queries alike;
//! what may not be seen is answered as if it did not exist.

use schemas::UserId;
use schemas::blocking::PairBlocks;
use schemas::code::{ErrorCode, Refusal};
use schemas::creating::Opened;
use schemas::membership::{Member, MembershipInterval, Role};
use schemas::position::{LogTime, Offset};

/// A message, a head or a reply's stub, as far as its visibility depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    pub seq: i64,
    pub sender: &'a UserId,
    pub sent_at: LogTime,
}

/// The time from which a viewer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Through the interval that lasts.
    Now,
    /// Through the interval that encloses what the command at an offset did: a removal falls into the
    /// interval that it ends.
    At(Offset),
}

/// The blocks between a viewer and others.
pub trait Blocking {
    /// The blocks between the viewer and another, if there ever were any.
    fn pair(&self, other: &UserId) -> Option<&PairBlocks>;

    /// Whether what another did at a time is hidden from the viewer.
    fn hide(&self, other: &UserId, at: LogTime) -> bool {
        self.pair(other).is_some_and(|blocks| blocks.hide(at))
    }

    /// Whether the viewer is known to have none with anyone, which spares asking for each of many.
    fn is_empty(&self) -> bool {
        false
    }
}

impl<B: Blocking + ?Sized> Blocking for &B {
    fn pair(&self, other: &UserId) -> Option<&PairBlocks> {
        (**self).pair(other)
    }

    fn is_empty(&self) -> bool {
        (**self).is_empty()
    }
}

/// No blocks: for a viewer without a block in either direction.
#[derive(Debug, Clone, Copy)]
pub struct Unblocked;

impl Blocking for Unblocked {
    fn pair(&self, _: &UserId) -> Option<&PairBlocks> {
        None
    }

    fn is_empty(&self) -> bool {
        true
    }
}

/// A viewer's sight of one conversation.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a, B> {
    pub intervals: &'a [MembershipInterval],
    pub when: When,
    pub blocks: B,
}

impl<'a, B: Blocking> Sight<'a, B> {
    /// The interval through which the viewer sees the conversation, if they may see it at all.
    pub fn interval(&self) -> Option<&'a MembershipInterval> {
        match self.when {
            When::Now => self.intervals.last().filter(|last| last.to.is_none()),
            When::At(offset) => self.intervals.iter().find(|interval| interval.encloses(offset)),
        }
    }

    /// Whether the viewer sees a message: it is of their interval, and no block stood when it was sent.
    pub fn sees(&self, seen: Seen<'_>) -> bool {
        self.reaches(seen.seq) && !self.hides(seen.sender, seen.sent_at)
    }

    /// Whether a number is of the viewer's interval.
    pub fn reaches(&self, seq: i64) -> bool {
        self.interval().is_some_and(|interval| seq >= interval.first_seq)
    }

    /// Whether what another sent at a time is hidden from the viewer.
    pub fn hides(&self, sender: &UserId, at: LogTime) -> bool {
        self.blocks.hide(sender, at)
    }

    /// Whether the viewer sees that another member types.
    pub fn sees_typing(&self, viewer: &UserId, typist: &UserId) -> bool {
        viewer != typist && self.interval().is_some() && self.follows(typist)
    }

    /// Whether the viewer sees what another does now: presence, marks, typing.
    pub fn follows(&self, other: &UserId) -> bool {
        !self.blocks.pair(other).is_some_and(PairBlocks::hide_signs)
    }
}

/// The interval through which a member sees a conversation now; NOT_FOUND for anyone else.
pub fn viewing(member: Option<&Member>) -> Result<&MembershipInterval, Refusal> {
    member.and_then(Member::present).ok_or_else(Refusal::not_found)
}

/// Whether a member may post: in a group for announcements only owner and moderators may.
pub fn posting(opened: Option<&Opened>, member: Option<&Member>) -> Result<(), Refusal> {
    let is_restricted = opened.is_some_and(|opened| opened.announcements_only);
    if is_restricted && !member.is_some_and(|member| manages(member.role)) {
        return Err(Refusal::new(ErrorCode::AnnouncementsOnly, "only the owner and moderators post here"));
    }
    Ok(())
}

/// Whether a role changes the group, its members, and others' messages.
pub fn manages(role: Role) -> bool {
    match role {
        Role::Owner | Role::Moderator => true,
        Role::Member => false,
    }
}

/// Refuses to reach a user through a block: one's own, or another's. Being blocked is not revealed, least of all
/// to a user who has blocked the other as well.
pub fn reachable(has_blocked: bool, is_blocked: bool) -> Result<(), Refusal> {
    match (has_blocked, is_blocked) {
        (true, _) => Err(Refusal::new(ErrorCode::Blocked, "you have blocked this user")),
        (false, true) => {
            Err(Refusal::new(ErrorCode::RecipientUnavailable, "the recipient cannot be reached"))
        }
        (false, false) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use schemas::blocking::{BlockInterval, Blocks};

    use super::*;

    fn interval(from: i64, to: Option<i64>) -> MembershipInterval {
        MembershipInterval { from, to, first_seq: from, first_ordinal: from }
    }

    fn sight(intervals: &[MembershipInterval], when: When) -> Sight<'_, Unblocked> {
        Sight { intervals, when, blocks: Unblocked }
    }

    #[test]
    fn only_members_see_now_and_each_sees_events_of_their_own_time() {
        let gone = [interval(5, Some(9))];
        let back = [interval(5, Some(9)), interval(20, None)];
        assert_eq!(sight(&[], When::Now).interval(), None);
        assert_eq!(sight(&gone, When::Now).interval(), None);
        assert_eq!(sight(&back, When::Now).interval(), Some(&back[1]));
        let sees = |intervals: &[MembershipInterval]| {
            (0..25).filter(|at| sight(intervals, When::At(*at)).interval().is_some()).collect::<Vec<i64>>()
        };
        assert_eq!(sees(&gone), [5, 6, 7, 8, 9]);
        assert_eq!(sees(&back), [5, 6, 7, 8, 9, 20, 21, 22, 23, 24]);
        assert!(sight(&back, When::Now).reaches(20) && !sight(&back, When::Now).reaches(19));
        // An event of an earlier interval is seen as it was then.
        assert!(sight(&back, When::At(9)).reaches(5) && !sight(&back, When::At(20)).reaches(5));
    }

    struct One(UserId, PairBlocks);

    impl Blocking for One {
        fn pair(&self, other: &UserId) -> Option<&PairBlocks> {
            (*other == self.0).then_some(&self.1)
        }
    }

    #[test]
    fn a_block_hides_what_was_sent_while_it_stood() {
        let (bob, carl): (UserId, UserId) = ("bob".parse().unwrap(), "carl".parse().unwrap());
        let stood = Blocks { intervals: vec![BlockInterval { from: 10, to: Some(20) }] };
        let blocks = One(bob.clone(), PairBlocks { by_other: stood, ..PairBlocks::default() });
        let intervals = [interval(1, None)];
        let sight = Sight { intervals: &intervals, when: When::Now, blocks };
        let sees = |sender, sent_at| sight.sees(Seen { seq: 3, sender, sent_at });
        assert!(sees(&bob, 9) && !sees(&bob, 10) && !sees(&bob, 19) && sees(&bob, 20));
        assert!(sees(&carl, 15));
        assert!(sight.follows(&bob), "the block has ended");
    }
}
