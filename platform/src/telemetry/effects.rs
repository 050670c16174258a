//! What consumers with effects count, beside what every consumer does.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec, register_int_counter_vec, register_int_gauge_vec};

use super::made;

static APPLIED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_effects_total",
        "Effects of records that were done, or whose records became dead letters",
        &["role"]
    ))
});

static RETRIES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_effect_retries_total",
        "Batches of effects that were tried again",
        &["role"]
    ))
});

static REPEATS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_effect_repeats_total",
        "Events that repeated earlier ones and asked for nothing",
        &["role"]
    ))
});

static MISSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_effect_missed_records_total",
        "Records that had left the log before the consumer read them",
        &["role"]
    ))
});

static PAUSED: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    made(register_int_gauge_vec!(
        "musclemap_effects_paused",
        "1 while the consumer waits for a dependency that is away, else 0",
        &["role"]
    ))
});

/// Makes what a consumer with effects counts appear.
pub fn announce(role: &str) {
    for counter in [&APPLIED, &RETRIES, &REPEATS, &MISSED] {
        counter.with_label_values(&[role]);
    }
    paused(role, false);
}

pub fn applied(role: &str, effects: usize) {
    APPLIED.with_label_values(&[role]).inc_by(effects as u64);
}

pub fn retried(role: &str) {
    RETRIES.with_label_values(&[role]).inc();
}

pub fn repeated(role: &str) {
    REPEATS.with_label_values(&[role]).inc();
}

pub fn missed(role: &str, records: i64) {
    MISSED.with_label_values(&[role]).inc_by(u64::try_from(records).unwrap_or(0));
}

pub fn paused(role: &str, is_paused: bool) {
    PAUSED.with_label_values(&[role]).set(i64::from(is_paused));
}
