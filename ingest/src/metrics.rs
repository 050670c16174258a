//! Metrics of ingest.

use std::sync::LazyLock;

use prometheus::{
    Histogram, IntCounter, IntCounterVec, IntGauge, exponential_buckets, histogram_opts, register_histogram,
    register_int_counter, register_int_counter_vec, register_int_gauge,
};

/// Registering fails only for a name that is taken, which is a mistake in the code.
fn registered<T>(metric: prometheus::Result<T>) -> T {
    metric.unwrap_or_else(|error| panic!("metric: {error}"))
}

/// GraphQL requests by operation type and result: `ok`, or the code of the first error.
pub static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    registered(register_int_counter_vec!(
        "musclemap_ingest_requests_total",
        "GraphQL requests over HTTP by operation type and result",
        &["operation", "result"]
    ))
});

/// Requests that wait for their verdicts.
pub static WAITING: LazyLock<IntGauge> = LazyLock::new(|| {
    registered(register_int_gauge!("musclemap_ingest_waiting_requests", "Requests that wait for verdicts"))
});

/// Requests refused because the log acknowledges nothing.
pub static STALLED: LazyLock<IntCounter> = LazyLock::new(|| {
    registered(register_int_counter!(
        "musclemap_ingest_stalled_requests_total",
        "Requests refused because the log acknowledges nothing"
    ))
});

/// From a command's queueing to its answer.
pub static VERDICT_SECONDS: LazyLock<Histogram> = LazyLock::new(|| {
    let buckets = exponential_buckets(0.000_5, 2.0, 14).unwrap_or_default();
    let options = histogram_opts!(
        "musclemap_ingest_verdict_seconds",
        "From the queueing of a command to its answer",
        buckets
    );
    registered(register_histogram!(options))
});
