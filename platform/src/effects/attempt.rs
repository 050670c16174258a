//! Tries of a batch: pauses, the budget, and what becomes of a record that has none left.
//!
//! Invariants: a record leaves only done or as a dead letter; one that fails does not take the other records of
//! its batch with it. A dependency that is away spends no budget.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use super::batch::{Batch, Item};
use super::{Effects, EffectsError, Failure, Work};
use crate::dead_letter;
use crate::ports::{LogError, Record};
use crate::telemetry::{consumers, effects as metrics};

/// Whether the dependency is there. While it is away one batch of the process asks for it.
pub(super) struct Gate {
    role: &'static str,
    is_open: AtomicBool,
    probe: Mutex<()>,
}

impl Gate {
    pub fn new(role: &'static str) -> Self {
        Self { role, is_open: AtomicBool::new(true), probe: Mutex::new(()) }
    }

    /// Waits while another batch asks for the dependency. The guard makes the caller the one that asks.
    async fn enter(&self) -> Option<MutexGuard<'_, ()>> {
        if self.is_open.load(Ordering::Acquire) {
            return None;
        }
        let probing = self.probe.lock().await;
        (!self.is_open.load(Ordering::Acquire)).then_some(probing)
    }

    fn set(&self, is_open: bool) {
        if self.is_open.swap(is_open, Ordering::AcqRel) != is_open {
            metrics::paused(self.role, !is_open);
        }
    }
}

impl<E: Effects> Work<E> {
    /// Does what a batch asks for; what cannot be done becomes dead letters.
    pub(super) async fn complete(&self, batch: Batch<E::Effect>) -> Result<(), EffectsError> {
        let Batch { items, poison, .. } = batch;
        let all: Vec<&E::Effect> = items.iter().flat_map(|item| &item.effects).collect();
        if let Err(reason) = self.attempt(&all).await? {
            match items.as_slice() {
                [only] => self.dead_letter(&only.record, &reason).await?,
                several => self.one_by_one(several).await?,
            }
        }
        metrics::applied(E::NAME, all.len());
        for (record, reason) in &poison {
            self.dead_letter(record, reason).await?;
        }
        Ok(())
    }

    async fn one_by_one(&self, items: &[Item<E::Effect>]) -> Result<(), EffectsError> {
        for Item { record, effects } in items {
            let effects: Vec<&E::Effect> = effects.iter().collect();
            if let Err(reason) = self.attempt(&effects).await? {
                self.dead_letter(record, &reason).await?;
            }
        }
        Ok(())
    }

    /// Tries until the effects are done; otherwise the reason why they are not.
    async fn attempt(&self, effects: &[&E::Effect]) -> Result<Result<(), String>, EffectsError> {
        if effects.is_empty() {
            return Ok(Ok(()));
        }
        let (mut tries, mut back_off) = (1, self.options.back_off());
        let mut probing = self.gate.enter().await;
        loop {
            let result = self.try_once(effects).await;
            self.gate.set(!matches!(result, Err(Failure::Away(_))));
            let pause = back_off.pause();
            match result {
                Ok(()) => return Ok(Ok(())),
                Err(Failure::Log(error)) => return Err(error.into()),
                Err(Failure::Refused(reason)) => return Ok(Err(reason)),
                Err(Failure::Failed(reason)) if tries >= self.options.tries => return Ok(Err(reason)),
                Err(Failure::Failed(reason)) => {
                    tries += 1;
                    tracing::debug!(role = E::NAME, reason, tries, "effects failed");
                }
                Err(Failure::Away(reason)) => {
                    if probing.is_none() {
                        probing = self.gate.enter().await;
                    }
                    tracing::warn!(role = E::NAME, reason, pause_ms = pause.as_millis() as u64, "paused");
                }
            }
            metrics::retried(E::NAME);
            self.ports.clock.sleep(pause).await;
        }
    }

    async fn try_once(&self, effects: &[&E::Effect]) -> Result<(), Failure> {
        let applied = tokio::select! {
            biased;
            applied = self.effects.apply(effects) => applied,
            () = self.ports.clock.sleep(self.options.apply_within) => {
                Err(Failure::Away(format!("no answer within {:?}", self.options.apply_within)))
            }
        };
        applied.map_err(|failure| match failure {
            Failure::Log(LogError::Unavailable(reason)) => Failure::Away(reason),
            other => other,
        })
    }

    /// Makes a record a dead letter. A crash may repeat it.
    async fn dead_letter(&self, record: &Record, reason: &str) -> Result<(), EffectsError> {
        let (partition, offset) = (record.partition, record.offset);
        tracing::warn!(role = E::NAME, partition, offset, reason, "record becomes a dead letter");
        let mut back_off = self.options.back_off();
        loop {
            match dead_letter::append(&*self.ports.log, E::topic(), E::SOURCE, record, reason).await {
                Ok(()) => return Ok(()),
                Err(LogError::Unavailable(reason)) => {
                    tracing::warn!(role = E::NAME, reason, "log unavailable");
                    consumers::Port::Log.retries().inc();
                    self.ports.clock.sleep(back_off.pause()).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
