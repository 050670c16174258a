//! The media processor: looks at files whose bytes are complete, stores what messages may carry, and removes what
//! none carries any more.
//!
//! Invariants: a file is stored from the very bytes that were looked at, before its account gets the finding; an image
//! is stored only as it was encoded anew, and what is said of audio was decoded. Repeats do no harm, as an account takes
//! the first finding.

mod audio;
mod files;
pub mod metrics;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::Accounts;
use domain::delivery::{self, FileWork};
use domain::policy::{LONGEST_VOICE, MOST_FILE_BYTES};
use objects::{MOST_PIECES, Objects, PIECE_BYTES, Rendition};
use platform::effects::{self, Effects, EffectsError, Failure, Options, Ports, Unreadable};
use platform::ports::Record;
use platform::unknown::Writer;
use schemas::record::{Origin, Output};
use schemas::topics::{self, Topic};
use schemas::uploading::{Declared, Finding, Rejected, RejectedReason, SettleUpload, StoredFile};
use schemas::{AccountFact, AttachmentId, UserId};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use files::Examined;

/// How long looking at one file may take; one that takes longer is rejected.
const EXAMINED_WITHIN: Duration = Duration::from_secs(60);
/// How long one file may take in all, before the store of files is taken for away.
const FILE_WITHIN: Duration = Duration::from_secs(120);

// The longest voice message that a policy allows is decoded.
const _: () = assert!(audio::LONGEST_SECONDS == LONGEST_VOICE as u64);
// The largest file that a policy allows can be staged.
const _: () = assert!(MOST_PIECES * PIECE_BYTES >= MOST_FILE_BYTES as usize);

struct Media {
    ports: Ports,
    objects: Objects,
    /// One file is decoded at a time: this bounds the memory of the process.
    decoding: Arc<Semaphore>,
}

/// What is done for a fact.
enum Work {
    Scan(Scan),
    Remove(AttachmentId),
}

/// A file to look at.
struct Scan {
    uploader: UserId,
    attachment: AttachmentId,
    declared: Declared,
}

#[async_trait]
impl Effects for Media {
    const NAME: &'static str = "media";
    const SOURCE: &'static str = "/musclemap/media";
    type Effect = Work;

    fn topic() -> &'static Topic {
        &topics::ACCOUNT_EVENTS
    }

    fn writer() -> Option<Writer> {
        Some(Writer::of::<Accounts>())
    }

    fn effects(&self, record: &Record) -> Result<Vec<Work>, Unreadable> {
        let fact = AccountFact::decode(&record.value)?;
        let waiting = match delivery::file_work(&fact) {
            None => return Ok(vec![]),
            Some(FileWork::Remove(attachment)) => return Ok(vec![Work::Remove(attachment.clone())]),
            Some(FileWork::Scan(waiting)) => waiting,
        };
        let uploader = record.key_as().ok_or_else(|| Unreadable::poison("the key is no user's"))?;
        let (attachment, declared) = (waiting.attachment.clone(), waiting.now.declared.clone());
        Ok(vec![Work::Scan(Scan { uploader, attachment, declared })])
    }

    async fn apply(&self, works: &[&Work]) -> Result<(), Failure> {
        for work in works {
            match work {
                Work::Scan(scan) => self.scan(scan).await?,
                Work::Remove(id) => self.objects.remove(id.as_str()).await?,
            }
        }
        Ok(())
    }
}

impl Media {
    async fn scan(&self, scan: &Scan) -> Result<(), Failure> {
        let id = scan.attachment.as_str();
        let size = u64::try_from(scan.declared.byte_size).unwrap_or(0);
        let finding = match self.objects.assemble(id, size).await? {
            Some(bytes) => match self.examine(bytes.clone(), scan.declared.clone()).await? {
                Ok(examined) => Finding::Stored(self.store(id, bytes, examined).await?),
                Err(reason) => Finding::Rejected(Rejected { reason }),
            },
            // Nothing is staged any more where the file was settled before: the account keeps its finding.
            None => Finding::Rejected(Rejected { reason: RejectedReason::SizeMismatch }),
        };
        metrics::found(&finding);
        self.settle(scan, finding).await?;
        self.objects.discard_staged(id).await?;
        Ok(())
    }

    async fn examine(
        &self,
        bytes: Bytes,
        declared: Declared,
    ) -> Result<Result<Examined, RejectedReason>, Failure> {
        let place = self.decoding.clone().acquire_owned().await;
        let place = place.map_err(|error| Failure::Failed(error.to_string()))?;
        let looking = tokio::task::spawn_blocking(move || {
            // Held as long as the thread runs, also after the wait has timed out.
            let _place = place;
            files::examine(&bytes, &declared)
        });
        match timeout(EXAMINED_WITHIN, looking).await {
            Ok(Ok(found)) => Ok(found),
            // A decoder's panic counts as a malformed file.
            Ok(Err(error)) if error.is_panic() => Ok(Err(RejectedReason::Malformed)),
            Ok(Err(error)) => Err(Failure::Failed(error.to_string())),
            Err(_) => Ok(Err(RejectedReason::TooLarge)),
        }
    }

    async fn store(&self, id: &str, original: Bytes, examined: Examined) -> Result<StoredFile, Failure> {
        let Examined { kind, encoded, image, sound } = examined;
        let whole = encoded.map_or(original, Bytes::from);
        let byte_size = i64::try_from(whole.len()).unwrap_or(i64::MAX);
        self.objects.put(id, Rendition::Whole, whole).await?;
        let mut stored = StoredFile {
            content_type: kind.media_type().to_owned(),
            byte_size,
            width: None,
            height: None,
            has_thumbnail: false,
            placeholder: None,
            sound,
        };
        if let Some(image) = image {
            let thumbnail = Bytes::from(image.thumbnail);
            self.objects.put(id, Rendition::Thumbnail, thumbnail).await?;
            stored.width = i32::try_from(image.width).ok();
            stored.height = i32::try_from(image.height).ok();
            stored.has_thumbnail = true;
            stored.placeholder = Some(image.placeholder);
        }
        Ok(stored)
    }

    async fn settle(&self, scan: &Scan, finding: Finding) -> Result<(), Failure> {
        let request = SettleUpload { attachment: scan.attachment.clone(), finding }.into();
        let command = Output::ToAccount { user: scan.uploader.clone(), request, reply: None };
        let origin = Origin::client(self.ports.clock.now(), None);
        let record = command.record(&Origin { source: Self::SOURCE, ..origin });
        self.ports.log.enqueue(record).await?.await?;
        Ok(())
    }
}

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve(ports: Ports, objects: Objects, stop: CancellationToken) -> Result<(), EffectsError> {
    metrics::announce();
    let media = Media { ports: ports.clone(), objects, decoding: Arc::new(Semaphore::new(1)) };
    let options = Options { batch: 1, apply_within: FILE_WITHIN, ..Options::default() };
    effects::serve(ports, Arc::new(media), options, stop).await
}
