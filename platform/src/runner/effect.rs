//! What a partition asks of the world, and what the world answers.

use bytes::Bytes;
use schemas::ErrorCode;
use schemas::position::{Offset, Version};
use schemas::record::Outgoing;
use schemas::rows::RowKey;
use schemas::tables::views::ViewRow;

use super::checkpoint::Checkpoint;
use crate::ports::Record;

/// Number of a command in this run of the partition, from 0.
pub type Ticket = u64;
/// Number of a read in this run of the partition.
pub type ReadId = u64;

/// A stored row of an owner: key, bytes, version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBytes {
    pub key: RowKey,
    pub body: Bytes,
    pub version: Version,
    pub seconds_to_live: Option<u64>,
}

/// Something to start, in order; completions may come in any order.
#[derive(Debug)]
pub enum Effect<Id> {
    /// The owner's state and resident rows, in one statement.
    Load {
        read: ReadId,
        id: Id,
    },
    /// The owner's state and these rows, in one statement.
    Read {
        read: ReadId,
        id: Id,
        keys: Vec<RowKey>,
    },
    /// An output of the command with this ticket.
    Produce {
        ticket: Ticket,
        record: Outgoing,
    },
    /// Views first, then the rows in one batch; repeated until it holds.
    Write {
        id: Id,
        views: Vec<(ViewRow, Version)>,
        rows: Vec<StoredBytes>,
    },
    /// The answer to whoever waits for one; with the code that it refuses with, if it does.
    Verdict {
        ticket: Ticket,
        record: Outgoing,
        code: Option<ErrorCode>,
    },
    Checkpoint(Checkpoint),
}

/// What has happened.
#[derive(Debug)]
pub enum Input<Id> {
    Records(Vec<Record>),
    /// Answer to [`Effect::Load`]; `complete` unless resident rows were left out.
    Loaded {
        read: ReadId,
        rows: Vec<StoredBytes>,
        complete: bool,
    },
    /// Answer to [`Effect::Read`].
    Rows {
        read: ReadId,
        rows: Vec<StoredBytes>,
    },
    Acknowledged {
        ticket: Ticket,
    },
    Written {
        id: Id,
    },
    VerdictAcknowledged {
        ticket: Ticket,
    },
    Checkpointed {
        next: Offset,
    },
    /// Time to checkpoint what is done.
    Tick,
}
