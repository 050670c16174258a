//! Appending: order, placement, what a record keeps, receipts, many at once.

use std::sync::Arc;

use platform::clock::{Clock, SystemClock};
use platform::ports::{Log, LogError};
use schemas::record::{Outgoing, Place};
use schemas::topics::{self, EVENTS};
use tokio::task::JoinSet;

use super::{Case, number, numbers};
use crate::harness::{fresh, within};

pub async fn a_partition_keeps_the_order_of_appends(log: Arc<dyn Log>) {
    let case = Case::begin(log, &EVENTS, 1).await;
    case.append_numbered(500).await;
    assert_eq!(numbers(&case.read_all(500).await), (0..500).collect::<Vec<_>>());
}

pub async fn a_record_is_read_as_it_was_appended(log: Arc<dyn Log>) {
    let case = Case::begin(log, &EVENTS, 2).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let plain = case.record(Vec::new());
    let keyed = Outgoing { key: Some(every_byte.clone()), ..case.record(every_byte.clone()) };
    let empty_key = Outgoing { key: Some(Vec::new()), ..case.record("v") };
    let mut headed = case.record("v");
    headed.headers.push(("binary", every_byte));
    headed.headers.push(("empty", Vec::new()));
    headed.headers.push(("twice", b"first".to_vec()));
    headed.headers.push(("twice", b"second".to_vec()));

    let appended = [plain, keyed, empty_key, headed];
    let mut offsets = Vec::new();
    for record in &appended {
        offsets.push(case.append(record.clone()).await);
    }
    let now = SystemClock.now();
    for ((read, written), offset) in case.read_all(appended.len()).await.iter().zip(&appended).zip(offsets) {
        assert_eq!((read.partition, read.offset), (2, offset));
        assert!((read.time - now).abs() < 60_000, "time {} is far from {now}", read.time);
        assert_eq!(read.key.as_deref(), written.key.as_deref());
        assert_eq!(read.value, written.value);
        let headers: Vec<(&str, &[u8])> = read.headers().collect();
        let expected: Vec<(&str, &[u8])> =
            written.headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        assert_eq!(headers, expected);
    }
}

pub async fn a_large_value_survives(log: Arc<dyn Log>) {
    let case = Case::begin(log, &EVENTS, 3).await;
    let large: Vec<u8> = (0..500 * 1024_usize).map(|at| (at * 31 % 251) as u8).collect();
    for _ in 0..4 {
        case.append(case.record(large.clone())).await;
    }
    for record in case.read_all(4).await {
        assert!(record.value == large, "a large value came back changed");
    }
}

pub async fn receipts_name_the_offsets(log: Arc<dyn Log>) {
    let case = Case::begin(log, &EVENTS, 4).await;
    let offsets = case.append_numbered(100).await;
    assert!(offsets[0] >= case.start);
    assert!(offsets.is_sorted_by(|a, b| a < b), "offsets go up: {offsets:?}");
    let read: Vec<i64> = case.read_all(100).await.iter().map(|record| record.offset).collect();
    assert_eq!(read, offsets);
}

pub async fn a_key_has_its_partition(log: Arc<dyn Log>) {
    let count = log.partitions(&EVENTS);
    for attempt in 0..20 {
        let key = fresh(&format!("key-{attempt}"));
        let partition = topics::partition_of(key.as_bytes(), count);
        let case = Case::begin(Arc::clone(&log), &EVENTS, partition).await;
        let record = Outgoing { place: Place::Key, key: Some(key.clone().into_bytes()), ..case.record("v") };
        let offset = case.append(record).await;
        let read = case.read_all(1).await;
        assert_eq!((read[0].partition, read[0].offset), (partition, offset), "{key}");
    }
}

pub async fn an_explicit_partition_goes_before_the_key(log: Arc<dyn Log>) {
    let count = log.partitions(&EVENTS);
    let key = fresh("key");
    let elsewhere = (topics::partition_of(key.as_bytes(), count) + 1) % count;
    let case = Case::begin(log, &EVENTS, elsewhere).await;
    case.append(Outgoing { key: Some(key.clone().into_bytes()), ..case.record("v") }).await;
    let read = case.read_all(1).await;
    assert_eq!(read[0].partition, elsewhere);
    assert_eq!(read[0].key.as_deref(), Some(key.as_bytes()));
}

pub async fn a_partition_that_is_not_there_is_refused(log: Arc<dyn Log>) {
    let count = log.partitions(&EVENTS);
    let case = Case::begin(Arc::clone(&log), &EVENTS, 0).await;
    for partition in [count, -1] {
        let record = Outgoing { place: Place::Partition(partition), ..case.record("v") };
        let refused = |error: LogError| matches!(error, LogError::NoSuchPartition { partition: named, .. } if named == partition);
        assert!(log.enqueue(record).await.err().is_some_and(refused), "enqueue to {partition}");
        assert!(log.read(&EVENTS, partition, 0).await.err().is_some_and(refused), "read of {partition}");
        assert!(log.marks(&EVENTS, partition).await.err().is_some_and(refused), "marks of {partition}");
        let position = log.position_at(&EVENTS, partition, 0).await;
        assert!(position.err().is_some_and(refused), "position in {partition}");
    }
    // The log is as good as before.
    case.append(case.record("v")).await;
}

pub async fn each_task_keeps_its_own_order(log: Arc<dyn Log>) {
    const TASKS: usize = 8;
    const EACH: usize = 200;
    let case = Arc::new(Case::begin(log, &EVENTS, 5).await);
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let case = Arc::clone(&case);
        tasks.spawn(async move {
            let mut receipts = Vec::new();
            for number in 0..EACH {
                let mut record = case.numbered(number);
                record.headers.push(("task", task.to_string().into_bytes()));
                receipts.push(case.enqueue(record).await);
            }
            for receipt in receipts {
                within("a receipt", receipt).await.expect("an appended record");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("an appending task");
    }
    let mut next = [0; TASKS];
    for record in case.read_all(TASKS * EACH).await {
        let task = std::str::from_utf8(record.header("task").expect("a task")).expect("text");
        let task: usize = task.parse().expect("a number");
        assert_eq!(number(&record), next[task], "task {task} is out of order");
        next[task] += 1;
    }
    assert_eq!(next, [EACH; TASKS]);
}

pub async fn ten_thousand_can_be_queued_before_any_is_awaited(log: Arc<dyn Log>) {
    const COUNT: usize = 10_000;
    let case = Case::begin(log, &EVENTS, 6).await;
    let mut receipts = Vec::new();
    for number in 0..COUNT {
        receipts.push(case.enqueue(case.numbered(number)).await);
    }
    for receipt in receipts {
        within("a receipt", receipt).await.expect("an appended record");
    }
    assert_eq!(numbers(&case.read_all(COUNT).await), (0..COUNT).collect::<Vec<_>>());
}
