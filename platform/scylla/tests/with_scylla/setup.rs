//! Tables are made once, checked ever after, and never changed.

use musclemap_scylla::setup::{SetupError, ensure};
use musclemap_scylla::{ConnectError, Difference, Scylla};
use schemas::tables::{Column, ColumnType, Table};

use crate::{config, fresh_keyspace, session};

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind }
}

static TABLE: Table = Table {
    name: "people",
    purpose: "it's what a test is about",
    partition: &[column("name", ColumnType::Text)],
    clustering: &[column("year", ColumnType::Int)],
    columns: &[column("weight", ColumnType::BigInt)],
    time_to_live: None,
};

/// The same, of another version.
static CHANGED: Table = Table {
    name: "people",
    purpose: "it's what a test is about",
    partition: &[column("name", ColumnType::Text)],
    clustering: &[column("year", ColumnType::Int)],
    columns: &[column("weight", ColumnType::Int), column("height", ColumnType::Int)],
    time_to_live: None,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_another_version_are_refused() {
    let config = config(&fresh_keyspace());
    let missing = Scylla::connect(config.clone(), &[&TABLE]).await.map(drop);
    assert!(matches!(missing, Err(ConnectError::MissingTable("people"))), "{missing:?}");
    for _ in 0..2 {
        ensure(&config, 1, &[&TABLE]).await.expect("the table");
    }
    Scylla::connect(config.clone(), &[&TABLE]).await.expect("a connection");

    let difference = |column: &str, wanted: &str, found: Option<&str>| Difference {
        table: "people",
        column: column.into(),
        wanted: Some(wanted.into()),
        found: found.map(str::to_owned),
    };
    let wanted = [
        difference("height", "regular int", None),
        difference("weight", "regular int", Some("regular bigint")),
    ];
    match Scylla::connect(config.clone(), &[&CHANGED]).await.map(drop) {
        Err(ConnectError::Different(found)) => assert_eq!(found, wanted),
        other => panic!("{other:?}"),
    }
    match ensure(&config, 1, &[&CHANGED]).await {
        Err(SetupError::Different(found)) => assert_eq!(found, wanted),
        other => panic!("{other:?}"),
    }
    // Nothing was changed.
    Scylla::connect(config.clone(), &[&TABLE]).await.expect("a connection");
    let dropped = session().await.query_unpaged(format!("DROP KEYSPACE {}", config.keyspace), ()).await;
    dropped.expect("no keyspace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyspace_that_cannot_be_is_refused() {
    let bad = ensure(&config("not; a name"), 1, &[&TABLE]).await;
    assert!(matches!(bad, Err(SetupError::Connect(ConnectError::Config(_)))), "{bad:?}");
}
