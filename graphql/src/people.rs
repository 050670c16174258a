//! The people of a conversation with their marks, and the recipients of a message among them.
//!
//! Invariant: recipients are the members of the message's moment without its sender; users who have joined
//! since are none, and one who left keeps what they had read.

pub mod presence;
pub mod typing;
pub mod user;

use schemas::UserId;
use schemas::membership::{Former, Member, MembershipInterval};
use schemas::message::Message;
use schemas::position::{LogTime, Offset};
use schemas::receipts::{Reached, Receipt, Watermarks};

/// A conversation's members, present and (as far as they were read) former.
#[derive(Debug, Clone, Default)]
pub struct People {
    pub members: Vec<(UserId, Member)>,
    pub receipts: Vec<(UserId, Receipt)>,
    pub former: Vec<(UserId, Former)>,
}

/// How far one recipient is with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub user: UserId,
    pub delivered_at: Option<LogTime>,
    pub read_at: Option<LogTime>,
}

impl Progress {
    fn of(user: &UserId, marks: Watermarks, seq: i64) -> Self {
        let marks = marks.seen(true);
        let reached = |mark: Reached| (mark.up_to >= seq).then_some(mark.at);
        Self { user: user.clone(), delivered_at: reached(marks.delivered), read_at: reached(marks.read) }
    }
}

impl People {
    /// Rows of members who left stay for a while; their marks are in the rows of former members.
    fn present_members(&self) -> impl Iterator<Item = (&UserId, &Member)> {
        let present = self.members.iter().filter(|(_, member)| member.is_shown());
        present.map(|(user, member)| (user, member))
    }

    fn receipt(&self, user: &UserId) -> Option<&Receipt> {
        self.receipts.iter().find(|(other, _)| other == user).map(|(_, receipt)| receipt)
    }

    /// How far a member is, as they know it themselves.
    pub fn marks(&self, user: &UserId, member: &Member) -> Watermarks {
        member.marks(self.receipt(user))
    }

    /// How far others see that a member is: of one who has not accepted the request to them, not at all.
    pub fn shown_marks(&self, user: &UserId, member: &Member) -> Watermarks {
        if member.request.is_some() { Watermarks::default() } else { self.marks(user, member) }
    }

    /// Present members in the order of joining.
    pub fn present(&self) -> Vec<(&UserId, &Member)> {
        let mut present: Vec<_> = self.present_members().collect();
        present.sort_by(|(a, one), (b, other)| (one.joined_at, a).cmp(&(other.joined_at, b)));
        present
    }

    /// Whether these are all recipients of a message; else former members have to be read.
    pub fn is_complete_for(&self, message: &Message) -> bool {
        self.recipients(message).len() >= usize::try_from(message.recipients).unwrap_or(0)
    }

    /// The recipients of a message, in the order of their ids.
    pub fn recipients(&self, message: &Message) -> Vec<Progress> {
        let (seq, position) = (message.seq, message.position);
        let present = self.present_members().filter(|(_, member)| was_there(&member.intervals, position));
        let present = present.map(|(user, member)| (user, self.shown_marks(user, member)));
        let former = self.former.iter().filter(|(_, former)| was_there(&former.intervals, position));
        let former = former.map(|(user, former)| (user, former.marks));
        let mut all: Vec<Progress> = present
            .chain(former)
            .filter(|(user, _)| **user != message.sender.user)
            .map(|(user, marks)| Progress::of(user, marks, seq))
            .collect();
        // A member who left and returned is found twice; the further marks count.
        let reached = |one: &Progress| (one.read_at.is_some(), one.delivered_at.is_some());
        all.sort_by(|a, b| (&a.user, reached(b)).cmp(&(&b.user, reached(a))));
        all.dedup_by(|a, b| a.user == b.user);
        all
    }
}

fn was_there(intervals: &[MembershipInterval], position: Offset) -> bool {
    intervals.iter().any(|interval| interval.encloses(position))
}
