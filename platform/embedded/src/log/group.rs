//! Who of a group holds which partition. Pure: calls in, changes queued per member.
//!
//! Invariants:
//! - A partition has one holder. It goes to another only once the holder released it, left, or was
//!   made to lose it.
//! - Shares differ by one at most as soon as nothing is being revoked; a member keeps what it has
//!   while its share allows.
//! - Every change stands in the member's queue until the member takes it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use platform::ports::MembershipChange;
use schemas::position::{LogTime, Partition};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MemberId(u64);

#[derive(Debug, Default)]
struct Member {
    /// Everything that nobody else may have, also what is being revoked.
    held: BTreeSet<Partition>,
    revoking: BTreeSet<Partition>,
    /// Of those revoked, the ones that the member knows of.
    revoking_told: BTreeSet<Partition>,
    /// What the member believes to hold.
    told: BTreeSet<Partition>,
    /// When patience with the revoked ends.
    deadline: Option<LogTime>,
    changes: VecDeque<MembershipChange>,
}

impl Member {
    fn keeps(&self) -> usize {
        self.held.len() - self.revoking.len()
    }
}

#[derive(Debug)]
pub(super) struct Group {
    partitions: Partition,
    /// Milliseconds that a member has for releasing what it is told to.
    session_timeout: i64,
    members: BTreeMap<MemberId, Member>,
    joined: u64,
}

impl Group {
    pub(super) fn new(partitions: Partition, session_timeout: i64) -> Self {
        Self { partitions, session_timeout, members: BTreeMap::new(), joined: 0 }
    }

    pub(super) fn join(&mut self, now: LogTime) -> MemberId {
        self.joined += 1;
        let id = MemberId(self.joined);
        self.members.insert(id, Member::default());
        self.rebalance(now);
        id
    }

    /// The member is gone, and with it all that it held.
    pub(super) fn leave(&mut self, id: MemberId, now: LogTime) {
        if self.members.remove(&id).is_some() {
            self.rebalance(now);
        }
    }

    /// Takes the member's next change.
    pub(super) fn take(&mut self, id: MemberId) -> Option<MembershipChange> {
        let member = self.members.get_mut(&id)?;
        let change = member.changes.pop_front()?;
        match &change {
            MembershipChange::Assigned(partitions) => member.told.extend(partitions),
            MembershipChange::Revoked(partitions) => member.revoking_told.extend(partitions),
            MembershipChange::Lost(partitions) => {
                for partition in partitions {
                    member.told.remove(partition);
                }
            }
        }
        Some(change)
    }

    /// The member lets go of what it was told to.
    pub(super) fn release(&mut self, id: MemberId, now: LogTime) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        for partition in std::mem::take(&mut member.revoking_told) {
            member.held.remove(&partition);
            member.revoking.remove(&partition);
            member.told.remove(&partition);
        }
        if member.revoking.is_empty() {
            member.deadline = None;
        }
        self.rebalance(now);
    }

    pub(super) fn holds(&self, id: MemberId, partition: Partition) -> bool {
        self.members.get(&id).is_some_and(|member| member.held.contains(&partition))
    }

    /// When [`Group::expire`] has something to do.
    pub(super) fn next_deadline(&self) -> Option<LogTime> {
        self.members.values().filter_map(|member| member.deadline).min()
    }

    /// Takes what was not released in time; says whether anything was.
    pub(super) fn expire(&mut self, now: LogTime) -> bool {
        let mut any = false;
        for member in self.members.values_mut() {
            if member.deadline.is_none_or(|deadline| now < deadline) {
                continue;
            }
            any = true;
            member.deadline = None;
            member.revoking_told.clear();
            let lost = std::mem::take(&mut member.revoking);
            member.held.retain(|partition| !lost.contains(partition));
            // What it has not heard yet of these it need not hear.
            for change in &mut member.changes {
                partitions_of(change).retain(|partition| !lost.contains(partition));
            }
            member.changes.retain_mut(|change| !partitions_of(change).is_empty());
            let known: Vec<Partition> = lost.intersection(&member.told).copied().collect();
            if !known.is_empty() {
                member.changes.push_front(MembershipChange::Lost(known));
            }
        }
        if any {
            self.rebalance(now);
        }
        any
    }

    fn rebalance(&mut self, now: LogTime) {
        let Some(base) = (self.partitions as usize).checked_div(self.members.len()) else {
            return;
        };
        let mut extra = self.partitions as usize % self.members.len();
        let mut free: BTreeSet<Partition> = (0..self.partitions).collect();
        for member in self.members.values() {
            free.retain(|partition| !member.held.contains(partition));
        }
        // Whoever has most keeps the larger share, so that little moves.
        let mut members: Vec<&mut Member> = self.members.values_mut().collect();
        members.sort_by_key(|member| std::cmp::Reverse(member.keeps()));
        for member in members {
            let share = base + usize::from(extra > 0);
            extra = extra.saturating_sub(1);
            if member.keeps() > share {
                let kept = member.held.difference(&member.revoking);
                let given_up: Vec<Partition> = kept.skip(share).copied().collect();
                member.revoking.extend(&given_up);
                member.deadline.get_or_insert(now + self.session_timeout);
                member.changes.push_back(MembershipChange::Revoked(given_up));
            } else {
                let missing = share - member.keeps();
                let gained: Vec<Partition> = free.iter().take(missing).copied().collect();
                if !gained.is_empty() {
                    free.retain(|partition| !gained.contains(partition));
                    member.held.extend(&gained);
                    member.changes.push_back(MembershipChange::Assigned(gained));
                }
            }
        }
    }
}

fn partitions_of(change: &mut MembershipChange) -> &mut Vec<Partition> {
    match change {
        MembershipChange::Assigned(partitions)
        | MembershipChange::Revoked(partitions)
        | MembershipChange::Lost(partitions) => partitions,
    }
}

#[cfg(test)]
mod tests;
