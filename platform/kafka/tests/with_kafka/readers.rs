//! Readers that share consumers, and do not feel it.

use std::time::{Duration, Instant};

use conformance::harness::within;
use futures::future::join_all;
use platform::ports::{Log, Reader, Record};
use schemas::position::Offset;
use schemas::topics::{ACCOUNT_EVENTS, CONVERSATION_COMMANDS, EVENTS, VERDICTS};

use super::{append, connect, end, reader, record};

/// The next `count` records.
async fn take(reader: &mut dyn Reader, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    while records.len() < count {
        records.extend(within("records", reader.next()).await.expect("records"));
    }
    records
}

fn offsets(records: &[Record]) -> Vec<Offset> {
    records.iter().map(|record| record.offset).collect()
}

/// Thirty times what is fetched ahead for a reader lies before the slow one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_slow_reader_does_not_stall_others() {
    let log = connect().await;
    let topic = &CONVERSATION_COMMANDS;
    let (slow_start, fast_start) = (end(&*log, topic, 0).await, end(&*log, topic, 1).await);
    let mut slow = reader(&*log, topic, 0, slow_start).await;
    let mut fast = reader(&*log, topic, 1, fast_start).await;
    let mut receipts = Vec::new();
    for _ in 0..300 {
        receipts.push(log.enqueue(record(topic, 0, vec![7; 100 * 1024])).await.expect("room"));
    }
    for receipt in receipts {
        within("a receipt", receipt).await.expect("an appended record");
    }
    let mut slowest = Duration::ZERO;
    for number in 0..200 {
        let begun = Instant::now();
        let offset = append(&*log, record(topic, 1, number.to_string())).await;
        assert_eq!(offsets(&take(&mut *fast, 1).await), [offset]);
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "a record took {slowest:?} beside a slow reader");
    println!("slowest of 200 beside a slow reader: {slowest:?}");
    let read = take(&mut *slow, 300).await;
    assert_eq!(offsets(&read), (slow_start..slow_start + 300).collect::<Vec<_>>());
}

/// What an earlier reader had fetched ahead, further on, must not reach the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_is_taken_again_begins_where_it_is_told() {
    let log = connect().await;
    let start = end(&*log, &ACCOUNT_EVENTS, 0).await;
    let mut receipts = Vec::new();
    for number in 0..2_000 {
        let value = format!("{number}");
        receipts.push(log.enqueue(record(&ACCOUNT_EVENTS, 0, value)).await.expect("room"));
    }
    for receipt in receipts {
        within("a receipt", receipt).await.expect("an appended record");
    }
    for (round, from) in
        [1_000, 0, 1_900, 500, 3, 1_999, 0, 1_200, 1].into_iter().cycle().take(60).enumerate()
    {
        let mut reader = reader(&*log, &ACCOUNT_EVENTS, 0, start + from).await;
        // Every third is dropped before it has read anything.
        if round % 3 > 0 {
            let count = (2_000 - from as usize).min(100);
            let read = offsets(&take(&mut *reader, count).await);
            let expected: Vec<Offset> = (start + from..).take(read.len()).collect();
            assert_eq!(read, expected, "round {round} from {from}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_one_partition_each_see_everything() {
    let log = connect().await;
    let start = end(&*log, &ACCOUNT_EVENTS, 1).await;
    for number in 0..50 {
        append(&*log, record(&ACCOUNT_EVENTS, 1, number.to_string())).await;
    }
    let mut readers = Vec::new();
    for from in 0..8 {
        readers.push((from, reader(&*log, &ACCOUNT_EVENTS, 1, start + from).await));
    }
    for (from, reader) in &mut readers {
        let read = take(&mut **reader, 50 - *from as usize).await;
        assert_eq!(offsets(&read), (start + *from..start + 50).collect::<Vec<_>>());
    }
}

/// As a fan-out node does: every partition of two topics, at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_partition_can_be_read_at_once() {
    let log = connect().await;
    let threads = threads();
    let mut readers = Vec::new();
    for topic in [&EVENTS, &VERDICTS] {
        for partition in 0..log.partitions(topic) {
            let start = end(&*log, topic, partition).await;
            readers.push((topic, partition, reader(&*log, topic, partition, start).await));
        }
    }
    assert!(self::threads() - threads < 24, "{} threads more", self::threads() - threads);
    let reading = readers.iter_mut().map(|(topic, partition, reader)| {
        let log = &log;
        async move {
            let tag = format!("{}-{partition}", topic.name);
            let offset = append(&**log, record(topic, *partition, tag.clone())).await;
            let found = loop {
                let page = within("records", reader.next()).await.expect("records");
                if let Some(found) = page.into_iter().find(|record| record.offset == offset) {
                    break found;
                }
            };
            assert_eq!(found.value, tag.as_bytes());
        }
    });
    join_all(reading).await;
}

/// Threads of this process; tests beside this one have theirs, too.
fn threads() -> i64 {
    std::fs::read_dir("/proc/self/task").map_or(0, |tasks| tasks.count() as i64)
}
