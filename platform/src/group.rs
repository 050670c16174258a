//! The partitions that this process holds: one run each, started and stopped as the group says.
//!
//! Invariant: a partition is given up only after its run has ended; a partition that was lost is
//! dropped at once, and commits nothing more. What is not committed is noted again by the next step.

mod lag;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};

use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::Topic;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::lock::locked;
use crate::ports::{Log, LogError, Membership, MembershipChange};
use crate::telemetry::consumers;
use lag::{Line, Reached};

/// What a partition's run is given.
pub struct Assignment {
    pub partition: Partition,
    /// Offset that the group has noted last, if any.
    pub committed: Option<Offset>,
    /// Cancelled when the run is to finish.
    pub stop: CancellationToken,
    pub progress: Progress,
}

/// Notes how far partitions are done. Only what is newest of each is kept.
#[derive(Clone, Default)]
pub struct Progress {
    noted: Arc<Mutex<Noted>>,
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Noted {
    uncommitted: BTreeMap<Partition, Offset>,
    /// Of each partition that is held.
    lines: BTreeMap<Partition, Line>,
}

impl Progress {
    /// Everything before `next` is done; the last of it came at `time`.
    pub fn note(&self, partition: Partition, next: Offset, time: LogTime) {
        let mut noted = self.noted();
        noted.uncommitted.insert(partition, next);
        if let Some(line) = noted.lines.get_mut(&partition) {
            line.reached = Some(Reached { next, time });
        }
        drop(noted);
        self.changed.notify_one();
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        locked(&self.noted)
    }

    fn take(&self) -> BTreeMap<Partition, Offset> {
        std::mem::take(&mut self.noted().uncommitted)
    }

    fn hold(&self, partition: Partition, committed: Option<Offset>) {
        self.noted().lines.insert(partition, Line::from(committed));
    }

    fn let_go(&self, partition: Partition) {
        self.noted().lines.remove(&partition);
    }

    fn held(&self) -> Vec<Partition> {
        self.noted().lines.keys().copied().collect()
    }

    fn line(&self, partition: Partition) -> Option<Line> {
        self.noted().lines.get(&partition).copied()
    }
}

struct Group<R, E> {
    run: R,
    progress: Progress,
    held: BTreeMap<Partition, (CancellationToken, AbortHandle)>,
    tasks: JoinSet<Result<(), E>>,
}

/// Runs the partitions of a topic that this member of the group holds, until `stop`. Ends early only
/// with an error, which is fatal: its run may have been anywhere.
pub async fn serve<R, F, E>(
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    name: &'static str,
    topic: &'static Topic,
    stop: CancellationToken,
    run: R,
) -> Result<(), E>
where
    R: Fn(Assignment) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: From<LogError> + Send + 'static,
{
    consumers::announce(name, topic);
    let membership = log.join(name, topic).await?;
    let progress = Progress::default();
    let (held, tasks) = (BTreeMap::new(), JoinSet::new());
    let group = Group { run, progress: progress.clone(), held, tasks };
    tokio::select! {
        ended = group.follow(name, membership, stop) => ended,
        never = lag::watch(log, clock, name, topic, progress) => match never {},
    }
}

impl<R, F, E> Group<R, E>
where
    R: Fn(Assignment) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: From<LogError> + Send + 'static,
{
    async fn follow(
        mut self,
        name: &str,
        mut membership: Box<dyn Membership>,
        stop: CancellationToken,
    ) -> Result<(), E> {
        let progress = self.progress.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                change = membership.next() => self.change(name, membership.as_mut(), change?).await?,
                () = progress.changed.notified() => self.commit(membership.as_mut(), &[]).await?,
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => check(ended)?,
            }
        }
        let all: Vec<Partition> = self.held.keys().copied().collect();
        self.stop(&all).await?;
        self.commit(membership.as_mut(), &all).await?;
        Ok(membership.leave().await?)
    }

    async fn change(
        &mut self,
        name: &str,
        membership: &mut dyn Membership,
        change: MembershipChange,
    ) -> Result<(), E> {
        tracing::info!(group = name, ?change, "partitions change");
        match change {
            MembershipChange::Assigned(partitions) => {
                for partition in partitions {
                    let committed = membership.committed(partition).await?;
                    self.start(partition, committed);
                }
            }
            MembershipChange::Revoked(partitions) => {
                self.stop(&partitions).await?;
                self.commit(membership, &partitions).await?;
                membership.released().await?;
            }
            MembershipChange::Lost(partitions) => {
                for (_, task) in partitions.iter().filter_map(|partition| self.held.remove(partition)) {
                    task.abort();
                }
                partitions.iter().for_each(|partition| self.progress.let_go(*partition));
            }
        }
        Ok(())
    }

    fn start(&mut self, partition: Partition, committed: Option<Offset>) {
        let stop = CancellationToken::new();
        let progress = self.progress.clone();
        progress.hold(partition, committed);
        let run = (self.run)(Assignment { partition, committed, stop: stop.clone(), progress });
        let task = self.tasks.spawn(run);
        self.held.insert(partition, (stop, task));
    }

    /// Commits what was noted of partitions that are held, and of those that have just been stopped;
    /// what was of others is of no use any more.
    async fn commit(&self, membership: &mut dyn Membership, stopped: &[Partition]) -> Result<(), E> {
        for (partition, next) in self.progress.take() {
            if !self.held.contains_key(&partition) && !stopped.contains(&partition) {
                continue;
            }
            match membership.commit(partition, next).await {
                // It may have been lost just now; and the next step notes a newer one.
                Err(LogError::Unavailable(reason)) => tracing::warn!(partition, reason, "not committed"),
                committed => committed?,
            }
        }
        Ok(())
    }

    /// Stops these runs, and waits until no run of theirs is left.
    async fn stop(&mut self, partitions: &[Partition]) -> Result<(), E> {
        let mut ending = Vec::new();
        for (stop, task) in partitions.iter().filter_map(|partition| self.held.remove(partition)) {
            stop.cancel();
            ending.push(task);
        }
        while ending.iter().any(|task| !task.is_finished()) {
            let Some(ended) = self.tasks.join_next().await else { break };
            check(ended)?;
        }
        partitions.iter().for_each(|partition| self.progress.let_go(*partition));
        Ok(())
    }
}

fn check<E>(ended: Result<Result<(), E>, JoinError>) -> Result<(), E> {
    match ended {
        Ok(result) => result,
        // A lost partition's run was aborted; nothing else ends a task so.
        Err(error) if error.is_cancelled() => Ok(()),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
