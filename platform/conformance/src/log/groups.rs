//! Groups: shares, hand-over, and that nobody holds what another one holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use platform::ports::{Log, Membership, MembershipChange};
use schemas::position::Partition;
use schemas::topics::ACCOUNT_COMMANDS;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::harness::{fresh, within};

type Name = &'static str;

/// Who holds what, by what the members were told.
#[derive(Clone)]
struct PartitionSlots {
    holders: watch::Sender<BTreeMap<Partition, Name>>,
    partitions: Partition,
}

impl PartitionSlots {
    fn new(log: &dyn Log) -> Self {
        Self { holders: watch::Sender::default(), partitions: log.partitions(&ACCOUNT_COMMANDS) }
    }

    fn take(&self, partitions: Vec<Partition>, member: Name) {
        self.holders.send_modify(|holders| {
            for partition in partitions {
                if let Some(other) = holders.insert(partition, member) {
                    panic!("{member} was given {partition}, which {other} holds");
                }
            }
        });
    }

    fn give_up(&self, partitions: &[Partition], member: Name) {
        self.holders.send_modify(|holders| {
            holders.retain(|partition, holder| !(partitions.contains(partition) && *holder == member));
        });
    }

    fn leave(&self, member: Name) {
        self.holders.send_modify(|holders| holders.retain(|_, holder| *holder != member));
    }

    /// Waits until every partition is held and each of `members` has its even share.
    async fn shared_among(&self, members: &[Name]) {
        let least = self.partitions as usize / members.len();
        let most = (self.partitions as usize).div_ceil(members.len());
        let mut holders = self.holders.subscribe();
        let even = holders.wait_for(|holders| {
            holders.len() == self.partitions as usize
                && members.iter().all(|member| {
                    let share = holders.values().filter(|holder| *holder == member).count();
                    (least..=most).contains(&share)
                })
        });
        within(&format!("even shares for {members:?}"), even).await.expect("the slots are kept");
    }
}

/// A member that does as it is told until it is stopped, then is handed back.
struct Member {
    name: Name,
    stop: CancellationToken,
    task: JoinSet<Box<dyn Membership>>,
    slots: PartitionSlots,
}

impl Member {
    async fn join(log: &Arc<dyn Log>, group: &str, name: Name, slots: &PartitionSlots) -> Self {
        let joining = log.join(group, &ACCOUNT_COMMANDS);
        let mut membership = within("joining", joining).await.expect("a membership");
        let stop = CancellationToken::new();
        let (stopped, told) = (stop.clone(), slots.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            loop {
                let change = tokio::select! {
                    change = membership.next() => change.expect("a change"),
                    () = stopped.cancelled() => return membership,
                };
                match change {
                    MembershipChange::Assigned(partitions) => told.take(partitions, name),
                    MembershipChange::Revoked(partitions) => {
                        told.give_up(&partitions, name);
                        membership.released().await.expect("released");
                    }
                    MembershipChange::Lost(partitions) => told.give_up(&partitions, name),
                }
            }
        });
        Self { name, stop, task, slots: slots.clone() }
    }

    /// The membership, which still holds what it holds.
    async fn stop(mut self) -> Box<dyn Membership> {
        self.stop.cancel();
        within("the member", self.task.join_next()).await.expect("a task").expect("a member")
    }

    async fn leave(self) {
        let (name, slots) = (self.name, self.slots.clone());
        let membership = self.stop().await;
        slots.leave(name);
        within("leaving", membership.leave()).await.expect("left");
    }
}

pub async fn a_sole_member_gets_every_partition(log: Arc<dyn Log>) {
    let slots = PartitionSlots::new(&*log);
    let member = Member::join(&log, &fresh("group"), "a", &slots).await;
    slots.shared_among(&["a"]).await;
    member.leave().await;
}

pub async fn a_second_member_gets_half_and_nobody_shares(log: Arc<dyn Log>) {
    let (group, slots) = (fresh("group"), PartitionSlots::new(&*log));
    let a = Member::join(&log, &group, "a", &slots).await;
    slots.shared_among(&["a"]).await;
    let b = Member::join(&log, &group, "b", &slots).await;
    slots.shared_among(&["a", "b"]).await;
    let c = Member::join(&log, &group, "c", &slots).await;
    slots.shared_among(&["a", "b", "c"]).await;
    // Another group has nothing to do with it.
    let apart = PartitionSlots::new(&*log);
    let alone = Member::join(&log, &fresh("group"), "alone", &apart).await;
    apart.shared_among(&["alone"]).await;
    for member in [a, b, c, alone] {
        member.leave().await;
    }
}

pub async fn what_a_leaving_member_held_moves(log: Arc<dyn Log>) {
    let (group, slots) = (fresh("group"), PartitionSlots::new(&*log));
    let a = Member::join(&log, &group, "a", &slots).await;
    let b = Member::join(&log, &group, "b", &slots).await;
    slots.shared_among(&["a", "b"]).await;
    a.leave().await;
    slots.shared_among(&["b"]).await;
    b.leave().await;
}

pub async fn what_a_dropped_member_held_moves(log: Arc<dyn Log>) {
    let (group, slots) = (fresh("group"), PartitionSlots::new(&*log));
    let a = Member::join(&log, &group, "a", &slots).await;
    let b = Member::join(&log, &group, "b", &slots).await;
    slots.shared_among(&["a", "b"]).await;
    let membership = a.stop().await;
    slots.leave("a");
    drop(membership);
    slots.shared_among(&["b"]).await;
    b.leave().await;
}

pub async fn a_committed_offset_is_seen_by_the_next_holder(log: Arc<dyn Log>) {
    let (group, slots) = (fresh("group"), PartitionSlots::new(&*log));
    let a = Member::join(&log, &group, "a", &slots).await;
    slots.shared_among(&["a"]).await;
    let mut membership = a.stop().await;
    let none = within("an answer", membership.committed(1)).await.expect("an answer");
    assert_eq!(none, None, "nothing was committed yet");
    // A place that exists, so that no broker can object.
    let end = log.marks(&ACCOUNT_COMMANDS, 0).await.expect("marks of a partition").end;
    for next in [0, end] {
        within("a commit", membership.commit(0, next)).await.expect("committed");
    }
    slots.leave("a");
    within("leaving", membership.leave()).await.expect("left");

    let b = Member::join(&log, &group, "b", &slots).await;
    slots.shared_among(&["b"]).await;
    let mut membership = b.stop().await;
    let committed = within("an answer", membership.committed(0)).await.expect("an answer");
    assert_eq!(committed, Some(end));
    assert_eq!(within("an answer", membership.committed(1)).await.expect("an answer"), None);
    within("leaving", membership.leave()).await.expect("left");
}
