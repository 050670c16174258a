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
    /// Follows verdicts until `stop`, from where the ingest was opened. Drops `latch` when it follows. Ends
    /// with an error once a command was not delivered: no other can be.
    pub async fn run_verdicts(
        self: Arc<Self>,
        latch: Latch,
        stop: CancellationToken,
    ) -> Result<(), LogError> {
        let mut reader = self.log.read(&VERDICTS, self.options.slot, self.verdicts_from).await?;
        drop(latch);
        let mut failed = std::pin::pin!(self.acknowledgements.failure());
        loop {
            let records = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                error = &mut failed => return Err(error),
                records = retry::next_records(&*self.clock, reader.as_mut()) => records?,
            };
            for record in records {
                match avro::decode::<Verdict>(&record.value) {
                    Ok(verdict) => self.requests.on_verdict(verdict),
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
    use graphql::Rows;
    use platform::clock::SystemClock;
    use platform::in_process::InProcess;
    use platform::lifecycle::Readiness;
    use platform::ports::Log;
    use schemas::record::{Origin, Outgoing};
    use schemas::verdict::{Decider, Done, Outcome};
    use tokio::task::JoinSet;

    use objects::Objects;

    use super::*;
    use crate::Options;
    use crate::requests::{Completed, RequestKind};

    /// A standalone system creates its demo users while it starts.
    #[tokio::test]
    async fn a_request_decided_before_verdicts_are_followed_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let (log, rows) = (store.log(), Arc::new(Rows::new(store.tables())));
        let (gifs, options) =
            (gifs::Settings::none().open(Arc::new(InProcess::default())).unwrap(), Options::default());
        let ingest =
            Ingest::open(log.clone(), Arc::new(SystemClock), rows, Objects::in_memory(), gifs, options)
                .await
                .unwrap();
        let pending = ingest.requests.open(&"ann".parse().unwrap(), RequestKind::Direct).unwrap();
        let (by, outcome) = (Decider::Accounts, Outcome::Done(Done { changed: true }));
        let verdict = Verdict { request: pending.reply().request, by, outcome };
        let record = Outgoing::verdict(pending.reply(), &verdict, &Origin::client(0, None));
        log.enqueue(record).await.unwrap().await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(ingest.run_verdicts(Readiness::default().latch("verdicts"), CancellationToken::new()));
        assert_eq!(pending.answer(Duration::from_secs(20)).await, Ok(Completed::Done));
    }
}
