//! The threads of one [`crate::Kafka`].
//!
//! Invariant: every thread is told to end when its owner is gone, and is waited for, for a time.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use tokio_util::sync::CancellationToken;

use crate::locked;

/// How long a polling thread may be blind to being stopped.
const POLL: Duration = Duration::from_millis(100);
/// librdkafka takes some 100 ms to end a client; one whose brokers are gone takes longer.
const LONGEST_END: Duration = Duration::from_secs(5);
const END_POLL: Duration = Duration::from_millis(2);

/// Ends the threads when it is dropped, which blocks until they have.
#[derive(Default)]
pub(crate) struct ThreadsOwner(Arc<Threads>);

impl ThreadsOwner {
    pub(crate) fn threads(&self) -> &Arc<Threads> {
        &self.0
    }
}

impl Drop for ThreadsOwner {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[derive(Default)]
pub(crate) struct Threads {
    stop: CancellationToken,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Cancelled when all threads are to end.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.child_token()
    }

    pub(crate) fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut running = locked(&self.running);
        // Those that have ended are forgotten here, so that readers can come and go.
        running.retain(|thread| !thread.is_finished());
        running.push(std::thread::Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }

    /// Serves the events of a consumer until `stop`, then drops it, which may block.
    pub(crate) fn serve<C: ConsumerContext + 'static>(
        &self,
        name: &str,
        consumer: Arc<BaseConsumer<C>>,
        stop: CancellationToken,
    ) -> std::io::Result<()> {
        self.spawn(name, move || {
            while !stop.is_cancelled() {
                match consumer.poll(POLL) {
                    None => {}
                    Some(Err(error)) => tracing::debug!(%error, "kafka client reports"),
                    // Partitions have queues of their own before they are assigned.
                    Some(Ok(_)) => tracing::error!("a record came past its reader"),
                }
            }
        })
    }

    /// Tells all threads to end, and waits for it.
    fn end(&self) {
        self.stop.cancel();
        let deadline = Instant::now() + LONGEST_END;
        for thread in locked(&self.running).drain(..) {
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(END_POLL);
            }
            match thread.is_finished().then(|| thread.join()) {
                Some(Ok(())) => {}
                Some(Err(_)) => tracing::error!("a kafka thread panicked"),
                None => tracing::warn!("a kafka thread does not end in time"),
            }
        }
    }
}
