//! One partition: reads records, makes batches of what they ask for, and follows their completion.
//!
//! Invariant: positions are noted and stored in the order of the partition, each after its batch and all
//! before it.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use schemas::position::Partition;
use tokio_util::sync::CancellationToken;

use super::batch::{Batch, Reached};
use super::position::Position;
use super::{Effects, EffectsError, Ports, Unreadable, Work};
use crate::group::{Assignment, Progress};
use crate::ports::{Reader, Record};
use crate::retry;
use crate::telemetry::{consumers, effects as metrics};
use crate::unknown::{self, UnknownError};

struct Run<E: Effects> {
    work: Arc<Work<E>>,
    partition: Partition,
    progress: Progress,
    reader: Box<dyn Reader>,
    /// Read, and in no batch.
    waiting: VecDeque<Record>,
    collecting: Batch<E::Effect>,
    /// Behind the last record that has entered a batch.
    entered: Position,
    /// Ends when the batch that is collected has waited for long enough.
    linger: Option<BoxFuture<'static, ()>>,
    under_way: FuturesOrdered<BoxFuture<'static, Result<Reached, EffectsError>>>,
    done: Position,
    stored: Position,
    storing: Option<BoxFuture<'static, Result<Position, EffectsError>>>,
    /// Ends when a position may be stored again.
    store_pause: Option<BoxFuture<'static, ()>>,
}

/// Runs one partition from its stored position, until it is stopped.
pub(super) async fn run<E: Effects>(work: Arc<Work<E>>, assignment: Assignment) -> Result<(), EffectsError> {
    let Assignment { partition, committed: _, stop, progress } = assignment;
    let opening = open(&work, partition);
    let (position, reader) = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(()),
        opened = opening => opened?,
    };
    let mut run = Run {
        work,
        partition,
        progress,
        reader,
        waiting: VecDeque::new(),
        collecting: Batch::default(),
        entered: position,
        linger: None,
        under_way: FuturesOrdered::new(),
        done: position,
        stored: position,
        storing: None,
        store_pause: None,
    };
    run.follow(&stop).await?;
    run.finish().await
}

/// The position to start from, and a reader there.
async fn open<E: Effects>(
    work: &Work<E>,
    partition: Partition,
) -> Result<(Position, Box<dyn Reader>), EffectsError> {
    let ports = &work.ports;
    let low = ports.log.marks(E::topic(), partition).await?.low;
    let mut position = Position::read(ports, E::NAME, partition).await?.unwrap_or_default();
    if position.next < low {
        if position != Position::default() {
            tracing::error!(role = E::NAME, partition, from = position.next, to = low, "records are gone");
            metrics::missed(E::NAME, low - position.next);
        }
        position.next = low;
    }
    let reader = ports.log.read(E::topic(), partition, position.next).await?;
    Ok((position, reader))
}

impl<E: Effects> Work<E> {
    /// What a record asks for, or why it is poison.
    async fn read(&self, record: &Record) -> Result<Result<Vec<E::Effect>, String>, EffectsError> {
        match self.effects.effects(record) {
            Ok(effects) => Ok(Ok(effects)),
            Err(Unreadable::Poison(reason)) => Ok(Err(reason)),
            Err(Unreadable::Unknown(schema)) => {
                self.judge(record, schema).await?;
                Ok(Err(format!("unknown schema {schema}")))
            }
        }
    }

    /// Waits until it is known that an event under an unknown schema is poison.
    async fn judge(&self, record: &Record, schema: u32) -> Result<(), EffectsError> {
        let (Some(writer), Some(cause)) = (E::writer(), record.cause()) else { return Ok(()) };
        let event = unknown::Event { writer, partition: record.partition, number: cause.number, schema };
        let Ports { log, tables, clock } = &self.ports;
        let waits =
            |error: &UnknownError| tracing::warn!(role = E::NAME, %error, "waits for a machine's checkpoint");
        Ok(unknown::until_poison(&**log, &**tables, &**clock, event, waits).await?)
    }
}

impl<E: Effects> Run<E> {
    async fn follow(&mut self, stop: &CancellationToken) -> Result<(), EffectsError> {
        loop {
            let options = self.work.options;
            let has_room = self.under_way.len() < options.concurrency;
            let is_full = self.collecting.is_full(&options);
            if !self.waiting.is_empty() && !is_full {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return Ok(()),
                    taken = self.take_one() => taken?,
                }
                continue;
            }
            // A position without effects behind batches that are under way takes no room of theirs.
            let passes = self.collecting.is_idle() && self.under_way.is_empty();
            if has_room && (is_full || passes) && self.collecting.reached.is_some() {
                self.dispatch();
                continue;
            }
            self.start_to_store();
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(reached) = self.under_way.next(), if !self.under_way.is_empty() => self.pass(reached?),
                stored = ended(&mut self.storing) => self.stored = stored?,
                () = ended(&mut self.store_pause) => {}
                () = ended(&mut self.linger), if has_room => self.dispatch(),
                records = retry::next_records(&*self.work.ports.clock, self.reader.as_mut()), if !is_full => {
                    self.waiting.extend(records?);
                }
            }
        }
    }

    /// Moves one record into the batch.
    async fn take_one(&mut self) -> Result<(), EffectsError> {
        let Some(record) = self.waiting.front() else { return Ok(()) };
        let mut position = self.entered;
        let is_new = position.pass(record.offset, record.cause());
        let effects = if is_new { self.work.read(record).await? } else { Ok(vec![]) };
        // Nothing is awaited from here on, so a stop leaves the record in its place.
        let Some(record) = self.waiting.pop_front() else { return Ok(()) };
        self.entered = position;
        self.collecting.reached = Some(Reached { position, time: record.time });
        match effects {
            Ok(effects) => self.collecting.push(record, effects),
            Err(reason) => self.collecting.push_poison(record, reason),
        }
        if !is_new {
            metrics::repeated(E::NAME);
        }
        if self.linger.is_none() && !self.collecting.is_idle() {
            self.linger = Some(self.work.ports.timer(self.work.options.linger));
        }
        Ok(())
    }

    /// Starts the batch that is collected.
    fn dispatch(&mut self) {
        self.linger = None;
        let batch = std::mem::take(&mut self.collecting);
        let Some(reached) = batch.reached else { return };
        let work = self.work.clone();
        let complete = async move {
            if !batch.is_idle() {
                let began = work.ports.clock.now();
                work.complete(batch).await?;
                let took = (work.ports.clock.now() - began).max(0);
                consumers::batches(E::NAME).observe(took as f64 / 1_000.0);
            }
            Ok(reached)
        };
        self.under_way.push_back(complete.boxed());
    }

    fn pass(&mut self, reached: Reached) {
        self.done = reached.position;
        self.progress.note(self.partition, reached.position.next, reached.time);
    }

    /// Stores the position, if it is time to and there is a newer one.
    fn start_to_store(&mut self) {
        if self.storing.is_some() || self.store_pause.is_some() || self.done == self.stored {
            return;
        }
        let (work, partition, position) = (self.work.clone(), self.partition, self.done);
        self.store_pause = Some(work.ports.timer(work.options.store_every));
        let store = async move {
            position.store(&work.ports, E::NAME, partition).await?;
            Ok(position)
        };
        self.storing = Some(store.boxed());
    }

    /// Waits for what is under way, for a bounded time, and stores how far it has come.
    async fn finish(mut self) -> Result<(), EffectsError> {
        // It may pass while batches are under way, and is asked again when the position is stored.
        let drain = self.work.ports.timer(self.work.options.drain).shared();
        while !self.under_way.is_empty() {
            tokio::select! {
                biased;
                Some(reached) = self.under_way.next() => self.pass(reached?),
                () = drain.clone() => break,
            }
        }
        if self.done == self.stored {
            return Ok(());
        }
        tokio::select! {
            biased;
            stored = self.done.store(&self.work.ports, E::NAME, self.partition) => stored,
            () = drain => Ok(()),
        }
    }
}

/// The output of what is started, which is cleared; never if nothing is.
async fn ended<T>(started: &mut Option<BoxFuture<'static, T>>) -> T {
    match started {
        Some(future) => {
            let output = future.await;
            *started = None;
            output
        }
        None => std::future::pending().await,
    }
}
