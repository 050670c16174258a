//! Keys: partitions that look alike, and the order of rows by every type.

use std::sync::Arc;

use platform::ports::{PutRow, Tables};
use schemas::position::Version;
use schemas::tables::Value;

use super::{Case, samples, text};
use crate::harness::fresh;

fn keyed(key: Vec<Value>, text: &str) -> PutRow {
    PutRow { key, columns: vec![Value::text(text)], version: Version(1), time_to_live: None }
}

fn clustering(int: i32, text: &str, blob: &[u8], boolean: bool, at: i64) -> Vec<Value> {
    vec![Value::Int(int), Value::text(text), Value::blob(blob), Value::Boolean(boolean), Value::Timestamp(at)]
}

pub async fn partitions_do_not_mix(tables: Arc<dyn Tables>) {
    let name = fresh("case");
    let alike = [
        (name.clone(), &[][..], 0),
        (name.clone(), &[0][..], 0),
        (name.clone(), &[0, 0][..], 0),
        (name.clone(), &[0, 255][..], 0),
        (name.clone(), &[255][..], 0),
        (name.clone(), &[255, 255][..], 0),
        (name.clone(), &[][..], -1),
        (name.clone(), &[][..], 1),
        (name.clone(), &[][..], i32::MIN),
        (name.clone(), &[][..], i32::MAX),
        (format!("{name}a"), &[][..], 0),
        (format!("{name}ab"), &[][..], 0),
        (format!("{name}\u{1}"), &[][..], 0),
    ];
    let cases: Vec<Case> = alike
        .iter()
        .map(|(name, blob, int)| Case {
            tables: Arc::clone(&tables),
            table: &samples::KEYED,
            partition: vec![Value::text(name), Value::blob(blob), Value::Int(*int)],
        })
        .collect();
    for (number, case) in cases.iter().enumerate() {
        let rows = (0..3).map(|int| keyed(clustering(int, "", &[], false, 0), &number.to_string()));
        case.put(rows.collect()).await;
    }
    for (number, case) in cases.iter().enumerate() {
        let number = number.to_string();
        let rows = case.all().await;
        assert_eq!(rows.iter().map(text).collect::<Vec<_>>(), [number.as_str(); 3], "{:?}", case.partition);
    }
}

pub async fn rows_stand_in_the_order_of_their_keys(tables: Arc<dyn Tables>) {
    let partition = vec![Value::text(&fresh("case")), Value::blob(b"p"), Value::Int(1)];
    let case = Case { tables, table: &samples::KEYED, partition };
    let mut keys = vec![clustering(0, "", &[], false, 0)];
    keys.extend([i32::MIN, -256, -1, 1, 255, 256, i32::MAX].map(|int| clustering(int, "", &[], false, 0)));
    keys.extend(["a", "aa", "ab", "b", "B", "é", "z", "🦀"].map(|text| clustering(0, text, &[], false, 0)));
    let blobs: [&[u8]; 7] = [&[0], &[0, 0], &[0, 1], &[0, 255], &[1], &[255], &[255, 0]];
    keys.extend(blobs.map(|blob| clustering(0, "", blob, false, 0)));
    keys.extend([i64::MIN, -1, 1, 1_900_000_000_000].map(|at| clustering(0, "", &[], false, at)));
    keys.extend([-1, 0, 1].map(|at| clustering(0, "", &[], true, at)));
    // Put in another order than they stand in.
    for (number, key) in keys.iter().enumerate().rev() {
        case.put(vec![keyed(key.clone(), &number.to_string())]).await;
    }
    let read: Vec<Vec<Value>> = case.all().await.into_iter().map(|row| row.key).collect();
    keys.sort();
    assert_eq!(read, keys);
    // Each of them is found by its key too.
    for key in keys {
        assert!(case.get_one(key.clone()).await.is_some(), "{key:?} is not found");
    }
}
