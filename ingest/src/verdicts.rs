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
    /// Hears verdicts until `stop`; those from before it was opened answer nobody. Drops `latch` when it
    /// listens. Ends with an error once a command was not delivered: no other can be.
    pub async fn hear_verdicts(
        self: Arc<Self>,
        latch: Latch,
        stop: CancellationToken,
    ) -> Result<(), LogError> {
        let mut reader = self.log.read(&VERDICTS, self.options.slot, self.verdicts_from).await?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use embedded::Store;
    use graphql::Reads;
    use platform::clock::SystemClock;
    use platform::lifecycle::Readiness;
    use platform::ports::Log;
    use schemas::message::Outgoing;
    use schemas::verdict::{Decider, Done, Outcome};
    use tokio::task::JoinSet;

    use super::*;
    use crate::Options;
    use crate::requests::{self, Asked};

    /// A standalone system greets its demo users while it starts.
    #[tokio::test]
    async fn what_is_decided_before_verdicts_are_heard_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let (log, reads) = (store.log(), Arc::new(Reads::new(store.tables())));
        let ingest =
            Ingest::open(log.clone(), Arc::new(SystemClock), reads, Options::default()).await.unwrap();
        let waiting = ingest.requests.open(&"ann".parse().unwrap(), Asked::Direct).unwrap();
        let (by, outcome) = (Decider::Accounts, Outcome::Done(Done { changed: true }));
        let verdict = Verdict { request: waiting.reply().request, by, outcome };
        log.enqueue(Outgoing::verdict(waiting.reply(), &verdict)).await.unwrap().await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(ingest.hear_verdicts(Readiness::default().latch("verdicts"), CancellationToken::new()));
        assert_eq!(waiting.answer(Duration::from_secs(20)).await, Ok(requests::Done::Effected));
    }
}
