//! What a member holds, and what it has been told of it.
//!
//! Invariants:
//! - Changes are kept as sets, not as a queue, so a member that does not listen costs no memory.
//! - A loss is told before the same partition is assigned again.
//! - A partition that the member was never told of needs no release.

use std::collections::BTreeSet;

use platform::ports::MembershipChange;
use schemas::position::Partition;

type Partitions = BTreeSet<Partition>;

#[derive(Debug, Default, Clone)]
pub(super) struct HeldPartitions {
    /// Assigned by the group.
    assigned: Partitions,
    /// Of these, the ones that the group wants back.
    revoking: Partitions,
    /// What the member believes to hold.
    told: Partitions,
    /// Of these, the ones that it was asked to release.
    asked: Partitions,
    /// Of what it believes to hold, the ones that are lost.
    lost: Partitions,
}

impl HeldPartitions {
    pub(super) fn assign(&mut self, partitions: impl IntoIterator<Item = Partition>) {
        self.assigned.extend(partitions);
    }

    pub(super) fn revoke(&mut self, partitions: impl IntoIterator<Item = Partition>) {
        self.revoking.extend(partitions.into_iter().filter(|partition| self.assigned.contains(partition)));
    }

    pub(super) fn lose(&mut self, partitions: impl IntoIterator<Item = Partition>) {
        for partition in partitions {
            self.assigned.remove(&partition);
            self.revoking.remove(&partition);
            self.asked.remove(&partition);
            if self.told.contains(&partition) {
                self.lost.insert(partition);
            }
        }
    }

    /// The member has let go of what it was asked for.
    pub(super) fn released(&mut self) {
        self.told.retain(|partition| !self.asked.contains(partition));
        self.asked.clear();
    }

    /// What is being revoked.
    pub(super) fn revoking(&self) -> &Partitions {
        &self.revoking
    }

    /// Whether nothing of what is being revoked is with the member any more.
    pub(super) fn is_released(&self) -> bool {
        self.revoking.is_disjoint(&self.told)
    }

    /// What was being revoked is given back.
    pub(super) fn unassign_revoked(&mut self) {
        self.assigned.retain(|partition| !self.revoking.contains(partition));
        self.revoking.clear();
    }

    /// Whether the member may act for the partition. One that is being revoked is still held.
    pub(super) fn holds(&self, partition: Partition) -> bool {
        self.assigned.contains(&partition) && !self.lost.contains(&partition)
    }

    /// What the member is told next.
    pub(super) fn take(&mut self) -> Option<MembershipChange> {
        if !self.lost.is_empty() {
            let lost = std::mem::take(&mut self.lost);
            self.told.retain(|partition| !lost.contains(partition));
            return Some(MembershipChange::Lost(lost.into_iter().collect()));
        }
        let revoked: Vec<Partition> =
            self.revoking.intersection(&self.told).filter(|p| !self.asked.contains(p)).copied().collect();
        if !revoked.is_empty() {
            self.asked.extend(&revoked);
            return Some(MembershipChange::Revoked(revoked));
        }
        let is_new =
            |partition: &&Partition| !self.told.contains(partition) && !self.revoking.contains(partition);
        let assigned: Vec<Partition> = self.assigned.iter().filter(is_new).copied().collect();
        if !assigned.is_empty() {
            self.told.extend(&assigned);
            return Some(MembershipChange::Assigned(assigned));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use MembershipChange::{Assigned, Lost, Revoked};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_revoked_partition_is_held_until_it_is_released() {
        let mut held = HeldPartitions::default();
        held.assign([1, 2]);
        assert_eq!(held.take(), Some(Assigned(vec![1, 2])));
        held.revoke([2]);
        assert_eq!(held.take(), Some(Revoked(vec![2])));
        assert!(held.holds(2) && !held.is_released());
        held.released();
        assert!(held.holds(2) && held.is_released(), "held until it is given back");
        held.unassign_revoked();
        assert!(!held.holds(2) && held.holds(1));
        assert_eq!(held.take(), None);
    }

    #[test]
    fn what_the_member_never_knew_needs_no_release() {
        let mut held = HeldPartitions::default();
        held.assign([1]);
        held.revoke([1]);
        assert!(held.is_released());
        held.unassign_revoked();
        assert_eq!(held.take(), None);
    }

    #[test]
    fn a_release_before_it_was_asked_for_releases_nothing() {
        let mut held = HeldPartitions::default();
        held.assign([1]);
        held.take();
        held.revoke([1]);
        held.released();
        assert!(!held.is_released());
        assert_eq!(held.take(), Some(Revoked(vec![1])));
    }

    #[test]
    fn a_loss_is_told_before_the_partition_comes_back() {
        let mut held = HeldPartitions::default();
        held.assign([1]);
        held.take();
        held.lose([1]);
        held.assign([1]);
        assert!(!held.holds(1), "until the member knows");
        assert_eq!(held.take(), Some(Lost(vec![1])));
        assert_eq!(held.take(), Some(Assigned(vec![1])));
        assert!(held.holds(1));
    }

    #[test]
    fn a_release_that_comes_too_late_changes_nothing() {
        let mut held = HeldPartitions::default();
        held.assign([1]);
        held.take();
        held.revoke([1]);
        held.take();
        held.lose([1]);
        held.released();
        assert_eq!(held.take(), Some(Lost(vec![1])));
    }

    proptest! {
        /// Whatever happens, the member's own account of what it was told agrees with the group's.
        #[test]
        fn in_the_end_the_member_knows_what_it_holds(steps in prop::collection::vec((0..6, 0..4), 0..60)) {
            let (mut held, mut group, mut member) = (HeldPartitions::default(), Partitions::new(), Partitions::new());
            let hear = |held: &mut HeldPartitions, member: &mut Partitions| {
                match held.take() {
                    Some(Assigned(new)) => new.iter().for_each(|p| assert!(member.insert(*p), "{p} twice")),
                    Some(Lost(gone)) => gone.iter().for_each(|p| assert!(member.remove(p), "{p} is not there")),
                    Some(Revoked(gone)) => {
                        gone.iter().for_each(|p| assert!(member.remove(p), "{p} is not there"));
                        held.released();
                    }
                    None => return false,
                }
                true
            };
            for (step, partition) in steps {
                match step {
                    0 if !group.contains(&partition) => {
                        group.insert(partition);
                        held.assign([partition]);
                    }
                    1 if group.contains(&partition) => held.revoke([partition]),
                    2 => {
                        group.remove(&partition);
                        held.lose([partition]);
                    }
                    3 if held.is_released() => {
                        group.retain(|p| !held.revoking().contains(p));
                        held.unassign_revoked();
                    }
                    _ => {
                        hear(&mut held, &mut member);
                    }
                }
            }
            while hear(&mut held, &mut member) {}
            prop_assert!(held.is_released());
            group.retain(|p| !held.revoking().contains(p));
            held.unassign_revoked();
            while hear(&mut held, &mut member) {}
            prop_assert_eq!(group, member);
        }
    }
}
