//! Queues of deadlines.

use std::collections::HashSet;
use std::sync::Arc;

use platform::ports::Ephemeral;
use tokio::task::JoinSet;

use crate::harness::fresh;

async fn due(ephemeral: &dyn Ephemeral, queue: &str, now: i64, again_at: i64, most: usize) -> Vec<String> {
    ephemeral.due(queue, now, again_at, most).await.expect("members")
}

async fn schedule(ephemeral: &dyn Ephemeral, queue: &str, member: &str, deadline: Option<i64>) {
    ephemeral.schedule(queue, member, deadline).await.expect("a deadline");
}

pub async fn members_are_due_in_the_order_of_their_deadlines(ephemeral: Arc<dyn Ephemeral>) {
    let (queue, other) = (fresh("queue"), fresh("other"));
    let ephemeral = &*ephemeral;
    for (member, deadline) in [("c", 30), ("a", 10), ("b", 20), ("d", 40)] {
        schedule(ephemeral, &queue, member, Some(1_700_000_000_000 + deadline)).await;
    }
    schedule(ephemeral, &other, "x", Some(1)).await;
    let at = |time: i64| 1_700_000_000_000 + time;
    assert!(due(ephemeral, &queue, at(9), at(100), 10).await.is_empty());
    assert_eq!(due(ephemeral, &queue, at(30), at(100), 2).await, ["a", "b"]);
    assert_eq!(due(ephemeral, &queue, at(30), at(100), 2).await, ["c"]);
    assert_eq!(due(ephemeral, &queue, at(100), at(200), 10).await, ["d", "a", "b", "c"]);
}

pub async fn a_new_deadline_replaces_the_old_one(ephemeral: Arc<dyn Ephemeral>) {
    let (queue, ephemeral) = (fresh("queue"), &*ephemeral);
    schedule(ephemeral, &queue, "later", Some(10)).await;
    schedule(ephemeral, &queue, "later", Some(50)).await;
    schedule(ephemeral, &queue, "never", Some(10)).await;
    schedule(ephemeral, &queue, "never", None).await;
    schedule(ephemeral, &queue, "nobody", None).await;
    assert!(due(ephemeral, &queue, 49, 100, 10).await.is_empty());
    assert_eq!(due(ephemeral, &queue, 50, 100, 10).await, ["later"]);
}

pub async fn a_due_member_is_given_to_one_caller(ephemeral: Arc<dyn Ephemeral>) {
    let queue = fresh("queue");
    for member in 0..200 {
        schedule(&*ephemeral, &queue, &member.to_string(), Some(member)).await;
    }
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (ephemeral, queue) = (ephemeral.clone(), queue.clone());
        tasks.spawn(async move { due(&*ephemeral, &queue, 200, 1_000, 40).await });
    }
    let taken: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!((taken.len(), taken.iter().collect::<HashSet<_>>().len()), (200, 200));
}
