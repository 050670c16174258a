//! Reading: from anywhere, waiting at the end, marks and times.

use std::sync::Arc;

use platform::clock::{Clock, SystemClock};
use platform::ports::{Log, LogError};
use schemas::topics::ACCOUNT_EVENTS;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Case, numbers};
use crate::harness::{eventually, within};

pub async fn a_reader_starts_in_the_middle(log: Arc<dyn Log>) {
    let case = Case::begin(log, &ACCOUNT_EVENTS, 1).await;
    let offsets = case.append_numbered(100).await;
    for middle in [1, 50, 99] {
        let mut reader = case.reader(offsets[middle]).await;
        let read = case.read(&mut *reader, 100 - middle).await;
        assert_eq!(numbers(&read), (middle..100).collect::<Vec<_>>());
    }
}

pub async fn a_reader_waits_at_the_end(log: Arc<dyn Log>) {
    const COUNT: usize = 50;
    let case = Arc::new(Case::begin(log, &ACCOUNT_EVENTS, 2).await);
    let mut reader = case.reader(case.start).await;
    let (seen, mut next) = watch::channel(0);
    let waiting = Arc::clone(&case);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        for count in 1..=COUNT {
            assert_eq!(numbers(&waiting.read(&mut *reader, 1).await), [count]);
            seen.send_replace(count);
        }
    });
    // Each is appended once the reader is at the end, where it mostly waits already.
    for count in 1..=COUNT {
        case.append(case.numbered(count)).await;
        within("the waiting reader", next.wait_for(|seen| *seen == count)).await.expect("a reader");
    }
    tasks.join_next().await.expect("a task").expect("a reading task");
}

pub async fn a_wait_that_is_given_up_loses_nothing(log: Arc<dyn Log>) {
    const COUNT: usize = 300;
    let case = Arc::new(Case::begin(log, &ACCOUNT_EVENTS, 3).await);
    let appending = Arc::clone(&case);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        for number in 0..COUNT {
            appending.append(appending.numbered(number)).await;
        }
    });
    let mut reader = case.reader(case.start).await;
    let mut read = Vec::new();
    let giving_up = async {
        while read.len() < COUNT {
            tokio::select! {
                biased;
                page = reader.next() => {
                    let page = page.expect("records");
                    read.extend(page.into_iter().filter(|record| case.is_mine(record)));
                }
                // Given up the first time that it has to wait.
                () = tokio::task::yield_now() => {}
            }
        }
    };
    within("records between waits", giving_up).await;
    assert_eq!(numbers(&read), (0..COUNT).collect::<Vec<_>>());
    tasks.join_next().await.expect("a task").expect("an appending task");
}

pub async fn readers_do_not_disturb_each_other(log: Arc<dyn Log>) {
    let case = Case::begin(log, &ACCOUNT_EVENTS, 4).await;
    case.append_numbered(50).await;
    let mut fast = case.reader(case.start).await;
    let mut slow = case.reader(case.start).await;
    assert_eq!(case.read(&mut *fast, 50).await.len(), 50);
    case.append(case.numbered(50)).await;
    assert_eq!(numbers(&case.read(&mut *fast, 1).await), [50]);
    drop(fast);
    assert_eq!(numbers(&case.read(&mut *slow, 51).await), (0..=50).collect::<Vec<_>>());
}

pub async fn who_reads_lazily_gets_the_same(log: Arc<dyn Log>) {
    let case = Case::begin(log.clone(), &ACCOUNT_EVENTS, 4).await;
    let opened = log.read_lazily(&ACCOUNT_EVENTS, 4, case.start);
    let (mut lazy, mut at_once) =
        (within("a reader", opened).await.expect("a place"), case.reader(case.start).await);
    for from in [0, 50] {
        for number in from..from + 50 {
            case.append(case.numbered(number)).await;
        }
        let expected: Vec<_> = (from..from + 50).collect();
        assert_eq!(numbers(&case.read(&mut *at_once, 50).await), expected);
        assert_eq!(numbers(&case.read(&mut *lazy, 50).await), expected);
    }
}

pub async fn a_place_outside_the_marks_is_out_of_range(log: Arc<dyn Log>) {
    let marks = log.marks(&ACCOUNT_EVENTS, 5).await.expect("marks of a partition");
    for wanted in [marks.low - 1, marks.end + 1_000_000] {
        // An adapter may find out only when it reads.
        let read = async { log.read(&ACCOUNT_EVENTS, 5, wanted).await?.next().await };
        match within("an answer", read).await {
            Err(LogError::OutOfRange { wanted: named, marks: now }) => {
                assert_eq!(named, wanted);
                assert!(now.low >= marks.low && now.end >= marks.end);
            }
            other => panic!("reading at {wanted} of {marks:?} gave {other:?}"),
        }
    }
    // The end itself is a place to wait at.
    within("a reader", log.read(&ACCOUNT_EVENTS, 5, marks.end)).await.expect("a reader at the end");
}

pub async fn marks_enclose_what_was_appended(log: Arc<dyn Log>) {
    let case = Case::begin(Arc::clone(&log), &ACCOUNT_EVENTS, 6).await;
    let offsets = case.append_numbered(10).await;
    let marks = log.marks(&ACCOUNT_EVENTS, 6).await.expect("marks of a partition");
    assert!(marks.low <= case.start, "{marks:?} from {}", case.start);
    assert!(marks.end > offsets[9], "{marks:?} after {offsets:?}");
}

pub async fn a_time_has_its_position(log: Arc<dyn Log>) {
    let case = Case::begin(Arc::clone(&log), &ACCOUNT_EVENTS, 7).await;
    let at = async |time| {
        within("a position", log.position_at(&ACCOUNT_EVENTS, 7, time)).await.expect("a position")
    };
    case.append(case.numbered(0)).await;
    let mut reader = case.reader(case.start).await;
    let first = case.read(&mut *reader, 1).await.remove(0);
    // The broker's clock decides when a later time begins.
    let second = eventually("a record of a later time", async || {
        case.append(case.numbered(1)).await;
        let next = case.read(&mut *reader, 1).await.remove(0);
        (next.time > first.time).then_some(next)
    })
    .await;

    assert!(at(first.time).await <= first.offset);
    let position = at(second.time).await;
    assert!(first.offset < position && position <= second.offset, "{position} for {second:?}");
    let found = within("records", case.reader(position).await.next()).await.expect("records");
    assert!(found[0].time >= second.time);

    let marks = log.marks(&ACCOUNT_EVENTS, 7).await.expect("marks of a partition");
    assert_eq!(at(0).await, marks.low);
    let tomorrow = SystemClock.now() + 24 * 60 * 60 * 1_000;
    assert!(at(tomorrow).await >= marks.end, "no record is of tomorrow");
}
