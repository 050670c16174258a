//! What a publication answers, by what becomes of its record.

use std::future::pending;
use std::time::Duration;

use async_trait::async_trait;
use embedded::Store;
use graphql::Rows;
use objects::Objects;
use platform::clock::SystemClock;
use platform::in_process::InProcess;
use platform::ports::{Log, LogError, Marks, Membership, Reader};
use schemas::ErrorCode;
use schemas::people::PlatformBan;
use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::PLATFORM_BANS;
use tempfile::TempDir;

use super::*;
use crate::Options;

/// A log that only takes records, and acknowledges them as a test says.
struct Appended(fn() -> Receipt);

fn not_asked<T>() -> Result<T, LogError> {
    Err(LogError::Closed("records are only appended".to_owned()))
}

#[async_trait]
impl Log for Appended {
    fn partitions(&self, _: &'static Topic) -> Partition {
        1
    }

    async fn enqueue(&self, _: Outgoing) -> Result<Receipt, LogError> {
        Ok(self.0())
    }

    async fn read(&self, _: &'static Topic, _: Partition, _: Offset) -> Result<Box<dyn Reader>, LogError> {
        not_asked()
    }

    async fn join(&self, _: &str, _: &'static Topic) -> Result<Box<dyn Membership>, LogError> {
        not_asked()
    }

    async fn marks(&self, _: &'static Topic, _: Partition) -> Result<Marks, LogError> {
        Ok(Marks { low: 0, end: 0 })
    }

    async fn position_at(&self, _: &'static Topic, _: Partition, _: LogTime) -> Result<Offset, LogError> {
        not_asked()
    }
}

/// An ingest over such a log, whose partitions get nothing more while a record is not acknowledged.
struct Stage {
    ingest: Arc<Ingest>,
    _store: Store,
    _folder: TempDir,
}

impl Stage {
    async fn new(receipt: fn() -> Receipt, queue_within: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        let rows = Arc::new(Rows::new(store.tables()));
        let options = Options { queue_within, verdict_within: Duration::ZERO, ..Options::default() };
        let log = Arc::new(Appended(receipt));
        let gifs = gifs::Settings::none().open(Arc::new(InProcess::default())).unwrap();
        let ingest = Ingest::open(log, Arc::new(SystemClock), rows, Objects::in_memory(), gifs, options);
        Self { ingest: ingest.await.unwrap(), _store: store, _folder: folder }
    }

    async fn ban(&self) -> Result<(), ErrorCode> {
        let ann: UserId = "ann".parse().unwrap();
        let ban = PlatformBan { user: ann.clone(), until: None };
        self.ingest.publish(&PLATFORM_BANS, &ann, Some(&ban)).await.map_err(|refusal| refusal.code)
    }

    /// While deliveries are watched, none of which fails.
    async fn ban_watched(&self) -> Result<(), ErrorCode> {
        tokio::select! {
            answer = self.ban() => answer,
            error = self.ingest.acknowledgements.failure() => panic!("{error}"),
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_failed_delivery_is_noticed_and_its_outcome_is_not_known() {
    let lost = || -> Receipt { Box::pin(async { Err(LogError::Unknown("lost".to_owned())) }) };
    let stage = Stage::new(lost, PATIENCE).await;
    let (answer, failure) = tokio::join!(stage.ban(), stage.ingest.acknowledgements.failure());
    assert_eq!(answer, Err(ErrorCode::OutcomePending));
    assert!(matches!(failure, LogError::Unknown(_)), "{failure}");
}

#[tokio::test]
async fn an_answer_waits_for_the_log_and_a_silent_partition_gets_nothing_more() {
    let stage = Stage::new(|| Box::pin(async { Ok(7) }), PATIENCE).await;
    assert_eq!((stage.ban_watched().await, stage.ban_watched().await), (Ok(()), Ok(())));
    let stage = Stage::new(|| Box::pin(pending()), Duration::from_millis(10)).await;
    assert_eq!(stage.ban_watched().await, Err(ErrorCode::OutcomePending));
    assert_eq!(stage.ban_watched().await, Err(ErrorCode::Unavailable));
}
