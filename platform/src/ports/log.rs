//! The log: partitions of records that are appended, kept for a time, and read in order.
//!
//! Invariants an adapter keeps:
//! - Records enqueued by one handle to one partition are appended in that order, without gap: if
//!   one is not appended, none after it is.
//! - An acknowledged record survives a crash of the process, and is read with its headers, at its
//!   offset, under the broker's time.
//! - A reader sees every record from its start on, in offset order, once.
//! - At most one member of a group holds a partition, unless it was told that it lost it.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use async_trait::async_trait;
use bytes::Bytes;
use schemas::position::{Cause, EPOCH, LogTime, Number, Offset, Partition};
use schemas::record::{ID_HEADER, Outgoing, RecordId};
use schemas::topics::Topic;

/// A record as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub partition: Partition,
    pub offset: Offset,
    /// Log-append time.
    pub time: LogTime,
    pub key: Option<Bytes>,
    pub headers: Vec<(String, Bytes)>,
    pub value: Bytes,
}

impl Record {
    /// The key, if it is a text.
    pub fn key_text(&self) -> Option<&str> {
        std::str::from_utf8(self.key.as_deref()?).ok()
    }

    /// What the key names, if it is a text that can be read so.
    pub fn key_as<T: FromStr>(&self) -> Option<T> {
        self.key_text()?.parse().ok()
    }

    /// The cause of a derived record.
    pub fn cause(&self) -> Option<Cause> {
        let id = std::str::from_utf8(self.header(ID_HEADER)?).ok()?;
        id.parse::<RecordId>().ok()?.cause().copied()
    }

    /// The id of a record that is derived from this one, by its index among them.
    pub fn output_id(&self, index: i32) -> RecordId {
        let number = Number { offset: self.offset, index };
        RecordId::Cause(Cause { epoch: EPOCH, partition: self.partition, number })
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_ref())
    }

    /// Headers in the form that [`schemas::record::Envelope::read`] takes.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }
}

/// Offsets that a partition holds: from `low` to just before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    pub low: Offset,
    pub end: Offset,
}

/// Named by what the caller should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The outcome is unknown: the record may be in the log. End the process, or ask again.
    #[error("delivery outcome unknown: {0}")]
    Unknown(String),
    /// Not appended, and nothing after it will be; the handle is of no more use.
    #[error("log closed: {0}")]
    Closed(String),
    /// Wait and try again.
    #[error("log unavailable: {0}")]
    Unavailable(String),
    /// The position is below the low mark or beyond the end: go on elsewhere.
    #[error("offset {wanted} is outside {marks:?}")]
    OutOfRange { wanted: Offset, marks: Marks },
    #[error("no partition {partition} in {topic}")]
    NoSuchPartition { topic: &'static str, partition: Partition },
}

/// Resolves to the record's offset once the log has it.
pub type Receipt = Pin<Box<dyn Future<Output = Result<Offset, LogError>> + Send>>;

#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// How many partitions the topic has.
    fn partitions(&self, topic: &'static Topic) -> Partition;

    /// Queues a record; waits while the queue is full. The receipt resolves when it is appended.
    ///
    /// Order of appends to a partition is the order of these calls' completion.
    async fn enqueue(&self, record: Outgoing) -> Result<Receipt, LogError>;

    /// Reads one partition from an offset on; waits there at its end.
    async fn read(
        &self,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError>;

    /// The same for whoever can wait: what is appended may come a moment later, and together, which is less
    /// work for both where records come one by one.
    async fn read_lazily(
        &self,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError> {
        self.read(topic, partition, from).await
    }

    /// Joins a group that shares the partitions of a topic among its members.
    async fn join(&self, group: &str, topic: &'static Topic) -> Result<Box<dyn Membership>, LogError>;

    async fn marks(&self, topic: &'static Topic, partition: Partition) -> Result<Marks, LogError>;

    /// Offset of the first record at or after `time`; the end if there is none.
    async fn position_at(
        &self,
        topic: &'static Topic,
        partition: Partition,
        time: LogTime,
    ) -> Result<Offset, LogError>;
}

#[async_trait]
pub trait Reader: Send {
    /// The next records, at least one; waits for it. Cancelling the wait loses nothing.
    async fn next(&mut self) -> Result<Vec<Record>, LogError>;
}

/// What happened to a member's partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembershipChange {
    Assigned(Vec<Partition>),
    /// Let go of these, then call [`Membership::released`]; they are still held until then.
    Revoked(Vec<Partition>),
    /// Held no more, and maybe somebody else's already: commit nothing of them.
    Lost(Vec<Partition>),
}

#[async_trait]
pub trait Membership: Send {
    /// The next change; waits for it. Cancelling the wait loses nothing.
    async fn next(&mut self) -> Result<MembershipChange, LogError>;

    /// The revoked partitions are let go of.
    async fn released(&mut self) -> Result<(), LogError>;

    /// Notes how far a partition is done, for lag alone.
    async fn commit(&mut self, partition: Partition, next: Offset) -> Result<(), LogError>;

    /// Offset committed last by any member.
    async fn committed(&mut self, partition: Partition) -> Result<Option<Offset>, LogError>;

    /// Leaves the group; its partitions go to others at once.
    async fn leave(self: Box<Self>) -> Result<(), LogError>;
}
