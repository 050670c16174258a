//! The notifier: sends pushes to the browsers and apps of users who have not acknowledged a message.
//!
//! Invariants: whether a user is notified is decided by `domain::pushing`, from rows as they stand when the hold of the
//! message has passed. The position passes a message once each of its pushes was tried, or waits for another try.
//! Endpoints are called through `egress` alone.
//!
//! Deliberately missing: a summary after quiet hours, mail.

mod fcm;
mod hand_over;
mod messages;
pub mod metrics;
mod origins;
mod pairs;
mod payload;
mod rows;
mod settings;
mod tries;
mod web_push;

use std::sync::Arc;
use std::time::Duration;

use egress::Egress;
use futures::future::try_join;
use platform::effects::{self, Effects, EffectsError, Options};
use platform::ports::Ports;
use schemas::UserId;
use schemas::position::LogTime;
use tokio_util::sync::CancellationToken;

use fcm::Fcm;
use hand_over::HandOver;
use messages::Messages;
use web_push::vapid::Vapid;

pub use fcm::{FcmError, GOOGLE, Settings as FcmSettings};
pub use settings::{Settings, SettingsError};

/// CloudEvents source of the consumer's dead letters and commands.
pub const SOURCE: &str = Messages::SOURCE;

/// Says whether the platform lets a user be served at a time: neither banned nor erased.
pub type Served = Arc<dyn Fn(&UserId, LogTime) -> bool + Send + Sync>;

/// A batch waits for the hold of its messages and a window, then for one try of each push.
const APPLY_WITHIN: Duration = Duration::from_secs(120);
/// Batches of one partition: at one in [`LINGER`], for longer than a hold, a window and a try.
const BATCHES: usize = 256;
const LINGER: Duration = Duration::from_millis(100);
const BATCH_BYTES: usize = 64 * 1024;

/// A notifier that can start.
pub struct Notifier {
    egress: Egress,
    vapid: Vapid,
    fcm: Option<Fcm>,
}

impl Notifier {
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        metrics::announce();
        let vapid = Vapid::new(&settings.vapid_key, settings.contact.clone())?;
        let egress = Egress::new(settings.egress()?).map_err(egress::SettingsError::from)?;
        let fcm = settings.fcm.as_ref().map(Fcm::new).transpose()?;
        Ok(Self { egress, vapid, fcm })
    }

    /// Runs the partitions that this process holds, until `stop`.
    pub async fn serve(
        self,
        ports: Ports,
        served: Served,
        stop: CancellationToken,
    ) -> Result<(), EffectsError> {
        let (hand_over, retries) =
            HandOver::new(self.egress, self.vapid, self.fcm, ports.log.clone(), ports.clock.clone());
        let messages = Arc::new(Messages::new(ports.clone(), hand_over.clone(), served));
        let options = Options {
            batch_bytes: BATCH_BYTES,
            linger: LINGER,
            concurrency: BATCHES,
            apply_within: APPLY_WITHIN,
            ..Options::default()
        };
        let consume = effects::serve(ports, messages, options, stop.clone());
        let retry = async { hand_over.retry(retries, stop).await.map_err(EffectsError::from) };
        try_join(consume, retry).await.map(|_| ())
    }
}
