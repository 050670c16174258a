//! What is refused writes nothing; what does not fit is not even sent.

use std::time::Duration;

use conformance::harness::fresh;
use conformance::tables::samples::{self, NUMBERED, SINGLE};
use musclemap_scylla::{Config, Scylla};
use platform::ports::{PutRow, Range, Tables, TablesError};
use schemas::position::Version;
use schemas::tables::Value;

use crate::proxy::Proxy;
use crate::{config, connect, connect_with, keyspace, metric, single};

fn row(number: i64) -> PutRow {
    PutRow {
        key: vec![Value::BigInt(number), Value::text("n")],
        columns: samples::columns("text"),
        version: Version(1),
        time_to_live: None,
    }
}

fn is_refused<T>(result: &Result<T, TablesError>) -> bool {
    matches!(result, Err(TablesError::Refused(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_not_sent() {
    let proxy = Proxy::start().await;
    let scylla = connect_with(Config { nodes: proxy.address(), ..config(keyspace().await) }).await;
    let partition = [Value::text(&fresh("case"))];
    let sent = proxy.requests();
    let mut no_text = row(2);
    no_text.columns[0] = Value::Int(1);
    let long_key = PutRow { key: vec![Value::BigInt(2), Value::text(&"k".repeat(70_000))], ..row(2) };
    let too_long = PutRow { time_to_live: Some(Duration::from_secs(u64::MAX)), ..row(2) };
    let no_version = PutRow { version: Version(i64::MIN), ..row(2) };
    for bad in [no_text, long_key, too_long, no_version] {
        let put = scylla.put(&NUMBERED, &partition, vec![row(1), bad]).await;
        assert!(is_refused(&put), "{put:?}");
    }
    assert!(is_refused(&scylla.put(&SINGLE, &[Value::text("")], vec![single("a", 1)]).await));
    let keys: Vec<_> = (0..101).map(|number| row(number).key).collect();
    assert!(is_refused(&scylla.get(&NUMBERED, &partition, &keys).await));
    assert!(is_refused(&scylla.range(&NUMBERED, &partition, Range::default()).await));
    scylla.put(&NUMBERED, &partition, Vec::new()).await.expect("nothing to do");
    assert_eq!(proxy.requests(), sent);
    assert_eq!(metric(&scylla, "requests_total", &[("outcome", "refused")]), 7.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_were_not_connected_to_are_refused() {
    let scylla = Scylla::connect(config(keyspace().await), &[&SINGLE]).await.expect("a connection");
    let partition = [Value::text(&fresh("case"))];
    assert!(is_refused(&scylla.put(&NUMBERED, &partition, vec![row(1)]).await));
    assert_eq!(metric(&scylla, "requests_total", &[("table", "unknown")]), 1.0);
    scylla.put(&SINGLE, &partition, vec![single("a", 1)]).await.expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_the_server_finds_too_large_writes_nothing() {
    let scylla = connect().await;
    let partition = [Value::text(&fresh("case"))];
    let mut large = row(2);
    large.columns[1] = Value::blob(&vec![7; 6 * 1024 * 1024]);
    let put = scylla.put(&NUMBERED, &partition, vec![row(1), large]).await;
    let all = Range { limit: 10, ..Range::default() };
    let rows = scylla.range(&NUMBERED, &partition, all).await.expect("a page").rows;
    // Where the limit lies is the server's affair.
    match put {
        Ok(()) => assert_eq!(rows.len(), 2),
        Err(TablesError::Refused(_)) => assert_eq!(rows, []),
        Err(other) => panic!("{other}"),
    }
}
