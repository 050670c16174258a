//! The partitions that this process holds: one run each, started and stopped as the group says.
//!
//! Invariant: a partition is given up only after its run has ended; a partition that was lost is
//! dropped at once, and commits nothing more.

use std::collections::BTreeMap;

use schemas::fold::Fold;
use schemas::position::{Offset, Partition};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::drive::{Ports, run};
use super::{Options, RunnerError};
use crate::ports::{Membership, MembershipChange};

/// Checkpoints that wait to be noted in the group.
const PROGRESS_QUEUE: usize = 256;

struct Held {
    stop: CancellationToken,
    task: tokio::task::AbortHandle,
}

/// Runs a machine in its group until `stop`. Ends early only with an error, which is fatal.
pub async fn serve<F: Fold>(ports: Ports, options: Options, stop: CancellationToken) -> Result<(), RunnerError> {
    let mut membership =
        ports.log.join(F::NAME, F::commands()).await.map_err(RunnerError::Log)?;
    let (done, mut progress) = mpsc::channel(PROGRESS_QUEUE);
    let mut group = Group::<F> { ports, options, done, held: BTreeMap::new(), tasks: JoinSet::new(), fold: std::marker::PhantomData };
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            change = membership.next() => {
                group.change(membership.as_mut(), change.map_err(RunnerError::Log)?).await?;
            }
            Some((partition, next)) = progress.recv() => {
                membership.commit(partition, next).await.map_err(RunnerError::Log)?;
            }
            Some(ended) = group.tasks.join_next(), if !group.tasks.is_empty() => Group::<F>::check(ended)?,
        }
    }
    let all: Vec<Partition> = group.held.keys().copied().collect();
    group.stop(&all).await?;
    while let Ok((partition, next)) = progress.try_recv() {
        membership.commit(partition, next).await.map_err(RunnerError::Log)?;
    }
    membership.leave().await.map_err(RunnerError::Log)
}

struct Group<F> {
    ports: Ports,
    options: Options,
    done: mpsc::Sender<(Partition, Offset)>,
    held: BTreeMap<Partition, Held>,
    tasks: JoinSet<Result<Partition, RunnerError>>,
    fold: std::marker::PhantomData<F>,
}

impl<F: Fold> Group<F> {
    async fn change(&mut self, membership: &mut dyn Membership, change: MembershipChange) -> Result<(), RunnerError> {
        tracing::info!(machine = F::NAME, ?change, "partitions change");
        match change {
            MembershipChange::Assigned(partitions) => {
                for partition in partitions {
                    self.start(partition);
                }
            }
            MembershipChange::Revoked(partitions) => {
                self.stop(&partitions).await?;
                membership.released().await.map_err(RunnerError::Log)?;
            }
            MembershipChange::Lost(partitions) => {
                for held in partitions.iter().filter_map(|partition| self.held.remove(partition)) {
                    held.task.abort();
                }
            }
        }
        Ok(())
    }

    fn start(&mut self, partition: Partition) {
        let stop = CancellationToken::new();
        let (ports, options, done) = (self.ports.clone(), self.options, self.done.clone());
        let stopped = stop.clone();
        let task = self.tasks.spawn(async move {
            let progress = |next| {
                // Only lag is lost if the queue is full: the checkpoint itself is stored.
                let _ = done.try_send((partition, next));
            };
            run::<F>(ports, partition, options, stopped, progress).await.map(|()| partition)
        });
        self.held.insert(partition, Held { stop, task });
    }

    /// Stops these runs, and waits for each to end.
    async fn stop(&mut self, partitions: &[Partition]) -> Result<(), RunnerError> {
        let mut ending = 0;
        for held in partitions.iter().filter_map(|partition| self.held.remove(partition)) {
            held.stop.cancel();
            ending += 1;
        }
        while ending > 0 {
            let Some(ended) = self.tasks.join_next().await else { break };
            ending -= usize::from(!matches!(&ended, Err(error) if error.is_cancelled()));
            Self::check(ended)?;
        }
        Ok(())
    }

    fn check(ended: Result<Result<Partition, RunnerError>, tokio::task::JoinError>) -> Result<(), RunnerError> {
        match ended {
            Ok(result) => result.map(|_| ()),
            // A lost partition's run was aborted; nothing else ends a task so.
            Err(error) if error.is_cancelled() => Ok(()),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
