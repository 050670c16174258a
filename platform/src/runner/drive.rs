//! Drives one partition: starts the core's effects on the ports, feeds back what has happened.
//!
//! Invariants: outputs are queued in the order in which they were decided; whatever was begun when
//! the run ends may still happen, and is harmless, because it repeats.

use fold::Fold;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use schemas::position::{LogTime, Offset, Partition};
use tokio_util::sync::CancellationToken;

use super::checkpoint::{Checkpoint, CheckpointError, runs};
use super::core::Core;
use super::effect::{Effect, Input};
use super::measure::Measure;
use super::{Options, RunnerError, io};
use crate::group::Assignment;
use crate::ports::tables::put_views;
use crate::ports::{Reader, Receipt};
use crate::retry::{next_records, until_answered};

pub use crate::ports::Ports;

type Pending<F> = BoxFuture<'static, Result<Input<<F as Fold>::Id>, RunnerError>>;

struct Run<F: Fold> {
    ports: Ports,
    partition: Partition,
    core: Core<F>,
    measure: Measure,
    pending: FuturesUnordered<Pending<F>>,
}

/// Runs a partition until `stop`; then finishes what is begun, within the options' time.
///
/// Starts at its own checkpoint; what it tells the group is for lag alone.
pub async fn run<F: Fold>(ports: Ports, options: Options, assignment: Assignment) -> Result<(), RunnerError> {
    let Assignment { partition, stop, progress, .. } = assignment;
    let progress = |next, time| progress.note(partition, next, time);
    let checkpoint = until_answered(&*ports.clock, || {
        let read = Checkpoint::read(&*ports.tables, F::NAME, partition);
        Box::pin(async move {
            match read.await {
                Ok(checkpoint) => Ok(Ok(checkpoint)),
                Err(CheckpointError::Tables(error)) => Err(error),
                Err(CheckpointError::Malformed(reason)) => Ok(Err(reason)),
            }
        })
    })
    .await?
    .map_err(|reason| RunnerError::Checkpoint(partition, reason))?;
    if !runs(F::RULES, checkpoint.rules) {
        return Err(RunnerError::Checkpoint(partition, format!("unknown rules {}", checkpoint.rules)));
    }
    let mut reader =
        ports.log.read(F::commands(), partition, checkpoint.next).await.map_err(RunnerError::Log)?;
    let core = Core::<F>::new(checkpoint, options);
    let measure = Measure::of::<F>(partition);
    let mut run = Run { ports, partition, core, measure, pending: FuturesUnordered::new() };
    run.follow(reader.as_mut(), &options, &stop, &progress).await?;
    run.finish(&options, &progress).await
}

impl<F: Fold> Run<F> {
    async fn follow(
        &mut self,
        reader: &mut dyn Reader,
        options: &Options,
        stop: &CancellationToken,
        progress: &impl Fn(Offset, LogTime),
    ) -> Result<(), RunnerError> {
        let mut tick = self.ports.timer(options.checkpoint_every);
        let clock = self.ports.clock.clone();
        loop {
            let input = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(done) = self.pending.next() => done?,
                records = next_records(&*clock, reader), if self.core.has_room() => {
                    Input::Records(records.map_err(RunnerError::Log)?)
                }
                () = &mut tick => {
                    tick = self.ports.timer(options.checkpoint_every);
                    Input::Tick
                }
            };
            self.handle(input, progress).await?;
        }
    }

    /// What is read and not begun is left to the next owner; what is begun is brought to its end.
    async fn finish(
        &mut self,
        options: &Options,
        progress: &impl Fn(Offset, LogTime),
    ) -> Result<(), RunnerError> {
        self.core.stop_deciding();
        let mut deadline = self.ports.timer(options.drain);
        while !self.core.is_idle() {
            self.handle(Input::Tick, progress).await?;
            tokio::select! {
                biased;
                Some(done) = self.pending.next() => self.handle(done?, progress).await?,
                () = &mut deadline => {
                    tracing::warn!(machine = F::NAME, partition = self.partition, "left unfinished; repeats elsewhere");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn handle(
        &mut self,
        input: Input<F::Id>,
        progress: &impl Fn(Offset, LogTime),
    ) -> Result<(), RunnerError> {
        let checkpointed = matches!(input, Input::Checkpointed { .. });
        self.measure.before(&self.core, &input, self.ports.clock.now());
        let effects = self.core.handle(input)?;
        self.measure.after(&mut self.core, self.ports.clock.now());
        for effect in effects {
            let pending = self.start(effect).await?;
            self.pending.push(pending);
        }
        if checkpointed {
            progress(self.core.checkpointed(), self.core.checkpointed_time());
        }
        Ok(())
    }

    async fn start(&mut self, effect: Effect<F::Id>) -> Result<Pending<F>, RunnerError> {
        let Ports { tables, clock, .. } = self.ports.clone();
        let partition = self.partition;
        Ok(match effect {
            Effect::Load { read, id } => Box::pin(async move {
                let (rows, complete) =
                    until_answered(&*clock, || Box::pin(io::load::<F>(&*tables, &id))).await?;
                Ok(Input::Loaded { read, rows, complete })
            }),
            Effect::Read { read, id, keys } => Box::pin(async move {
                let rows = until_answered(&*clock, || Box::pin(io::read::<F>(&*tables, &id, &keys))).await?;
                Ok(Input::Rows { read, rows })
            }),
            Effect::Write { id, views, rows } => Box::pin(async move {
                let before = || -> BoxFuture<'_, _> { Box::pin(put_views(&*tables, &views)) };
                let owner = || -> BoxFuture<'_, _> { Box::pin(io::write_rows::<F>(&*tables, &id, &rows)) };
                if super::fault::is(super::fault::Fault::ViewsLater) {
                    until_answered(&*clock, owner).await?;
                    until_answered(&*clock, before).await?;
                } else {
                    until_answered(&*clock, before).await?;
                    until_answered(&*clock, owner).await?;
                }
                Ok(Input::Written { id })
            }),
            Effect::Checkpoint(checkpoint) => Box::pin(async move {
                let write =
                    || -> BoxFuture<'_, _> { Box::pin(checkpoint.write(&*tables, F::NAME, partition)) };
                until_answered(&*clock, write).await?;
                Ok(Input::Checkpointed { next: checkpoint.next })
            }),
            Effect::Produce { ticket, record } => {
                let dead_letters = self.measure.dead_letters(record.topic);
                let receipt = self.enqueue(record).await?;
                Box::pin(async move {
                    receipt.await.map_err(RunnerError::Delivery)?;
                    if let Some(dead_letters) = dead_letters {
                        dead_letters.inc();
                    }
                    Ok(Input::Acknowledged { ticket })
                })
            }
            Effect::Verdict { ticket, record, code } => {
                let verdicts = self.measure.verdicts(code);
                let receipt = self.enqueue(record).await?;
                Box::pin(async move {
                    receipt.await.map_err(RunnerError::Delivery)?;
                    verdicts.inc();
                    Ok(Input::VerdictAcknowledged { ticket })
                })
            }
        })
    }

    async fn enqueue(&mut self, record: schemas::record::Outgoing) -> Result<Receipt, RunnerError> {
        self.ports.log.enqueue(record).await.map_err(RunnerError::Delivery)
    }
}
