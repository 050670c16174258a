//! A reader of one partition.
//!
//! Invariant: its position moves only together with the records that it hands out, so a wait that
//! is given up loses nothing.

use std::sync::Arc;

use async_trait::async_trait;
use platform::ports::{LogError, Reader, Record};
use schemas::position::Offset;
use tokio::sync::watch;

use super::Shared;
use super::partition::PartitionLog;

pub(super) struct EmbeddedReader {
    shared: Arc<Shared>,
    partition: Arc<PartitionLog>,
    ends: watch::Receiver<Offset>,
    position: Offset,
}

impl EmbeddedReader {
    pub(super) fn new(shared: Arc<Shared>, partition: Arc<PartitionLog>, from: Offset) -> Self {
        Self { shared, ends: partition.ends(), partition, position: from }
    }
}

#[async_trait]
impl Reader for EmbeddedReader {
    async fn next(&mut self) -> Result<Vec<Record>, LogError> {
        // Records may be there for long; whoever reads them all must not starve its neighbours.
        tokio::task::consume_budget().await;
        loop {
            self.ends.borrow_and_update();
            let page = self.shared.page(&self.partition, self.position)?;
            if let Some(last) = page.last() {
                self.position = last.offset + 1;
                return Ok(page);
            }
            tokio::select! {
                // Never an error: the partition is kept by this reader.
                _ = self.ends.changed() => {}
                () = self.shared.closed.cancelled() => {
                    // What was appended just before the end is still handed out.
                    if self.partition.marks().end == self.position {
                        return Err(self.shared.why_closed());
                    }
                }
            }
        }
    }
}
