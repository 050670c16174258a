//! Who shares a request with whom.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use schemas::position::Version;
use tokio::sync::Semaphore;

use super::*;
use platform::ports::Row;

/// A cluster with one row, whose version the test sets; a request waits for its turn before it
/// leaves, and for permission after it has read.
struct Cluster {
    version: AtomicUsize,
    requests: AtomicUsize,
    turns: Semaphore,
    answers: Semaphore,
}

impl Cluster {
    fn new(turns: usize) -> Arc<Self> {
        Arc::new(Self {
            version: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            turns: Semaphore::new(turns),
            answers: Semaphore::new(0),
        })
    }

    fn board(self: &Arc<Self>, flights: &Arc<Flights>) -> (Answer, bool) {
        let cluster = Arc::clone(self);
        let question = Question { table: "t", partition: vec![], asked: Asked::Keys(vec![]) };
        let deadline = Instant::now() + Duration::from_secs(10);
        flights.board(question, deadline, move |gate| async move {
            cluster.turns.acquire().await.expect("a turn").forget();
            gate.close();
            cluster.requests.fetch_add(1, Ordering::SeqCst);
            let version = Version(cluster.version.load(Ordering::SeqCst) as i64);
            cluster.answers.acquire().await.expect("an answer").forget();
            Ok(Page { rows: vec![Row { key: vec![], columns: vec![], version }], next: None })
        })
    }
}

fn version(outcome: Outcome) -> i64 {
    outcome.expect("a page").rows[0].version.0
}

#[tokio::test]
async fn those_who_wait_for_their_turn_share_one_request() {
    let (flights, cluster) = (Arc::default(), Cluster::new(0));
    let readers: Vec<_> = (0..50).map(|_| cluster.board(&flights)).collect();
    assert_eq!(readers.iter().filter(|(_, shared)| *shared).count(), 49);
    cluster.turns.add_permits(1);
    cluster.answers.add_permits(1);
    for (answer, _) in readers {
        assert_eq!(version(answer.await), 0);
    }
    assert_eq!(cluster.requests.load(Ordering::SeqCst), 1);
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn nobody_shares_what_has_left() {
    let (flights, cluster) = (Arc::default(), Cluster::new(2));
    let (mut early, _) = cluster.board(&flights);
    assert!(futures::poll!(&mut early).is_pending());
    // Acknowledged after the first request had read, and before the others ask.
    cluster.version.store(1, Ordering::SeqCst);
    let late: Vec<_> = (0..50).map(|_| cluster.board(&flights)).collect();
    assert_eq!(late.iter().filter(|(_, shared)| *shared).count(), 49);
    cluster.answers.add_permits(2);
    assert_eq!(version(early.await), 0);
    for (answer, _) in late {
        assert_eq!(version(answer.await), 1);
    }
    assert_eq!(cluster.requests.load(Ordering::SeqCst), 2);
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn who_gives_up_leaves_the_request_to_the_others() {
    let (flights, cluster) = (Arc::default(), Cluster::new(2));
    let (mut first, _) = cluster.board(&flights);
    assert!(futures::poll!(&mut first).is_pending());
    let (second, _) = cluster.board(&flights);
    let (third, shared) = cluster.board(&flights);
    assert!(shared);
    drop(first);
    drop(second);
    cluster.answers.add_permits(2);
    assert_eq!(version(third.await), 0);
    assert_eq!(flights.len(), 0);

    // The last one takes it along, also before it has begun.
    let (alone, _) = cluster.board(&flights);
    assert_eq!(flights.len(), 1);
    drop(alone);
    assert_eq!(flights.len(), 0);
    let requests = cluster.requests.load(Ordering::SeqCst);
    assert_eq!(requests, 2);
}
