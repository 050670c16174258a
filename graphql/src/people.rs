//! The people of a conversation with their marks, and the recipients of a message among them.
//!
//! Invariant: recipients are the members of the message's moment without its sender; users who have joined
//! since are none, and one who left keeps what they had read.

pub mod user;

use schemas::UserId;
use schemas::membership::{Former, Member, MembershipInterval};
use schemas::message::Message;
use schemas::position::{LogTime, Offset};
use schemas::receipts::Receipt;

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
    /// Time of reading, if they have read it.
    pub read_at: Option<LogTime>,
}

impl People {
    /// Rows of members who left stay for a while; their marks are in the rows of former members.
    fn present_members(&self) -> impl Iterator<Item = (&UserId, &Member)> {
        let present = self.members.iter().filter(|(_, member)| member.present().is_some());
        present.map(|(user, member)| (user, member))
    }

    fn receipt(&self, user: &UserId) -> Option<&Receipt> {
        self.receipts.iter().find(|(other, _)| other == user).map(|(_, receipt)| receipt)
    }

    /// A member's read mark.
    pub fn read_mark(&self, user: &UserId, member: &Member) -> i64 {
        member.read_mark(self.receipt(user))
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
        let present = present.map(|(user, member)| {
            let receipt = self.receipt(user);
            (user, member.read_mark(receipt), member.read_at(receipt))
        });
        let former = self.former.iter().filter(|(_, former)| was_there(&former.intervals, position));
        let former = former.map(|(user, former)| (user, former.read_up_to, former.read_at));
        let mut all: Vec<Progress> = present
            .chain(former)
            .filter(|(user, ..)| **user != message.sender.user)
            .map(|(user, mark, at)| Progress { user: user.clone(), read_at: (mark >= seq).then_some(at) })
            .collect();
        // A member who left and returned is found twice; what they have read counts.
        all.sort_by(|a, b| (&a.user, b.read_at.is_some()).cmp(&(&b.user, a.read_at.is_some())));
        all.dedup_by(|a, b| a.user == b.user);
        all
    }
}

fn was_there(intervals: &[MembershipInterval], position: Offset) -> bool {
    intervals.iter().any(|interval| interval.encloses(position))
}
