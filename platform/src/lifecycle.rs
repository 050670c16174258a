//! The life of a process: tasks with an owner, readiness by latches, a drain with a deadline.
//!
//! Invariants: a task that ends by itself ends the process; a process is ready when no latch is
//! held; what serves clients has ended before what it stands on is told to; the process exits with
//! success only if nothing was lost.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::lock::locked;

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

    fn held(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        locked(&self.held)
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

/// Of the time for a drain, what is kept for the second stage.
const KEPT_FOR_RUNNING: Duration = Duration::from_secs(5);

/// A process, in the two stages in which it ends.
#[derive(Default)]
pub struct Lifecycle {
    pub readiness: Readiness,
    /// What clients are connected to.
    pub serving: Tasks,
    /// What those stand on: told to end when nobody is served any more.
    pub running: Tasks,
}

impl Lifecycle {
    /// Waits until a task ends, which none should.
    pub async fn watch(&mut self) -> TaskError {
        tokio::select! {
            ended = self.serving.ended() => ended,
            ended = self.running.ended() => ended,
        }
    }

    /// Is ready no more, tells each stage to end, and waits for it. A stage that is late, or a task
    /// that fails, does not keep the others from their end.
    pub async fn drain(self, within: Duration) -> Result<(), TaskError> {
        let _not_ready = self.readiness.latch("drain");
        let begun = Instant::now();
        let served = self.serving.drain(begun + within.saturating_sub(KEPT_FOR_RUNNING)).await;
        let ran = self.running.drain(begun + within).await;
        served.and(ran)
    }
}

/// Tasks that end together.
#[derive(Default)]
pub struct Tasks {
    stop: CancellationToken,
    running: JoinSet<(&'static str, Result<(), String>)>,
    names: BTreeSet<&'static str>,
}

impl Tasks {
    /// Starts a task, which ends only when the token that it is given is cancelled.
    pub fn spawn<E, F>(&mut self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        E: std::fmt::Display,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.names.insert(name);
        let task = task(self.stop.clone());
        self.running.spawn(async move { (name, task.await.map_err(|error| error.to_string())) });
    }

    async fn ended(&mut self) -> TaskError {
        self.next().await.map_or_else(|failed| failed, |task| TaskError::Ended { task })
    }

    async fn drain(mut self, deadline: Instant) -> Result<(), TaskError> {
        self.stop.cancel();
        let mut drained = Ok(());
        while !self.running.is_empty() {
            match timeout_at(deadline, self.next()).await {
                Ok(ended) => drained = drained.and(ended.map(|_| ())),
                Err(_) => {
                    return drained.and(Err(TaskError::Late { tasks: self.names.into_iter().collect() }));
                }
            }
        }
        drained
    }

    /// The task that ends next; waits if there is none.
    async fn next(&mut self) -> Result<&'static str, TaskError> {
        match self.running.join_next().await {
            Some(Ok((task, result))) => {
                self.names.remove(task);
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

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn a_process_is_ready_when_no_latch_is_held() {
        let readiness = Readiness::default();
        let (log, tables) = (readiness.latch("log"), readiness.latch("tables"));
        drop(log);
        assert_eq!(readiness.waiting_for(), ["tables"]);
        drop(tables);
        assert!(readiness.is_ready());
    }

    /// Adds to what was seen when it is told to end.
    fn notes(seen: &Arc<Mutex<Vec<&'static str>>>, name: &'static str, tasks: &mut Tasks) {
        let seen = seen.clone();
        tasks.spawn(name, |stop| async move {
            stop.cancelled().await;
            tokio::task::yield_now().await;
            seen.lock().unwrap().push(name);
            Ok::<(), String>(())
        });
    }

    #[tokio::test]
    async fn a_task_that_ends_by_itself_is_an_error_and_a_drained_one_is_not() {
        let mut life = Lifecycle::default();
        life.serving.spawn("brief", |_| async { Ok::<(), String>(()) });
        notes(&Arc::default(), "good", &mut life.running);
        assert!(matches!(life.watch().await, TaskError::Ended { task: "brief" }));
        life.drain(PATIENCE).await.unwrap();
    }

    #[tokio::test]
    async fn what_serves_has_ended_before_what_it_stands_on_is_told_to() {
        let (seen, mut life) = (Arc::default(), Lifecycle::default());
        let readiness = life.readiness.clone();
        notes(&seen, "machine", &mut life.running);
        notes(&seen, "port", &mut life.serving);
        notes(&seen, "sockets", &mut life.serving);
        assert!(readiness.is_ready());
        life.running.spawn("readiness", |stop| async move {
            stop.cancelled().await;
            if readiness.is_ready() { Err("still ready") } else { Ok(()) }
        });
        life.drain(PATIENCE).await.unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!((seen.len(), seen[2]), (3, "machine"));
    }

    #[tokio::test]
    async fn who_is_late_or_fails_does_not_keep_the_others_from_their_end() {
        let (seen, mut life) = (Arc::default(), Lifecycle::default());
        life.serving.spawn("stuck", |_| std::future::pending::<Result<(), String>>());
        life.running.spawn("broken", |stop| async move {
            stop.cancelled().await;
            Err("broken")
        });
        notes(&seen, "machine", &mut life.running);
        let drained = life.drain(KEPT_FOR_RUNNING).await;
        assert!(matches!(drained, Err(TaskError::Late { tasks }) if tasks == ["stuck"]));
        assert_eq!(*seen.lock().unwrap(), ["machine"]);
    }

    #[tokio::test]
    async fn a_failure_while_draining_is_told() {
        let mut life = Lifecycle::default();
        life.running.spawn("broken", |stop| async move {
            stop.cancelled().await;
            Err("for a reason")
        });
        let drained = life.drain(PATIENCE).await;
        assert!(
            matches!(drained, Err(TaskError::Failed { task: "broken", reason }) if reason == "for a reason")
        );
    }
}
