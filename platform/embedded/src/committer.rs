//! A thread that commits whatever is queued, all of it at once.
//!
//! Invariants:
//! - Commands are committed in the order in which their pushes completed.
//! - The queue is bounded, in commands and in bytes; a full one makes pushes wait.
//! - What was pushed before `close` is committed before `close` returns.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::locked;

const QUEUED_COMMANDS: usize = 4_096;
const QUEUED_BYTES: usize = 16 * 1024 * 1024;

/// Nothing is committed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

pub(crate) struct Committer<C> {
    queue: mpsc::Sender<Queued<C>>,
    room: Arc<Semaphore>,
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
        commit: impl FnMut(Vec<C>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUED_COMMANDS);
        let closing = CancellationToken::new();
        let closed = closing.clone();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || futures::executor::block_on(run(waiting, closed, commit)))?;
        Ok(Self {
            queue,
            room: Arc::new(Semaphore::new(QUEUED_BYTES)),
            closing,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Queues a command that weighs `bytes`; waits while there is no room.
    pub(crate) async fn push(&self, command: C, bytes: usize) -> Result<(), Closed> {
        // What weighs more than the whole queue goes through it alone.
        let weight = bytes.clamp(1, QUEUED_BYTES) as u32;
        let room = Arc::clone(&self.room)
            .acquire_many_owned(weight)
            .await
            .map_err(|_| Closed)?;
        self.queue
            .send(Queued { command, room })
            .await
            .map_err(|_| Closed)
    }

    /// Commits what is queued and ends the thread.
    pub(crate) fn close(&self) {
        self.closing.cancel();
        let thread = locked(&self.thread).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("a commit thread panicked");
        }
    }
}

impl<C> Drop for Committer<C> {
    fn drop(&mut self) {
        self.closing.cancel();
        if let Some(thread) = locked(&self.thread).take() {
            // Its panic was reported by the panic hook.
            let _ = thread.join();
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
        let (commands, room): (Vec<C>, Vec<OwnedSemaphorePermit>) = group
            .drain(..)
            .map(|queued| (queued.command, queued.room))
            .unzip();
        commit(commands);
        // Only now, so that what is being committed counts as queued.
        drop(room);
    }
}
