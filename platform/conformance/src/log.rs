//! Cases for [`platform::ports::Log`], and how they write and find their own records.
//!
//! Invariant: a case counts only records that carry its tag; others may be in between.

pub mod appending;
pub mod groups;
pub mod reading;

use std::sync::Arc;

use platform::ports::{Log, Reader, Receipt, Record};
use schemas::position::{Offset, Partition};
use schemas::record::Outgoing;
use schemas::topics::Topic;

use crate::harness::{append, fresh, record, within};

const TAG_HEADER: &str = "conformance-case";

/// One partition, from where it ended when the case began.
struct Case {
    log: Arc<dyn Log>,
    topic: &'static Topic,
    partition: Partition,
    tag: String,
    start: Offset,
}

impl Case {
    async fn begin(log: Arc<dyn Log>, topic: &'static Topic, partition: Partition) -> Self {
        let marks = within("marks", log.marks(topic, partition)).await.expect("marks of a partition");
        Self { log, topic, partition, tag: fresh("case"), start: marks.end }
    }

    /// A record of this case.
    fn record(&self, value: impl Into<Vec<u8>>) -> Outgoing {
        let headers = vec![(TAG_HEADER, self.tag.clone().into_bytes())];
        Outgoing { headers, ..record(self.topic, self.partition, value) }
    }

    fn numbered(&self, number: usize) -> Outgoing {
        self.record(number.to_string())
    }

    async fn enqueue(&self, record: Outgoing) -> Receipt {
        within("enqueue", self.log.enqueue(record)).await.expect("room in the queue")
    }

    async fn append(&self, record: Outgoing) -> Offset {
        append(&*self.log, record).await
    }

    /// Appends `count` numbered records; their offsets.
    async fn append_numbered(&self, count: usize) -> Vec<Offset> {
        let mut receipts = Vec::new();
        for number in 0..count {
            receipts.push(self.enqueue(self.numbered(number)).await);
        }
        let mut offsets = Vec::new();
        for receipt in receipts {
            offsets.push(within("a receipt", receipt).await.expect("an appended record"));
        }
        offsets
    }

    async fn reader(&self, from: Offset) -> Box<dyn Reader> {
        within("a reader", self.log.read(self.topic, self.partition, from)).await.expect("a readable place")
    }

    /// The next `count` records of this case.
    async fn read(&self, reader: &mut dyn Reader, count: usize) -> Vec<Record> {
        let mut found = Vec::new();
        while found.len() < count {
            let page = within("records", reader.next()).await.expect("records");
            assert!(!page.is_empty(), "a page has at least one record");
            found.extend(page.into_iter().filter(|record| self.is_mine(record)));
        }
        assert_eq!(found.len(), count, "more records than were appended");
        found
    }

    /// The `count` records that this case has appended.
    async fn read_all(&self, count: usize) -> Vec<Record> {
        self.read(&mut *self.reader(self.start).await, count).await
    }

    fn is_mine(&self, record: &Record) -> bool {
        record.header(TAG_HEADER) == Some(self.tag.as_bytes())
    }
}

/// The number in a record of [`Case::numbered`].
fn number(record: &Record) -> usize {
    let text = std::str::from_utf8(&record.value).expect("a number in text");
    text.parse().expect("a number")
}

fn numbers(records: &[Record]) -> Vec<usize> {
    records.iter().map(number).collect()
}
