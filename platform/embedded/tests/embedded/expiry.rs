//! Expired rows: unseen from their expiry on, swept later, and only they.

use std::time::Duration;

use musclemap_embedded::Store;
use platform::ports::{PutRow, Range, Tables};
use schemas::position::Version;
use schemas::tables::{CONVERSATIONS_BY_USER, SNAPSHOTS, Value};

use super::{HOUR, ManualClock};

fn row(name: &str, version: i64, time_to_live: Option<Duration>) -> PutRow {
    PutRow {
        key: vec![Value::text(name)],
        columns: vec![Value::blob(name.as_bytes())],
        version: Version(version),
        time_to_live,
    }
}

/// Names and versions of all rows.
async fn all(tables: &dyn Tables) -> Vec<(String, i64)> {
    let range = Range { limit: 10_000, ..Range::default() };
    let page = tables.range(&CONVERSATIONS_BY_USER, &[Value::text("u")], range).await.expect("rows");
    let name = |row: &platform::ports::Row| format!("{:?}", row.key[0]);
    page.rows.iter().map(|row| (name(row).replace("Text(\"", "").replace("\")", ""), row.version.0)).collect()
}

#[tokio::test]
async fn a_row_is_unseen_from_its_expiry_on_and_swept_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(HOUR);
    let store = Store::open(folder.path(), clock.clone()).expect("a store");
    let tables = store.tables();
    let put =
        async |rows| tables.put(&CONVERSATIONS_BY_USER, &[Value::text("u")], rows).await.expect("written");
    let second = Some(Duration::from_secs(1));
    put(vec![row("ends", 5, second), row("renewed", 5, second), row("stays", 5, None)]).await;
    put(vec![row("renewed", 6, Some(Duration::from_secs(2)))]).await;
    // An equal write does not prolong.
    clock.set(HOUR + 500);
    put(vec![row("ends", 5, second)]).await;

    let named = |rows: &[(&str, i64)]| -> Vec<(String, i64)> {
        rows.iter().map(|(name, version)| ((*name).to_owned(), *version)).collect()
    };
    clock.set(HOUR + 999);
    assert_eq!(all(&*tables).await, named(&[("ends", 5), ("renewed", 6), ("stays", 5)]));
    clock.set(HOUR + 1_000);
    assert_eq!(all(&*tables).await, named(&[("renewed", 6), ("stays", 5)]));
    // Until it is swept, its version still counts.
    put(vec![row("ends", 4, None)]).await;
    assert_eq!(all(&*tables).await, named(&[("renewed", 6), ("stays", 5)]));

    assert_eq!(tables.sweep(HOUR + 1_000).await.expect("swept"), 2, "one row, and one stale expiry");
    assert_eq!(tables.sweep(HOUR + 1_000).await.expect("swept"), 0);
    assert_eq!(all(&*tables).await, named(&[("renewed", 6), ("stays", 5)]));
    put(vec![row("ends", 4, None)]).await;
    assert_eq!(all(&*tables).await, named(&[("ends", 4), ("renewed", 6), ("stays", 5)]));
}

#[tokio::test]
async fn a_table_gives_its_rows_their_time_and_a_sweep_goes_in_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(HOUR);
    let store = Store::open(folder.path(), clock.clone()).expect("a store");
    let tables = store.tables();
    let partition = [Value::text("bucket")];
    for number in 0..25 {
        let rows = (0..100).map(|nth| PutRow {
            key: vec![Value::text(&format!("{number} {nth}"))],
            columns: vec![Value::blob(&[]), Value::Timestamp(0)],
            version: Version(1),
            time_to_live: None,
        });
        tables.put(&SNAPSHOTS, &partition, rows.collect()).await.expect("written");
    }
    let one = Range { limit: 1, ..Range::default() };
    clock.set(26 * HOUR - 1);
    assert_eq!(tables.range(&SNAPSHOTS, &partition, one.clone()).await.expect("rows").rows.len(), 1);
    clock.set(26 * HOUR);
    assert_eq!(tables.range(&SNAPSHOTS, &partition, one).await.expect("rows").rows.len(), 0);
    assert_eq!(tables.sweep(26 * HOUR).await.expect("swept"), 2_500);
}
