//! Closing and opening again: everything is where it was, and a folder has one owner.

use std::sync::Arc;

use musclemap_embedded::{OpenError, Options, Store};
use platform::clock::SystemClock;
use platform::ports::{Log, LogError, MembershipChange, PutRow, Tables, TablesError};
use schemas::position::Version;
use schemas::tables::{self, Value};
use schemas::topics::{ACCOUNT_COMMANDS, EVENTS, VERDICTS};

use super::{append, open, read_all, record, texts};

fn user_row(name: &str, version: i64) -> PutRow {
    PutRow {
        key: Vec::new(),
        columns: vec![Value::text(name), Value::text(name), Value::Null],
        version: Version(version),
        time_to_live: None,
    }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("not/there/yet");
    let partition = [Value::text("u1")];
    for round in 0..3 {
        let store = open(&path);
        let (log, tables) = (store.log(), store.tables());
        for number in 0..10 {
            let offset = append(&*log, record(&EVENTS, 1, format!("{round} {number}"))).await;
            assert_eq!(offset, round * 10 + number);
        }
        assert_eq!(append(&*log, record(&VERDICTS, 7, "v")).await, round);
        let read = texts(&read_all(&*log, &EVENTS, 1, 0).await);
        assert_eq!(read.len(), 10 * (round as usize + 1));
        assert_eq!((read[0].as_str(), read[9].as_str()), ("0 0", "0 9"));

        let before = tables.get(&tables::USERS, &partition, &[Vec::new()]).await.expect("a read");
        let versions: Vec<i64> = before.iter().map(|row| row.version.0).collect();
        assert_eq!(versions, if round == 0 { vec![] } else { vec![round] });
        tables.put(&tables::USERS, &partition, vec![user_row("name", round + 1)]).await.expect("written");
        // Older versions lose against what was stored before the restart, too.
        tables.put(&tables::USERS, &partition, vec![user_row("old", 0)]).await.expect("written");

        let mut member = log.join("group", &ACCOUNT_COMMANDS).await.expect("a member");
        assert!(matches!(member.next().await, Ok(MembershipChange::Assigned(all)) if all.len() == 8));
        let committed = member.committed(3).await.expect("an answer");
        assert_eq!(committed, (round > 0).then_some(round - 1));
        member.commit(3, round).await.expect("committed");
    }
}

#[tokio::test]
async fn a_second_opening_is_refused_until_everything_of_the_first_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let again = || Store::open(folder.path(), Arc::new(SystemClock));
    match again() {
        Err(error @ OpenError::InUse(_)) => {
            let message = error.to_string();
            assert!(message.ends_with("is in use by another process"), "{message}");
        }
        other => panic!("expected a refusal, got {:?}", other.err()),
    }
    drop(store);
    again().expect("a store that is free");
}

#[tokio::test]
async fn another_number_of_partitions_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path()));
    let options = Options { partitions: 64, ..Options::default() };
    match Store::open_with(folder.path(), Arc::new(SystemClock), options) {
        Err(OpenError::Partitions { stored: 8, wanted: 64, .. }) => {}
        other => panic!("expected a refusal, got {:?}", other.err()),
    }
    drop(open(folder.path()));
}

#[tokio::test]
async fn handles_that_outlive_the_store_are_refused_and_wake_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let (log, tables) = (store.log(), store.tables());
    let receipt = log.enqueue(record(&EVENTS, 0, "last")).await.expect("an open log");
    let mut reader = log.read(&EVENTS, 0, 0).await.expect("a reader");
    let mut member = log.join("group", &EVENTS).await.expect("a member");
    assert!(matches!(member.next().await, Ok(MembershipChange::Assigned(_))));
    drop(store);

    assert_eq!(receipt.await.expect("what was queued is appended"), 0);
    assert_eq!(texts(&reader.next().await.expect("what was appended is read")), ["last"]);
    assert!(matches!(reader.next().await, Err(LogError::Closed(_))));
    assert!(matches!(member.next().await, Err(LogError::Closed(_))));
    assert!(matches!(log.enqueue(record(&EVENTS, 0, "late")).await.err(), Some(LogError::Closed(_))));
    let late = tables.put(&tables::USERS, &[Value::text("u1")], vec![user_row("late", 1)]).await;
    assert!(matches!(late, Err(TablesError::Unavailable(_))));
}

#[tokio::test]
async fn records_beyond_the_tail_in_memory_are_read_from_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let log = store.log();
    for number in 0..60_u8 {
        append(&*log, record(&EVENTS, 0, vec![number; 20_000])).await;
    }
    let read = read_all(&*log, &EVENTS, 0, 0).await;
    assert_eq!(read.len(), 60);
    for (number, record) in (0..).zip(read) {
        assert_eq!(record.offset, i64::from(number));
        assert!(record.value.iter().all(|byte| *byte == number) && record.value.len() == 20_000);
    }
}
