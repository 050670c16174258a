//! The tail of this ingest's verdicts.

use std::sync::Arc;

use platform::lifecycle::Latch;
use platform::ports::LogError;
use platform::retry;
use schemas::avro;
use schemas::topics::VERDICTS;
use schemas::verdict::Verdict;
use tokio_util::sync::CancellationToken;

use crate::Ingest;

impl Ingest {
    /// Hears verdicts until `stop`; those from before it began answer nobody. Drops `latch` when it
    /// listens. Ends with an error once a command was not delivered: no other can be.
    pub async fn hear_verdicts(
        self: Arc<Self>,
        latch: Latch,
        stop: CancellationToken,
    ) -> Result<(), LogError> {
        let slot = self.options.slot;
        let end = self.log.marks(&VERDICTS, slot).await?.end;
        let mut reader = self.log.read(&VERDICTS, slot, end).await?;
        drop(latch);
        let mut failed = std::pin::pin!(self.receipts.failure());
        loop {
            let records = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                error = &mut failed => return Err(error),
                records = retry::next_records(&*self.clock, reader.as_mut()) => records?,
            };
            for record in records {
                match avro::decode::<Verdict>(&record.value) {
                    Ok(verdict) => self.requests.hear(verdict),
                    Err(error) => tracing::warn!(offset = record.offset, %error, "undecodable verdict"),
                }
            }
        }
    }
}
