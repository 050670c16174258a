//! Link previews: what pages behind the links of a text say of themselves, beside the message.
//!
//! Invariants: pages and their images are fetched through `egress` alone; an image is served only as it was encoded
//! anew; a link is fetched once for all messages that have it, as long as its row in `previews` counts. Which previews a
//! message has is decided by its conversation.

mod charset;
mod fetch;
mod messages;
pub mod metrics;
mod page;
mod plain;
mod previews;
mod rows;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use egress::{Development, Egress, Room};
use objects::Objects;
use platform::effects::{self, Effects, EffectsError, Options};
use platform::ports::{Ephemeral, Ports};
use tokio_util::sync::CancellationToken;

use fetch::Fetcher;
use messages::Messages;
use previews::Previews;

/// CloudEvents source of the consumer's dead letters and commands.
pub const SOURCE: &str = Messages::SOURCE;

/// Messages of one batch, which are handled at once.
const BATCH: usize = 16;
/// Batches of one partition: slow sites hold few of them.
const BATCHES: usize = 32;
const BATCH_BYTES: usize = 256 * 1024;
const LINGER: Duration = Duration::from_millis(20);
/// A message waits for its links, each at most for [`previews::WITHIN`].
const APPLY_WITHIN: Duration = Duration::from_secs(60);
/// Places of requests. Links of one site may come all at once.
const ROOM: Room = Room { in_all: 64, per_host: 16, waiting: 512 };

/// A link-preview processor that can start.
pub struct LinkPreview {
    egress: Egress,
}

impl LinkPreview {
    pub fn new(development: &Development) -> Result<Self, egress::SettingsError> {
        metrics::announce();
        let settings = development.apply(egress::Settings { room: ROOM, ..egress::Settings::default() })?;
        Ok(Self { egress: Egress::new(settings)? })
    }

    /// Runs the partitions that this process holds, until `stop`.
    pub async fn serve(
        self,
        ports: Ports,
        ephemeral: Arc<dyn Ephemeral>,
        objects: Objects,
        stop: CancellationToken,
    ) -> Result<(), EffectsError> {
        let fetcher = Fetcher::new(self.egress, objects);
        let previews = Previews::new(&ports, ephemeral, fetcher);
        let messages = Arc::new(Messages::new(ports.clone(), previews));
        let options = Options {
            batch: BATCH,
            batch_bytes: BATCH_BYTES,
            linger: LINGER,
            concurrency: BATCHES,
            apply_within: APPLY_WITHIN,
            ..Options::default()
        };
        effects::serve(ports, messages, options, stop).await
    }
}
