//! Batches and concurrency: whole or not at all, seen once acknowledged.

use std::sync::Arc;

use platform::ports::{PutRow, Tables};
use tokio::task::JoinSet;

use super::{Case, key, row, text};

pub async fn a_batch_is_seen_whole_or_not_at_all(tables: Arc<dyn Tables>) {
    const BATCHES: i64 = 300;
    const ROWS: i64 = 5;
    let case = Arc::new(Case::numbered(tables));
    let writing = Arc::clone(&case);
    let mut writer = JoinSet::new();
    writer.spawn(async move {
        for version in 1..=BATCHES {
            let text = version.to_string();
            writing.put((0..ROWS).map(|number| row(number, "n", &text, version)).collect()).await;
        }
    });
    let keys: Vec<_> = (0..ROWS).map(|number| key(number, "n")).collect();
    let mut seen = 0;
    while seen < BATCHES {
        for rows in [case.get(&keys).await, case.all().await] {
            let versions: Vec<i64> = rows.iter().map(|row| row.version.0).collect();
            let first = versions.first().copied().unwrap_or(0);
            assert!(versions.iter().all(|version| *version == first), "part of a batch: {versions:?}");
            assert!(versions.is_empty() || versions.len() == ROWS as usize, "part of a batch: {versions:?}");
            assert!(first >= seen, "an older batch after a newer one");
            seen = first;
        }
        tokio::task::yield_now().await;
    }
    writer.join_next().await.expect("a task").expect("a writing task");
}

pub async fn an_acknowledged_write_is_seen(tables: Arc<dyn Tables>) {
    let case = Case::numbered(tables);
    for version in 1..200 {
        let put = row(version % 3, "n", &version.to_string(), version);
        case.put(vec![put.clone()]).await;
        let read = case.get_one(put.key).await.expect("the row just written");
        assert_eq!(read.version.0, version);
    }
}

pub async fn of_concurrent_writes_the_highest_version_stays(tables: Arc<dyn Tables>) {
    const TASKS: i64 = 8;
    const EACH: i64 = 50;
    let case = Arc::new(Case::numbered(tables));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let case = Arc::clone(&case);
        tasks.spawn(async move {
            for round in 0..EACH {
                // Every task writes every row, each version once, in an order of its own.
                let version = 1 + (round * 7 + task * 13) % EACH * TASKS + task;
                let rows: Vec<PutRow> =
                    (0..3).map(|number| row(number, "n", &version.to_string(), version)).collect();
                case.put(rows).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a writing task");
    }
    let highest = (TASKS * EACH).to_string();
    let kept = case.all().await;
    assert_eq!(kept.iter().map(text).collect::<Vec<_>>(), [highest.as_str(); 3]);
}
