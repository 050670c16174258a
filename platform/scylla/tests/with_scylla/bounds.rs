//! Every call ends, and no more requests are on their way than allowed.

use std::sync::Arc;
use std::time::Duration;

use conformance::harness::{eventually, fresh, within};
use conformance::tables::samples::SINGLE;
use musclemap_scylla::{Config, ConnectError, Scylla};
use platform::ports::{Tables, TablesError};
use schemas::tables::Value;
use tokio::task::JoinSet;

use crate::proxy::{Proxy, State};
use crate::{config, connect_with, keyspace, metric, single, tables};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_flight_are_bounded() {
    const BOUND: usize = 3;
    const CALLS: usize = 20;
    let proxy = Proxy::start().await;
    let narrow = Config { nodes: proxy.address(), in_flight: BOUND, ..config(keyspace().await) };
    let scylla = connect_with(narrow).await;
    let partition = || vec![Value::text(&fresh("case"))];
    scylla.put(&SINGLE, &partition(), vec![single("prepared", 1)]).await.expect("written");
    proxy.set(State::Held);
    let before = proxy.requests();
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let (scylla, partition) = (Arc::clone(&scylla), partition());
        calls.spawn(async move { scylla.put(&SINGLE, &partition, vec![single("a", 1)]).await });
    }
    eventually("requests", async || (proxy.requests() - before >= BOUND).then_some(())).await;
    assert_eq!(proxy.requests() - before, BOUND);
    proxy.set(State::Open);
    while let Some(done) = within("a call", calls.join_next()).await {
        done.expect("a task").expect("written");
    }
    assert_eq!(proxy.requests() - before, CALLS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_not_answered_ends_by_its_deadline() {
    let proxy = Proxy::start().await;
    let hasty = Config {
        nodes: proxy.address(),
        request_timeout: Duration::from_millis(300),
        call_timeout: Duration::from_millis(800),
        ..config(keyspace().await)
    };
    let scylla = connect_with(hasty).await;
    let partition = vec![Value::text(&fresh("case"))];
    scylla.put(&SINGLE, &partition, vec![single("a", 1)]).await.expect("written");
    proxy.set(State::Held);
    let began = tokio::time::Instant::now();
    let put = within("a write", scylla.put(&SINGLE, &partition, vec![single("b", 2)])).await;
    let get = within("a read", scylla.get(&SINGLE, &partition, &[vec![]])).await;
    assert!(matches!(put, Err(TablesError::Unavailable(_))), "{put:?}");
    assert!(matches!(get, Err(TablesError::Unavailable(_))), "{get:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?} for two calls", began.elapsed());
    assert!(metric(&scylla, "retries_total", &[("operation", "put")]) >= 1.0);
    let unavailable = [("table", SINGLE.name), ("outcome", "unavailable")];
    assert_eq!(metric(&scylla, "requests_total", &unavailable), 2.0);
    // The write may have happened; repeating it is harmless.
    proxy.set(State::Open);
    let put = async || scylla.put(&SINGLE, &partition, vec![single("b", 2)]).await.ok();
    eventually("a connection", put).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_not_there_is_said_in_time() {
    let proxy = Proxy::start().await;
    proxy.set(State::Cut);
    let config = Config { nodes: proxy.address(), ..config("musclemap") };
    let connected = within("a connection", Scylla::connect(config, &tables())).await;
    assert!(matches!(connected.map(drop), Err(ConnectError::Unavailable(_))));
}
