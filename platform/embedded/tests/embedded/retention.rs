//! Retention: what is too old goes, its place is out of range, and the low mark stays up.

use musclemap_embedded::Store;
use platform::ports::{Log, LogError, Marks};
use schemas::topics::{ACCOUNT_COMMANDS, PLATFORM_USERS, VERDICTS};

use super::{DAY, HOUR, ManualClock, append, read_all, record, texts};

#[tokio::test]
async fn records_go_when_their_topic_keeps_them_no_longer() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(100 * DAY);
    let store = Store::open(folder.path(), clock.clone()).expect("a store");
    let log = store.log();
    for topic in [&ACCOUNT_COMMANDS, &VERDICTS, &PLATFORM_USERS] {
        for number in 0..5 {
            append(&*log, record(topic, 2, format!("old {number}"))).await;
        }
    }
    clock.set(103 * DAY);
    append(&*log, record(&ACCOUNT_COMMANDS, 2, "young")).await;
    let mut reader = log.read(&ACCOUNT_COMMANDS, 2, 3).await.expect("a reader");

    // A week is kept, to the millisecond.
    assert_eq!(log.retain(100 * DAY + HOUR).expect("retained"), 0);
    assert_eq!(log.retain(100 * DAY + HOUR + 1).expect("retained"), 5, "verdicts are kept for an hour");
    assert_eq!(log.retain(107 * DAY).expect("retained"), 0);
    assert_eq!(log.retain(107 * DAY + 1).expect("retained"), 5);

    let marks = Marks { low: 5, end: 6 };
    assert_eq!(log.marks(&ACCOUNT_COMMANDS, 2).await.expect("marks"), marks);
    assert_eq!(texts(&read_all(&*log, &ACCOUNT_COMMANDS, 2, 5).await), ["young"]);
    for error in [log.read(&ACCOUNT_COMMANDS, 2, 4).await.err(), reader.next().await.err()] {
        assert!(matches!(error, Some(LogError::OutOfRange { marks: now, .. }) if now == marks), "{error:?}");
    }
    assert_eq!(log.position_at(&ACCOUNT_COMMANDS, 2, 0).await.expect("a position"), 5);
    assert_eq!(read_all(&*log, &PLATFORM_USERS, 2, 0).await.len(), 5, "compacted topics keep everything");
}

#[tokio::test]
async fn an_emptied_partition_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(DAY);
    let store = Store::open(folder.path(), clock.clone()).expect("a store");
    // More than one step removes.
    let mut last = None;
    for number in 0..2_500 {
        last = Some(store.log().enqueue(record(&VERDICTS, 0, format!("{number}"))).await.expect("room"));
    }
    last.expect("a receipt").await.expect("an appended record");
    assert_eq!(store.log().retain(2 * DAY).expect("retained"), 2_500);
    let emptied = Marks { low: 2_500, end: 2_500 };
    assert_eq!(store.log().marks(&VERDICTS, 0).await.expect("marks"), emptied);
    drop(store);

    let store = Store::open(folder.path(), clock).expect("a store");
    assert_eq!(store.log().marks(&VERDICTS, 0).await.expect("marks"), emptied);
    assert_eq!(append(&*store.log(), record(&VERDICTS, 0, "next")).await, 2_500);
}

#[tokio::test]
async fn an_old_record_behind_a_young_one_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(2 * DAY);
    let store = Store::open(folder.path(), clock.clone()).expect("a store");
    let log = store.log();
    append(&*log, record(&VERDICTS, 0, "young")).await;
    clock.set(DAY);
    append(&*log, record(&VERDICTS, 0, "the clock went back")).await;
    assert_eq!(log.retain(2 * DAY).expect("retained"), 0);
    let times: Vec<i64> = read_all(&*log, &VERDICTS, 0, 0).await.iter().map(|record| record.time).collect();
    assert_eq!(times, [2 * DAY, DAY], "times are the clock's, as they are");
    assert_eq!(log.position_at(&VERDICTS, 0, DAY).await.expect("a position"), 0);
    assert_eq!(log.position_at(&VERDICTS, 0, 2 * DAY + 1).await.expect("a position"), 2);
}
