//! Metrics of the limits.

use std::sync::LazyLock;

use platform::telemetry::made;
use prometheus::{IntCounterVec, IntGauge, register_int_counter_vec, register_int_gauge};

const LIMITS: [&str; 9] = [
    "attempts_per_user",
    "attempts_per_address",
    "log_bytes_per_user",
    "cost",
    "answer_bytes",
    "executions",
    "executions_per_user",
    "unsent_bytes",
    "unsent_bytes_per_user",
];

/// Makes what the limits count appear.
pub fn announce() {
    for limit in LIMITS {
        REFUSED.with_label_values(&[limit]);
    }
    loads(0, 0);
}

/// A request was over a limit.
pub fn refused(limit: &'static str) {
    REFUSED.with_label_values(&[limit]).inc();
}

pub fn loads(executions: usize, bytes: usize) {
    EXECUTIONS.set(executions as i64);
    UNSENT_BYTES.set(bytes as i64);
}

static REFUSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_api_limited_total",
        "Requests refused by a limit of the process, by limit",
        &["limit"]
    ))
});

static EXECUTIONS: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!("musclemap_api_executions", "Executions whose answers are not sent"))
});

static UNSENT_BYTES: LazyLock<IntGauge> = LazyLock::new(|| {
    made(register_int_gauge!(
        "musclemap_api_unsent_bytes",
        "Bytes of answers that are made or not sent, in pieces of 64 KiB"
    ))
});
