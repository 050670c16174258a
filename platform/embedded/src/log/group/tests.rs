//! Groups: shares, releases, patience; and, at random, that nobody shares a partition.

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const TIMEOUT: i64 = 10;

/// What one member was told, oldest first; it answers nothing by itself.
fn told(group: &mut Group, id: MemberId) -> String {
    let changes: Vec<String> =
        std::iter::from_fn(|| group.take(id)).map(|change| format!("{change:?}")).collect();
    changes.join(" ")
}

fn check(actual: &str, expected: Expect) {
    expected.assert_eq(actual);
}

#[test]
fn the_first_member_gets_all() {
    let mut group = Group::new(4, TIMEOUT);
    let a = group.join(0);
    check(&told(&mut group, a), expect!["Assigned([0, 1, 2, 3])"]);
}

#[test]
fn a_second_member_gets_its_half_once_the_first_released_it() {
    let mut group = Group::new(5, TIMEOUT);
    let a = group.join(0);
    told(&mut group, a);
    let b = group.join(0);
    check(&told(&mut group, a), expect!["Revoked([3, 4])"]);
    check(&told(&mut group, b), expect![""]);
    group.release(a, 1);
    check(&told(&mut group, b), expect!["Assigned([3, 4])"]);
    check(&told(&mut group, a), expect![""]);
}

#[test]
fn what_a_leaving_member_held_goes_to_the_others_at_once() {
    let mut group = Group::new(4, TIMEOUT);
    let a = group.join(0);
    let b = group.join(0);
    told(&mut group, a);
    group.release(a, 0);
    told(&mut group, b);
    group.leave(a, 0);
    check(&told(&mut group, b), expect!["Assigned([0, 1])"]);
}

#[test]
fn releasing_before_hearing_of_it_releases_nothing() {
    let mut group = Group::new(2, TIMEOUT);
    let a = group.join(0);
    let b = group.join(0);
    group.release(a, 0);
    check(&told(&mut group, b), expect![""]);
    check(&told(&mut group, a), expect!["Assigned([0, 1]) Revoked([1])"]);
    group.release(a, 0);
    check(&told(&mut group, b), expect!["Assigned([1])"]);
}

#[test]
fn what_is_not_released_in_time_is_lost() {
    let mut group = Group::new(4, TIMEOUT);
    let a = group.join(0);
    told(&mut group, a);
    let b = group.join(5);
    told(&mut group, a);
    assert_eq!(group.next_deadline(), Some(15));
    assert!(!group.expire(14));
    check(&told(&mut group, b), expect![""]);
    assert!(group.expire(15));
    check(&told(&mut group, a), expect!["Lost([2, 3])"]);
    check(&told(&mut group, b), expect!["Assigned([2, 3])"]);
    assert!(!group.holds(a, 2));
    assert_eq!(group.next_deadline(), None);
}

#[test]
fn a_member_never_hears_of_what_it_lost_before_it_knew_that_it_had_it() {
    let mut group = Group::new(2, TIMEOUT);
    let a = group.join(0);
    let b = group.join(0);
    assert!(group.expire(TIMEOUT));
    check(&told(&mut group, a), expect!["Assigned([0])"]);
    check(&told(&mut group, b), expect!["Assigned([1])"]);
}

#[test]
fn more_members_than_partitions_leave_some_idle() {
    let mut group = Group::new(1, TIMEOUT);
    let a = group.join(0);
    let b = group.join(0);
    check(&told(&mut group, a), expect!["Assigned([0])"]);
    check(&told(&mut group, b), expect![""]);
    group.leave(a, 0);
    check(&told(&mut group, b), expect!["Assigned([0])"]);
}

#[derive(Debug, Clone)]
enum Step {
    Join,
    Leave(usize),
    Take(usize),
    Release(usize),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let member = 0..4_usize;
    prop::collection::vec(
        prop_oneof![
            2 => Just(Step::Join),
            1 => member.clone().prop_map(Step::Leave),
            6 => member.clone().prop_map(Step::Take),
            3 => member.prop_map(Step::Release),
            2 => (1..8_i64).prop_map(Step::Wait),
        ],
        0..80,
    )
}

/// What a member would believe who does as the port says.
#[derive(Default)]
struct Believes {
    holds: BTreeSet<Partition>,
    revoked: BTreeSet<Partition>,
}

impl Believes {
    fn hear(&mut self, change: MembershipChange) {
        match change {
            MembershipChange::Assigned(gained) => self.holds.extend(gained),
            MembershipChange::Revoked(revoked) => self.revoked.extend(revoked),
            MembershipChange::Lost(lost) => {
                self.holds.retain(|partition| !lost.contains(partition));
                self.revoked.retain(|partition| !lost.contains(partition));
            }
        }
    }

    fn release(&mut self) {
        for partition in std::mem::take(&mut self.revoked) {
            self.holds.remove(&partition);
        }
    }
}

proptest! {
    #[test]
    fn nobody_shares_and_all_is_shared_out_in_the_end(partitions in 1..9_i32, steps in steps()) {
        let mut group = Group::new(partitions, TIMEOUT);
        let mut members: Vec<(MemberId, Believes)> = Vec::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Join if members.len() < 4 => members.push((group.join(now), Believes::default())),
                Step::Join => {}
                Step::Leave(at) if at < members.len() => group.leave(members.remove(at).0, now),
                Step::Take(at) if at < members.len() => {
                    let (id, believes) = &mut members[at];
                    if let Some(change) = group.take(*id) {
                        believes.hear(change);
                    }
                }
                Step::Release(at) if at < members.len() => {
                    let (id, believes) = &mut members[at];
                    believes.release();
                    group.release(*id, now);
                }
                Step::Leave(_) | Step::Take(_) | Step::Release(_) => {}
                Step::Wait(ms) => {
                    now += ms;
                    group.expire(now);
                }
            }
            // Whoever has not heard yet that it lost a partition is excused; nobody else.
            let mut holders = BTreeSet::new();
            for (id, believes) in &members {
                for partition in &believes.holds {
                    let excused = group.members[id].changes.iter().any(
                        |change| matches!(change, MembershipChange::Lost(lost) if lost.contains(partition)),
                    );
                    prop_assert!(excused || holders.insert(*partition), "{partition} has two holders");
                }
            }
        }
        // Everybody does as told until nothing is left to do.
        for _ in 0..members.len() * 2 {
            for (id, believes) in &mut members {
                while let Some(change) = group.take(*id) {
                    believes.hear(change);
                }
                believes.release();
                group.release(*id, now);
            }
        }
        let shares: Vec<usize> = members.iter().map(|(_, believes)| believes.holds.len()).collect();
        if let (Some(least), Some(most)) = (shares.iter().min(), shares.iter().max()) {
            prop_assert_eq!(shares.iter().sum::<usize>(), partitions as usize);
            prop_assert!(most - least <= 1, "uneven shares {:?}", shares);
        }
    }
}
