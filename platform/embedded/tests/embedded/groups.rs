//! Members that do not let go.

use std::sync::Arc;
use std::time::Duration;

use musclemap_embedded::{Options, Store};
use platform::clock::SystemClock;
use platform::ports::{Log, LogError, MembershipChange};
use schemas::topics::EVENTS;

#[tokio::test]
async fn a_member_that_does_not_release_in_time_loses_its_partitions() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { session_timeout: Duration::from_millis(30), ..Options::default() };
    let store = Store::open_with(folder.path(), Arc::new(SystemClock), options).expect("a store");
    let log = store.log();
    let mut slow = log.join("group", &EVENTS).await.expect("a member");
    let all: Vec<i32> = (0..8).collect();
    assert_eq!(slow.next().await.expect("a change"), MembershipChange::Assigned(all.clone()));

    let mut next = log.join("group", &EVENTS).await.expect("a member");
    let half = all[4..].to_vec();
    assert_eq!(slow.next().await.expect("a change"), MembershipChange::Revoked(half.clone()));
    slow.commit(7, 0).await.expect("held until it is released");
    assert_eq!(next.next().await.expect("a change"), MembershipChange::Assigned(half.clone()));
    assert_eq!(slow.next().await.expect("a change"), MembershipChange::Lost(half));
    assert!(matches!(slow.commit(7, 0).await, Err(LogError::Unavailable(_))));
    slow.commit(3, 0).await.expect("what it kept is still its own");
    // Releasing too late takes nothing from the new holder.
    slow.released().await.expect("released");
    next.commit(7, 0).await.expect("held");
}
