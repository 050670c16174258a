//! Single rows: values, versions, expiry, refusals.

use std::sync::Arc;
use std::time::Duration;

use platform::ports::{PutRow, Tables, TablesError};
use schemas::position::Version;
use schemas::tables::Value;

use super::{Case, as_read, key, row, samples, text};
use crate::harness::{eventually, fresh};

pub async fn a_row_is_read_as_it_was_put(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    let every_byte: Vec<u8> = (0..=255).collect();
    let columns = [
        vec![Value::Null; 6],
        samples::columns("plain"),
        vec![
            Value::text(""),
            Value::blob(&[]),
            Value::Int(i32::MIN),
            Value::BigInt(i64::MIN),
            Value::Boolean(false),
            Value::Timestamp(0),
        ],
        vec![
            Value::text("line\nbreak, 'quote', émoji 🦀"),
            Value::blob(&every_byte),
            Value::Int(i32::MAX),
            Value::BigInt(i64::MAX),
            Value::Boolean(true),
            Value::Timestamp(1_900_000_000_123),
        ],
        vec![
            Value::Null,
            Value::blob(&[0]),
            Value::Null,
            Value::BigInt(-1),
            Value::Null,
            Value::Timestamp(-1),
        ],
    ];
    for (number, columns) in (0..).zip(columns) {
        let put = PutRow { columns, ..row(number, "", "", number + 1) };
        case.put(vec![put.clone()]).await;
        assert_eq!(case.get_one(put.key.clone()).await, Some(as_read(&put)));
    }
}

pub async fn a_row_is_replaced_whole(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    case.put(vec![row(1, "a", "older", 1)]).await;
    let mut columns = vec![Value::Null; 6];
    columns[2] = Value::Int(7);
    let newer = PutRow { columns, ..row(1, "a", "", 2) };
    case.put(vec![newer.clone()]).await;
    assert_eq!(case.get_one(key(1, "a")).await, Some(as_read(&newer)));
    // Older columns stay cleared, whatever comes late.
    case.put(vec![row(1, "a", "older", 1)]).await;
    assert_eq!(case.get_one(key(1, "a")).await, Some(as_read(&newer)));
}

pub async fn the_higher_version_stays_in_either_order(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    let (lower, higher) = (row(1, "a", "lower", 10), row(1, "a", "higher", 11));
    case.put(vec![lower.clone()]).await;
    case.put(vec![higher.clone()]).await;
    assert_eq!(case.get_one(key(1, "a")).await, Some(as_read(&higher)));

    let again = Case::numbered(Arc::clone(&case.tables));
    again.put(vec![higher.clone()]).await;
    again.put(vec![lower.clone()]).await;
    assert_eq!(again.get_one(key(1, "a")).await, Some(as_read(&higher)));

    // Versions as they are made from positions.
    let (first, last) = (Version::of(0), Version::of((1 << 36) - 1));
    again.put(vec![PutRow { version: last, ..row(2, "b", "last", 0) }]).await;
    again.put(vec![PutRow { version: first, ..row(2, "b", "first", 0) }]).await;
    let kept = again.get_one(key(2, "b")).await.expect("a row");
    assert_eq!((text(&kept), kept.version), ("last", last));
    again.put(vec![PutRow { version: Version::ERASED, ..row(2, "b", "erased", 0) }]).await;
    again.put(vec![PutRow { version: last, ..row(2, "b", "later", 0) }]).await;
    let kept = again.get_one(key(2, "b")).await.expect("a row");
    assert_eq!((text(&kept), kept.version), ("erased", Version::ERASED));
}

pub async fn an_equal_version_changes_nothing(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    let put = row(1, "a", "same", 5);
    for _ in 0..3 {
        case.put(vec![put.clone()]).await;
        assert_eq!(case.all().await, [as_read(&put)]);
    }
}

pub async fn get_finds_what_exists_in_order(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    let rows: Vec<PutRow> = (0..50).map(|number| row(number, "n", &number.to_string(), 1)).collect();
    case.put(rows).await;
    assert_eq!(case.get(&[]).await, []);
    assert_eq!(case.get_one(key(3, "other")).await, None);
    let wanted: Vec<Vec<Value>> = [40, 7, 99, 13, -1, 0].map(|number| key(number, "n")).into();
    let found: Vec<String> = case.get(&wanted).await.iter().map(|row| text(row).to_owned()).collect();
    assert_eq!(found, ["0", "7", "13", "40"]);
    let hundred: Vec<Vec<Value>> = (0..100).map(|number| key(number, "n")).collect();
    assert_eq!(case.get(&hundred).await.len(), 50);
}

pub async fn a_table_without_clustering_has_one_row_a_partition(tables: Arc<dyn Tables>) {
    let partition = vec![Value::text(&fresh("case"))];
    let case = Case { tables, table: &samples::SINGLE, partition };
    let put = |text, version| PutRow {
        key: Vec::new(),
        columns: vec![Value::text(text)],
        version: Version(version),
        time_to_live: None,
    };
    assert_eq!(case.get_one(Vec::new()).await, None);
    case.put(vec![put("newer", 2)]).await;
    case.put(vec![put("older", 1)]).await;
    assert_eq!(case.get_one(Vec::new()).await, Some(as_read(&put("newer", 2))));
    assert_eq!(case.all().await.len(), 1);
}

pub async fn a_large_value_survives(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    let large: Vec<u8> = (0..200 * 1024_usize).map(|at| (at * 31 % 251) as u8).collect();
    let mut put = row(1, "large", "large", 1);
    put.columns[1] = Value::blob(&large);
    case.put(vec![put.clone()]).await;
    assert!(case.get_one(key(1, "large")).await == Some(as_read(&put)), "a large value came back changed");
}

pub async fn a_row_is_gone_after_its_time_to_live(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    let short =
        |number| PutRow { time_to_live: Some(Duration::from_secs(2)), ..row(number, "n", "short", 1) };
    let long = PutRow { time_to_live: Some(Duration::from_secs(3_600)), ..row(3, "n", "long", 1) };
    case.put(vec![short(1), short(2), long.clone(), row(4, "n", "for ever", 1)]).await;
    assert_eq!(case.all().await.len(), 4);
    // A later version without an expiry stays.
    let kept = row(2, "n", "kept", 2);
    case.put(vec![kept.clone()]).await;
    let left = eventually("the row's end", async || {
        let rows = case.all().await;
        (rows.len() < 4).then_some(rows)
    })
    .await;
    assert_eq!(left, [as_read(&kept), as_read(&long), as_read(&row(4, "n", "for ever", 1))]);
    assert_eq!(case.get_one(key(1, "n")).await, None);
}

pub async fn what_does_not_fit_the_table_is_refused_whole(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    let good = row(1, "good", "good", 1);
    let mut another_type = row(2, "n", "bad", 1);
    another_type.columns[0] = Value::Int(1);
    let mut too_few = row(2, "n", "bad", 1);
    too_few.columns.pop();
    let mut too_many = row(2, "n", "bad", 1);
    too_many.columns.push(Value::Null);
    let key_of = |key: Vec<Value>| PutRow { key, ..row(2, "n", "bad", 1) };
    let bad = [
        another_type,
        too_few,
        too_many,
        key_of(vec![Value::BigInt(2)]),
        key_of(vec![Value::BigInt(2), Value::Null]),
        key_of(vec![Value::Int(2), Value::text("n")]),
        key_of(vec![Value::BigInt(2), Value::text("n"), Value::text("n")]),
    ];
    let is_refused = |error: &TablesError| matches!(error, TablesError::Refused(_));
    for bad in bad {
        let put = case.try_put(vec![good.clone(), bad.clone()]).await;
        assert!(put.as_ref().is_err_and(is_refused), "{bad:?} gave {put:?}");
    }
    for partition in [vec![], vec![Value::Null], vec![Value::Int(1)]] {
        let put = case.tables.put(case.table, &partition, vec![good.clone()]).await;
        assert!(put.as_ref().is_err_and(is_refused), "partition {partition:?} gave {put:?}");
    }
    assert_eq!(case.all().await, [], "something of a refused batch was written");
}
