//! Brokers that go away while records are appended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use conformance::harness::{eventually, within};
use musclemap_kafka::{Config, Kafka};
use platform::ports::{Log, LogError};
use schemas::position::{Offset, Partition};
use schemas::topics::EVENTS;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{append, broker, config, connect, read_all, record};

/// Appends numbers to a partition until told to stop; the offset of each.
async fn append_until(
    log: Arc<dyn Log>,
    partition: Partition,
    stop: watch::Receiver<bool>,
    count: watch::Sender<usize>,
) -> Vec<Offset> {
    let mut receipts = Vec::new();
    let mut offsets = Vec::new();
    for number in 0.. {
        if *stop.borrow() {
            break;
        }
        let appended = log.enqueue(record(&EVENTS, partition, number.to_string()));
        receipts.push(within("enqueue", appended).await.expect("an open log"));
        // Some at a time are not acknowledged, so that a kill meets records in flight.
        if receipts.len() == 64 {
            for receipt in receipts.drain(..) {
                offsets.push(within("a receipt", receipt).await.expect("an appended record"));
            }
            count.send_replace(offsets.len());
        }
    }
    for receipt in receipts {
        offsets.push(within("a receipt", receipt).await.expect("an appended record"));
    }
    offsets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_and_back_loses_nothing_and_leaves_no_gap() {
    let broker = broker().await;
    let log: Arc<dyn Log> = Arc::new(Kafka::connect(config(&broker.address())).await.expect("a connection"));
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut counts = Vec::new();
    for partition in 0..4 {
        let (count, counted) = watch::channel(0);
        counts.push(counted);
        let (log, stopped) = (Arc::clone(&log), stopped.clone());
        tasks.spawn(async move { (partition, append_until(log, partition, stopped, count).await) });
    }
    for round in 1..=2 {
        for counted in &mut counts {
            within("appends", counted.wait_for(|count| *count >= 500 * round))
                .await
                .expect("an appending task");
        }
        let killed_at = Instant::now();
        tokio::task::block_in_place(|| {
            broker.kill();
            broker.restart();
        });
        let back_at = Instant::now();
        let before: Vec<usize> = counts.iter().map(|counted| *counted.borrow()).collect();
        for (counted, before) in counts.iter_mut().zip(before) {
            within("appends again", counted.wait_for(|count| *count > before))
                .await
                .expect("an appending task");
        }
        println!(
            "round {round}: broker back after {:?}, appends {:?} later",
            back_at - killed_at,
            back_at.elapsed()
        );
    }
    stop.send_replace(true);
    while let Some(ended) = tasks.join_next().await {
        let (partition, offsets) = ended.expect("an appending task");
        let read = read_all(&*log, &EVENTS, partition, 0).await;
        assert_eq!(read.len(), offsets.len(), "as many as were acknowledged, each once");
        for (number, (record, offset)) in read.iter().zip(offsets).enumerate() {
            assert_eq!((record.offset, &record.value[..]), (offset, number.to_string().as_bytes()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_unknown_outcome_nothing_is_appended() {
    let broker = broker().await;
    let short = Config { delivery_timeout: Duration::from_secs(2), ..config(&broker.address()) };
    let log = Kafka::connect(short).await.expect("a connection");
    for number in 0..10 {
        append(&log, record(&EVENTS, 0, number.to_string())).await;
    }
    tokio::task::block_in_place(|| broker.kill());
    let mut receipts = Vec::new();
    for number in 10..200 {
        let appended = log.enqueue(record(&EVENTS, 0, number.to_string()));
        receipts.push(within("enqueue", appended).await.expect("an open log"));
    }
    for receipt in receipts {
        let outcome = within("an outcome", receipt).await;
        assert!(matches!(outcome, Err(LogError::Unknown(_))), "{outcome:?}");
    }
    let late = within("enqueue", log.enqueue(record(&EVENTS, 1, "late"))).await;
    assert!(matches!(late.err(), Some(LogError::Closed(_))));
    drop(log);

    tokio::task::block_in_place(|| broker.restart());
    let log = Kafka::connect(config(&broker.address())).await.expect("a connection");
    let read = read_all(&log, &EVENTS, 0, 0).await;
    assert!(read.len() >= 10, "what was acknowledged is there");
    for (number, record) in read.iter().enumerate() {
        assert_eq!(record.value, number.to_string().as_bytes(), "in order and without gap");
    }
    assert!(read_all(&log, &EVENTS, 1, 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_when_the_log_is_dropped_is_appended() {
    let log = connect().await;
    let start = super::end(&*log, &EVENTS, 7).await;
    let mut receipts = Vec::new();
    for number in 0..1_000 {
        receipts.push(log.enqueue(record(&EVENTS, 7, format!("last {number}"))).await.expect("an open log"));
    }
    tokio::task::block_in_place(|| drop(log));
    for receipt in receipts {
        assert!(within("a receipt", receipt).await.expect("an appended record") >= start);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_waited_for() {
    let config = Config { queue_bytes: 1024 * 1024, ..config(&super::bootstrap()) };
    drop(connect().await);
    let log = Kafka::connect(config).await.expect("a connection");
    let start = super::end(&log, &EVENTS, 6).await;
    let mut receipts = Vec::new();
    // Twenty times what the queue holds.
    for number in 0..200_u32 {
        let mut value = vec![0; 100 * 1024];
        value[..4].copy_from_slice(&number.to_be_bytes());
        receipts.push(within("enqueue", log.enqueue(record(&EVENTS, 6, value))).await.expect("room"));
    }
    let mut last = start - 1;
    for receipt in receipts {
        let offset = within("a receipt", receipt).await.expect("an appended record");
        assert!(offset > last);
        last = offset;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_too_large_is_refused_alone() {
    let log = connect().await;
    let refused = log.enqueue(record(&EVENTS, 0, vec![0; 2 * 1024 * 1024])).await;
    assert!(matches!(refused.err(), Some(LogError::Unavailable(_))));
    append(&*log, record(&EVENTS, 0, "as good as before")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_not_there_is_said_to_be() {
    let config = Config { request_timeout: Duration::from_secs(1), ..config("127.0.0.1:1") };
    let refused = eventually("an answer", async || Some(Kafka::connect(config.clone()).await.err())).await;
    assert!(matches!(refused, Some(musclemap_kafka::ConnectError::Unavailable(_))), "{refused:?}");
}
