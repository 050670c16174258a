//! How fast partitions move, and what a member is told of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use conformance::harness::{eventually, fresh, within};
use musclemap_kafka::{Config, Kafka};
use platform::ports::{Log, LogError, Membership, MembershipChange};
use schemas::position::Partition;
use schemas::topics::ACCOUNT_COMMANDS;

use super::members::Process;
use super::{bootstrap, broker, config, connect};

const ALL: Partition = 8;

/// Does as it is told until it holds `count` partitions.
async fn hold(member: &mut dyn Membership, held: &mut BTreeSet<Partition>, count: usize) {
    while held.len() != count {
        match within("a change", member.next()).await.expect("a change") {
            MembershipChange::Assigned(partitions) => held.extend(partitions),
            MembershipChange::Revoked(partitions) => {
                held.retain(|partition| !partitions.contains(partition));
                member.released().await.expect("released");
            }
            MembershipChange::Lost(partitions) => held.retain(|partition| !partitions.contains(partition)),
        }
    }
}

async fn join(log: &Kafka, group: &str) -> Box<dyn Membership> {
    within("joining", log.join(group, &ACCOUNT_COMMANDS)).await.expect("a membership")
}

/// Until the group has had nothing to say for a while.
async fn quiet(member: &mut dyn Membership) {
    let said = tokio::time::timeout(Duration::from_millis(1_100), member.next()).await;
    assert!(said.is_err(), "{said:?} in a settled group");
}

/// A member that shares the group with another process, half each.
async fn beside_a_process(log: &Kafka, group: &str) -> (Process, Box<dyn Membership>, BTreeSet<Partition>) {
    let mut process = Process::start(group);
    let told = within("its assignment", process.told.recv()).await.expect("a line");
    assert!(told.starts_with("Assigned"), "{told}");
    let (mut member, mut held) = (join(log, group).await, BTreeSet::new());
    hold(&mut *member, &mut held, 4).await;
    (process, member, held)
}

/// A member may close while its assignment changes; the group must hear of it all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_in_the_middle_of_a_rebalance_is_leaving_too() {
    let (log, other) = (connect().await, connect().await);
    for round in 0..8 {
        let group = fresh("group");
        let (mut a, mut b) = (join(&log, &group).await, join(&other, &group).await);
        let (mut of_a, mut of_b) = (BTreeSet::new(), BTreeSet::new());
        if round % 2 == 0 {
            // Whatever it is given first: all, or its half.
            next(&mut *a).await;
        } else {
            tokio::join!(hold(&mut *a, &mut of_a, 4), hold(&mut *b, &mut of_b, 4));
        }
        let begun = Instant::now();
        let (left, ()) = tokio::join!(a.leave(), hold(&mut *b, &mut of_b, 8));
        left.expect("left");
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?} in round {round}", begun.elapsed());
        b.leave().await.expect("left");
    }
}

async fn next(member: &mut dyn Membership) -> MembershipChange {
    within("a change", member.next()).await.expect("a change")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_closing_member_held_moves_within_a_second() {
    let (log, other, group) = (connect().await, connect().await, fresh("group"));
    let (mut a, mut b) = (join(&log, &group).await, join(&other, &group).await);
    let (mut of_a, mut of_b) = (BTreeSet::new(), BTreeSet::new());
    tokio::join!(hold(&mut *a, &mut of_a, 4), hold(&mut *b, &mut of_b, 4));
    // librdkafka joins once a second at most, so what follows on a rebalance waits for that.
    quiet(&mut *b).await;
    let begun = Instant::now();
    let (left, ()) = tokio::join!(a.leave(), hold(&mut *b, &mut of_b, 8));
    left.expect("left");
    println!("a closed member's partitions moved after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_member_held_moves_within_its_session() {
    let (log, group) = (connect().await, fresh("group"));
    let (mut process, mut member, mut held) = beside_a_process(&log, &group).await;
    let begun = Instant::now();
    tokio::task::block_in_place(|| process.kill());
    hold(&mut *member, &mut held, 8).await;
    println!("a killed member's partitions moved after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_was_away_for_too_long_is_told_its_loss() {
    let (log, group) = (connect().await, fresh("group"));
    let (mut process, mut member, mut held) = beside_a_process(&log, &group).await;
    process.signal("STOP");
    hold(&mut *member, &mut held, 8).await;
    for partition in 0..ALL {
        member.commit(partition, 7).await.expect("held");
    }
    process.signal("CONT");
    let mut lines = Vec::new();
    let lost = async {
        while let Some(line) = process.told.recv().await {
            let found = line.starts_with("Lost");
            lines.push(line);
            if found {
                break;
            }
        }
    };
    within("its loss", lost).await;
    // A commit of what it lost is refused.
    assert!(lines.last().is_some_and(|line| line.ends_with("false")), "{lines:?}");
    member.leave().await.expect("left");
    let mut after = join(&log, &group).await;
    for partition in 0..ALL {
        assert_eq!(within("an answer", after.committed(partition)).await.expect("an answer"), Some(7));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_is_soon_seen_by_others() {
    let (log, other, group) = (connect().await, connect().await, fresh("group"));
    let mut a = join(&log, &group).await;
    hold(&mut *a, &mut BTreeSet::new(), 8).await;
    // Holds nothing, as nothing is released to it: only asks.
    let mut b = join(&other, &group).await;
    for next in [1, 2, 3] {
        a.commit(0, next).await.expect("held");
        let seen = eventually("the commit", async || {
            b.committed(0).await.expect("an answer").filter(|committed| *committed == next)
        });
        assert_eq!(seen.await, next);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_partition_moves_only_when_it_is_released() {
    let (log, other, group) = (connect().await, connect().await, fresh("group"));
    let mut a = join(&log, &group).await;
    let mut of_a = BTreeSet::new();
    hold(&mut *a, &mut of_a, 8).await;
    let mut b = join(&other, &group).await;
    let MembershipChange::Revoked(revoked) = next(&mut *a).await else { panic!("nothing was revoked") };
    assert_eq!(revoked.len(), 4);
    a.commit(revoked[0], 0).await.expect("held until it is released");
    // Longer than a rebalance takes.
    let early = tokio::time::timeout(Duration::from_secs(3), b.next()).await;
    assert!(early.is_err(), "{early:?} before the release");
    let begun = Instant::now();
    a.released().await.expect("released");
    let MembershipChange::Assigned(assigned) = next(&mut *b).await else { panic!("nothing was assigned") };
    println!("released partitions were assigned after {:?}", begun.elapsed());
    assert_eq!(assigned, revoked);
    assert_eq!(b.committed(revoked[0]).await.expect("an answer"), Some(0), "committed with the release");
    assert!(matches!(a.commit(revoked[0], 0).await, Err(LogError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_does_not_release_in_time_loses_its_partitions() {
    let group = fresh("group");
    let other = connect().await;
    let impatient = Config { release_timeout: Duration::from_secs(1), ..config(&bootstrap()) };
    let log = Kafka::connect(impatient).await.expect("a connection");
    let mut a = join(&log, &group).await;
    let mut of_a = BTreeSet::new();
    hold(&mut *a, &mut of_a, 8).await;
    let mut b = join(&other, &group).await;
    let MembershipChange::Revoked(revoked) = next(&mut *a).await else { panic!("nothing was revoked") };
    assert_eq!(next(&mut *b).await, MembershipChange::Assigned(revoked.clone()));
    assert_eq!(next(&mut *a).await, MembershipChange::Lost(revoked.clone()));
    assert!(matches!(a.commit(revoked[0], 0).await, Err(LogError::Unavailable(_))));
    // Releasing too late takes nothing from the new holder.
    a.released().await.expect("released");
    b.commit(revoked[0], 0).await.expect("held");
    for partition in (0..ALL).filter(|partition| !revoked.contains(partition)) {
        a.commit(partition, 0).await.expect("what it kept is still its own");
    }
}

/// An outage that is longer than the session costs the partitions; then they come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_longer_than_the_session_is_a_loss_and_passes() {
    let broker = broker().await;
    let log = Kafka::connect(config(&broker.address())).await.expect("a connection");
    let mut member = join(&log, "group").await;
    let mut held = BTreeSet::new();
    hold(&mut *member, &mut held, 8).await;
    tokio::task::block_in_place(|| broker.kill());
    let begun = Instant::now();
    let lost = next(&mut *member).await;
    println!("told of the loss after {:?}", begun.elapsed());
    assert_eq!(lost, MembershipChange::Lost((0..ALL).collect()));
    assert!(matches!(member.commit(0, 0).await, Err(LogError::Unavailable(_))));
    tokio::task::block_in_place(|| broker.restart());
    let begun = Instant::now();
    assert_eq!(next(&mut *member).await, MembershipChange::Assigned((0..ALL).collect()));
    println!("assigned again {:?} after the broker was back", begun.elapsed());
    member.commit(0, 0).await.expect("held again");
    within("leaving", member.leave()).await.expect("left");
}
