//! A thread that commits whatever is queued, all of it at once.
//!
//! Invariants:
//! - Commands are committed in the order in which their pushes completed.
//! - The queue is bounded, in commands and in bytes; a full one makes pushes wait.
//! - What was pushed before `close` is committed before `close` returns, unless the store failed.
//! - A thread that panics has failed the store: nobody waits for it in vain.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::locked;

const QUEUED_COMMANDS: usize = 4_096;
const QUEUED_BYTES: usize = 8 * 1024 * 1024;
const CLOSE_POLL: Duration = Duration::from_millis(1);

/// Nothing is committed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

pub(crate) struct Committer<C> {
    queue: mpsc::Sender<Queued<C>>,
    room: Arc<Semaphore>,
    health: Arc<Health>,
    closing: CancellationToken,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Queued<C> {
    command: C,
    room: OwnedSemaphorePermit,
}

impl<C: Send + 'static> Committer<C> {
    /// Starts a thread which gives `commit` all commands that wait, again and again.
    pub(crate) fn start(
        name: &str,
        health: Arc<Health>,
        commit: impl FnMut(Vec<C>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUED_COMMANDS);
        let closing = CancellationToken::new();
        let (closed, watched) = (closing.clone(), PanicWatch(Arc::clone(&health)));
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _watched = watched;
            futures::executor::block_on(run(waiting, closed, commit));
        })?;
        Ok(Self {
            queue,
            room: Arc::new(Semaphore::new(QUEUED_BYTES)),
            health,
            closing,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Queues a command that weighs `bytes`; waits while there is no room.
    pub(crate) async fn push(&self, command: C, bytes: usize) -> Result<(), Closed> {
        // What weighs more than the whole queue goes through it alone.
        let weight = bytes.clamp(1, QUEUED_BYTES) as u32;
        let queued = async {
            let room = Arc::clone(&self.room).acquire_many_owned(weight).await.map_err(|_| Closed)?;
            self.queue.send(Queued { command, room }).await.map_err(|_| Closed)
        };
        tokio::select! {
            biased;
            queued = queued => queued,
            () = self.health.failed() => Err(Closed),
        }
    }
}

impl<C> Committer<C> {
    /// Commits what is queued and ends the thread. Of a failed store nothing is committed, and the
    /// thread is left alone: it may never return.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        let Some(thread) = locked(&self.thread).take() else {
            return;
        };
        // Asks for the failure while it waits, as it may come just now.
        while !thread.is_finished() && self.health.failure().is_none() {
            std::thread::sleep(CLOSE_POLL);
        }
        if thread.is_finished() && thread.join().is_err() {
            tracing::error!("a commit thread panicked");
        }
    }
}

impl<C> Drop for Committer<C> {
    fn drop(&mut self) {
        self.close();
    }
}

/// Fails the store when it is dropped by a panic.
struct PanicWatch(Arc<Health>);

impl Drop for PanicWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("a commit thread panicked");
        }
    }
}

async fn run<C>(
    mut waiting: mpsc::Receiver<Queued<C>>,
    closing: CancellationToken,
    mut commit: impl FnMut(Vec<C>),
) {
    let mut group = Vec::new();
    loop {
        let taken = tokio::select! {
            biased;
            () = closing.cancelled(), if !waiting.is_closed() => {
                waiting.close();
                continue;
            }
            taken = waiting.recv_many(&mut group, QUEUED_COMMANDS) => taken,
        };
        if taken == 0 {
            return;
        }
        let (commands, room): (Vec<C>, Vec<OwnedSemaphorePermit>) =
            group.drain(..).map(|queued| (queued.command, queued.room)).unzip();
        commit(commands);
        // Only now, so that what is being committed counts as queued.
        drop(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use std::sync::mpsc::sync_channel;
    use tokio::sync::oneshot;

    #[test]
    fn what_was_pushed_is_committed_in_order_before_closing_ends() {
        let committed = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&committed);
        let committer = Committer::start("test", Arc::default(), move |group| locked(&into).extend(group));
        let committer = committer.expect("a thread");
        for number in 0..10_000 {
            // One that weighs more than the queue holds goes through, too.
            let weight = if number == 5_000 { 2 * QUEUED_BYTES } else { 1 };
            assert_eq!(block_on(committer.push(number, weight)), Ok(()));
        }
        committer.close();
        assert_eq!(*locked(&committed), (0..10_000).collect::<Vec<_>>());
        assert_eq!(block_on(committer.push(0, 1)), Err(Closed));
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panicked() {
        let health = Arc::new(Health::default());
        let panicking = |_: Vec<oneshot::Sender<()>>| panic!("as a test wants it");
        let committer = Committer::start("test", Arc::clone(&health), panicking).expect("a thread");
        let (done, answer) = oneshot::channel();
        assert_eq!(block_on(committer.push(done, 1)), Ok(()));
        assert_eq!(block_on(health.answer(answer)), None);
        block_on(health.failed());
        assert_eq!(health.failure(), Some("the store failed: a commit thread panicked"));
        committer.close();
    }

    #[test]
    fn nobody_waits_for_a_thread_that_hangs_in_a_failed_store() {
        let (_release, hanging) = sync_channel::<()>(0);
        let health = Arc::new(Health::default());
        let hang = move |_: Vec<()>| hanging.recv().unwrap_or_default();
        let committer = Committer::start("test", Arc::clone(&health), hang);
        let committer = committer.expect("a thread");
        assert_eq!(block_on(committer.push((), QUEUED_BYTES)), Ok(()));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| block_on(committer.push((), 1)));
            health.fail("as a test wants it");
            assert_eq!(waiting.join().expect("an answer"), Err(Closed));
        });
        committer.close();
    }
}
