//! Previews of links: from memory, from the table, or fetched under a lease.
//!
//! Invariants: of all processes one fetches a link at a time, and those who wait take what it found; a lease that is lost
//! costs a second fetch and no more. What was found stands for 7 days, and that nothing was for one hour.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache;
use platform::clock::SharedClock;
use platform::effects::Failure;
use platform::lease::Lease;
use platform::ports::tables::put_views;
use platform::ports::{Ephemeral, EphemeralError, Ports, Tables};
use schemas::digest;
use schemas::previewing::LinkPreview;
use schemas::tables::PREVIEWS;
use schemas::tables::previews::PreviewRow;
use tokio::sync::Semaphore;

use crate::fetch::Fetcher;
use crate::metrics::{self, Link};

/// How long a message waits for one of its links.
pub const WITHIN: Duration = Duration::from_secs(30);
/// Between two looks at what another fetches.
const POLL: Duration = Duration::from_millis(50);
/// Longer than a fetch: who has died is followed by another after so long.
const LEASE: Duration = Duration::from_secs(15);
/// Links that are fetched at once; others wait.
const FETCHES: usize = 64;
/// Bytes of rows in memory.
const KEPT_BYTES: u64 = 16 * 1024 * 1024;
/// How long a row stays in memory.
const KEPT: Duration = Duration::from_secs(10 * 60);

pub struct Previews {
    tables: Arc<dyn Tables>,
    ephemeral: Arc<dyn Ephemeral>,
    clock: SharedClock,
    fetcher: Fetcher,
    fetches: Semaphore,
    kept: Cache<String, Arc<PreviewRow>>,
}

/// Whether this process may fetch a link now.
enum Turn {
    Own(Option<Lease>),
    Others,
}

impl Previews {
    pub fn new(ports: &Ports, ephemeral: Arc<dyn Ephemeral>, fetcher: Fetcher) -> Self {
        let kept = Cache::builder().max_capacity(KEPT_BYTES).weigher(weight).time_to_live(KEPT).build();
        Self {
            tables: ports.tables.clone(),
            ephemeral,
            clock: ports.clock.clone(),
            fetcher,
            fetches: Semaphore::new(FETCHES),
            kept,
        }
    }

    /// The preview of a link, if it has one.
    pub async fn of(&self, link: &str) -> Result<Option<LinkPreview>, Failure> {
        let tries = WITHIN.as_millis() / POLL.as_millis();
        for _ in 0..tries {
            if let Some(row) = self.known(link).await? {
                metrics::link(Link::Known);
                return Ok(row.preview.clone());
            }
            match self.turn(link).await {
                Turn::Own(lease) => {
                    let found = self.fetch(link).await;
                    if let Some(lease) = lease {
                        // It ends by itself as well.
                        let _: Result<(), EphemeralError> = lease.release().await;
                    }
                    return found;
                }
                Turn::Others => self.clock.sleep(POLL).await,
            }
        }
        metrics::link(Link::Waited);
        Ok(None)
    }

    /// Without ephemeral state each process fetches for itself.
    async fn turn(&self, link: &str) -> Turn {
        let token = Bytes::copy_from_slice(&rand::random::<[u8; 16]>());
        match Lease::acquire(self.ephemeral.clone(), &name(link), token, LEASE).await {
            Ok(Some(lease)) => Turn::Own(Some(lease)),
            Ok(None) => Turn::Others,
            Err(_) => Turn::Own(None),
        }
    }

    async fn fetch(&self, link: &str) -> Result<Option<LinkPreview>, Failure> {
        // The one before may have ended between the look at its row and the lease.
        if let Some(row) = self.known(link).await? {
            metrics::link(Link::Known);
            return Ok(row.preview.clone());
        }
        let place = self.fetches.acquire().await.map_err(|error| Failure::Failed(error.to_string()))?;
        let found = self.fetcher.fetch(link).await?;
        drop(place);
        metrics::link(found.as_ref().err().copied().unwrap_or(Link::Fetched));
        let row = PreviewRow { link: link.to_owned(), at: self.clock.now(), preview: found.ok() };
        put_views(&*self.tables, &[(row.to_row(), row.version())]).await?;
        let preview = row.preview.clone();
        self.kept.insert(link.to_owned(), Arc::new(row));
        Ok(preview)
    }

    /// What was found before, if it still counts.
    async fn known(&self, link: &str) -> Result<Option<Arc<PreviewRow>>, Failure> {
        let now = self.clock.now();
        if let Some(row) = self.kept.get(link).filter(|row| row.counts_at(now)) {
            return Ok(Some(row));
        }
        let rows = self.tables.get(&PREVIEWS, &PreviewRow::partition(link), &[vec![]]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let row = PreviewRow::from_row(link, &row.columns)?;
        if !row.counts_at(now) {
            return Ok(None);
        }
        let row = Arc::new(row);
        self.kept.insert(link.to_owned(), row.clone());
        Ok(Some(row))
    }
}

/// Bytes that a row takes in memory, by a rough count.
#[expect(clippy::ptr_arg, reason = "the cache gives its own key")]
fn weight(link: &String, row: &Arc<PreviewRow>) -> u32 {
    let texts = row.preview.iter().flat_map(|preview| {
        [&preview.title, &preview.description, &preview.site_name].into_iter().flatten().map(String::len)
    });
    u32::try_from(512 + 3 * link.len() + texts.sum::<usize>()).unwrap_or(u32::MAX)
}

/// The name of the lease of a link.
fn name(link: &str) -> String {
    format!("preview:{}", digest::sha256(link.as_bytes()))
}
