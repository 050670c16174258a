//! Identical reads share a request, and no read is older than what was acknowledged before it.

use std::sync::Arc;
use std::time::Duration;

use conformance::harness::{eventually, fresh, within};
use conformance::tables::samples::SINGLE;
use musclemap_scylla::Config;
use platform::ports::Tables;
use schemas::tables::Value;
use tokio::task::JoinSet;

use crate::proxy::{Proxy, State};
use crate::{config, connect, connect_with, keyspace, metric, single, version_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_behind_one_share_one_request_and_see_what_was_acknowledged() {
    const READERS: usize = 50;
    let (proxy, writer) = (Proxy::start().await, connect().await);
    let patient = Config {
        nodes: proxy.address(),
        request_timeout: Duration::from_secs(20),
        call_timeout: Duration::from_secs(30),
        ..config(keyspace().await)
    };
    let reader = connect_with(patient).await;
    let partition = vec![Value::text(&fresh("case"))];
    writer.put(&SINGLE, &partition, vec![single("a", 1)]).await.expect("written");
    assert_eq!(version_of(&*reader, &partition).await, Some(1));

    let read = || {
        let (reader, partition) = (Arc::clone(&reader), partition.clone());
        async move { version_of(&*reader, &partition).await }
    };
    proxy.set(State::Held);
    let before = proxy.requests();
    let (mut first, mut others) = (JoinSet::new(), JoinSet::new());
    first.spawn(read());
    eventually("the first request", async || (proxy.requests() > before).then_some(())).await;
    writer.put(&SINGLE, &partition, vec![single("b", 2)]).await.expect("written");
    for _ in 0..READERS {
        others.spawn(read());
    }
    let shared = (READERS - 1) as f64;
    let coalesced = || metric(&reader, "coalesced_reads_total", &[("operation", "get")]);
    eventually("readers that wait", async || (coalesced() == shared).then_some(())).await;
    proxy.set(State::Open);
    let early = within("the first answer", first.join_next()).await.expect("a task").expect("an answer");
    assert!(early >= Some(1));
    while let Some(answer) = within("an answer", others.join_next()).await {
        assert_eq!(answer.expect("an answer"), Some(2));
    }
    assert_eq!(proxy.requests() - before, 2, "one for the first, one for all others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_of_a_crowd_sees_less_than_was_acknowledged() {
    const READERS: usize = 32;
    const WRITES: i64 = 300;
    let tables = connect().await;
    let partition = vec![Value::text(&fresh("case"))];
    let (acknowledged, _) = tokio::sync::watch::channel(0);
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (tables, partition, acknowledged) =
            (Arc::clone(&tables), partition.clone(), acknowledged.subscribe());
        readers.spawn(async move {
            loop {
                let least = *acknowledged.borrow();
                let seen = version_of(&*tables, &partition).await.unwrap_or(0);
                assert!(seen >= least, "saw {seen} after {least} was acknowledged");
                if seen == WRITES {
                    return;
                }
            }
        });
    }
    for version in 1..=WRITES {
        tables.put(&SINGLE, &partition, vec![single("x", version)]).await.expect("written");
        acknowledged.send_replace(version);
    }
    while let Some(done) = within("a reader", readers.join_next()).await {
        done.expect("a reader");
    }
    assert!(metric(&tables, "coalesced_reads_total", &[]) > 0.0, "a crowd shares");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shares_a_request_that_runs_out_of_time_asks_by_himself() {
    let proxy = Proxy::start().await;
    let hasty = Config {
        nodes: proxy.address(),
        request_timeout: Duration::from_secs(1),
        call_timeout: Duration::from_secs(3),
        ..config(keyspace().await)
    };
    let reader = connect_with(hasty).await;
    let partition = vec![Value::text(&fresh("case"))];
    reader.put(&SINGLE, &partition, vec![single("a", 1)]).await.expect("written");
    let read = || {
        let (reader, partition) = (Arc::clone(&reader), partition.clone());
        async move { reader.get(&SINGLE, &partition, &[vec![]]).await }
    };
    assert_eq!(read().await.expect("rows").len(), 1);

    proxy.set(State::Held);
    let before = proxy.requests();
    let (mut early, mut late) = (JoinSet::new(), JoinSet::new());
    early.spawn(read());
    eventually("the first request", async || (proxy.requests() > before).then_some(())).await;
    early.spawn(read());
    let retries = || metric(&reader, "retries_total", &[("operation", "get")]);
    eventually("time that has passed", async || (retries() > 0.0).then_some(())).await;
    late.spawn(read());
    let coalesced = || metric(&reader, "coalesced_reads_total", &[("operation", "get")]);
    eventually("a late reader", async || (coalesced() == 1.0).then_some(())).await;
    while let Some(answer) = within("an answer", early.join_next()).await {
        assert!(answer.expect("a task").is_err(), "an answer through a proxy that holds it");
    }
    proxy.set(State::Open);
    let answer = within("an answer", late.join_next()).await.expect("a task").expect("a task");
    assert_eq!(answer.expect("rows").len(), 1);
}
