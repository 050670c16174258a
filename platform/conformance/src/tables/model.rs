//! Random writes against a naive model: a map that keeps the highest version.

use std::collections::BTreeMap;
use std::sync::Arc;

use platform::ports::{PutRow, Range, Row, Tables};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::tables::Value;

use super::{Case, as_read, key, row};

const NAMES: [&str; 5] = ["", "a", "aa", "b", "é"];

pub async fn random_writes_agree_with_a_naive_model(tables: Arc<dyn Tables>) {
    for seed in 0..5 {
        let case = Case::numbered(Arc::clone(&tables));
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut model: BTreeMap<Vec<Value>, Row> = BTreeMap::new();
        for step in 0..120 {
            let rows: Vec<PutRow> = (0..random.random_range(1..6)).map(|_| a_row(&mut random)).collect();
            for put in &rows {
                let kept = model.entry(put.key.clone()).or_insert_with(|| as_read(put));
                if put.version > kept.version {
                    *kept = as_read(put);
                }
            }
            case.put(rows).await;
            compare(&case, &model, &mut random, &format!("seed {seed}, step {step}")).await;
        }
        assert_eq!(case.all().await, model.into_values().collect::<Vec<_>>(), "seed {seed}");
    }
}

/// Few keys and few versions, so that they meet. A version determines what it writes to a key.
fn a_row(random: &mut ChaCha8Rng) -> PutRow {
    let version = random.random_range(1..40);
    let number = random.random_range(-2..3);
    let name = NAMES.choose(random).copied().unwrap_or_default();
    let mut put = row(number, name, &format!("{number} {name} {version}"), version);
    if version % 3 == 0 {
        put.columns[1] = Value::Null;
    }
    put
}

async fn compare(case: &Case, model: &BTreeMap<Vec<Value>, Row>, random: &mut ChaCha8Rng, when: &str) {
    let bound = |random: &mut ChaCha8Rng| -> Vec<Value> {
        let name = NAMES.choose(random).copied().unwrap_or_default();
        let mut bound = key(random.random_range(-3..4), name);
        bound.truncate(random.random_range(0..3));
        bound
    };
    let range = Range {
        from: bound(random),
        to: bound(random),
        descending: random.random(),
        limit: random.random_range(1..12),
        after: None,
    };
    let is_within =
        |key: &[Value]| key[..range.from.len()] >= range.from[..] && key[..range.to.len()] <= range.to[..];
    let mut expected: Vec<Row> = model.values().filter(|row| is_within(&row.key)).cloned().collect();
    if range.descending {
        expected.reverse();
    }
    let more = expected.len() > range.limit;
    expected.truncate(range.limit);
    let page = case.range(range.clone()).await;
    assert_eq!(page.rows, expected, "{when}: {range:?}");
    assert!(page.next.is_some() || !more, "{when}: {range:?} has more");

    let keys: Vec<Vec<Value>> = (0..4).map(|_| a_row(random).key).collect();
    let expected: Vec<Row> =
        model.iter().filter(|(key, _)| keys.contains(key)).map(|(_, row)| row.clone()).collect();
    assert_eq!(case.get(&keys).await, expected, "{when}: {keys:?}");
}
