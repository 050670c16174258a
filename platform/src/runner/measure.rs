//! What a partition's run tells operators: taken from what goes into the core and what comes out.
//!
//! Boundary: the core counts what it decides, and is asked; it knows no metric and no clock.

use std::collections::VecDeque;
use std::sync::LazyLock;

use fold::Fold;
use prometheus::{Histogram, IntCounter, IntCounterVec, register_int_counter_vec};
use schemas::ErrorCode;
use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::Topic;

use super::core::{Core, Handled};
use super::effect::Input;
use crate::telemetry::consumers::{self, Owners};
use crate::telemetry::{Stage, made};

static DECISIONS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_decisions_total",
        "Records of commands by what a machine did with them: decided, repeated, dropped, poison, control",
        &["role", "kind"]
    ))
});

static VERDICTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_verdicts_total",
        "Verdicts that the log has, by machine: ok, or the code of the refusal",
        &["role", "code"]
    ))
});

static HITS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_moderation_hits_total",
        "Texts that met a rule of the policy, by machine, rule and action",
        &["role", "rule", "action"]
    ))
});

static CHECKPOINTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_checkpoints_total",
        "Checkpoints that were written, by machine",
        &["role"]
    ))
});

/// Counters of a machine, which all its partitions share.
pub struct Measure {
    role: &'static str,
    topic: &'static Topic,
    stage: Stage,
    owners: Owners,
    batches: Histogram,
    checkpoints: IntCounter,
    /// Records that were read together and are not done with: the offset after them, and when they were
    /// read. As many as the core has room for.
    unsettled: VecDeque<(Offset, LogTime)>,
}

impl Measure {
    pub fn of<F: Fold>(partition: Partition) -> Self {
        let measure = Self {
            role: F::NAME,
            topic: F::commands(),
            stage: Stage::of(F::DECIDER),
            owners: Owners::new(F::NAME, partition),
            batches: consumers::batches(F::NAME),
            checkpoints: CHECKPOINTS.with_label_values(&[F::NAME]),
            unsettled: VecDeque::new(),
        };
        measure.stage.histogram();
        for kind in Handled::ALL {
            DECISIONS.with_label_values(&[F::NAME, kind.name()]);
        }
        for code in std::iter::once(None).chain(ErrorCode::ALL.map(Some)) {
            verdicts(F::NAME, code);
        }
        measure
    }

    /// Before the core takes something in.
    pub fn before<F: Fold>(&mut self, core: &Core<F>, input: &Input<F::Id>, now: LogTime) {
        match input {
            Input::Records(records) => {
                self.unsettled.extend(records.last().map(|record| (record.offset + 1, now)));
            }
            Input::Acknowledged { ticket } => {
                if let Some(commanded) = core.awaits_one_output(*ticket) {
                    self.stage.between(commanded, now);
                }
            }
            Input::Checkpointed { .. } => self.checkpoints.inc(),
            _ => {}
        }
    }

    /// After the core has taken it in.
    pub fn after<F: Fold>(&mut self, core: &mut Core<F>, now: LogTime) {
        for (kind, count) in core.take_handled() {
            DECISIONS.with_label_values(&[self.role, kind.name()]).inc_by(count);
        }
        for (hit, count) in core.take_hits() {
            HITS.with_label_values(&[self.role, &hit.rule, hit.action.as_str()]).inc_by(count);
        }
        while let Some((_, read)) = self.unsettled.pop_front_if(|(end, _)| *end <= core.settled()) {
            self.batches.observe((now - read).max(0) as f64 / 1_000.0);
        }
        self.owners.set(core.owners());
    }

    /// The counter of what goes to a topic, if those are the machine's dead letters.
    pub fn dead_letters(&self, topic: &Topic) -> Option<IntCounter> {
        let own = self.topic.dead_letters.is_some_and(|letters| letters.name == topic.name);
        own.then(|| consumers::dead_letters(self.topic))
    }

    /// The counter of verdicts with this code; of those that refuse nothing without one.
    pub fn verdicts(&self, code: Option<ErrorCode>) -> IntCounter {
        verdicts(self.role, code)
    }
}

fn verdicts(role: &str, code: Option<ErrorCode>) -> IntCounter {
    VERDICTS.with_label_values(&[role, code.map_or("ok", ErrorCode::as_str)])
}
