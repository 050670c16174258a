//! Connections that are cut, and a server that is killed, under writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use conformance::harness::{eventually, fresh, within};
use conformance::tables::samples::{self, NUMBERED, SINGLE};
use musclemap_scylla::setup::ensure;
use musclemap_scylla::{Config, Scylla};
use platform::ports::{PutRow, Range, Tables, TablesError};
use schemas::position::Version;
use schemas::tables::Value;
use tokio::task::JoinSet;

use crate::proxy::{Proxy, State};
use crate::{config, connect_with, keyspace, metric, single, tables};
use tests::service::Service;

const WRITERS: usize = 4;

fn row(number: i64) -> PutRow {
    PutRow {
        key: vec![Value::BigInt(number), Value::text("n")],
        columns: samples::columns(&number.to_string()),
        version: Version(number.abs()),
        time_to_live: None,
    }
}

/// Writes one row after the other, each until it is acknowledged; notes the last.
async fn write(scylla: Arc<Scylla>, partition: Vec<Value>, acknowledged: Arc<AtomicI64>) {
    for number in 1.. {
        loop {
            match scylla.put(&NUMBERED, &partition, vec![row(number), row(-number)]).await {
                Ok(()) => break,
                Err(TablesError::Unavailable(_)) => {}
                Err(refused) => panic!("{refused}"),
            }
        }
        acknowledged.store(number, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_acknowledged_is_there_and_writes_go_on() {
    let server = Service::cassandra();
    let config = Config { nodes: server.address(), ..Config::new("") };
    ensure(&config, 1, &tables()).await.expect("the tables");
    let scylla = connect_with(config).await;
    let partition = |writer: usize| vec![Value::text(&format!("writer-{writer}"))];
    let acknowledged: Vec<Arc<AtomicI64>> = (0..WRITERS).map(|_| Arc::default()).collect();
    let mut writers = JoinSet::new();
    for (writer, acknowledged) in acknowledged.iter().enumerate() {
        writers.spawn(write(Arc::clone(&scylla), partition(writer), Arc::clone(acknowledged)));
    }
    let numbers = || acknowledged.iter().map(|number| number.load(Ordering::SeqCst)).collect::<Vec<_>>();
    let all_beyond = async |floor: Vec<i64>| {
        eventually("writes", async || {
            numbers().iter().zip(&floor).all(|(number, floor)| number > floor).then_some(())
        })
        .await;
    };
    let mut floor = vec![100; WRITERS];
    for _ in 0..2 {
        all_beyond(floor).await;
        tokio::task::block_in_place(|| server.kill());
        let unavailable = || metric(&scylla, "retries_total", &[("operation", "put")]);
        let until_now = unavailable();
        eventually("an outage", async || (unavailable() > until_now + 10.0).then_some(())).await;
        tokio::task::block_in_place(|| server.restart());
        floor = numbers().iter().map(|number| number + 100).collect();
    }
    all_beyond(floor).await;
    writers.shutdown().await;
    for (writer, last) in numbers().into_iter().enumerate() {
        let mut range = Range {
            from: vec![Value::BigInt(-last)],
            to: vec![Value::BigInt(last)],
            limit: 1_000,
            ..Range::default()
        };
        let mut found = 0;
        loop {
            let page = within("a page", scylla.range(&NUMBERED, &partition(writer), range.clone())).await;
            let page = page.expect("a page");
            found += page.rows.len() as i64;
            range.after = page.next;
            if range.after.is_none() {
                break;
            }
        }
        assert_eq!(found, 2 * last, "rows of writer {writer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_made_anew_after_an_outage() {
    /// A new session comes before the driver's own next attempt in most rounds.
    const ROUNDS: usize = 5;
    let proxy = Proxy::start().await;
    let rebuild_after = Duration::from_secs(1);
    let config = Config { nodes: proxy.address(), rebuild_after, ..config(keyspace().await) };
    let scylla = connect_with(config).await;
    let partition = vec![Value::text(&fresh("case"))];
    let mut version = 0;
    let mut put = async || {
        version += 1;
        within("a write", scylla.put(&SINGLE, &partition, vec![single("a", version)])).await
    };
    let rebuilds = |outcome| metric(&scylla, "session_rebuilds_total", &[("outcome", outcome)]);
    for _ in 0..ROUNDS {
        put().await.expect("written");
        proxy.set(State::Cut);
        let failed = rebuilds("failed") + 3.0;
        within("attempts at a new session", async {
            while rebuilds("failed") < failed {
                assert!(put().await.is_err(), "written through a proxy that is cut");
            }
        })
        .await;
        proxy.set(State::Open);
        put().await.expect("written in the time of a call");
        if rebuilds("rebuilt") > 0.0 {
            return;
        }
    }
    panic!("no new session in {ROUNDS} outages");
}
