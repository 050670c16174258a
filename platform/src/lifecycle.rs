//! The life of a process: tasks with an owner, readiness by latches, a drain with a deadline.
//!
//! Invariants: a task that ends by itself ends the process; a process is ready when no latch is
//! held; it exits with success only if nothing was lost.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What must happen before a process is ready. Clones look at the same latches.
#[derive(Clone, Default)]
pub struct Readiness {
    held: Arc<Mutex<BTreeSet<&'static str>>>,
}

/// Holds readiness back until it is dropped.
pub struct Latch {
    name: &'static str,
    readiness: Readiness,
}

impl Readiness {
    pub fn latch(&self, name: &'static str) -> Latch {
        self.held().insert(name);
        Latch { name, readiness: self.clone() }
    }

    pub fn is_ready(&self) -> bool {
        self.held().is_empty()
    }

    /// Names of the latches that are held.
    pub fn waiting_for(&self) -> Vec<&'static str> {
        self.held().iter().copied().collect()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeSet<&'static str>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Latch {
    fn drop(&mut self) {
        self.readiness.held().remove(self.name);
    }
}

/// A task has ended that should not have, or has failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error("{task} ended by itself")]
    Ended { task: &'static str },
    #[error("{task} failed: {reason}")]
    Failed { task: &'static str, reason: String },
    #[error("{tasks:?} did not end in time")]
    Late { tasks: Vec<&'static str> },
}

/// The tasks of a process.
pub struct Tasks {
    stop: CancellationToken,
    running: JoinSet<(&'static str, Result<(), String>)>,
    names: BTreeSet<&'static str>,
}

impl Tasks {
    /// Tasks that are told to end by `stop`.
    pub fn new(stop: CancellationToken) -> Self {
        Self { stop, running: JoinSet::new(), names: BTreeSet::new() }
    }

    /// Starts a task, which ends only after `stop`.
    pub fn spawn<E: std::fmt::Display + Send>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.names.insert(name);
        self.running.spawn(async move { (name, task.await.map_err(|error| error.to_string())) });
    }

    /// Waits until a task ends, which none should, or `until` is there.
    pub async fn watch(&mut self, until: impl Future<Output = ()>) -> Result<(), TaskError> {
        tokio::select! {
            () = until => Ok(()),
            ended = Self::next(&mut self.running, &mut self.names) => {
                Err(ended.map_or_else(|failed| failed, |task| TaskError::Ended { task }))
            }
        }
    }

    /// Tells all tasks to end, and waits for it.
    pub async fn drain(mut self, within: Duration) -> Result<(), TaskError> {
        self.stop.cancel();
        let all = async {
            while !self.running.is_empty() {
                Self::next(&mut self.running, &mut self.names).await?;
            }
            Ok(())
        };
        match tokio::time::timeout(within, all).await {
            Ok(ended) => ended,
            Err(_) => Err(TaskError::Late { tasks: self.names.iter().copied().collect() }),
        }
    }

    async fn next(
        running: &mut JoinSet<(&'static str, Result<(), String>)>,
        names: &mut BTreeSet<&'static str>,
    ) -> Result<&'static str, TaskError> {
        match running.join_next().await {
            Some(Ok((task, result))) => {
                names.remove(task);
                result.map(|()| task).map_err(|reason| TaskError::Failed { task, reason })
            }
            Some(Err(error)) => Err(TaskError::Failed { task: "a task", reason: error.to_string() }),
            None => std::future::pending().await,
        }
    }
}

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves at the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_when_no_latch_is_held() {
        let readiness = Readiness::default();
        let (log, tables) = (readiness.latch("log"), readiness.latch("tables"));
        drop(log);
        assert_eq!(readiness.waiting_for(), ["tables"]);
        drop(tables);
        assert!(readiness.is_ready());
    }

    #[tokio::test]
    async fn a_task_that_ends_by_itself_is_an_error_and_a_drained_one_is_not() {
        let stop = CancellationToken::new();
        let mut tasks = Tasks::new(stop.clone());
        tasks.spawn("brief", async { Ok::<(), String>(()) });
        let ended = tasks.watch(std::future::pending()).await;
        assert!(matches!(ended, Err(TaskError::Ended { task: "brief" })));
        let waits = stop.clone();
        tasks.spawn("good", async move {
            waits.cancelled().await;
            Ok::<(), String>(())
        });
        tasks.drain(Duration::from_secs(5)).await.unwrap();
    }
}
